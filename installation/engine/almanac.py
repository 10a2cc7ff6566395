"""What a calendar day is: when it begins, whether days of a window fall on it, when the sun rises and sets there.

Instants are whole seconds since 1970 UTC (POSIX). A wall clock's time becomes one by RFC 5545, 3.3.5: a time
that a change of clocks skips counts with the offset before the change (02:30 is then 03:30 of summer time), one
that it shows twice is the first of the two. So nothing that begins at such a time is skipped, and nothing is repeated.
"""

from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from installation.showfile.schedule_tables import Place
from installation.showfile.windows import DAY, Dates, Days, Holidays, NthWeekday, Season, Weekdays, Yearly

ONE_DAY = timedelta(days=1)
CACHED = 4096
"""Days, and years, that are kept."""


def instant(wall: datetime, zone: tzinfo) -> int:
    """When the wall clock of ``zone`` shows ``wall`` (without a zone of its own)."""
    return round(wall.replace(tzinfo=zone, fold=0).timestamp())


class Almanac:
    """The calendar of one ``zone`` and, for the sun and the seasons' hemisphere, of one ``place``. Pure: its caches
    never change a result."""

    def __init__(self, zone: tzinfo, place: Place | None = None) -> None:
        self.zone, self.place = zone, place
        self.start = lru_cache(CACHED)(self._start)
        self.sun = lru_cache(CACHED)(self._sun)
        self.count = lru_cache(CACHED)(self._count)
        self._holidays = lru_cache(CACHED)(_holidays)

    def clock(self, day: date, seconds: int) -> int:
        """The instant of a day's clock time, in seconds since midnight; 86400 is the midnight at its end."""
        return self.start(day + ONE_DAY) if seconds == DAY else self._clock(day, seconds)

    def day(self, at: float) -> date:
        """The day that has this instant: from its first midnight to the next day's."""
        day = datetime.fromtimestamp(at, self.zone).date()
        while at < self.start(day):
            day -= ONE_DAY
        while at >= self.start(day + ONE_DAY):
            day += ONE_DAY
        return day

    def falls(self, days: tuple[Days, ...], day: date) -> bool:
        """Whether all of ``days`` hold for that day."""
        return all(self._falls(one, day) for one in days)

    def _start(self, day: date) -> int:
        return self._clock(day, 0)

    def _clock(self, day: date, seconds: int) -> int:
        return instant(datetime.combine(day, time()) + timedelta(seconds=seconds), self.zone)

    def _count(self, days: tuple[Days, ...], year: int) -> int:
        """How many days of a year ``days`` select: the fewer, the more specific."""
        first = date(year, 1, 1)
        every = (first + timedelta(days=at) for at in range((date(year + 1, 1, 1) - first).days))
        return sum(self.falls(days, day) for day in every)

    def _falls(self, days: Days, day: date) -> bool:
        if isinstance(days, Weekdays):
            return day.weekday() in days.days
        if isinstance(days, NthWeekday):
            return day.weekday() == days.weekday and _is_nth(days.nth, day)
        if isinstance(days, Dates):
            return days.first <= day <= days.last
        if isinstance(days, Yearly):
            return _in_yearly(days, (day.month, day.day))
        if isinstance(days, Season):
            return (day.month - days.month - self._south()) % 12 < 3
        return day in self._holidays(days, day.year)

    def _south(self) -> int:
        return 6 if self.place and self.place.latitude < 0 else 0

    def _sun(self, event: str, day: date) -> int | None:
        """The instant of a day's ``sunrise`` or ``sunset``, or None where the sun does neither that day.
        Raises ValueError without a place."""
        if self.place is None:
            raise ValueError("found no place, expected one for the sun's hours")
        # A day of UTC begins and ends at another hour than one here: one of three has what is of this day ...
        instants = [_sun(event, self.place, day + step * ONE_DAY) for step in (-1, 0, 1)]
        own = next((at for at in instants if at is not None and self.day(at) == day), None)
        if own is not None or None in instants:
            return own
        # ... but where it wanders over UTC's midnight astral leaves one out: a day from the next one, to a minute.
        shifted = (at + step for at in instants if at is not None for step in (DAY, -DAY))
        return next((at for at in shifted if self.day(at) == day), None)


def _sun(event: str, place: Place, day: date) -> int | None:
    """The sunrise or sunset that astral has for a day of UTC, or None."""
    from astral import Observer, sun  # imported here: only a schedule with sun times needs it

    rises_or_sets = sun.sunrise if event == "sunrise" else sun.sunset
    try:
        return round(rises_or_sets(Observer(place.latitude, place.longitude), day).timestamp())
    except ValueError:  # polar day or polar night
        return None


def _is_nth(nth: int, day: date) -> bool:
    if nth == -1:
        return (day + timedelta(days=7)).month != day.month
    return (day.day - 1) // 7 + 1 == nth


def _in_yearly(days: Yearly, day: tuple[int, int]) -> bool:
    if days.first <= days.last:
        return days.first <= day <= days.last
    return day >= days.first or day <= days.last


def _holidays(days: Holidays, year: int) -> frozenset[date]:
    from holidays import country_holidays  # imported here: only a schedule with holidays needs it

    return frozenset(country_holidays(days.country, subdiv=days.region, years=year))
