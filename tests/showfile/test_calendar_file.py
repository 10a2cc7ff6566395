"""The museum's own calendar: what is heard of it, what is refused, and that nothing in it stops a show."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from installation.core.errors import Refused, ShowError
from installation.core.parts import ROOT
from installation.engine.recurrence import Happenings
from installation.showfile.calendar_file import EVENTS, LARGEST, Calendar, Event, read_calendar
from installation.showfile.load import load

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
REHEARSAL = ROOT / "shows" / "rehearsal.toml"
NAMES = ("late", "Dim", "open", "closed")
LATE = """
DTSTART;TZID=Europe/Amsterdam:20270128T190000
DTEND;TZID=Europe/Amsterdam:20270128T230000
"""


def written(*events: str) -> str:
    blocks = "".join(f"BEGIN:VEVENT\nUID:{at}\n{one.strip()}\nEND:VEVENT\n" for at, one in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{blocks}END:VCALENDAR\n".replace("\n", "\r\n")


def read(folder: Path, *events: str) -> Calendar:
    path = folder / "agenda.ics"
    path.write_text(written(*events), "utf-8", newline="")
    return read_calendar(path, NAMES, AMSTERDAM)


def read_or_refusal(path: Path) -> Calendar | Refused:
    try:
        return read_calendar(path, NAMES, AMSTERDAM)
    except Refused as refused:
        return refused


def happens(calendar: Calendar, first: date, last: date) -> list[str]:
    """What happens from one day to another, by Amsterdam's clocks."""
    limits = (datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM).timestamp() for day in (first, last))
    happenings = Happenings(calendar.events).within(*map(int, limits))
    return [f"{wall(one.start)} {wall(one.end)} {one.name}" for one in happenings]


def wall(at: int) -> str:
    return f"{datetime.fromtimestamp(at, AMSTERDAM):%m-%d %H:%M}"


YEAR = (date(2027, 1, 1), date(2028, 1, 1))


def test_an_event_that_names_a_programme(tmp_path: Path) -> None:
    calendar = read(tmp_path, f"SUMMARY: Late \n{LATE.strip()}", f"SUMMARY:Staff meeting\n{LATE.strip()}")
    assert happens(calendar, *YEAR) == ["01-28 19:00 01-28 23:00 late"]
    assert calendar.near == {}


def test_a_rule_with_exceptions_over_a_change_of_clocks(tmp_path: Path) -> None:
    rule = "RRULE:FREQ=MONTHLY;BYDAY=-1TH;UNTIL=20270430T000000Z"
    without = "EXDATE;TZID=Europe/Amsterdam:20270225T190000"
    calendar = read(tmp_path, f"SUMMARY:late\n{LATE.strip()}\n{rule}\n{without}")
    assert happens(calendar, *YEAR) == [
        "01-28 19:00 01-28 23:00 late",
        "03-25 19:00 03-25 23:00 late",
        "04-29 19:00 04-29 23:00 late",  # by the clock of summer time
    ]


def test_a_count_a_further_date_and_a_whole_day_without(tmp_path: Path) -> None:
    more = "RRULE:FREQ=DAILY;COUNT=3\nRDATE;TZID=Europe/Amsterdam:20270301T100000\nEXDATE;VALUE=DATE:20270129"
    calendar = read(tmp_path, f"SUMMARY:late\n{LATE.strip()}\n{more}")
    assert [line[:11] for line in happens(calendar, *YEAR)] == ["01-28 19:00", "01-30 19:00", "03-01 10:00"]


def test_one_time_that_was_moved_and_one_that_was_cancelled(tmp_path: Path) -> None:
    series = f"UID:series\nSUMMARY:late\n{LATE.strip()}\nRRULE:FREQ=WEEKLY;COUNT=3"
    moved = (
        "UID:series\nSUMMARY:late\nRECURRENCE-ID;TZID=Europe/Amsterdam:20270204T190000\n"
        "DTSTART:20270205T200000\nDURATION:PT1H"
    )
    gone = (
        "UID:series\nSUMMARY:another name\nRECURRENCE-ID:20270211T180000Z\nDTSTART:20270211T180000Z\nSTATUS:CANCELLED"
    )
    text = written(series, moved, gone).replace("UID:0\r\n", "").replace("UID:1\r\n", "").replace("UID:2\r\n", "")
    path = tmp_path / "agenda.ics"
    path.write_text(text, "utf-8", newline="")
    assert happens(read_calendar(path, NAMES, AMSTERDAM), *YEAR) == [
        "01-28 19:00 01-28 23:00 late",
        "02-05 20:00 02-05 21:00 late",
    ]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("DTSTART;VALUE=DATE:20270327", "03-27 00:00 03-28 00:00"),
        ("DTSTART;VALUE=DATE:20270327\nDTEND;VALUE=DATE:20270329", "03-27 00:00 03-29 00:00"),  # 47 hours
        ("DTSTART:20270327T120000", "03-27 12:00 03-27 12:00"),
        ("DTSTART:20270327T120000Z\nDURATION:PT90M", "03-27 13:00 03-27 14:30"),
        ("DTSTART;TZID=W. Europe Standard Time:20270327T120000\nDURATION:P1D", "03-27 12:00 03-28 12:00"),
        ("DTSTART;TZID=/example.org/20270101/America/New_York:20270327T120000", "03-27 17:00 03-27 17:00"),
        ("DTSTART;TZID=America/New_York:20270327T200000\nDTEND:20270328T010000Z", "03-28 01:00 03-28 03:00"),
        ("DTSTART:20270328T023000", "03-28 03:30 03-28 03:30"),  # a time that summer time skips
        ("DTSTART:20271031T023000\nDURATION:PT1H", "10-31 02:30 10-31 03:30"),  # the first of two
    ],
)
def test_times(tmp_path: Path, start: str, expected: str) -> None:
    assert happens(read(tmp_path, f"SUMMARY:dim\n{start}"), *YEAR) == [f"{expected} dim"]


