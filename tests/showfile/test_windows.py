"""Windows as a curator writes them: what is understood, and what is said of the rest."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.core.errors import Refused
from installation.showfile.windows import (
    DAY,
    Dates,
    Holidays,
    Instant,
    NthWeekday,
    Season,
    Weekdays,
    Window,
    Yearly,
    read_instant,
    read_window,
)

TUE_SUN = Weekdays(frozenset(range(1, 7)))


def hours(text: str) -> tuple[object, object, bool]:
    window = read_window(text)
    return window.start, window.end, window.overnight


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("daily", ()),
        ("Fri", (Weekdays(frozenset({4})),)),
        ("friday", (Weekdays(frozenset({4})),)),
        ("Tue-Sun", (TUE_SUN,)),
        ("Tue – Sun", (TUE_SUN,)),
        ("Sat-Tue", (Weekdays(frozenset({5, 6, 0, 1})),)),
        ("Mon, Wed-Fri", (Weekdays(frozenset({0, 2, 3, 4})),)),
        ("last Thu", (NthWeekday(-1, 3),)),
        ("1st Saturday", (NthWeekday(1, 5),)),
        ("2027-12-24", (Dates(date(2027, 12, 24), date(2027, 12, 24)),)),
        ("2027-02-01 .. 2027-02-14", (Dates(date(2027, 2, 1), date(2027, 2, 14)),)),
        ("12-25", (Yearly((12, 25), (12, 25)),)),
        ("02-29", (Yearly((2, 29), (2, 29)),)),
        ("12-20..01-06", (Yearly((12, 20), (1, 6)),)),
        ("summer", (Season(6),)),
        ("holidays:NL", (Holidays("NL"),)),
        ("holidays:de-by", (Holidays("DE", "BY"),)),
        ("06-01..08-31 Fri", (Yearly((6, 1), (8, 31)), Weekdays(frozenset({4})))),
        ("summer last Thu", (Season(6), NthWeekday(-1, 3))),
    ],
)
def test_days(text: str, days: tuple[object, ...]) -> None:
    assert read_window(text) == Window(text, days)
    assert read_window(f"{text} 9:00-17:30") == Window(f"{text} 9:00-17:30", days, 9 * 3600, 17 * 3600 + 1800, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10:00-17:00", (36000, 61200, False)),
        ("10:00 – 17:00", (36000, 61200, False)),
        ("00:00-24:00", (0, DAY, False)),
        ("22:00-02:00", (79200, 7200, True)),
        ("22:00-24:00", (79200, DAY, False)),
        ("sunset-closing", ("sunset", "closing", False)),
        ("opening-12:00", ("opening", 43200, False)),
        ("sunset-sunrise", ("sunset", "sunrise", True)),
        ("sunset-02:00", ("sunset", 7200, True)),
        ("sunset-22:00", ("sunset", 79200, False)),
        ("23:00-sunrise", (82800, "sunrise", True)),
        ("07:00-sunrise", (25200, "sunrise", False)),
        ("14:00-sunset", (50400, "sunset", False)),
    ],
)
def test_hours(text: str, expected: tuple[object, object, bool]) -> None:
    assert hours(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "days and hours"),
        ("Frid 10:00-17:00", 'did you mean "Fri"'),
        ("first Sat 10:00-17:00", 'did you mean "1st"'),
        ("Tue-Son 10:00-17:00", '"tue-son" is none'),
        ("Tue-Sun 10-17", 'hours have minutes: "10:00-17:00"'),
        ("Tue-Sun 10-17 10:00-17:00", 'hours have minutes: "10:00-17:00"'),
        ("13-45", 'hours have minutes: "13:00-45:00"'),
        ("10:00-25:00", "25:00 is none"),
        ("10:00-10:75", "10:75 is none"),
        ("10:00-10:00", "begin before they end"),
        ("24:00-10:00", "begin before they end"),
        ("2027-02-30", "there is no 2027-02-30"),
        ("2027-02-14..2027-02-01", "2027-02-01 is before 2027-02-14"),
        ("0001-02-14", "dates from 1970 to 2999"),
        ("last", "a weekday has to follow"),
        ("last summer", '"summer" is none'),
        ("sumer 10:00-17:00", 'did you mean "summer"'),
        ("holidays", "holidays of a country"),
        ("holidays:QQ", "a country that has holidays"),
        ("holidays:DE-BX", "a region of DE"),
        ("Fri " * 99, "days and hours"),
    ],
)
def test_what_is_no_window(text: str, message: str) -> None:
    with pytest.raises(Refused) as caught:
        read_window(text)
    assert message in str(caught.value)


def test_the_exhibition_itself_has_no_closing_to_go_by() -> None:
    with pytest.raises(Refused, match="closing is what"):
        read_window("sunset-closing", own_hours=False)


def test_moments() -> None:
    assert read_instant("12:00").at == 43200
    assert read_instant("last Fri sunset").days == (NthWeekday(-1, 4),)
    for wrong in ("24:00", "noon", "Fri", "12:00-13:00", ""):
        with pytest.raises(Refused):
            read_instant(wrong)


def window_or_refusal(read: Callable[[str], Window | Instant], text: str) -> Window | Instant | Refused:
    try:
        return read(text)
    except Refused as refused:
        return refused


WORDS = [
    "fri",
    "tue-sun",
    "last",
    "12-25",
    "2027-02-01",
    "..",
    "-",
    ",",
    "10:00",
    "17:00",
    "sunset",
    "holidays:nl",
    "\n",
]


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=6), st.sampled_from(["", " "]))
def test_any_text_is_a_window_or_is_refused(parts: list[str], between: str) -> None:
    for read in (read_window, read_instant):
        result = window_or_refusal(read, between.join(parts))
        assert result.expected if isinstance(result, Refused) else result.text == between.join(parts)
