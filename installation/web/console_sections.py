"""All that the operators' console shows, in sections; and what of it has changed since a browser was last told."""

from collections.abc import Mapping
from typing import Any

from installation.core.addresses import host_of, is_loopback, netloc_of
from installation.web.console_doctor import Doctor
from installation.web.messages import Moment, pack
from installation.web.service import Service

KEYED = ("values", "hands", "why", "signals")
"""Sections of which single entries are sent; the others are sent whole."""

NUMBERS = ("late", "painted", "memory_mb", "restarts", "safe_mode", "runtime")
"""Of the show's details, those that the console shows."""

FRESH = 0.1
"""Seconds for which sections that were made for one console do for the others."""

Sections = dict[str, Any]


class Shown:
    """Of one service; all open consoles share it."""

    def __init__(self, service: Service, doctor: Doctor) -> None:
        self.service, self.doctor = service, doctor
        self._known: tuple[float, Sections] | None = None

    def sections(self, now: float) -> Sections:
        """The whole of it at ``now`` (s, monotonic)."""
        if self._known is None or now - self._known[0] > FRESH:
            self._known = (now, self._made(now))
        return self._known[1]

    def _made(self, now: float) -> Sections:
        service = self.service
        state = service.console
        return {
            "show": _show(service),
            **state.tables,
            "silent": state.silent(now),
            "votes": _votes(service, now),
            "health": _health(service, now, state.consoles),
            "why": service.whys.sentences(),
            "log": state.log,
            "days": state.days,
            "doctor": self.doctor.told,
            **_now(state.moment),
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
        elif name not in told or (section is not before and section != before):
            news[name] = section
    return news


def _show(service: Service) -> Sections:
    hello = service.hello
    pieces = [hello.piece(piece.name) for piece in hello.pieces]
    return {
        "title": in_first(hello.title, hello.languages),
        "url": service.url,
        "near": is_loopback(host_of(netloc_of(service.url))),
        "pieces": [
            {"name": piece.name, "title": in_first(piece.title, hello.languages), "poster": piece.poster is not None}
            for piece in pieces
        ],
    }


def in_first(text: Mapping[str, str], languages: tuple[str, ...]) -> str:
    """A text of the show in the first of its languages that it has."""
    return next((text[tag] for tag in languages if text.get(tag)), next(iter(text.values()), ""))


def _votes(service: Service, now: float) -> Sections:
    playback = service.playback
    left = None if service.ends is None else max(0, round(service.ends - now))
    return {
        "round": playback.round if playback else 0,
        "open": bool(playback and playback.candidates),
        "left": left,
        "counts": dict(service.writer.tally()),
        "phones": len(service.hub),
    }


def _health(service: Service, now: float, consoles: int) -> Sections:
    show = service.show.told
    details = {name: show.details[name] for name in NUMBERS if name in show.details} if show else {}
    return {
        "reasons": service.reasons(now),
        "notes": service.notes(),
        "numbers": {**details, "viewers": service.preview.viewers, "consoles": consoles},
    }


def _now(moment: Moment | None) -> Sections:
    """The moment as sections: what hangs, and one for each large table of it."""
    if moment is None:
        return {"now": None, "values": {}, "hands": {}, "signals": {}, "sensors": {}, "sights": {}, "cues": None}
    told = pack(moment)["moment"]
    tables = {name: told.pop(name) for name in ("values", "hands", "signals", "sensors", "sights")}
    cues = {"standby": told.pop("standby"), "waiting": told.pop("waiting")}
    return {"now": told, "cues": cues, **tables}
