"""Windows of time as a curator writes them, read into plain data.

A window is *days* and *hours*: ``"Fri 17:00-22:00"``, ``"last Thu 19:00-23:00"``, ``"summer Sat,Sun sunset-closing"``.
Without days it is every day; without hours it is the whole day, from midnight to midnight. Several days in one window
all have to hold: ``"06-01..08-31 Fri"`` is the Fridays of the summer months.

==========================================  ===========================================================
``daily``                                   every day
``Fri``, ``Tue-Sun``, ``Mon,Wed,Fri``       weekdays; a range may pass the week's end (``Sat-Tue``)
``1st Sat`` ... ``5th Sat``, ``last Thu``   the nth such weekday of its month
``2027-12-24``, ``2027-02-01..2027-02-14``  a date, a range of dates with both ends
``12-25``, ``12-20..01-06``                 the same every year; a range may pass the year's end
``spring`` ... ``winter``                   seasons of whole months, as meteorology counts them
``holidays:NL``, ``holidays:DE-BY``         public holidays of a country, or of a region of it
==========================================  ===========================================================

Hours are two moments: ``10:00`` to ``24:00``, ``sunrise``, ``sunset``, ``opening``, ``closing``. Where the second clock
time is not later than the first, the window ends on the next day.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from installation.core.errors import Refused, did_you_mean

Word = Literal["sunrise", "sunset", "opening", "closing"]
Moment = int | Word
"""A time of day: seconds since midnight (0 to 86400), or a moment that is computed for each day."""

DAY = 86400
NOON = DAY // 2
SUN = ("sunrise", "sunset")
OWN_HOURS = ("opening", "closing")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
"""The first month of each season in the north; in the south it is half a year away."""
NTH = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "last": -1}
IN_WORDS = dict(zip(("first", "second", "third", "fourth", "fifth"), NTH, strict=False))
EXPECTED = 'days and hours, such as "Tue-Sun 10:00-17:00", "last Thu", "12-25" or "2027-02-01..2027-02-14"'
EXPECTED_AT = 'a moment, such as "12:00", "Fri 17:00" or "sunset"'
LEAP = 2000
"""A year with a 29th of February, to tell whether a day of the year exists."""

_MOMENT = r"(?:\d{1,2}:\d{2}|sunrise|sunset|opening|closing)"
_HOURS = re.compile(rf"({_MOMENT})-({_MOMENT})")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?")
_YEARLY = re.compile(r"(\d{2}-\d{2})(?:\.\.(\d{2}-\d{2}))?")
_HOLIDAYS = re.compile(r"holidays:([a-z]{2})(?:-([a-z0-9]{1,6}))?")
_BARE_HOURS = re.compile(r"\d{1,2}-\d{1,2}")


@dataclass(frozen=True, slots=True)
class Weekdays:
    """Days of the week, Monday being 0."""

    days: frozenset[int]


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """The ``nth`` (1 to 5, or -1 for the last) such weekday of its month."""

    nth: int
    weekday: int


@dataclass(frozen=True, slots=True)
class Dates:
    """From ``first`` to ``last``, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Yearly:
    """From one (month, day) to another in every year, both included; over the year's end where the first is later."""

    first: tuple[int, int]
    last: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Season:
    """Three whole months, from ``month`` (in the north) on."""

    month: int


@dataclass(frozen=True, slots=True)
class Holidays:
    """The public holidays of a country (``NL``), or of a ``region`` of it."""

    country: str
    region: str | None = None


Days = Weekdays | NthWeekday | Dates | Yearly | Season | Holidays


@dataclass(frozen=True, slots=True)
class Window:
    """``days`` that all have to hold (none: every day), and the hours that begin on such a day. ``text`` is as written.

    ``hours`` is False where none were written. ``overnight`` says that the end is on the next day."""

    text: str
    days: tuple[Days, ...]
    start: Moment = 0
    end: Moment = DAY
    hours: bool = False
    overnight: bool = False

    @property
    def moments(self) -> tuple[Moment, Moment]:
        return self.start, self.end


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment on each of some ``days``."""

    text: str
    days: tuple[Days, ...]
    at: Moment

    @property
    def moments(self) -> tuple[Moment, ...]:
        return (self.at,)


def read_window(text: str, own_hours: bool = True) -> Window:
    """A window of what is written. ``own_hours`` allows the show's own ``opening`` and ``closing``. Raises Refused."""
    words = _words(text, EXPECTED)
    hours = _HOURS.fullmatch(words[-1])
    if not hours:
        return Window(text, _days(words, EXPECTED))
    start, end = (_moment(part, own_hours) for part in hours.groups())
    if start in (end, DAY):
        raise Refused("hours that begin before they end", "the whole day is written without hours, or 00:00-24:00")
    return Window(text, _days(words[:-1], EXPECTED), start, end, True, _overnight(start, end))


def read_instant(text: str) -> Instant:
    """A moment of what is written, as a cue's ``at``. Raises Refused."""
    words = _words(text, EXPECTED_AT)
    if not re.fullmatch(_MOMENT, words[-1]):
        raise Refused(EXPECTED_AT, _meant(words[-1]))
    at = _moment(words[-1], True)
    if at == DAY:
        raise Refused("a moment from 00:00 to 23:59", "midnight is 00:00 of the day that begins")
    return Instant(text, _days(words[:-1], EXPECTED_AT), at)


