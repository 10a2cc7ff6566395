"""Four hundred days against a second way to tell: minute by minute, painted by rules that are written out here.

The oracle knows nothing of the engine: it looks at what the wall clock shows in every minute of UTC, finds when that
shows a time first, and paints. What a clock never shows counts from the last minute that it does show.
"""

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from installation.engine.schedule import Timetable
from tests.engine.plans import timetable

FIRST, DAYS = date(2027, 11, 1), 400  # a leap day, Christmas, and three changes of clocks in New York
MARGIN = 3
"""Days that are painted before and after those that are looked at."""
DARK = 255


class Clock:
    """The minutes of UTC from a few days before ``FIRST`` on, and when a wall clock first shows a time."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.origin = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) - timedelta(days=MARGIN)
        self.minutes = (DAYS + 2 * MARGIN) * 1440
        self.shown: dict[int, int] = {}
        for hour in range(0, self.minutes, 60):
            begins, even = self._wall(hour), self._wall(hour + 60) - self._wall(hour) == 60
            for minute in range(60):
                self.shown.setdefault(begins + minute if even else self._wall(hour + minute), hour + minute)

    def _wall(self, minute: int) -> int:
        """What the clock shows, in minutes since 1970 of its own."""
        wall = (self.origin + timedelta(minutes=minute)).astimezone(self.zone).replace(tzinfo=None)
        return (wall - datetime(1970, 1, 1)) // timedelta(minutes=1)

    def minute(self, day: date, minutes: int) -> int:
        """The minute in which the clock first shows so many minutes after a day's midnight."""
        wall = (day - date(1970, 1, 1)).days * 1440 + minutes
        shown = wall
        while shown not in self.shown:
            shown -= 1
        return self.shown[shown] + wall - shown


@dataclass(frozen=True)
class Rule:
    """A window: its days, its first and last minute (beyond 1440: of the next day), and whose it is."""

    days: Callable[[date], bool]
    start: int
    end: int | None  # None: closing
    programme: int = 0


def days() -> Iterator[date]:
    for at in range(-MARGIN + 1, DAYS + MARGIN - 1):
        yield FIRST + timedelta(days=at)


def count(rule: Rule, year: int) -> int:
    return sum(rule.days(date(year, 1, 1) + timedelta(days=at)) for at in range(365 + calendar.isleap(year)))


def nth(day: date, weekday: int, which: int) -> bool:
    """By the leaf of a wall calendar."""
    weeks = [week[weekday] for week in calendar.monthcalendar(day.year, day.month) if week[weekday]]
    return which < len(weeks) and weeks[which] == day.day


