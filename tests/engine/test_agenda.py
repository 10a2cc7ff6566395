"""What hangs when, to read and as a calendar; the calendar says the same when the show reads it back."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from installation.core.errors import Refused
from installation.engine.agenda import agenda, ics, read_span, table
from tests.engine.plans import PIECES, timetable, wall

TEXT = """
[schedule]
timezone = "Europe/Amsterdam"
open = ["Tue-Sun 10:00-17:00", "Sat 10:00-24:00", "Sun 00:00-02:00", "Sun 10:00-17:00"]
[[programme]]
name = "day"
[[programme]]
name = "late"
when = "Sat 20:00-01:00"
pieces = ["two", "one"]
cue = "dim"
[[cue]]
name = "dim"
[[cue]]
name = "noon"
at = "Sat 12:00"
every = "90 s"
"""
FOUND = timetable(TEXT)


def test_a_table() -> None:
    entries = agenda(FOUND, PIECES, date(2027, 3, 26), date(2027, 3, 29))
    assert (
        table(FOUND, entries)
        == """\
Fri 2027-03-26  00:00-10:00      closed
                10:00-17:00      day     one, two, three
                17:00-10:00 Sat  closed
Sat 2027-03-27  10:00-20:00      day     one, two, three
                12:00            cue     noon
                20:00-01:00 Sun  late    two, one
                20:00            cue     dim
Sun 2027-03-28  01:00-03:00      day     one, two, three
                03:00-10:00      closed
                10:00-17:00      day     one, two, three
                17:00-24:00 Mon  closed
every 1 min 30 s from midnight: cue noon"""
    )


def test_a_programme_outside_the_hours_and_an_exhibition_that_says_nothing() -> None:
    text = TEXT.replace("[[programme]]", 'outside = "late"\n[[programme]]', 1)
    plan = timetable(text)
    assert "closed, late" in table(plan, agenda(plan, PIECES, date(2027, 3, 29), date(2027, 3, 29)))
    plain = timetable('[schedule]\ntimezone = "UTC"\n')
    assert table(plain, agenda(plain, PIECES, date(2027, 3, 29), date(2027, 3, 29))) == (
        "Mon 2027-03-29  00:00-24:00  all  one, two, three"
    )


def test_the_calendar_brings_the_same_when_it_is_read_back(tmp_path: Path) -> None:
    first, last = date(2027, 3, 20), date(2027, 4, 10)
    entries = agenda(FOUND, PIECES, first, last)
    (tmp_path / "out.ics").write_bytes(ics(entries, "Night", datetime(2027, 1, 1, tzinfo=UTC)))
    # An exhibition whose hours are no more than the calendar's own.
    text = '[schedule]\ntimezone = "Europe/Amsterdam"\ncalendar = "out.ics"\n[[programme]]\nname = "none"\n'
    again = timetable(text + TEXT[TEXT.index("[[programme]]") :].replace('at = "Sat 12:00"', ""), tmp_path)
    for entry in entries:
        if entry.programme:
            state = again.state(entry.start.timestamp())
            assert (state.programme, wall(again, state.since)) == (
                entry.programme,
                wall(FOUND, entry.start.timestamp()),
            )
    assert {"day", "late", "dim", "noon"} == {one.name for one in again.happenings.within(0, 2**31)}


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("", date(2027, 3, 29), date(2027, 4, 4)),
        ("2027-12-24", date(2027, 12, 24), date(2027, 12, 30)),
        ("2027-12-24..2027-12-24", date(2027, 12, 24), date(2027, 12, 24)),
        ("..2027-04-01", date(2027, 3, 29), date(2027, 4, 1)),
    ],
)
def test_a_span_of_days(text: str, first: date, last: date) -> None:
    assert read_span(text, date(2027, 3, 29)) == (first, last)


@pytest.mark.parametrize(
    "text", ["tomorrow", "2027-02-30", "2027-02-02..2027-02-01", "2027-01-01..2031-01-01", "9999-12-30"]
)
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(Refused):
        read_span(text, date(2027, 3, 29))
