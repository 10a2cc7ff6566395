"""When the clock fires cues: at their moments, every so often, as a programme begins, by the calendar. Pure; the next
moment is computed.

``every`` counts from each day's midnight in seconds that pass, so that it begins anew with the day. A moment that falls
into a change of clocks comes once, as engine/almanac.py has it.
"""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from installation.engine.almanac import CACHED, ONE_DAY
from installation.engine.schedule import HORIZON, Timetable

Moment = tuple[float, str]
"""An instant (POSIX) and the cue that it fires."""


class CueTimes:
    """The moments of a show's cues, by its ``timetable``."""

    def __init__(self, timetable: Timetable) -> None:
        self._timetable, self._almanac = timetable, timetable.almanac
        self._cues = timetable.plan.cues
        self._entries = {one.name: one.cue for one in timetable.plan.programmes if one.cue}
        self._names = {one.name.casefold(): one.name for one in self._cues}
        self._moments = lru_cache(CACHED)(self._of_day)

    def latest(self, after: float, until: float) -> list[Moment]:
        """The last moment of each cue that has one after ``after`` and not after ``until``, in order. A cue sets
        controls whatever they were, so of several firings of one cue only the last counts."""
        latest: dict[str, float] = {}
        for at, name in self._within(after, until):
            latest[name] = max(at, latest.get(name, at))
        return sorted((at, name) for name, at in latest.items())

    def next(self, after: float) -> float | None:
        """The first moment after ``after``, or None where there is none in sight."""
        if not self._any():
            return None
        day, best = self._almanac.day(after) - ONE_DAY, None
        for _ in range(HORIZON):
            # A closing that belongs to a day may be on the next one: one more day is looked at.
            enough = best is not None
            best = min((at for at in (best, *self._times(day, after)) if at is not None), default=None)
            if enough:
                break
            day += ONE_DAY
        return best

    def entry(self, at: float) -> str | None:
        """The cue of the programme that hangs at ``at``."""
        programme = self._timetable.state(at).programme
        return self._entries.get(programme) if programme else None

    def of_day(self, day: date) -> tuple[Moment, ...]:
        """The moments of a day in order, but for ``every``."""
        return self._moments(day)

    def _any(self) -> bool:
        return bool(
            self._entries or any(cue.at or cue.every for cue in self._cues) or self._timetable.plan.schedule.calendar
        )

    def _times(self, day: date, after: float) -> Iterator[float]:
        """The moments of a day that are after ``after``; of ``every``, the first."""
        yield from (at for at, _ in self._moments(day) if at > after)
        start, end = self._almanac.start(day), self._almanac.start(day + ONE_DAY)
        for cue in self._cues:
            if cue.every:
                at = _first(start, cue.every, after)
                if at < end:
                    yield at

    def _within(self, after: float, until: float) -> Iterator[Moment]:
        first, day = self._almanac.day(after) - ONE_DAY, self._almanac.day(until)
        while day >= first:
            yield from ((at, name) for at, name in self._moments(day) if after < at <= until)
            yield from self._repeated(day, after, until)
            day -= ONE_DAY

    def _repeated(self, day: date, after: float, until: float) -> Iterator[Moment]:
        """The last moment on a day of each cue with ``every``."""
        start, end = self._almanac.start(day), self._almanac.start(day + ONE_DAY)
        for cue in self._cues:
            if cue.every and start <= until:
                at = _last(start, cue.every, min(until, end), including=until < end)
                if max(after, start - 1) < at:
                    yield at, cue.name

    def _of_day(self, day: date) -> tuple[Moment, ...]:
        return tuple(sorted((*self._clock(day), *self._entered(day), *self._called(day))))

    def _clock(self, day: date) -> Iterator[Moment]:
        for cue in self._cues:
            for instant in cue.at:
                at = self._timetable.hours.moment(day, instant.at) if self._almanac.falls(instant.days, day) else None
                if at is not None:
                    yield at, cue.name

    def _entered(self, day: date) -> Iterator[Moment]:
        """The cues of programmes that begin on a day."""
        if not self._entries:
            return
        before = next(self._timetable.run(day - ONE_DAY, -1), None)
        programme = before.programme if before else None
        for one in self._timetable.segments(day):
            if one.programme != programme and one.programme in self._entries:
                yield one.start, self._entries[one.programme]
            programme = one.programme

    def _called(self, day: date) -> Iterator[Moment]:
        """The cues that begin on a day by the calendar."""
        start, end = self._almanac.start(day), self._almanac.start(day + ONE_DAY)
        for happening in self._timetable.happenings.within(start, end):
            if happening.name in self._names and happening.start >= start:
                yield happening.start, self._names[happening.name]


def _first(start: float, every: float, after: float) -> float:
    """The first of ``start``, ``start + every`` ... that is later than ``after``."""
    steps = max(0, int((after - start) // every) + 1)
    return start + steps * every


def _last(start: float, every: float, limit: float, including: bool) -> float:
    """The last of them that is not later than ``limit``, or before it."""
    steps = int((limit - start) // every)
    at = start + steps * every
    return at if including or at < limit else at - every
