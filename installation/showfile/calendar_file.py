"""The museum's own calendar: an iCalendar file (RFC 5545), read into the events that the show names.

The properties read of an event: SUMMARY, DTSTART, DTEND or DURATION, RRULE, RDATE, EXDATE, RECURRENCE-ID, STATUS. An
event whose summary is none of the show's names is ignored. Times without a zone are the schedule's.
Bounded: the size of the file, the number of events, how often an event repeats; what repeats within a day is refused.
"""

import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import Any

from installation.core.errors import Refused, did_you_mean

LARGEST = 2 << 20
"""Bytes of a calendar at most."""
EVENTS, REPEATING = 5000, 200
"""Events at most, and those at most that have one of the show's names and repeat."""
LONGEST = timedelta(days=400)
NEAR = 16
"""The most events reported as named almost like something of the show's."""
STARTS = 40_000
"""The most repetitions of one event that are counted from its first: a century of days."""
FIRST_YEAR, LAST_YEAR = 1970, 2999
SHORTEST_MONTH, LONGEST_STEP = 28, 10_000
OWN_DAYS = frozenset({"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"})
"""The parts of a rule that name its days; without them they are that of the first start."""
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
HEARD = ("FREQ", "INTERVAL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS")
"""The parts of a rule that are passed on as they are; UNTIL and COUNT are counted here."""
BROKEN = (ValueError, KeyError, IndexError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What the library raises where a file is no calendar; it has no error of its own."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that the calendar has at ``start`` for ``length``, by the wall clock of ``zone``; ``name`` is its
    summary in small letters. With a ``rule`` (of RFC 5545) it repeats, ``until`` a time or ``count`` times; ``more``
    are further starts, ``without`` and ``without_days`` are those that do not take place."""

    name: str
    start: datetime
    length: timedelta
    zone: tzinfo
    rule: str = ""
    until: datetime | None = None
    count: int = STARTS
    more: tuple[datetime, ...] = ()
    without: frozenset[datetime] = frozenset()
    without_days: frozenset[date] = frozenset()

    def starts(self, first: datetime, last: datetime) -> list[datetime]:
        """When it begins, from ``first`` to ``last`` and with both, by its own wall clock, in order."""
        end = min(last, self.until) if self.until else last
        starts = {*takewhile(lambda start: start <= end, islice(self.repeats(first), self.count)), *self.more}
        return sorted(
            at for at in starts if first <= at <= last and at not in self.without and at.date() not in self.without_days
        )

    def repeats(self, first: datetime = datetime.min) -> Iterator[datetime]:
        """By its rule alone: all from ``first`` on, and perhaps some that are earlier."""
        if not self.rule:
            return iter((self.start,))
        from dateutil.rrule import rrulestr  # here, as only a calendar's events repeat

        start = self.start if self.count < STARTS else _nearer(self.start, self.rule, first)
        return iter(rrulestr(self.rule, dtstart=start))


def _nearer(start: datetime, rule: str, first: datetime) -> datetime:
    """A start from which a ``rule`` has the same times as from ``start``, from ``first`` on: whole intervals later, so
    that what has repeated daily for decades is not counted from its first day."""
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    interval, days = int(parts.get("INTERVAL", "1")), {"DAILY": 1, "WEEKLY": 7}.get(parts["FREQ"])
    # One interval is left over, as the first one begins within a week, a month or a year.
    if days:
        step = timedelta(days=interval * days)
        return start + max(0, (first - start) // step - 1) * step
    if start.day > SHORTEST_MONTH and OWN_DAYS.isdisjoint(parts):
        return start  # some months do not have its day
    months = interval * (1 if parts["FREQ"] == "MONTHLY" else 12)
    later = max(0, ((first.year - start.year) * 12 + first.month - start.month) // months - 1) * months
    year, month = divmod(start.year * 12 + start.month - 1 + later, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, SHORTEST_MONTH)) if later else start


@dataclass(frozen=True, slots=True)
class Calendar:
    """``events`` have one of the show's names; ``near`` are the summaries that come close to one, with what they were
    perhaps meant to be. ``trouble`` says why a show runs without all of them (see showfile/damaged.py)."""

    path: Path
    events: tuple[Event, ...]
    near: Mapping[str, str]
    trouble: str = ""


def read_calendar(path: Path, names: Collection[str], zone: tzinfo) -> Calendar:
    """The events of a file that have one of ``names`` as their summary, whatever its letters' case. ``zone`` is for
    times that name none. Raises Refused."""
    components = _components(_bytes(path))
    known = {name.casefold() for name in names}
    changed = _changed(components)
    events: list[Event] = []
    near: dict[str, str] = {}
    for component in components:
        name = _summary(component)
        if name.casefold() in known:
            events += _heard(component, name, zone, changed)
        elif len(near) < NEAR and (hint := _meant(name, names)):
            near[name] = hint
    if sum(bool(event.rule) for event in events) > REPEATING:
        raise Refused(f"no more than {REPEATING} events of the show that repeat")
    return Calendar(path, tuple(events), near)


def _meant(name: str, names: Iterable[str]) -> str:
    """What an event was perhaps meant to be called; only close matches count, as most of a museum's events do not
    concern the show."""
    return did_you_mean(name, (known for known in names if abs(len(known) - len(name)) <= 1))


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except OSError as error:
        raise Refused("a calendar that can be read", error.strerror or "") from None
    if len(raw) > LARGEST:
        raise Refused("a calendar of no more than 2 MiB")
    return _without_zones(raw)


def _without_zones(raw: bytes) -> bytes:
    """Without the VTIMEZONE parts: zones are found by their names, and the file's own definitions are not used."""
    kept, inside = [], False
    for line in raw.splitlines(keepends=True):
        word = line.strip().upper()
        inside = inside or word == b"BEGIN:VTIMEZONE"
        if not inside:
            kept.append(line)
        inside = inside and word != b"END:VTIMEZONE"
    return b"".join(kept)


def _components(raw: bytes) -> list[Any]:
    from icalendar import Calendar as File  # here, as only a show with a calendar pays for the library

    if raw.upper().count(b"BEGIN:VEVENT") > EVENTS:
        raise Refused(f"a calendar of no more than {EVENTS} events")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as of a zone's name with a vendor's prefix
            files = File.from_ical(raw, multiple=True)
    except BROKEN as error:
        raise Refused("a calendar in the iCalendar format", f"it is not read: {error}"[:200]) from None
    if len(files) < max(1, raw.upper().count(b"BEGIN:VCALENDAR")):
        raise Refused("a calendar in the iCalendar format", "it does not come to END:VCALENDAR: is all of it there?")
    return [event for file in files for event in file.walk("VEVENT")]


def _summary(component: Any) -> str:
    summary = component.get("SUMMARY", "")
    return str(summary).strip() if isinstance(summary, str) else ""


def _heard(component: Any, name: str, zone: tzinfo, changed: Mapping[str, list[Any]]) -> list[Event]:
    """The event, or none where it is cancelled. Raises Refused."""
    if str(component.get("STATUS", "")).upper() == "CANCELLED":
        return []
    try:
        return [_event(component, name, zone, changed)]
    except BROKEN as error:
        if isinstance(error, Refused):
            raise
        raise Refused(f'an event "{name}" that can be read', str(error)[:200]) from None


def _changed(components: Iterable[Any]) -> dict[str, list[Any]]:
    """By the UID of an event that repeats: those of its starts that another event stands for."""
    changes: dict[str, list[Any]] = {}
    for component in components:
        replaced = component.get("RECURRENCE-ID")
        if replaced is not None and not isinstance(replaced, list):
            changes.setdefault(str(component.get("UID", "")), []).append(replaced)
    return changes


def _event(component: Any, name: str, zone: tzinfo, changed: Mapping[str, list[Any]]) -> Event:
    _check_errors(component, name)
    start, own = _wall(_one(component, "DTSTART", name), zone)
    single = "RECURRENCE-ID" in component
    rule = None if single or "RRULE" not in component else dict(_one(component, "RRULE", name))
    replaced = [] if single else changed.get(str(component.get("UID", "")), [])
    without = [*_times(component, "EXDATE"), *replaced]
    event = Event(
        name=name.casefold(),
        start=start,
        length=_length(component, name, start, own),
        zone=own,
        rule=_rule(rule, name) if rule is not None else "",
        until=_until(rule or {}, own),
        count=int((rule or {}).get("COUNT", [STARTS])[0]),
        more=tuple(_at(prop, own) for prop in _times(component, "RDATE")),
        without=frozenset(_at(prop, own) for prop in without if isinstance(prop.dt, datetime)),
        without_days=frozenset(prop.dt for prop in without if not isinstance(prop.dt, datetime)),
    )
    _check(event, name)
    return event


def _check_errors(component: Any, name: str) -> None:
    if component.errors:
        key, trouble = component.errors[0]
        raise Refused(f'an event "{name}" that can be read', f"{key}: {trouble}"[:200])
    if component.get("RECURRENCE-ID") is not None and "RANGE" in component["RECURRENCE-ID"].params:
        raise Refused(f'an event "{name}" that changes single days', "RANGE=THISANDFUTURE is not understood")


def _check(event: Event, name: str) -> None:
    times = [event.start, *event.more, *([event.until] if event.until else [])]
    if not all(FIRST_YEAR <= at.year <= LAST_YEAR for at in times):
        raise Refused(f'an event "{name}" in the years from {FIRST_YEAR} to {LAST_YEAR}')
    if not timedelta(0) <= event.length <= LONGEST:
        raise Refused(f'an event "{name}" that ends after it begins, within {LONGEST.days} days')
    if event.count < 1 or len(event.more) > EVENTS:
        raise Refused(f'an event "{name}" that takes place, no more than {EVENTS} times besides its rule')
    if event.rule and _never(event):
        raise Refused(f'an event "{name}" that takes place', f"{event.rule} never does")


def _never(event: Event) -> bool:
    try:
        return next(event.repeats(), None) is None
    except BROKEN:  # such as of a ninth Monday of the month
        return True


def _one(component: Any, key: str, name: str, default: Any = None) -> Any:
    prop = component.get(key, default)
    if prop is None or isinstance(prop, list):
        raise Refused(f'an event "{name}" with one {key}')
    return prop


def _times(component: Any, key: str) -> list[Any]:
    """The properties of every EXDATE or RDATE."""
    props = component.get(key, [])
    lists = props if isinstance(props, list) else [props]
    return list(chain.from_iterable(one.dts for one in lists))


def _wall(prop: Any, zone: tzinfo) -> tuple[datetime, tzinfo]:
    """A time as its zone's wall clock has it, and that zone. A date is its midnight, in ``zone``."""
    moment = prop.dt[0] if isinstance(prop.dt, tuple) else prop.dt  # an RDATE may be a period
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time()), zone
    named = prop.params.get("TZID")
    if named and not moment.tzinfo:
        raise Refused("events in zones of the IANA database, such as Europe/Amsterdam", f'there is no zone "{named}"')
    return moment.replace(tzinfo=None), moment.tzinfo or zone