def _words(text: str, expected: str) -> list[str]:
    """In small letters, with nothing around the marks that join: ``"10:00 – 17:00"`` is one word."""
    plain = re.sub(r"\s*(\.\.|[-–,])\s*", lambda mark: mark[1].replace("–", "-"), text.strip().lower())
    words = plain.split()
    if not words or len(text) > 200:
        raise Refused(expected)
    return words


def _moment(text: str, own_hours: bool) -> Moment:
    if text in OWN_HOURS and not own_hours:
        raise Refused("hours by the clock or the sun", f"{text} is what [schedule] itself says")
    if ":" not in text:
        return text  # type: ignore[return-value]  # one of Word, as the pattern has it
    hours, minutes = map(int, text.split(":"))
    if minutes > 59 or hours * 60 + minutes > 24 * 60:
        raise Refused("times from 00:00 to 24:00", f"{text} is none")
    return hours * 3600 + minutes * 60


def _overnight(start: Moment, end: Moment) -> bool:
    """By the clock: where the end is not later. With the sun in it: from after noon to before noon, as sunrise and
    sunset change with the seasons. The exhibition's closing is an instant, whatever its day."""
    if isinstance(start, int) and isinstance(end, int):
        return end <= start
    if start in OWN_HOURS or end in OWN_HOURS:
        return False
    return _after_noon(start) and not _after_noon(end)


def _after_noon(moment: Moment) -> bool:
    return moment >= NOON if isinstance(moment, int) else moment == "sunset"


def _days(words: list[str], expected: str) -> tuple[Days, ...]:
    days: list[Days] = []
    rest = iter(words)
    for word in rest:
        if word in NTH:
            days.append(NthWeekday(NTH[word], _weekday(next(rest, ""), expected)))
        elif word != "daily":
            days.append(_day(word, expected))
    if any(isinstance(day, Yearly) for day in days) and any(isinstance(day, Weekdays) for day in days):
        _check_hours_meant(words)
    return tuple(days)


def _check_hours_meant(words: list[str]) -> None:
    """``Tue-Sun 10-17`` would be the 17th of October, where that is no Monday."""
    for word in words:
        if _BARE_HOURS.fullmatch(word):
            first, last = word.split("-")
            raise Refused(EXPECTED, f'hours have minutes: "{first}:00-{last}:00"')


def _day(word: str, expected: str) -> Days:
    for read in _READERS:
        day = read(word)
        if day is not None:
            return day
    raise Refused(expected, _meant(word))


def _meant(word: str) -> str:
    if _BARE_HOURS.fullmatch(word):
        first, last = word.split("-")
        return f'hours have minutes: "{first}:00-{last}:00"'
    if word in IN_WORDS:
        return f'did you mean "{IN_WORDS[word]}"?'
    known = [
        *(name.capitalize() for name in (*WEEKDAYS, *LONG)),
        *SEASONS,
        *NTH,
        *SUN,
        *OWN_HOURS,
        "daily",
        "holidays:",
    ]
    return f'"{word}" is none; {hint}' if (hint := did_you_mean(word, known)) else f'"{word}" is none'


def _weekday(word: str, expected: str) -> int:
    for names in (WEEKDAYS, LONG):
        if word in names:
            return names.index(word)
    raise Refused(expected, _meant(word) if word else "a weekday has to follow, as in last Thu")


def _weekdays(word: str) -> Weekdays | None:
    days: set[int] = set()
    for part in word.split(","):
        ends = part.split("-")
        if len(ends) > 2 or not all(end in WEEKDAYS or end in LONG for end in ends):
            return None
        first, last = (_weekday(end, EXPECTED) for end in (ends[0], ends[-1]))
        days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return Weekdays(frozenset(days))


def _dates(word: str) -> Dates | None:
    match = _DATE.fullmatch(word)
    if not match:
        return None
    first, last = (_date(text) for text in (match[1], match[2] or match[1]))
    if last < first:
        raise Refused("a first date before the last", f"{match[2]} is before {match[1]}")
    return Dates(first, last)


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused("dates that exist", f"there is no {text}") from None
    if not 1970 <= day.year <= 2999:
        raise Refused("dates from 1970 to 2999")
    return day


def _yearly(word: str) -> Yearly | None:
    match = _YEARLY.fullmatch(word)
    if not match:
        return None
    try:
        first, last = (date.fromisoformat(f"{LEAP}-{text}") for text in (match[1], match[2] or match[1]))
    except ValueError:
        raise Refused("days of the year as month-day, such as 12-25", _meant(word)) from None
    return Yearly((first.month, first.day), (last.month, last.day))


def _season(word: str) -> Season | None:
    return Season(SEASONS[word]) if word in SEASONS else None


def _holidays(word: str) -> Holidays | None:
    if not word.startswith("holiday"):
        return None
    match = _HOLIDAYS.fullmatch(word)
    if not match:
        raise Refused("holidays of a country, such as holidays:NL, or of a region, such as holidays:DE-BY")
    country, region = match[1].upper(), match[2]
    # Here, so that only a schedule with holidays loads the library.
    from holidays import list_supported_countries

    known = list_supported_countries()
    if country not in known:
        raise Refused("a country that has holidays on record", did_you_mean(country, known))
    regions = {name.lower(): name for name in known[country]}
    if region is not None and region not in regions:
        hint = did_you_mean(region, regions.values()) or f"{country} has {', '.join(regions.values()) or 'none'}"
        raise Refused(f"a region of {country}", hint)
    return Holidays(country, regions[region] if region else None)


_READERS: tuple[Callable[[str], Days | None], ...] = (_weekdays, _dates, _yearly, _season, _holidays)
