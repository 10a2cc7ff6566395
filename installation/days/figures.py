"""The figures of a day, from the rows of its record. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from installation.days.rows import Fault, Head, Hung, Minute, Round, Row, Started, Stopped


@dataclass(frozen=True, slots=True)
class Span:
    """What hung from ``start`` to ``end`` (POSIX); without a piece the wall was dark, see Hung."""

    start: float
    end: float
    piece: str | None
    programme: str | None
    open: bool

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(slots=True)
class Hour:
    """Sums over one hour of the clock; the hour that comes twice when summer time ends has both."""

    seconds: float = 0.0
    sensed: float = 0.0
    present: float = 0.0
    came: int = 0
    frames: int = 0
    late: int = 0
    processor: float | None = None
    graphics: float | None = None

    def add(self, minute: Minute) -> None:
        self.seconds += minute.seconds
        self.sensed += minute.sensed
        self.present += minute.present
        self.came += minute.came
        self.frames += minute.frames
        self.late += minute.late
        self.processor = _sum(self.processor, minute.processor)
        self.graphics = _sum(self.graphics, minute.graphics)


@dataclass(frozen=True, slots=True)
class Day:
    """All that a page tells of ``day``, which lasts from ``begins`` to ``ends`` (POSIX)."""

    day: date
    zone: tzinfo
    head: Head
    spans: tuple[Span, ...]
    starts: tuple[Started, ...]
    minutes: tuple[Minute, ...]
    rounds: tuple[Round, ...]
    faults: tuple[Fault, ...]
    hours: dict[int, Hour] = field(default_factory=dict)
    """By the hour of the clock, 0..23; those in which the show ran."""

    @property
    def begins(self) -> float:
        return datetime.combine(self.day, datetime.min.time(), self.zone).timestamp()

    @property
    def ends(self) -> float:
        return datetime.combine(self.day + timedelta(days=1), datetime.min.time(), self.zone).timestamp()

    @property
    def total(self) -> Hour:
        """The sums of the whole day."""
        total = Hour()
        for minute in self.minutes:
            total.add(minute)
        return total

    def hung(self) -> dict[str, float]:
        """Seconds that each piece hung, by name, in the show's order; those that did."""
        names = [*self.head.pieces, *(span.piece for span in self.spans if span.piece)]
        seconds = {name: sum(span.seconds for span in self.spans if span.piece == name) for name in names}
        return {name: found for name, found in seconds.items() if found > 0.0}

    def restarts(self) -> tuple[Started, ...]:
        """The starts that followed a fault of the show."""
        return tuple(start for start in self.starts if start.restarts)


def figures(rows: Sequence[Row], day: date, zone: tzinfo) -> Day:
    """The day that ``rows`` tell of: at least one of them is a Head, and the last one counts."""
    head = [row for row in rows if isinstance(row, Head)][-1]
    minutes = tuple(row for row in rows if isinstance(row, Minute))
    made = Day(
        day=day,
        zone=zone,
        head=head,
        spans=tuple(_spans(rows)),
        starts=tuple(row for row in rows if isinstance(row, Started)),
        minutes=minutes,
        rounds=tuple(row for row in rows if isinstance(row, Round)),
        faults=tuple(row for row in rows if isinstance(row, Fault)),
    )
    for minute in minutes:
        made.hours.setdefault(datetime.fromtimestamp(minute.at, zone).hour, Hour()).add(minute)
    return made


def _spans(rows: Sequence[Row]) -> Iterator[Span]:
    """What hung when. What hangs ends with the next that does, with the process, or where the record ends."""
    hanging: Hung | None = None
    seen = 0.0
    for row in rows:
        if isinstance(row, Hung | Started | Head | Stopped):
            yield from _span(hanging, _end(row, seen))
            hanging = row if isinstance(row, Hung) else None
        seen = max(seen, row.at + row.seconds if isinstance(row, Minute) else row.at)
    yield from _span(hanging, seen)


def _end(row: Row, seen: float) -> float:
    """When that ended which a row puts an end to: a process that was killed wrote nothing of its last minute."""
    if isinstance(row, Started):
        return seen if row.away is None else max(seen, row.at - row.away)
    return seen if isinstance(row, Head) else row.at


def _span(hanging: Hung | None, end: float) -> Iterator[Span]:
    if hanging is not None and end > hanging.at:
        yield Span(hanging.at, end, hanging.piece, hanging.programme, hanging.open)


def _sum(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else one + other