def test_what_a_time_zone_says_of_itself_is_not_computed(tmp_path: Path) -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Europe/Amsterdam\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0900\n"
        "TZOFFSETTO:+0900\nRRULE:FREQ=SECONDLY\nEND:STANDARD\nEND:VTIMEZONE\n"
    ).replace("\n", "\r\n")
    path = tmp_path / "agenda.ics"
    text = written(f"SUMMARY:late\n{LATE.strip()}").replace("BEGIN:VEVENT", f"{zone}BEGIN:VEVENT")
    path.write_text(text, "utf-8", newline="")
    assert happens(read_calendar(path, NAMES, AMSTERDAM), *YEAR) == ["01-28 19:00 01-28 23:00 late"]


def test_a_name_that_is_almost_one(tmp_path: Path) -> None:
    assert read(tmp_path, f"SUMMARY:latte\n{LATE.strip()}").near == {"latte": 'did you mean "late"?'}


HOSTILE = {
    "no calendar": ("hello", "iCalendar format"),
    "nothing": ("", "is all of it there?"),
    "cut off": ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:late\n", "is all of it there?"),
    "the second cut off": (written() + "BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "is all of it there?"),
    "closed twice": ("END:VEVENT\nEND:VCALENDAR\n", "iCalendar format"),
    "bytes": ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:\0\x01late\nEND:VEVENT\nEND:VCALENDAR\n", ""),
    "nested": ("BEGIN:VEVENT\n" * 4000, "is all of it there?"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_calendar(tmp_path: Path, name: str) -> None:
    text, message = HOSTILE[name]
    path = tmp_path / "agenda.ics"
    path.write_text(text, "utf-8")
    result = read_or_refusal(path)
    assert (message and message in str(result)) if isinstance(result, Refused) else not message and not result.events


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("", "with one DTSTART"),
        ("DTSTART:20270101T100000\nDTSTART:20270101T100000", "with one DTSTART"),
        ("DTSTART:tomorrow", 'an event "late"'),
        ("DTSTART;TZID=Mars/Olympus:20270101T100000", 'there is no zone "Mars/Olympus"'),
        ("DTSTART:20270101T100000\nDTEND:20270101T090000", "ends after it begins"),
        ("DTSTART:20270101T100000\nDURATION:P9999D", "within 400 days"),
        ("DTSTART:10000101T100000", "from 1970 to 2999"),
        ("DTSTART:20270101T100000\nRRULE:FREQ=SECONDLY", "FREQ=SECONDLY is not understood"),
        ("DTSTART:20270101T100000\nRRULE:FREQ=HOURLY", "FREQ=HOURLY is not understood"),
        ("DTSTART:20270101T100000\nRRULE:FREQ=DAILY;BYSECOND=1,2", "BYSECOND is not understood"),
        ("DTSTART:20270101T100000\nRRULE:FREQ=DAILY;BYEASTER=1", 'an event "late"'),
        ("DTSTART:20270101T100000\nRRULE:FREQ=DAILY;INTERVAL=0", "an interval from 1 to"),
        ("DTSTART:20270101T100000\nRRULE:FREQ=WEEKLY;INTERVAL=2147483647", "an interval from 1 to"),
        ("DTSTART:20270101T100000\nRRULE:every day", "its RRULE is not understood"),
        ("DTSTART:20270101T100000\nRRULE:FREQ=MONTHLY;BYDAY=9MO", "BYDAY=9MO never does"),
        ("DTSTART:20270101T100000\nRRULE:FREQ=DAILY;COUNT=0", "takes place"),
        ("DTSTART:20270101T100000\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never does"),
        ("DTSTART:20270101T100000\nRRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY", "with one RRULE"),
        ("DTSTART:20270101T100000\nRECURRENCE-ID;RANGE=THISANDFUTURE:20270101T100000", "THISANDFUTURE"),
    ],
)
def test_an_event_that_cannot_be_read(tmp_path: Path, event: str, message: str) -> None:
    with pytest.raises(Refused) as caught:
        read(tmp_path, f"SUMMARY:late\n{event}")
    assert message in str(caught.value)
    assert not read(tmp_path, f"SUMMARY:of no concern\n{event}").events


def test_what_a_calendar_holds_steers_no_terminal(tmp_path: Path) -> None:
    (tmp_path / "agenda.ics").write_text("BEGIN:VCALENDAR\r\n\x1b[31mred\x07 \u202eline\r\nEND:VCALENDAR\r\n")
    show = tmp_path / "show.toml"
    show.write_text(f'[schedule]\ncalendar = "agenda.ics"\n{REHEARSAL.read_text()}')
    with pytest.raises(ShowError) as caught:
        load(show)
    told = str(caught.value)
    assert "in the iCalendar format; it is not read" in told
    assert not {"\x1b", "\x07", "\u202e", "\n"} & set(told)
    assert "\ufffd[31mred" in told


def test_bounds(tmp_path: Path) -> None:
    path = tmp_path / "agenda.ics"
    path.write_bytes(b" " * (LARGEST + 1))
    with pytest.raises(Refused, match="2 MiB"):
        read_calendar(path, NAMES, AMSTERDAM)
    with pytest.raises(Refused, match=f"{EVENTS} events"):
        read(tmp_path, *["SUMMARY:x"] * (EVENTS + 1))
    with pytest.raises(Refused, match="repeat"):
        read(tmp_path, *[f"SUMMARY:late\n{LATE.strip()}\nRRULE:FREQ=DAILY"] * 201)


def test_a_rule_without_end_is_looked_up_far_ahead(tmp_path: Path) -> None:
    calendar = read(tmp_path, f"SUMMARY:late\n{LATE.strip()}\nRRULE:FREQ=DAILY")
    assert len(happens(calendar, date(2090, 3, 1), date(2090, 3, 8))) == 7


RULES = [
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3;BYDAY=MO,WE",
    "FREQ=WEEKLY;INTERVAL=2",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO,SA",
    "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=-1",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;INTERVAL=5;BYDAY=-1FR",
    "FREQ=MONTHLY;BYMONTHDAY=1,31",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE;BYSETPOS=2",
    "FREQ=YEARLY",
    "FREQ=YEARLY;INTERVAL=4;BYMONTH=1,12;BYDAY=1SU",
    "FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO",
    "FREQ=YEARLY;BYYEARDAY=1,-1",
    "FREQ=YEARLY;BYMONTHDAY=30",
]


@settings(max_examples=300)
@given(
    st.sampled_from(RULES),
    st.datetimes(datetime(1970, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(microsecond=0)),
    st.integers(0, 60 * 365),
)
def test_a_rule_counted_from_near_by_has_the_times_that_it_has_from_its_first_day(
    rule: str, start: datetime, later: int
) -> None:
    first, last = start + timedelta(days=later), start + timedelta(days=later + 1500)
    event = Event("late", start, timedelta(hours=1), UTC, rule)
    assert event.starts(first, last) == rrulestr(rule, dtstart=start).between(first, last, inc=True)


def test_an_event_that_began_last_year_goes_on(tmp_path: Path) -> None:
    calendar = read(tmp_path, "SUMMARY:closed\nDTSTART:20261101T000000\nDTEND:20270301T000000")
    assert happens(calendar, date(2027, 2, 1), date(2027, 2, 2)) == ["11-01 00:00 03-01 00:00 closed"]


LINES = [
    "BEGIN:VEVENT",
    "END:VEVENT",
    "BEGIN:VCALENDAR",
    "END:VCALENDAR",
    "BEGIN:VTIMEZONE",
    "END:VTIMEZONE",
    "SUMMARY:late",
    "UID:1",
    "RECURRENCE-ID:20270101T100000Z",
    "DTSTART:20270101T100000Z",
    "DTSTART;VALUE=DATE:20270101",
    "DTEND:20270102",
    "DURATION:P1D",
    "DURATION:-PT1H",
    "RRULE:FREQ=WEEKLY;BYDAY=MO,+9TU",
    "RRULE:FREQ=YEARLY;BYWEEKNO=53;COUNT=2",
    "RRULE:FREQ=MONTHLY;BYSETPOS=-1;BYDAY=FR;UNTIL=20280101",
    "EXDATE:20270101T100000Z,20270105T100000",
    "STATUS:CANCELLED",
    "RDATE;VALUE=PERIOD:20270101T100000Z/PT1H",
    "RRULE:",
    'SUMMARY;X="',
    ":",
    ";",
    " folded",
    "\t",
    "DTSTART;TZID=UTC:x",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.lists(st.sampled_from(LINES) | st.text(max_size=12), max_size=14))
def test_any_lines_are_a_calendar_or_are_refused(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "fuzz.ics"
    whole = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "SUMMARY:late", *lines, "END:VEVENT", "END:VCALENDAR"]
    path.write_bytes("\r\n".join(whole).encode("utf-8", "replace"))
    calendar = read_or_refusal(path)
    start = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())
    events = () if isinstance(calendar, Refused) else calendar.events
    for one in Happenings(events).within(start, start + int(timedelta(days=40).total_seconds())):
        assert one.start <= one.end
