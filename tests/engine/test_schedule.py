"""What hangs when: the rules that docs/opening-hours.md tells, one by one."""

import math
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.engine.almanac import Almanac
from installation.engine.schedule import State
from installation.showfile.schedule_tables import Place
from installation.showfile.timezones import zone
from tests.engine.plans import at, timetable, wall
from tests.showfile.test_calendar_file import written

AMSTERDAM = '[schedule]\ntimezone = "Europe/Amsterdam"\n'
HERE = "place = { latitude = 52.36, longitude = 4.88 }\n"


def hangs(text: str, when: str, folder: Path = Path()) -> str | None:
    plan = timetable(AMSTERDAM + text, folder)
    return plan.state(at(plan, when)).programme


def stretch(text: str, when: str, folder: Path = Path()) -> str:
    """What is so, from when to when."""
    plan = timetable(AMSTERDAM + text, folder)
    state = plan.state(at(plan, when))
    return f"{wall(plan, state.since)[:16]} .. {wall(plan, state.until)[:16]} {state.programme}"


def test_a_show_that_says_nothing_of_time_is_always_open() -> None:
    plan = timetable("")
    assert plan.state(0.0) == plan.state(1.9e9) == State(True, "all", None, None)
    assert plan.opens(0.0) is None
    assert plan.plan.programme("all").pieces == ()


def test_the_first_programme_without_hours_is_the_default() -> None:
    text = '[[programme]]\nname = "late"\nwhen = "Fri 17:00-22:00"\n[[programme]]\nname = "day"\n'
    assert hangs(text, "2027-01-08 16:59") == "day"
    assert hangs(text, "2027-01-08 17:00") == "late"
    assert hangs(text, "2027-01-08 22:00") == "day"
    assert stretch(text, "2027-01-10 12:00") == "2027-01-08 22:00 .. 2027-01-15 17:00 day"


def test_outside_the_hours_it_is_dark_or_as_the_schedule_says() -> None:
    text = 'open = "Tue-Sun 10:00-17:00"\n'
    assert hangs(text, "2027-01-08 09:59") is None
    assert stretch(text, "2027-01-10 17:00") == "2027-01-10 17:00 .. 2027-01-12 10:00 None"
    assert hangs(text + 'outside = "still"\n[[programme]]\nname = "still"\nwhen = []\n', "2027-01-08 09:00") == "still"
    plan = timetable(AMSTERDAM + text)
    assert wall(plan, plan.opens(at(plan, "2027-01-10 18:00")))[:16] == "2027-01-12 10:00"
    assert plan.opens(at(plan, "2027-01-10 12:00")) is None


def test_an_exhibition_that_never_opens_has_no_deadline() -> None:
    plan = timetable(AMSTERDAM + 'open = "2020-01-01 10:00-17:00"\n')
    state = plan.state(at(plan, "2027-01-01 12:00"))
    assert (state.open, state.until) == (False, None)
    assert plan.opens(at(plan, "2027-01-01 12:00")) is None


