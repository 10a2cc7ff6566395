"""The log's lines about hours, programmes and cues: what the wall does by itself, and when."""

import logging
from datetime import datetime

from installation.engine.programming import Programming
from installation.showfile.schedule_tables import Cue

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two lines about the same cue."""


class Announcing:
    """Told of every frame, it logs each change of hours and of programme, and each cue that begins; the same cue
    once in EVERY at most."""

    def __init__(self) -> None:
        self._known: tuple[bool, str | None] | None = None
        self._cues: dict[str, float] = {}

    def tell(self, programming: Programming, civil: datetime, now: float) -> None:
        """``now`` in seconds of a clock that never goes back."""
        state = programming.is_open(civil), programming.at(civil).programme
        if state != self._known:
            first, self._known = self._known is None, state
            line = _hours(programming, civil, first)
            if line:
                log.info(line)
        for cue in programming.player.begun:
            if now - self._cues.get(cue.name, -EVERY) >= EVERY:
                self._cues[cue.name] = now
                log.info(fired(cue))


def fired(cue: Cue) -> str:
    """What a cue that begins does, in words."""
    values = ", ".join(f"{address} {value:g}" for address, value in sorted(cue.targets.items()))
    fade = f" in {cue.fade:g} s" if values and cue.fade else ""
    does = [f"{values}{fade}"] * bool(values) + [f"releases {', '.join(cue.release)}"] * bool(cue.release)
    return f"cue {cue.name}: {'; '.join(does) or 'sets nothing'}"


def _hours(programming: Programming, civil: datetime, first: bool) -> str:
    """What is open and hangs now; empty for a show that opens without hours of its own."""
    due, opens = programming.at(civil), programming.opens(civil)
    if programming.is_open(civil):
        if due.until is None and first:
            return ""
        until = (
            ""
            if due.until is None
            else f" until {_when(programming, civil, datetime.fromtimestamp(due.until, civil.tzinfo))}"
        )
        return f"open: the programme {due.programme} is due{until}"
    closed = "closed" if opens is None else f"closed until {_when(programming, civil, opens)}"
    if first:
        return f"{closed}; --always-open shows it as if it were open"
    return closed if due.programme is None else f"{closed}; the programme {due.programme} is due"


def _when(programming: Programming, civil: datetime, at: datetime) -> str:
    """A time by the show's own clock, which is named where the machine's shows another time."""
    own = at.astimezone(programming.timetable.almanac.zone)
    zone = "" if own.utcoffset() == at.astimezone(civil.tzinfo).utcoffset() else f" ({own.tzinfo})"
    return f"{own:%A %d %B %H:%M}{zone}"
