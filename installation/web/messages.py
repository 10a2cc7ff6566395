"""The messages between the app and the web process: one definition, which both ends read and write.

To the web process: ``Hello`` first, to every new process; ``Playback`` whenever it changes and once a second;
``Health`` once a second; and bytes, the newest preview as a JPEG. To the app: ``Ready`` or ``Error``, then ``Tally``
after every commit (at most ten times a second) and after every playback, ``Watching`` when that changes, and the
heartbeat of every child (installation/core/pipe.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from installation.core.errors import FrameError
from installation.core.typed_messages import pack, unpack

__all__ = [
    "TO_APP",
    "TO_WEB",
    "VERSION",
    "Error",
    "Health",
    "Hello",
    "Piece",
    "Playback",
    "Ready",
    "Tally",
    "Text",
    "Watching",
    "pack",
    "unpack",
]

VERSION = 2
"""The version of these messages: ``Hello`` and ``Ready`` carry it, and each end refuses another one."""

Text = Mapping[str, str]
"""Language tag -> words. The tag ``""`` is text without a known language."""


def check_version(version: int) -> None:
    """Raises FrameError for messages of another version."""
    if version != VERSION:
        raise FrameError(
            f"found messages of version {version}, expected {VERSION}: start the show anew after an update"
        )


# ---------------------------------------------------------------- to the web process


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece as visitors know it. ``poster`` is a picture of it, where there is one."""

    name: str
    title: Text = field(default_factory=dict)
    medium: Text = field(default_factory=dict)
    date: Text = field(default_factory=dict)
    text: Text = field(default_factory=dict)
    poster: Path | None = None


@dataclass(frozen=True, slots=True)
class Hello:
    """The show, and where to listen. Port 0 takes any, an empty ``url`` is worked out.

    ``state`` is the folder that keeps the votes, ``live`` shows everybody the live picture, ``words`` are the show's
    own words by language and key. ``run`` is empty, or names a run of the show: it takes up no round of another.
    """

    bind: str
    port: int
    state: Path
    url: str = ""
    title: Text = field(default_factory=dict)
    languages: tuple[str, ...] = ("en",)
    pieces: tuple[Piece, ...] = ()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    live: bool = False
    run: str = ""
    version: int = VERSION

    def piece(self, name: str) -> Piece:
        """The piece of that name; for one without a description its name is its title."""
        told = next((piece for piece in self.pieces if piece.name == name), Piece(name))
        return told if told.title else replace(told, title={"": name})


@dataclass(frozen=True, slots=True)
class Playback:
    """What hangs. ``candidates`` are the names that may be voted for, none while no round is open; ``seconds_left`` is
    the time until the vote closes, None where time alone does not close it."""

    piece: str
    round: int
    coming: str | None = None
    candidates: tuple[str, ...] = ()
    seconds_left: float | None = None
    hold: bool = False

    def without_time(self) -> tuple[Any, ...]:
        return (self.piece, self.coming, self.round, self.candidates, self.hold)


@dataclass(frozen=True, slots=True)
class Health:
    """The app's state. ``frames`` (shown since the start) has to grow; ``reasons`` say why not all is
    well, ``notes`` what is missing while the show goes on. ``details`` are passed on to /healthz."""

    frames: int
    running: bool = True
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


# ---------------------------------------------------------------- to the app


@dataclass(frozen=True, slots=True)
class Ready:
    """Visitors may come, to ``url``. ``near`` is true where only this machine reaches it."""

    port: int
    url: str
    near: bool
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes of the open round, by the piece's name; while none is open, of the one that ended last. ``casts``
    counts the votes that were cast or changed in all rounds so far."""

    round: int
    votes: Mapping[str, int]
    casts: int = 0


@dataclass(frozen=True, slots=True)
class Watching:
    """The number of viewers of the live picture."""

    viewers: int


@dataclass(frozen=True, slots=True)
class Error:
    """Why the web process cannot open; it then ends with exit code 3."""

    message: str


TO_WEB = (Hello, Playback, Health)
TO_APP = (Ready, Tally, Watching, Error)