@pytest.mark.parametrize(
    ("hours", "day", "expected"),
    [
        ('"Tue-Sun 10:00-17:00", "Fri 10:00-22:00"', "2027-01-08", "10:00-22:00"),
        ('"Tue-Sun 10:00-17:00", "Fri 12:00-14:00"', "2027-01-08", "12:00-14:00"),  # shorter hours count, too
        ('"10:00-12:00", "daily 14:00-17:00"', "2027-01-08", "10:00-12:00 14:00-17:00"),  # as specific: both
        ('"Fri 10:00-17:00", "2027-01-08 13:00-15:00"', "2027-01-08", "13:00-15:00"),
        ('"summer Fri 10:00-20:00", "Fri 10:00-17:00"', "2027-07-02", "10:00-20:00"),
        ('"summer Fri 10:00-20:00", "Fri 10:00-17:00"', "2027-09-03", "10:00-17:00"),
        ('"last Thu 19:00-23:00", "Thu 10:00-17:00"', "2027-01-28", "19:00-23:00"),
        ('"5th Fri 10:00-17:00"', "2027-01-29", "10:00-17:00"),
        ('"5th Fri 10:00-17:00"', "2027-01-22", ""),
        ('"02-29 10:00-17:00"', "2028-02-29", "10:00-17:00"),
        ('"12-20..01-06 10:00-17:00"', "2028-01-06", "10:00-17:00"),
        ('"12-20..01-06 10:00-17:00"', "2028-01-07", ""),
        ('"holidays:NL 11:00-15:00"', "2027-04-27", "11:00-15:00"),  # the king's birthday
        ('"holidays:DE-BY 11:00-15:00"', "2027-01-06", "11:00-15:00"),  # Epiphany, of the south
        ('"holidays:DE-BE 11:00-15:00"', "2027-01-06", ""),
        ('"Sat 20:00-02:00", "Sun 01:00-03:00"', "2027-01-10", "00:00-03:00"),
        ('"Fri"', "2027-01-08", "00:00-24:00"),
    ],
)
def test_opening_hours(hours: str, day: str, expected: str) -> None:
    table = timetable(f"{AMSTERDAM}open = [{hours}]\n")
    spans = table.hours.spans(date.fromisoformat(day))
    told = [f"{wall(table, start)[11:16]}-{wall(table, end)[11:16]}" for start, end in spans]
    assert " ".join(told).replace("-00:00", "-24:00") == expected


def test_a_closed_day_takes_what_begins_on_it_and_closed_hours_take_just_these() -> None:
    text = 'open = ["10:00-17:00", "Sat 20:00-02:00"]\nclosed = ["2027-01-10", "01-11 12:00-13:00"]\n'
    assert stretch(text, "2027-01-10 01:00") == "2027-01-09 20:00 .. 2027-01-10 02:00 all"
    assert hangs(text, "2027-01-10 12:00") is None
    assert [hangs(text, f"2027-01-11 {hour}:30") for hour in (11, 12, 13)] == ["all", None, "all"]


LATE = '[[programme]]\nname = "day"\n[[programme]]\nname = "late"\nwhen = '
OTHER = '\n[[programme]]\nname = "other"\nwhen = '


@pytest.mark.parametrize(
    ("late", "other", "expected"),
    [
        ("Fri 10:00-22:00", "12:00-13:00", "late"),  # 52 days before 365, whatever the hours
        ("Tue-Sun 10:00-22:00", "Tue-Sun 12:00-13:00", "other"),  # as many days: the shorter hours
        ("Fri 12:00-13:00", "Fri 12:30-13:30", "other"),  # all the same: the one further down
        ("2027-01-08", "01-08 12:00-13:00", "other"),
        ("2027-01-08 12:00-13:00", "1st Fri 12:00-13:00", "late"),
        ("holidays:NL", "daily", "other"),
    ],
)
def test_the_most_specific_window_wins(late: str, other: str, expected: str) -> None:
    assert hangs(f'{LATE}"{late}"{OTHER}"{other}"\n', "2027-01-08 12:45") == expected


def test_closing_is_where_the_last_hours_that_begin_that_day_end() -> None:
    text = 'open = ["10:00-12:00", "14:00-17:00", "Sat 20:00-02:00", "Sun 00:00-01:00"]\n' + LATE + '"11:00-closing"\n'
    assert stretch(text, "2027-01-08 16:00").endswith("2027-01-08 14:00 .. 2027-01-08 17:00 late")
    assert hangs(text, "2027-01-08 10:30") == "day"
    assert hangs(text, "2027-01-10 01:30") == "late"  # of the Saturday night, which goes on to two
    assert hangs(text, "2027-01-10 00:30") == "late"


def test_opening_and_an_exhibition_that_does_not_close() -> None:
    text = 'open = "10:00-17:00"\n' + LATE + '"opening-12:00"\n'
    assert stretch(text, "2027-01-08 11:00") == "2027-01-08 10:00 .. 2027-01-08 12:00 late"
    assert hangs('open = "daily"\n' + LATE + '"12:00-closing"\n', "2027-01-08 13:00") == "day"


# ---------------------------------------------------------------- changes of clocks