def _at(prop: Any, zone: tzinfo) -> datetime:
    """A time by the wall clock of ``zone``."""
    wall, own = _wall(prop, zone)
    return wall if own is zone else wall.replace(tzinfo=own).astimezone(zone).replace(tzinfo=None)


def _length(component: Any, name: str, start: datetime, zone: tzinfo) -> timedelta:
    """By the wall clock, so that an evening ends at its hour in the night of a change of clocks, too."""
    if "DTEND" in component:
        return _at(_one(component, "DTEND", name), zone) - start
    if "DURATION" in component:
        return timedelta(seconds=_one(component, "DURATION", name).dt.total_seconds())
    whole = not isinstance(component["DTSTART"].dt, datetime)
    return timedelta(days=1) if whole else timedelta(0)


def _rule(rule: Mapping[str, Any], name: str) -> str:
    from dateutil.rrule import rrulestr
    from icalendar import vRecur

    frequency, known = rule.get("FREQ", [""])[0], (*HEARD, "UNTIL", "COUNT")
    strange = [key for key in rule if key.upper() not in known]
    if frequency not in FREQUENCIES or strange:
        found = strange[0] if strange else f"FREQ={frequency}" if rule else "its RRULE"
        raise Refused(f'an event "{name}" that repeats by days, weeks, months or years', f"{found} is not understood")
    steps = (int(step) for step in rule.get("INTERVAL", [1]))
    if not all(1 <= step <= LONGEST_STEP for step in steps) or any(len(part) > 400 for part in rule.values()):
        raise Refused(f'an event "{name}" that repeats at an interval from 1 to {LONGEST_STEP}')
    text = vRecur({key: rule[key] for key in HEARD if key in rule}).to_ical().decode()
    rrulestr(text, dtstart=datetime(2000, 1, 1))
    return str(text)


def _until(rule: Mapping[str, Any], zone: tzinfo) -> datetime | None:
    if "UNTIL" not in rule:
        return None
    until = rule["UNTIL"][0]
    if not isinstance(until, datetime):
        return datetime.combine(until, time(23, 59, 59))
    return until.astimezone(zone).replace(tzinfo=None) if until.tzinfo else until
