"""What is told of trouble, and when. Pure: the time is an argument (s, of a clock that never goes back)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["error", "warning"]
Event = Literal["trouble", "recovered", "test"]

MOST = 64
"""Subjects that are known at once, at most."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An ``error`` is why the show is not well, a ``warning`` what it goes on without."""

    text: str
    level: Level


@dataclass(frozen=True, slots=True)
class Notice:
    """One message: what happened to ``subject``, when that began (POSIX), and how long it lasts or lasted (s)."""

    event: Event
    level: Level
    subject: str
    what: str
    since: float
    lasted: float = 0.0


@dataclass(slots=True)
class _Known:
    began: float
    trouble: Trouble
    gone: float | None = None
    told: float | None = None
    told_of: str = ""
    open: bool = False
    """Whether it was told, and that it is over was not."""


class Notices:
    """``take`` is called with all the trouble that there is, regularly, and returns what to tell of it.

    Trouble is told once it has lasted ``after`` seconds, and that it is over once it has been gone for as long. About
    one subject trouble is told at most once in ``every`` seconds: other trouble of the same subject waits until then.
    """

    def __init__(self, after: float, every: float) -> None:
        self.after, self.every = after, every
        self._known: dict[str, _Known] = {}

    def take(self, now: float, wall: float, found: Mapping[str, Trouble]) -> list[Notice]:
        """What is due at ``now``, which is ``wall`` in POSIX time."""
        for subject, trouble in found.items():
            self._note(now, subject, trouble)
        notices: list[Notice] = []
        for subject, one in self._known.items():
            notices += self._due(now, wall, subject, one, found)
        self._known = {subject: one for subject, one in self._known.items() if not self._is_past(now, one)}
        return notices

    def _note(self, now: float, subject: str, trouble: Trouble) -> None:
        known = self._known.get(subject)
        if known is None:
            if len(self._known) < MOST:
                self._known[subject] = _Known(now, trouble)
            return
        if known.gone is not None and now - known.gone >= self.after:
            known.began = now
        known.gone, known.trouble = None, trouble

    def _due(
        self, now: float, wall: float, subject: str, one: _Known, found: Mapping[str, Trouble]
    ) -> Iterator[Notice]:
        lasted = (now if one.gone is None else one.gone) - one.began
        since = wall - (now - one.began)
        if subject not in found:
            one.gone = now if one.gone is None else one.gone
            if one.open and now - one.gone >= self.after:
                one.open = False
                yield Notice("recovered", one.trouble.level, subject, one.trouble.text, since, one.gone - one.began)
        elif self._is_new(now, one):
            one.told, one.told_of, one.open = now, _kind(one.trouble.text), True
            yield Notice("trouble", one.trouble.level, subject, one.trouble.text, since, lasted)

    def _is_new(self, now: float, one: _Known) -> bool:
        """Whether it has to be told now."""
        if now - one.began < self.after or (one.told is not None and now - one.told < self.every):
            return False
        return not one.open or _kind(one.trouble.text) != one.told_of

    def _is_past(self, now: float, one: _Known) -> bool:
        if one.gone is None or one.open:
            return False
        return now - one.gone >= self.after and (one.told is None or now - one.told >= self.every)


def _kind(text: str) -> str:
    """The text without its numbers: "for 5 s" and "for 6 s" are of one kind."""
    return re.sub(r"\d+([.,]\d+)*", "#", text)


def as_json(notice: Notice, show: str, host: str, since: str) -> dict[str, Any]:
    """The body of a webhook. ``since`` is the time in ISO 8601; ``text`` is what chat programs show."""
    return {
        "event": notice.event,
        "level": notice.level,
        "subject": notice.subject,
        "what": notice.what,
        "since": since,
        "lasted_s": round(notice.lasted, 1),
        "show": show,
        "host": host,
        "text": f"{show} on {host}: {sentence(notice)}",
    }


def sentence(notice: Notice) -> str:
    """``over after 5 min: door: found no camera``."""
    if notice.event == "recovered":
        return f"over after {_spoken(notice.lasted)}: {notice.what}"
    return notice.what


def _spoken(seconds: float) -> str:
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