class Oracle:
    """For every minute: 1 where the exhibition is open, and the number of the programme that hangs."""

    def __init__(
        self, clock: Clock, opens: list[Rule], shut: Callable[[date], bool], cut: list[Rule], claims: list[Rule]
    ):
        self.clock = clock
        self.open = self._opened(opens, shut, cut)
        self.best: list[tuple[int, ...] | None] = [None] * clock.minutes
        self.programme = bytearray(clock.minutes)
        for rule in claims:
            self._claim(rule)

    def _opened(self, opens: list[Rule], shut: Callable[[date], bool], cut: list[Rule]) -> bytearray:
        minutes = bytearray(self.clock.minutes)
        for day in days():
            falling = [] if shut(day) else [rule for rule in opens if rule.days(day)]
            fewest = min((count(rule, day.year) for rule in falling), default=0)
            for rule in falling:
                if count(rule, day.year) == fewest:
                    self._paint(minutes, day, rule, 1)
        for day in days():
            for rule in cut:
                if rule.days(day):
                    self._paint(minutes, day, rule, 0)
        return minutes

    def _paint(self, minutes: bytearray, day: date, rule: Rule, value: int) -> None:
        start, end = self._span(day, rule)
        minutes[start:end] = bytes([value]) * max(0, end - start)

    def _span(self, day: date, rule: Rule) -> tuple[int, int]:
        end = self._closing(day) if rule.end is None else self.clock.minute(day, rule.end)
        return self.clock.minute(day, rule.start), end

    def _closing(self, day: date) -> int:
        """The end of the last stretch that begins on that day; -1 where none does."""
        first, last = self.clock.minute(day, 0), self.clock.minute(day, 1440)
        begins = [at for at in range(first, last) if self.open[at] and not self.open[at - 1]]
        if not begins:
            return -1
        return self.open.find(0, begins[-1])

    def _claim(self, rule: Rule) -> None:
        counts = {year: count(rule, year) for year in (2027, 2028, 2029)}
        for day in days():
            if not rule.days(day):
                continue
            start, end = self._span(day, rule)
            rank = (-counts[day.year], start - end, rule.programme)
            for at in range(start, end):
                if self.best[at] is None or rank > self.best[at]:
                    self.best[at], self.programme[at] = rank, rule.programme

    def changes(self, outside: int = DARK) -> list[tuple[int, bool, int]]:
        """When what is so begins (POSIX), from the first midnight to the last; whether it is open; what hangs."""
        first = self.clock.minute(FIRST, 0)
        last = self.clock.minute(FIRST + timedelta(days=DAYS), 0)
        is_open = np.frombuffer(self.open, np.uint8)[first:last].astype(bool)
        programme = np.where(is_open, np.frombuffer(self.programme, np.uint8)[first:last], outside).astype(int)
        starts = [0, *(np.flatnonzero(np.diff(programme * 2 + is_open)) + 1)]
        origin = int(self.clock.origin.timestamp())
        return [(origin + (first + int(at)) * 60, bool(is_open[at]), int(programme[at])) for at in starts]


def told(plan: Timetable) -> list[tuple[int, bool, int]]:
    """The same as the engine has it."""
    numbers = {one.name: at for at, one in enumerate(plan.plan.programmes)}
    return [
        (one.start, one.open, DARK if one.programme is None else numbers[one.programme])
        for one in plan.changes(FIRST, DAYS)
    ]


def check_states(plan: Timetable, changes: list[tuple[int, bool, int]]) -> None:
    """Asked at any time, it says what was so a second before each change and at it, and when the next one comes."""
    names = [one.name for one in plan.plan.programmes]
    for (start, is_open, programme), (end, *_) in pairwise(changes):
        for at in (start, start + 0.5, (start + end) / 2, end - 1, end - 0.001):
            state = plan.state(at)
            assert (state.open, state.until) == (is_open, end)
            assert state.programme == (None if programme == DARK else names[programme])


MUSEUM = """
[schedule]
timezone = "Europe/Amsterdam"
open = ["Tue-Sun 10:00-17:00", "Fri 10:00-22:00", "last Sat 20:00-02:30", "12-24 10:00-15:00",
        "2028-02-29 12:00-16:00", "autumn Thu 10:00-12:30", "autumn Thu 13:00-20:00"]
closed = ["holidays:NL", "2028-02-01..2028-02-14", "06-10..06-20 12:00-13:30"]
[[programme]]
name = "day"
[[programme]]
name = "late"
when = ["Fri 17:00-22:00", "15:00-closing"]
[[programme]]
name = "lunch"
when = ["12:00-13:00", "winter Sat,Sun 16:00-17:00"]
[[programme]]
name = "night"
when = ["last Sat 22:00-02:30", "2nd Wed", "02-29"]
"""