NIGHT = '\n[[programme]]\nname = "day"\n[[programme]]\nname = "night"\nwhen = '


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        # The night of 28 March 2027 has no hour from 2 to 3: its times are an hour on.
        ("2027-03-28 02:30-05:00", "03:30:00+0200 05:00:00+0200"),
        ("2027-03-28 01:30-02:30", "01:30:00+0100 03:30:00+0200"),
        ("2027-03-28 02:10-02:40", "03:10:00+0200 03:40:00+0200"),
        ("2027-03-27 23:00-02:00", "23:00:00+0100 03:00:00+0200"),
        ("2027-03-28", "00:00:00+0100 00:00:00+0200"),  # 23 hours
        # The night of 31 October 2027 has that hour twice: the first counts.
        ("2027-10-31 01:30-02:30", "01:30:00+0200 02:30:00+0200"),
        ("2027-10-31 02:30-05:00", "02:30:00+0200 05:00:00+0100"),  # three hours and a half
        ("2027-10-30 23:00-02:00", "23:00:00+0200 02:00:00+0200"),
        ("2027-10-31", "00:00:00+0200 00:00:00+0100"),  # 25 hours
    ],
)
def test_a_change_of_clocks(window: str, expected: str) -> None:
    table = timetable(f'{AMSTERDAM}{NIGHT}"{window}"\n')
    span = table.hours.span(date.fromisoformat(window[:10]), table.plan.programmes[1].when[0])
    assert span is not None
    assert " ".join(wall(table, one)[11:] for one in span) == expected


def test_a_window_that_a_change_of_clocks_turns_round_does_not_come_that_day() -> None:
    table = timetable(f'{AMSTERDAM}{NIGHT}"02:30-03:10"\n')
    window = table.plan.programmes[1].when[0]
    assert table.hours.span(date(2027, 3, 28), window) is None
    assert table.hours.span(date(2027, 3, 29), window) is not None


# ---------------------------------------------------------------- sun


def sunset_by_hand(day: date, latitude: float, longitude: float) -> float:
    """Minutes of UTC, to a few minutes, by the equations of the Nautical Almanac Office's "Almanac for Computers"."""
    year = 2 * math.pi / 365.25 * (day.timetuple().tm_yday - 1 + 0.25)
    equation = 229.18 * (0.000075 + 0.001868 * math.cos(year) - 0.032077 * math.sin(year)
                         - 0.014615 * math.cos(2 * year) - 0.040849 * math.sin(2 * year))  # fmt: skip
    tilt = (0.006918 - 0.399912 * math.cos(year) + 0.070257 * math.sin(year) - 0.006758 * math.cos(2 * year)
            + 0.000907 * math.sin(2 * year) - 0.002697 * math.cos(3 * year) + 0.00148 * math.sin(3 * year))  # fmt: skip
    north = math.radians(latitude)
    angle = math.cos(math.radians(90.833)) / (math.cos(north) * math.cos(tilt)) - math.tan(north) * math.tan(tilt)
    return 720 - 4 * (longitude - math.degrees(math.acos(angle))) - equation


@pytest.mark.parametrize(
    ("name", "latitude", "longitude"),
    [
        ("Europe/Amsterdam", 52.36, 4.88),
        ("Pacific/Auckland", -36.85, 174.76),
        ("Pacific/Honolulu", 21.3, -157.86),
        ("Asia/Kolkata", 22.57, 88.36),
        ("America/Los_Angeles", 34.05, -118.24),
    ],
)
def test_the_sun_sets_once_on_every_day(name: str, latitude: float, longitude: float) -> None:
    almanac = Almanac(zone(name), Place(latitude=latitude, longitude=longitude))
    for at_day in range(400):
        day = date(2027, 1, 1) + timedelta(days=at_day)
        sunset, sunrise = almanac.sun("sunset", day), almanac.sun("sunrise", day)
        assert sunset is not None
        assert sunrise is not None
        assert almanac.day(sunset) == almanac.day(sunrise) == day
        assert sunrise < sunset
        off = (sunset / 60 - sunset_by_hand(day, latitude, longitude)) % 1440
        assert min(off, 1440 - off) < 4


