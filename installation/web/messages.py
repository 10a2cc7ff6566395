"""What the app tells the web process: the show (``hello``) and what hangs now (``playback``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Text = Mapping[str, str]
"""Language tag -> words. The tag ``""`` is text whose language nobody named."""


def text(found: Any) -> Text:
    """A text as the app may give it: words alone, or words by language."""
    if isinstance(found, Mapping):
        return {str(language): str(words) for language, words in found.items()}
    return {"": str(found)} if found else {}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece as visitors know it. ``poster`` is a picture of it, where there is one."""

    name: str
    title: Text
    medium: Text
    date: Text
    text: Text
    poster: Path | None = None

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "Piece":
        poster = message.get("poster")
        return cls(
            str(message["name"]),
            text(message.get("title")) or {"": str(message["name"])},
            text(message.get("medium")),
            text(message.get("date")),
            text(message.get("text")),
            Path(poster) if poster else None,
        )


@dataclass(frozen=True, slots=True)
class Hello:
    """Orders. ``state`` is the folder that keeps the votes, ``live`` shows everybody the live picture."""

    bind: str
    port: int
    url: str
    state: Path
    title: Text
    languages: tuple[str, ...]
    pieces: Mapping[str, Piece]
    live: bool

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "Hello":
        pieces = [Piece.read(piece) for piece in message.get("pieces", ())]
        return cls(
            bind=str(message.get("bind") or "127.0.0.1"),
            port=int(message.get("port", 8080)),
            url=str(message.get("url") or ""),
            state=Path(message["state"]),
            title=text(message.get("title")),
            languages=tuple(map(str, message.get("languages") or ("en",))),
            pieces={piece.name: piece for piece in pieces},
            live=bool(message.get("live")),
        )

    def piece(self, name: str) -> Piece:
        """The piece of that name; one that nobody described is called by its name."""
        return self.pieces.get(name) or Piece.read({"name": name})


@dataclass(frozen=True, slots=True)
class Playback:
    """What hangs. ``candidates`` are the names that may be voted for, none while no round is open; ``ends`` is when the
    vote closes (seconds, the web process's monotonic clock), None where time alone does not close it."""

    piece: str
    coming: str | None
    round: int
    candidates: tuple[str, ...]
    ends: float | None
    hold: bool

    @classmethod
    def read(cls, message: Mapping[str, Any], now: float) -> "Playback":
        left, coming = message.get("seconds_left"), message.get("coming")
        return cls(
            str(message["piece"]),
            None if coming is None else str(coming),
            int(message["round"]),
            tuple(map(str, message.get("candidates") or ())),
            None if left is None else now + max(0.0, float(left)),
            bool(message.get("hold")),
        )

    def looks_like(self, other: "Playback | None") -> bool:
        """Whether visitors would see no difference: the same, and closing within the same second or so."""
        if other is None or self.without_time() != other.without_time():
            return False
        if self.ends is None or other.ends is None:
            return self.ends is other.ends
        return abs(self.ends - other.ends) < 1.5

    def without_time(self) -> tuple[Any, ...]:
        return (self.piece, self.coming, self.round, self.candidates, self.hold)
