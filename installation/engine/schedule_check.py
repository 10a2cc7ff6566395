"""Warnings about a plan that is valid and probably not intended, found by evaluating the days to come. Pure.

- a window that never opens: its days have passed or never come, it lies outside the open hours, or others always win;
- programmes that claim the same time by rules that are equally strong, so that only their order in the file decides;
- a programme, and a piece, that never hangs;
- an event of the calendar that is called almost as a programme or a cue.

``DAYS`` days from the given one are looked through, and of rarer windows the days that they name.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from installation.core.errors import Fault
from installation.engine.schedule import Claim, Timetable
from installation.showfile.load import Show
from installation.showfile.messages import Finding, Source, shown, value_at
from installation.showfile.schedule_tables import Plan, Programme
from installation.showfile.toml_lines import Loc
from installation.showfile.windows import Dates, Window

CLOSED = "the exhibition is closed then: [schedule] open has to have these hours, too"
DAYS = 400
"""A year, and what a year's end and a leap day may move."""

RARE = 8 * 366
"""Days in which one of a window's own is looked for: a 29th of February is there, whatever the century."""


def warnings(show: Show, timetable: Timetable, today: date) -> list[Fault]:
    """The warnings for a show as of ``today``: each with its line, in the order of the file."""
    pieces = [piece.name for piece in show.pieces]
    findings = (_written(show.source, finding) for finding in _Survey(timetable, pieces, today).findings())
    return sorted(map(show.source.fault, findings), key=lambda fault: fault.line)


def _written(source: Source, finding: Finding) -> Finding:
    """The same at the key itself, where a single text stands in the place of a list."""
    loc = finding.loc
    is_text = isinstance(loc[-1], int) and isinstance(value_at(source.data, loc[:-1]), str)
    return replace(finding, loc=loc[:-1]) if is_text else finding


