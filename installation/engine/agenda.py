"""What hangs when, over a span of days: as a table to read, and as a calendar for other programs. Pure.

The calendar (RFC 5545) has an event for every stretch of a programme and, without length, for every cue that the clock
fires; those that come ``every`` so often are listed in the table's last lines only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from installation.core.durations import spoken
from installation.core.errors import Refused
from installation.engine.cue_times import CueTimes
from installation.engine.schedule import Segment, Timetable

LONGEST = 1100
"""Days of an agenda at most."""
WEEK = 7
"""Days of an agenda where one day, or none, is named."""
DARK = "closed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an agenda, in the show's own time zone: a programme from ``start`` to ``end``, or a ``cue`` that is
    fired at ``start``. ``programme`` is None where the wall is dark; ``pieces`` are those that hang."""

    start: datetime
    end: datetime
    open: bool = True
    programme: str | None = None
    pieces: tuple[str, ...] = ()
    cue: str | None = None


def read_span(text: str, today: date) -> tuple[date, date]:
    """The first and the last day of ``2027-12-24``, ``2027-12-20..2027-12-31`` or nothing. A single day, or
    today where there is none, is the first of a week. Raises Refused."""
    first_text, _, last_text = text.strip().partition("..")
    try:
        first = date.fromisoformat(first_text) if first_text else today
        last = date.fromisoformat(last_text) if last_text else first + timedelta(days=WEEK - 1)
    except (ValueError, OverflowError):
        raise Refused("a date, or two with .. between them, such as 2027-12-20..2027-12-31") from None
    if not timedelta(0) <= last - first < timedelta(days=LONGEST) or not 1970 <= first.year < 2999:
        raise Refused(f"a first date and a later one, no more than {LONGEST} days")
    return first, last


def agenda(timetable: Timetable, pieces: Iterable[str], first: date, last: date) -> tuple[Entry, ...]:
    """All that hangs, and every cue at its moment, from the ``first`` day's midnight to the end of the ``last``.
    ``pieces`` are the show's, as a programme without a list of its own shows them all."""
    days = (last - first).days + 1
    hung = [_entry(timetable, tuple(pieces), one) for one in timetable.changes(first, days)]
    times = CueTimes(timetable)
    moments = (moment for at in range(days) for moment in times.of_day(first + timedelta(days=at)))
    cues = [Entry(_wall(timetable, at), _wall(timetable, at), cue=name) for at, name in moments]
    # A programme before the cue that it fires.
    return tuple(sorted([*hung, *cues], key=lambda entry: (entry.start.timestamp(), entry.cue is not None)))


def table(timetable: Timetable, entries: Iterable[Entry]) -> str:
    """The agenda to read: a line for each entry, its day where that is another one, its times by the show's clock."""
    rows = list(_rows(entries))
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(3)]
    lines = [
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3])) for row in rows
    ]
    return "\n".join(line.rstrip() for line in [*lines, *_repeated(timetable)])


def ics(entries: Iterable[Entry], title: str, written: datetime) -> bytes:
    """The agenda as an iCalendar file, without the hours that are dark. ``written`` says when that was, in UTC."""
    from icalendar import Calendar, Event  # imported here: only needed for the file

    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Vernissage//agenda//EN")
    calendar.add("x-wr-calname", title)
    for entry in entries:
        if entry.cue is None and entry.programme is None:
            continue
        event = Event()
        name = entry.cue or entry.programme or ""
        event.add("uid", f"{entry.start.astimezone(UTC):%Y%m%dT%H%M%SZ}-{'cue' if entry.cue else 'programme'}-{name}")
        event.add("dtstamp", written.astimezone(UTC))
        event.add("summary", name)
        # In UTC: the instants are what counts, and no reader has to know the zone.
        event.add("dtstart", entry.start.astimezone(UTC))
        event.add("dtend", entry.end.astimezone(UTC))
        if entry.pieces:
            event.add("description", ", ".join(entry.pieces))
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _entry(timetable: Timetable, pieces: tuple[str, ...], one: Segment) -> Entry:
    start, end = _wall(timetable, one.start), _wall(timetable, one.end)
    if one.programme is None:
        return Entry(start, end, one.open)
    return Entry(start, end, one.open, one.programme, timetable.plan.programme(one.programme).pieces or pieces)


def _wall(timetable: Timetable, at: float) -> datetime:
    return datetime.fromtimestamp(at, timetable.almanac.zone)


def _rows(entries: Iterable[Entry]) -> Iterator[tuple[str, str, str, str]]:
    """One row: day, hours, name, details."""
    day = ""
    for entry in entries:
        own = f"{entry.start:%a %Y-%m-%d}"
        yield own if own != day else "", _hours(entry), *_what(entry)
        day = own


def _hours(entry: Entry) -> str:
    """``10:00-17:00``, and the day of the end where that is another one; midnight is the 24:00 of the day before."""
    if entry.cue is not None:
        return _time(entry.start)
    midnight = not (entry.end.hour or entry.end.minute or entry.end.second)
    last = entry.end.date() - timedelta(days=midnight)
    hours = f"{_time(entry.start)}-{'24:00' if midnight else _time(entry.end)}"
    if last == entry.start.date():
        return hours
    return f"{hours} {last:%a}" + (f" {last}" if (last - entry.start.date()).days >= WEEK else "")


def _time(at: datetime) -> str:
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def _what(entry: Entry) -> tuple[str, str]:
    if entry.cue is not None:
        return "cue", entry.cue
    if entry.programme is None:
        return DARK, ""
    return entry.programme if entry.open else f"{DARK}, {entry.programme}", ", ".join(entry.pieces)


def _repeated(timetable: Timetable) -> Iterator[str]:
    for cue in timetable.plan.cues:
        if cue.every:
            yield f"every {spoken(cue.every)} from midnight: cue {cue.name}"
