"""Where the marks of a plot stand, in percent of its width and height. The template draws them, so that lines of text
keep their size on a phone. Pure."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from installation.days.figures import Day, Span

HOUR = 3600.0
LABELS = 9
"""The most labels of an axis of hours: as many fit on a phone."""

POINTS = 240
"""The most points of a curve."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A bar, a tick or a label: from ``x`` on, ``width`` wide, ``height`` high, in percent; with its words."""

    x: float
    width: float = 0.0
    height: float = 0.0
    words: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """The hours of a day that a plot shows, from ``start`` to ``end`` (POSIX), and a mark for each of them."""

    start: float
    end: float
    hours: tuple[Mark, ...]

    def place(self, at: float) -> float:
        """In percent."""
        return round(100.0 * min(1.0, max(0.0, (at - self.start) / (self.end - self.start))), 3)

    def bar(self, start: float, end: float, words: str, kind: str = "", height: float = 100.0) -> Mark:
        x = self.place(start)
        return Mark(x, max(0.12, round(self.place(end) - x, 3)), round(height, 2), words, kind)


def axis(day: Day) -> Axis:
    """Whole hours around all that hung or went wrong; the whole day where there is nothing."""
    times = [at for span in day.spans if span.piece for at in (span.start, span.end)]
    times += [row.at for row in day.faults] + [row.at for row in day.starts]
    within = [at for at in times if day.begins <= at <= day.ends]
    hours = list(_hours(day))
    if within:
        first = min(*within, day.ends - 1.0)
        hours = [at for at in hours if first - HOUR < at < max(*within, first + 1.0)]
    start = hours[0]
    end = min(day.ends, hours[-1] + HOUR)
    along = Axis(start, end, ())
    return Axis(start, end, tuple(Mark(along.place(at), words=words) for at, words in _ticks(day, hours, end)))


def _ticks(day: Day, hours: Sequence[float], end: float) -> Iterator[tuple[float, str]]:
    """Where a line stands, and its label, for as many of them as fit; of few hours the quarters."""
    if len(hours) <= LABELS // 4:
        at = hours[0]
        while at <= end:
            yield at, clock(day, at)
            at += HOUR / 4
        return
    step = next(step for step in (1, 2, 3, 4, 6, 12) if len(hours) / step <= LABELS)
    for at in [*hours, end]:
        hour = 24 if at == day.ends else datetime.fromtimestamp(at, day.zone).hour
        yield at, "" if hour % step else f"{hour}"


def _hours(day: Day) -> Iterator[float]:
    """The beginnings of the hours that its clock shows, also where one is missing or comes twice."""
    at = day.begins
    while at < day.ends:
        yield at
        at += HOUR


def lanes(spans: Iterable[Span], names: Sequence[str], along: Axis, words: "Words") -> list[list[Mark]]:
    """For each piece the bars of when it hung."""
    found: dict[str, list[Mark]] = {name: [] for name in names}
    for span in spans:
        if span.piece in found:
            found[span.piece].append(along.bar(span.start, span.end, words(span)))
    return [found[name] for name in names]


class Words:
    """The words of a bar, for who points at it: ``10:02 to 10:05``."""

    def __init__(self, day: Day) -> None:
        self.day = day

    def __call__(self, span: Span) -> str:
        return self.between(span.start, span.end)

    def between(self, start: float, end: float) -> str:
        return f"{clock(self.day, start)} to {clock(self.day, end)}"


def clock(day: Day, at: float, seconds: bool = False) -> str:
    """The time of day; ``24:00`` for its end."""
    if at >= day.ends:
        return "24:00"
    return f"{datetime.fromtimestamp(at, day.zone):%H:%M:%S}"[: 8 if seconds else 5]


@dataclass(frozen=True, slots=True)
class Curve:
    """Points as an SVG path in a square of 100, and what stands at the lines of its upright axis, top first."""

    path: str
    lines: tuple[Mark, ...]
    top: float


def scale(highest: float) -> tuple[float, tuple[Mark, ...]]:
    """A round number from ``highest`` up, and three lines with their labels; ``x`` is the percent from the top."""
    power = 10.0 ** math.floor(math.log10(max(highest, 1e-9)))
    top = next(
        power * nice for nice in (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0) if power * nice >= highest * 0.999
    )
    return top, tuple(Mark(100.0 - share, words=f"{top * share / 100:g}") for share in (100.0, 50.0, 0.0))


def curve(points: Sequence[tuple[float, float]], along: Axis, top: float) -> str:
    """An SVG path through (time, value); a gap of more than three minutes is left open."""
    path, last = [], -math.inf
    for at, value in _thinned(points):
        move = "M" if at - last > 3 * max(60.0, (along.end - along.start) / POINTS) else "L"
        path.append(f"{move}{along.place(at):g} {100.0 - 100.0 * min(value / top, 1.0):.2f}")
        last = at
    return "".join(path)


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most POINTS of them, each the mean of its stretch."""
    step = max(1, math.ceil(len(points) / POINTS))
    parts = [points[at : at + step] for at in range(0, len(points), step)]
    return [(sum(at for at, _ in part) / len(part), sum(value for _, value in part) / len(part)) for part in parts]


def columns(day: Day, along: Axis, values: Sequence[tuple[int, float, str]], top: float) -> list[Mark]:
    """An upright bar for each (hour of the clock, value, words)."""
    starts = {datetime.fromtimestamp(at, day.zone).hour: at for at in reversed(list(_hours(day)))}
    gap = HOUR * 0.12
    return [
        along.bar(starts[hour] + gap, starts[hour] + HOUR - gap, words, height=100.0 * value / top)
        for hour, value, words in values
        if hour in starts and along.start <= starts[hour] < along.end
    ]


def long_date(day: Day) -> str:
    return f"{day.day:%A} {day.day.day} {day.day:%B %Y}"


def is_short_or_long(day: Day) -> bool:
    """Whether summer time begins or ends on it."""
    return timedelta(seconds=day.ends - day.begins) != timedelta(days=1)
