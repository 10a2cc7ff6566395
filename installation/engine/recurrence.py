"""The calendar's events as they happen: from which instant to which. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from operator import attrgetter

from installation.engine.almanac import instant
from installation.showfile.calendar_file import LAST_YEAR, Event

YEARS = 64
"""Years that are kept."""
MARGIN = timedelta(days=2)
"""More than any two zones' clocks, and any change of clocks, are apart."""


@dataclass(frozen=True, slots=True, order=True)
class Happening:
    """One time that the calendar has something called ``name`` (in small letters), from ``start`` to ``end`` (instants
    in seconds; a cue may have them the same)."""

    start: int
    end: int
    name: str


class Happenings:
    """What is in a calendar, looked up by time."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events = tuple(events)
        self._longest = int(max((event.length + MARGIN for event in self._events), default=MARGIN).total_seconds())
        self._year = lru_cache(YEARS)(self._in_year)

    def within(self, start: int, end: int) -> tuple[Happening, ...]:
        """All that has begun before ``end`` and is not over at ``start``, in order of beginning. What has no length is
        there where it begins from ``start`` on."""
        if not self._events:
            return ()
        first = datetime.fromtimestamp(start, UTC).year
        last = min(datetime.fromtimestamp(end, UTC).year, LAST_YEAR)
        years = (self._near(self._year(year), start, end) for year in range(first, last + 1))
        return tuple(one for one in dict.fromkeys(chain.from_iterable(years)) if one.end > start or one.start >= start)

    def _near(self, year: tuple[Happening, ...], start: int, end: int) -> tuple[Happening, ...]:
        """Those of a year that begin before ``end``, and late enough to go on at ``start``."""
        first, last = (bisect_left(year, at, key=attrgetter("start")) for at in (start - self._longest, end))
        return year[first:last]

    def _in_year(self, year: int) -> tuple[Happening, ...]:
        """All that touches a year (of UTC), in order."""
        first, last = date(year, 1, 1), date(year, 12, 31)
        earliest, latest = datetime.combine(first, time()) - MARGIN, datetime.combine(last, time()) + MARGIN
        return tuple(sorted(one for event in self._events for one in _happenings(event, earliest, latest)))


def _happenings(event: Event, earliest: datetime, latest: datetime) -> Iterator[Happening]:
    """The event's own, of those that touch the time from ``earliest`` to ``latest`` by its wall clock."""
    for start in event.starts(earliest - event.length, latest):
        begin = instant(start, event.zone)
        yield Happening(begin, max(begin, instant(start + event.length, event.zone)), event.name)
