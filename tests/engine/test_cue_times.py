"""When the clock fires cues: against every moment of a year, listed one by one."""

from datetime import date, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from installation.engine.cue_times import CueTimes
from tests.engine.plans import at, timetable, wall
from tests.showfile.test_calendar_file import written

TEXT = """
[schedule]
timezone = "Europe/Amsterdam"
place = { latitude = 52.36, longitude = 4.88 }
open = ["Tue-Sun 10:00-17:00", "Sat 20:00-01:00"]
[[programme]]
name = "day"
cue = "up"
[[programme]]
name = "late"
when = "Fri 15:00-17:00"
cue = "dim"
[[cue]]
name = "up"
[[cue]]
name = "dim"
at = ["sunset", "last Mon 02:30"]
[[cue]]
name = "noon"
at = ["12:00", "closing"]
[[cue]]
name = "often"
every = "7 h"
"""
TABLE = timetable(TEXT)
TIMES = CueTimes(TABLE)
FIRST = date(2027, 3, 1)


def told(moments: list[tuple[float, str]]) -> list[str]:
    return [f"{wall(TABLE, when)[5:16]} {name}" for when, name in moments]


def test_a_friday() -> None:
    assert told(list(TIMES.of_day(date(2027, 1, 8)))) == [
        "01-08 10:00 up",
        "01-08 12:00 noon",
        "01-08 15:00 dim",
        "01-08 16:45 dim",
        "01-08 17:00 noon",
    ]


def test_the_last_of_each_counts() -> None:
    after, until = at(TABLE, "2027-01-08 00:00"), at(TABLE, "2027-01-10 00:30")
    assert (
        told(TIMES.latest(after, until))
        == [
            "01-09 10:00 up",
            "01-09 12:00 noon",
            "01-09 16:47 dim",
            "01-09 20:00 up",
            "01-10 00:00 often",
        ][1:]
    )
    assert told(TIMES.latest(until, until + 1800)) == ["01-10 01:00 noon"]  # the closing of Saturday
    assert TIMES.entry(until) == "up"
    assert TIMES.entry(until + 1800) is None


def test_a_night_of_a_change_of_clocks() -> None:
    # Seven hours that pass, from midnight, and anew the next day; half past two is half past three in spring.
    assert [wall(TABLE, when)[8:16] for when in every(date(2027, 3, 28), 1)] == [
        "28 00:00",
        "28 08:00",
        "28 15:00",
        "28 22:00",
    ]
    assert "03-29 02:30 dim" in told(list(TIMES.of_day(date(2027, 3, 29))))


def every(first: date, days: int) -> list[float]:
    start, end = TABLE.almanac.start(first), TABLE.almanac.start(first + timedelta(days=days))
    instants, here = [], float(start)
    while here < end:
        instants.append(here)
        here += 7 * 3600
    return instants


def listed() -> list[tuple[float, str]]:
    """All moments of two hundred days."""
    moments = []
    for at_day in range(-2, 202):
        day = FIRST + timedelta(days=at_day)
        moments += [*TIMES.of_day(day), *((when, "often") for when in every(day, 1))]
    return sorted(moments)


MOMENTS = listed()
START = TABLE.almanac.start(FIRST)


@given(st.integers(START, START + 190 * 86400), st.integers(0, 200_000))
def test_next_and_latest_miss_nothing(after: int, length: int) -> None:
    assert TIMES.next(after) == next(when for when, _ in MOMENTS if when > after)
    until = after + length
    last = {name: when for when, name in MOMENTS if after < when <= until}
    assert TIMES.latest(after, until) == sorted((when, name) for name, when in last.items())


def test_the_moments_themselves_are_within_it() -> None:
    for when, name in MOMENTS[50:80]:
        assert (when, name) in TIMES.latest(when - 0.01, when)
        assert (when, name) not in TIMES.latest(when, when + 0.01)


def test_a_calendar_fires_cues(tmp_path: Path) -> None:
    event = "SUMMARY:DIM\nDTSTART;VALUE=DATE:20270108\nRRULE:FREQ=WEEKLY"
    (tmp_path / "agenda.ics").write_text(written(event), "utf-8", newline="")
    text = '[schedule]\ntimezone = "Europe/Amsterdam"\ncalendar = "agenda.ics"\n[[cue]]\nname = "dim"\n'
    table = timetable(text, tmp_path)
    assert CueTimes(table).next(at(table, "2027-01-08 00:00")) == at(table, "2027-01-15 00:00")


def test_without_moments_there_is_no_deadline() -> None:
    assert CueTimes(timetable('[[cue]]\nname = "dim"\n')).next(0.0) is None
    past = timetable('[schedule]\ntimezone = "UTC"\n[[cue]]\nname = "dim"\nat = "2020-01-01 12:00"\n')
    assert CueTimes(past).next(at(past, "2027-01-01 00:00")) is None