def test_where_the_sun_does_not_set_nothing_begins_with_it() -> None:
    north = AMSTERDAM + "place = { latitude = 78.2, longitude = 15.6 }\n" + LATE + '"sunset-23:59"\n'
    plan = timetable(north)
    assert plan.state(at(plan, "2027-06-21 23:00")).programme == "day"
    assert plan.state(at(plan, "2027-03-21 22:00")).programme == "late"
    with pytest.raises(ValueError, match="expected one for the sun's hours"):
        Almanac(zone("UTC")).sun("sunset", date(2027, 1, 1))


def test_sunset_to_closing_comes_in_winter_only() -> None:
    text = HERE + 'open = "10:00-18:00"\n' + LATE + '"sunset-closing"\n'
    plan = timetable(AMSTERDAM + text)
    winter = plan.state(at(plan, "2027-01-08 17:00"))
    assert winter.programme == "late"
    assert wall(plan, winter.since)[:16] == "2027-01-08 16:45"
    assert hangs(text, "2027-06-08 17:59") == "day"
    assert hangs(HERE + LATE + '"sunset-sunrise"\n', "2027-01-08 08:00") == "late"


def test_seasons_of_both_halves_of_the_world() -> None:
    text = LATE + '"summer"\n'
    assert [hangs(text, f"2027-{month}-01 12:00") for month in ("05", "06", "08", "09")] == [
        "day",
        "late",
        "late",
        "day",
    ]
    south = "place = { latitude = -33.9, longitude = 18.4 }\n" + text
    assert [hangs(south, f"2027-{month}-01 12:00") for month in ("11", "12", "02", "03")] == [
        "day",
        "late",
        "late",
        "day",
    ]


# ---------------------------------------------------------------- the museum's calendar


def test_the_calendar_comes_before_the_show_file(tmp_path: Path) -> None:
    events = [
        "SUMMARY:day\nDTSTART:20270108T180000\nDURATION:PT1H",
        "SUMMARY:late\nDTSTART:20270108T120000\nDURATION:PT6H",
        "SUMMARY:day\nDTSTART:20270108T130000\nDURATION:PT1H",
        "SUMMARY:Closed\nDTSTART:20270108T150000\nDURATION:PT1H",
        "SUMMARY:open\nDTSTART:20270111T190000\nDURATION:PT2H",
    ]
    (tmp_path / "agenda.ics").write_text(written(*events), "utf-8", newline="")
    text = 'calendar = "agenda.ics"\nopen = "Tue-Sun 10:00-20:00"\n' + LATE + '"Fri 17:00-20:00"\n'
    hours = [hangs(text, f"2027-01-08 {hour}:30", tmp_path) for hour in range(11, 20)]
    assert hours == ["day", "late", "day", "late", None, "late", "late", "day", "late"]
    assert stretch(text, "2027-01-11 20:00", tmp_path) == "2027-01-11 19:00 .. 2027-01-11 21:00 day"


# ---------------------------------------------------------------- at any time

HOURS = 'open = ["Tue-Sun 10:00-17:00", "Fri 10:00-sunset", "last Sat 20:00-03:00"]\nclosed = "holidays:NL"\n'
OFTEN = LATE + '["15:00-closing", "Sat 22:00-02:30", "sunrise-12:00"]' + OTHER + '"winter Tue-Fri 11:00-16:00"\n'
TABLE = timetable(AMSTERDAM + HERE + HOURS + OFTEN)
START = int(datetime(2027, 1, 1).timestamp())


@given(st.integers(START, START + 400 * 86400), st.floats(0, 1))
def test_what_is_so_holds_until_the_deadline_and_not_a_second_longer(instant: int, way: float) -> None:
    state = TABLE.state(instant)
    assert state.since is not None
    assert state.until is not None
    assert state.since <= instant < state.until
    assert TABLE.state(state.since + way * (state.until - 1 - state.since)) == state
    for beside in (state.since - 1, state.until):
        other = TABLE.state(beside)
        assert (other.open, other.programme) != (state.open, state.programme)