def test_a_museum_year() -> None:
    import holidays

    free = holidays.country_holidays("NL", years=(2027, 2028))
    shut = lambda day: day in free or date(2028, 2, 1) <= day <= date(2028, 2, 14)  # noqa: E731
    opens = [
        Rule(lambda day: day.weekday() != 0, 600, 1020),
        Rule(lambda day: day.weekday() == 4, 600, 1320),
        Rule(lambda day: nth(day, 5, -1), 1200, 1590),
        Rule(lambda day: (day.month, day.day) == (12, 24), 600, 900),
        Rule(lambda day: day == date(2028, 2, 29), 720, 960),
        Rule(lambda day: day.month in (9, 10, 11) and day.weekday() == 3, 600, 750),
        Rule(lambda day: day.month in (9, 10, 11) and day.weekday() == 3, 780, 1200),
    ]
    claims = [
        Rule(lambda day: day.weekday() == 4, 1020, 1320, 1),
        Rule(lambda day: True, 900, None, 1),
        Rule(lambda day: True, 720, 780, 2),
        Rule(lambda day: day.month in (12, 1, 2) and day.weekday() > 4, 960, 1020, 2),
        Rule(lambda day: nth(day, 5, -1), 1320, 1590, 3),
        Rule(lambda day: nth(day, 2, 1), 0, 1440, 3),
        Rule(lambda day: (day.month, day.day) == (2, 29), 0, 1440, 3),
    ]
    cut = [Rule(lambda day: day.month == 6 and 10 <= day.day <= 20, 720, 810)]
    oracle = Oracle(Clock("Europe/Amsterdam"), opens, shut, cut, claims).changes()
    plan = timetable(MUSEUM)
    assert len(oracle) > 1500
    assert {programme for _, _, programme in oracle} == {0, 1, 2, 3, DARK}
    assert told(plan) == oracle
    check_states(plan, oracle)


NIGHT = """
[schedule]
timezone = "{zone}"
closed = ["03:00-03:20", "02-28", "Mon 12:00-14:00"]
outside = "still"
[[programme]]
name = "day"
[[programme]]
name = "night"
when = ["22:00-02:30", "Sun 02:30-05:00"]
[[programme]]
name = "moon"
when = ["Sun 02:15-02:45", "Sat 23:50-00:40", "Sun 00:00-01:15", "Fri 23:30-00:10"]
[[programme]]
name = "still"
"""


@pytest.mark.parametrize(
    "zone",
    [
        "America/New_York",
        "Australia/Lord_Howe",  # half an hour of summer time
        "Africa/Cairo",  # at midnight
        "America/Santiago",  # at midnight, and the hour before it comes twice
    ],
)
def test_nights_where_clocks_change(zone: str) -> None:
    opens = [Rule(lambda day: True, 0, 1440)]
    cut = [Rule(lambda day: True, 180, 200), Rule(lambda day: day.weekday() == 0, 720, 840)]
    claims = [
        Rule(lambda day: True, 1320, 1590, 1),
        Rule(lambda day: day.weekday() == 6, 150, 300, 1),
        Rule(lambda day: day.weekday() == 6, 135, 165, 2),
        Rule(lambda day: day.weekday() == 5, 1430, 1480, 2),
        Rule(lambda day: day.weekday() == 6, 0, 75, 2),
        Rule(lambda day: day.weekday() == 4, 1410, 1450, 2),
    ]
    oracle = Oracle(Clock(zone), opens, lambda day: (day.month, day.day) == (2, 28), cut, claims).changes(outside=3)
    plan = timetable(NIGHT.replace("{zone}", zone))
    assert told(plan) == oracle
    check_states(plan, oracle)


def test_a_clock_that_steps_by_hours_is_followed_to_the_second() -> None:
    """A machine that only looks at deadlines, while its clock is put forward and back for a year."""
    stepped, fresh, chance = timetable(MUSEUM), timetable(MUSEUM), Random(3600)
    now = stepped.almanac.start(FIRST)
    end = stepped.almanac.start(FIRST + timedelta(days=DAYS))
    while now < end:
        state = stepped.state(now)
        assert state == fresh.state(now)
        assert state.until is not None
        step = chance.choice((-3600, 3600, 0, 0, 0))
        if step:
            now += chance.random() * (state.until - now) + step
        else:
            assert stepped.state(state.until - 1) == state
            now = state.until
            assert stepped.state(now).since == now
