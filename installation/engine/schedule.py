"""What hangs when: the show's plan laid over the calendar. Pure: time is an argument, and the next change is computed.

Of several programmes that claim the same instant, one has it:

1. an event of the calendar before anything that the show file says; of two events the shorter, then the later one;
2. else the window that selects the fewest days of that calendar year;
3. of windows with as many days, the one whose hours are the shortest that day;
4. of those still equal, the one that is further down in the file (engine/schedule_check.py warns of it).

Outside the open hours nothing is claimed: the wall is dark, or shows the programme that the schedule names for it.
Times are POSIX: seconds since 1970 UTC. engine/almanac.py describes how wall-clock times become instants.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

from installation.engine.almanac import CACHED, ONE_DAY, Almanac
from installation.engine.hours import Hours
from installation.engine.recurrence import Happenings
from installation.showfile.schedule_tables import BLACKOUT, Plan, Programme
from installation.showfile.toml_lines import Loc

HORIZON = 1500
"""Days that are looked through for a change, each way; what stays as it is for longer stays without end."""

Rank = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What is so from ``since`` to ``until`` (without it; None: without end). ``programme`` is the name of what hangs,
    None where the wall is dark."""

    open: bool
    programme: str | None
    since: int | None
    until: int | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A programme that is meant to hang from ``start`` to ``end``. ``loc`` is the window that says so in the show file,
    None for the calendar's events; the highest ``rank`` has it. What is equal but for the last of it is a tie."""

    start: int
    end: int
    programme: str
    rank: Rank
    loc: Loc | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one day that nothing changes in. ``claims`` are those for it, the one that has it first."""

    start: int
    end: int
    open: bool
    programme: str | None
    claims: tuple[Claim, ...] = ()

    def goes_on_in(self, later: "Segment") -> bool:
        return (self.open, self.programme) == (later.open, later.programme)


class Timetable:
    """The ``plan`` of a show in its own time zone, and at its place."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.almanac = Almanac(plan.schedule.timezone, plan.schedule.place)
        calendar = plan.schedule.calendar
        self.happenings = Happenings(calendar.events if calendar else ())
        self.hours = Hours(plan.schedule, self.almanac, self.happenings)
        self.segments = lru_cache(CACHED)(self._segments)
        self._last: State | None = None
        self._ahead: State | None = None
        self._names = {one.name.casefold(): one.name for one in plan.programmes}

    def state(self, at: float) -> State:
        """What is so at ``at``, and the next deadline: as ``until``. Cheap while that has not come."""
        last = self._last
        if last is None or not _is_within(last, at):
            ahead = self._ahead
            last = self._last = ahead if ahead is not None and _is_within(ahead, at) else self._state(at)
        return last

    def foresee(self, at: float) -> None:
        """Finds out beforehand what will be so at ``at``, for a thread that has the time: ``state`` is then cheap."""
        self._ahead = self._state(at)

    def opens(self, at: float) -> int | None:
        """When the exhibition is open next after ``at``; None where it never is, or already is."""
        if self.state(at).open:
            return None
        later = (one for one in self.run(self.almanac.day(at), HORIZON) if one.end > at and one.open)
        return next((one.start for one in later), None)

    def run(self, first: date, days: int) -> Iterator[Segment]:
        """The segments of so many days from ``first`` on, in order; negative ``days`` run backwards."""
        step = 1 if days > 0 else -1
        for at in range(0, days, step):
            segments = self.segments(first + timedelta(days=at))
            yield from segments[::step]

    def changes(self, first: date, days: int) -> Iterator[Segment]:
        """The segments with those joined that go on in one another. The first begins with ``first``, as it stands."""
        joined: Segment | None = None
        for one in self.run(first, days):
            if joined is None or not joined.goes_on_in(one):
                if joined is not None:
                    yield joined
                joined = one
            else:
                joined = Segment(joined.start, one.end, joined.open, joined.programme, joined.claims)
        if joined is not None:
            yield joined

    def _state(self, at: float) -> State:
        day = self.almanac.day(at)
        here = next(one for one in self.segments(day) if one.start <= at < one.end)
        if not self._moves():
            return State(here.open, here.programme, None, None)
        later = (one.start for one in self.run(day, HORIZON) if one.start > at and not here.goes_on_in(one))
        earlier = (one.end for one in self.run(day, -HORIZON) if one.end <= at and not here.goes_on_in(one))
        return State(here.open, here.programme, next(earlier, None), next(later, None))

    def _moves(self) -> bool:
        schedule = self.plan.schedule
        return bool(schedule.open or schedule.closed or schedule.calendar or any(p.when for p in self.plan.programmes))

    def _segments(self, day: date) -> tuple[Segment, ...]:
        """A whole day, from its midnight to the next, cut wherever anything may change."""
        start, end = self.almanac.start(day), self.almanac.start(day + ONE_DAY)
        spans = self.hours.spans(day)
        claims = [claim for claim in self._claims(day, start, end) if claim.start < end and claim.end > start]
        cuts = {start, end, *(at for span in (*spans, *((c.start, c.end) for c in claims)) for at in span)}
        return tuple(
            self._segment(one, other, any(opened <= one < closed for opened, closed in spans), claims)
            for one, other in pairwise(sorted(at for at in cuts if start <= at <= end))
        )

    def _segment(self, start: int, end: int, is_open: bool, claims: Iterable[Claim]) -> Segment:
        if not is_open:
            outside = self.plan.schedule.outside
            return Segment(start, end, False, None if outside == BLACKOUT else outside)
        holding = sorted(
            (one for one in claims if one.start <= start < one.end), key=lambda one: one.rank, reverse=True
        )
        return Segment(start, end, True, holding[0].programme if holding else self.plan.default, tuple(holding))

    def _claims(self, day: date, start: int, end: int) -> Iterator[Claim]:
        """All that may touch a day: what its own windows and those of the day before begin, and the calendar's."""
        for happening in self.happenings.within(start, end):
            if happening.name in self._names:
                length = happening.end - happening.start
                rank = (1, 0, -length, happening.start)
                yield Claim(happening.start, happening.end, self._names[happening.name], rank)
        for index, programme in enumerate(self.plan.programmes):
            for begun in (day - ONE_DAY, day):
                yield from self._windows(begun, index, programme)

    def _windows(self, day: date, index: int, programme: Programme) -> Iterator[Claim]:
        for at, window in enumerate(programme.when):
            span = self.hours.span(day, window)
            if span:
                rank = (0, -self.almanac.count(window.days, day.year), span[0] - span[1], index)
                yield Claim(*span, programme.name, rank, ("programme", index, "when", at))


def _is_within(state: State, at: float) -> bool:
    return (state.since or 0) <= at < (state.until or float("inf"))
