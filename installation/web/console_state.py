"""All that the operators' console shows, in sections; and what of it has changed since a browser was last told."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.web.messages import Agenda, Desk, Moment, pack

if TYPE_CHECKING:
    from installation.web.service import Service

SILENT = 3.0
"""Seconds without a word of the show after which the console says so."""

LINES, TAIL, LONGEST = 60, 65_536, 400
"""Lines of the log that are shown at most, the bytes of its end that are read for them, characters of one."""

KEYED = ("values", "hands", "why", "signals")
"""Sections of which single entries are sent; the others are sent whole."""

NUMBERS = ("late", "painted", "memory_mb", "restarts", "safe_mode", "runtime")
"""Of the show's details, those that the console shows."""

Sections = dict[str, Any]


class ConsoleState:
    """What the app told of the show for the console. ``consoles`` counts those that are open."""

    def __init__(self) -> None:
        self.desk: Desk | None = None
        self.agenda: Agenda | None = None
        self.moment: Moment | None = None
        self.log: list[dict[str, str]] = []
        self.consoles = 0
        self._heard = time.monotonic()
        self._known: tuple[float, Sections] | None = None

    def hear(self, message: Desk | Agenda | Moment) -> None:
        match message:
            case Desk():
                self.desk = message
            case Agenda():
                self.agenda = message
            case Moment():
                self.moment = message

    def alive(self, now: float) -> None:
        """The show's frame loop said something, at ``now`` (s, monotonic)."""
        self._heard = now

    def sections(self, service: "Service", now: float, fresh: float = 0.1) -> Sections:
        """The whole of it; made anew when it is older than ``fresh`` seconds."""
        if self._known is None or now - self._known[0] > fresh:
            self._known = (now, self._made(service, now))
        return self._known[1]

    def _made(self, service: "Service", now: float) -> Sections:
        silent = now - self._heard
        return {
            "show": _show(service),
            "desk": pack(self.desk)["desk"] if self.desk else None,
            "agenda": pack(self.agenda)["agenda"] if self.agenda else None,
            "silent": int(silent) if silent >= SILENT else 0,
            "votes": _votes(service, now),
            "health": _health(service, now, self.consoles),
            "why": _why(service),
            "log": self.log,
            **_now(self.moment),
        }


def changes(told: Sections, whole: Sections) -> Sections:
    """What to send to a browser that was told ``told``; entries that are gone are None."""
    news: Sections = {}
    for name, section in whole.items():
        before = told.get(name)
        if name in KEYED and before is not None:
            entries = {key: value for key, value in section.items() if before.get(key) != value}
            entries.update((key, None) for key in before.keys() - section.keys())
            if entries:
                news[name] = entries
        elif section != before or name not in told:
            news[name] = section
    return news


def log_tail(path: Path) -> list[dict[str, str]]:
    """The last lines of a log as installation/core/log_file.py writes it; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL))
            lines = file.read(TAIL).split(b"\n")[1 if size > TAIL else 0 :]
    except OSError:
        return []
    return [found for line in lines[-LINES - 1 :] if (found := _line(line))]


def _line(line: bytes) -> dict[str, str] | None:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):  # the last line may be half written
        return None
    if not isinstance(told, dict):
        return None
    return {key: str(told.get(key, ""))[:LONGEST] for key in ("time", "level", "process", "message")}


def _show(service: "Service") -> Sections:
    hello = service.hello
    pieces = [hello.piece(piece.name) for piece in hello.pieces]
    return {
        "title": _first(hello.title, hello.languages),
        "pieces": [
            {"name": piece.name, "title": _first(piece.title, hello.languages), "poster": piece.poster is not None}
            for piece in pieces
        ],
    }


def _first(text: Mapping[str, str], languages: tuple[str, ...]) -> str:
    return next((text[tag] for tag in languages if text.get(tag)), next(iter(text.values()), ""))


def _votes(service: "Service", now: float) -> Sections:
    playback = service.playback
    left = None if service.ends is None else max(0, round(service.ends - now))
    return {
        "round": playback.round if playback else 0,
        "open": bool(playback and playback.candidates),
        "left": left,
        "counts": dict(service.writer.tally()),
        "phones": len(service.hub),
    }


def _health(service: "Service", now: float, consoles: int) -> Sections:
    show = service.show.told
    details = {name: show.details[name] for name in NUMBERS if name in show.details} if show else {}
    return {
        "reasons": service.reasons(now),
        "notes": service.notes(),
        "numbers": {**details, "viewers": service.preview.viewers, "consoles": consoles},
    }


def _why(service: "Service") -> dict[str, str]:
    """One sentence for each control, as the show's details have it: (value, who has it and why)."""
    show = service.show.told
    told = show.details.get("controls", {}) if show else {}
    return {address: str(pair[1]) for address, pair in told.items()}


def _now(moment: Moment | None) -> Sections:
    """The moment as sections: what hangs, and one for each large table of it."""
    if moment is None:
        return {"now": None, "values": {}, "hands": {}, "signals": {}, "sensors": {}, "cues": None}
    told = pack(moment)["moment"]
    tables = {name: told.pop(name) for name in ("values", "hands", "signals", "sensors")}
    cues = {"standby": told.pop("standby"), "waiting": told.pop("waiting")}
    return {"now": told, "cues": cues, **tables}