class _Survey:
    """What was found in the days to come."""

    def __init__(self, timetable: Timetable, pieces: Sequence[str], today: date) -> None:
        self.timetable, self.plan, self.pieces, self.today = timetable, timetable.plan, pieces, today
        self.claimed: set[Loc] = set()  # windows that have some open time
        self.won: set[Loc] = set()  # windows whose programme hangs in some of it
        self.shown: set[str | None] = set()
        self.ties: dict[tuple[Loc, Loc], int] = {}  # two windows, and when they first are equally strong

    def findings(self) -> list[Finding]:
        self._look()
        if not self.plan.schedule.open and not any(map(self.timetable.hours.spans, self._days())):
            hint = "the exhibition never opens in the days to come"
            return [Finding(("schedule", "closed"), "all hours", "some that are left open", hint)]
        return [
            *self._open(),
            *self._when(),
            *self._ties(),
            *self._programmes(),
            *self._pieces(),
            *_idle(self.plan),
            *_almost(self.plan),
        ]

    def _look(self) -> None:
        for day in self._days():
            for one in self.timetable.segments(day):
                self.shown.add(one.programme)
                locs = [claim.loc for claim in one.claims]
                self.claimed.update(loc for loc in locs if loc)
                self.won.update(claim.loc for claim in one.claims if claim.loc and claim.programme == one.programme)
                self._note_tie(one.start, one.claims)

    def _days(self) -> list[date]:
        """The days that are looked at, in order."""
        days = {self.today + timedelta(days=at) for at in range(DAYS)}
        for window in self._windows():
            days |= self._rare(window)
            for span in (one for one in window.days if isinstance(one, Dates)):
                first = max(self.today, span.first)
                days |= {first + timedelta(days=at) for at in range(min(DAYS, (span.last - first).days + 2))}
        return sorted(days)

    def _rare(self, window: Window) -> set[date]:
        """The next of a window's own days, which may be a 29th of February years ahead, and the one after it."""
        far = (self.today + timedelta(days=at) for at in range(RARE))
        falling = next((day for day in far if self.timetable.almanac.falls(window.days, day)), None)
        return set() if falling is None else {falling, falling + timedelta(days=1)}

    def _windows(self) -> Iterator[Window]:
        yield from self.plan.schedule.open
        for programme in self.plan.programmes:
            yield from programme.when

    def _note_tie(self, at: int, claims: Sequence[Claim]) -> None:
        if len(claims) < 2 or claims[0].rank[:-1] != claims[1].rank[:-1]:
            return
        winner, other = claims[0], claims[1]
        if winner.loc and other.loc and winner.programme != other.programme:
            self.ties.setdefault((winner.loc, other.loc), at)

    def _open(self) -> Iterator[Finding]:
        hours, days = self.timetable.hours, self._days()
        for index, window in enumerate(self.plan.schedule.open):
            if not any(window in hours.windows(day) and hours.span(day, window) and hours.spans(day) for day in days):
                yield Finding(
                    ("schedule", "open", index), shown(window.text), "hours that come", self._why(window, "open window")
                )

    def _why(self, window: Window, noun: str) -> str:
        past = [one for one in window.days if isinstance(one, Dates) and one.last < self.today]
        if past:
            return f"they are past since {past[0].last}"
        almanac, hours = self.timetable.almanac, self.timetable.hours
        falling = [day for day in self._days() if almanac.falls(window.days, day)]
        if not falling:
            return f"no such day in the eight years from {self.today} on"
        if not any(hours.span(day, window) for day in falling):
            return "on none of its days does it end after it begins"
        return f"another {noun} is more specific on all of its days, or they are closed"

    def _when(self) -> Iterator[Finding]:
        for at, programme in enumerate(self.plan.programmes):
            for index, window in enumerate(programme.when):
                loc = ("programme", at, "when", index)
                if loc not in self.claimed:
                    why = self._why(window, "window")
                    hint = why if not why.startswith("another") else CLOSED
                    yield Finding(loc, shown(window.text), "hours within the opening hours", hint)
                elif loc not in self.won:
                    hint = "other programmes' windows have all of them, as more specific ones or by the file's order"
                    yield Finding(loc, shown(window.text), "hours in which this programme hangs", hint)

    def _ties(self) -> Iterator[Finding]:
        for (winner, other), at in self.ties.items():
            programmes = self.plan.programmes
            first, second = programmes[int(other[1])], programmes[int(winner[1])]
            day = self.timetable.almanac.day(at)
            yield Finding(
                winner,
                shown(second.when[int(winner[3])].text),
                f'hours that "{first.name}" does not claim by a rule as strong as this one',
                f'first on {day}; "{second.name}" hangs, as it is further down in the file',
            )

    def _programmes(self) -> Iterator[Finding]:
        for at, programme in enumerate(self.plan.programmes):
            if programme.name not in self.shown and not programme.when:
                hint = f'"{self.plan.default}" is what hangs at all other hours: give this one a when'
                if programme.name == self.plan.default:
                    hint = "it has the open hours that no other programme claims, and there are none"
                elif programme.name.casefold() in _events(self.plan):
                    hint = "the calendar's events of this name are over, have no end, or are outside the opening hours"
                yield Finding(("programme", at, "name"), shown(programme.name), "a programme that hangs", hint)

    def _pieces(self) -> Iterator[Finding]:
        seen = [self.plan.programme(name) for name in self.shown if name is not None]
        if any(not programme.pieces for programme in seen):
            return
        hung = {piece for programme in seen for piece in programme.pieces}
        for at, piece in enumerate(self.pieces):
            if piece not in hung:
                hint = _where(piece, self.plan.programmes)
                yield Finding(("piece", at, "name"), shown(piece), "a piece that a programme shows", hint)


def _events(plan: Plan) -> set[str]:
    """What the calendar has, by name."""
    calendar = plan.schedule.calendar
    return {event.name for event in calendar.events} if calendar else set()


def _idle(plan: Plan) -> Iterator[Finding]:
    """Cues that do nothing."""
    for at, cue in enumerate(plan.cues):
        if not (cue.targets or cue.release or cue.then):
            hint = 'such as set = { "stage/brightness" = 0.6 }'
            yield Finding(("cue", at, "name"), shown(cue.name), "a cue with a set, a release or a then", hint)


def _almost(plan: Plan) -> Iterator[Finding]:
    """Events of the calendar that are called almost as something of the show's."""
    calendar = plan.schedule.calendar
    for name, hint in (calendar.near if calendar else {}).items():
        yield Finding(("schedule", "calendar"), f"an event {shown(name)}", "the name of a programme or a cue", hint)


def _where(piece: str, programmes: Collection[Programme]) -> str:
    named = [programme.name for programme in programmes if piece in programme.pieces]
    return f'it is in "{named[0]}", which never hangs' if named else "it is in none"
