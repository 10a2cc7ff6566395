"""When the exhibition is open, day by day. Pure.

For each day the windows of ``open`` that select the fewest days of its year count, and all those that select as few: a
Friday's hours stand in the place of those of Tuesday to Sunday, a date's in the place of both. A day of ``closed``
without hours takes away what would begin on that day, so that the night before goes on to its end; hours of ``closed``
take away just these. Then the calendar's events called ``open`` are added and those called ``closed`` taken away.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from installation.engine.almanac import CACHED, ONE_DAY, Almanac
from installation.engine.recurrence import Happening, Happenings
from installation.showfile.schedule_tables import CLOSED, OPEN, Schedule
from installation.showfile.windows import OWN_HOURS, Moment, Window

Span = tuple[int, int]
"""From an instant to another, without the second."""

ROUND_THE_CLOCK = 14
"""Days in a row without a closing after which there is none."""


class Hours:
    """The open hours of a ``schedule``; ``happenings`` are what its calendar has."""

    def __init__(self, schedule: Schedule, almanac: Almanac, happenings: Happenings) -> None:
        self.schedule, self.almanac, self.happenings = schedule, almanac, happenings
        self.spans = lru_cache(CACHED)(self._spans)
        self.visit = lru_cache(CACHED)(self._visit)
        self._begun = lru_cache(CACHED)(self._beginning)

    def moment(self, day: date, moment: Moment, next_day: bool = False) -> int | None:
        """The instant of a day's moment, or None where it does not come that day."""
        if moment in OWN_HOURS:
            visit = self.visit(day)
            return None if visit is None else visit[moment == "closing"]
        day = day + ONE_DAY if next_day else day
        return self.almanac.clock(day, moment) if isinstance(moment, int) else self.almanac.sun(str(moment), day)

    def span(self, day: date, window: Window) -> Span | None:
        """The span of a window's hours that begins on that day, or None: not of its days, or its end is not later."""
        if not self.almanac.falls(window.days, day):
            return None
        start, end = self.moment(day, window.start), self.moment(day, window.end, window.overnight)
        return (start, end) if start is not None and end is not None and start < end else None

    def _spans(self, day: date) -> tuple[Span, ...]:
        """The open spans within a day, from its midnight to the next, in order and apart from each other."""
        limits = (self.almanac.start(day), self.almanac.start(day + ONE_DAY))
        begun = [span for one in (day - ONE_DAY, day) for span in self._begun(one)]
        happening = self.happenings.within(*limits)
        opened = _called(OPEN, happening)
        return clip(subtract([*begun, *opened], _called(CLOSED, happening)), limits)

    def _beginning(self, day: date) -> tuple[Span, ...]:
        """What the show file has begin on that day."""
        closed = [one for one in self.schedule.closed if self.almanac.falls(one.days, day)]
        if any(not one.hours for one in closed):
            return ()
        around = [one for each in (day - ONE_DAY, day, day + ONE_DAY) for one in self._closed_hours(each)]
        spans = (self.span(day, window) for window in self.windows(day))
        return subtract([span for span in spans if span], around)

    def _closed_hours(self, day: date) -> list[Span]:
        spans = (self.span(day, window) for window in self.schedule.closed if window.hours)
        return [span for span in spans if span]

    def windows(self, day: date) -> list[Window]:
        """The windows of ``open`` that count on that day."""
        if not self.schedule.open:
            return [Window("", ())]
        falling = [window for window in self.schedule.open if self.almanac.falls(window.days, day)]
        counts = [self.almanac.count(window.days, day.year) for window in falling]
        return [window for window, count in zip(falling, counts, strict=True) if count == min(counts)]

    def _visit(self, day: date) -> Span | None:
        """From the first opening on that day to the closing of what opens last on it, which may be on a later day; None
        where nothing opens, or nothing closes again."""
        spans = list(self.spans(day))
        if spans and spans[0][0] == self.almanac.start(day) and self._open_at_end(day - ONE_DAY):
            spans = spans[1:]
        if not spans:
            return None
        end = spans[-1][1]
        for _ in range(ROUND_THE_CLOCK):
            day += ONE_DAY
            following = self.spans(day)
            if end != self.almanac.start(day) or not following or following[0][0] != end:
                return spans[0][0], end
            end = following[0][1]
        return None

    def _open_at_end(self, day: date) -> bool:
        spans = self.spans(day)
        return bool(spans) and spans[-1][1] == self.almanac.start(day + ONE_DAY)


def _called(name: str, happenings: Iterable[Happening]) -> list[Span]:
    return [(one.start, one.end) for one in happenings if one.name == name]


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same instants as spans in order that neither meet nor overlap."""
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def subtract(spans: Iterable[Span], without: Sequence[Span]) -> tuple[Span, ...]:
    """The instants of ``spans`` that none of ``without`` has."""
    left = list(union(spans))
    for start, end in without:
        left = [
            part
            for one in left
            for part in ((one[0], min(one[1], start)), (max(one[0], end), one[1]))
            if part[0] < part[1]
        ]
    return tuple(left)


def clip(spans: Iterable[Span], limits: Span) -> tuple[Span, ...]:
    """The instants of ``spans`` within ``limits``."""
    cut = ((max(start, limits[0]), min(end, limits[1])) for start, end in spans)
    return union(cut)
