"""Makes rows from one sample a second. Pure: the time comes with the samples."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from installation.days.rows import Hung, Minute, Round, Row

LONGEST = 5.0
"""Seconds that one sample counts for at most: what lies between two that are further apart was not seen."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The show at one moment. ``time`` is POSIX (s); ``frames``, ``late`` and ``painted`` count since the process
    began. ``piece`` is None while the wall is dark, ``present`` None where no sensor can tell. ``hanging`` is the piece
    that hangs, dark or not; ``votes`` are those of ``round`` so far."""

    time: float
    open: bool
    programme: str | None
    piece: str | None
    frames: int
    late: int
    painted: int
    memory: float
    present: bool | None = None
    hanging: str = ""
    round: int = 0
    votes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Energy:
    """The joules since the last measurement, which was about a minute ago; None where they are not told."""

    processor: float | None = None
    graphics: float | None = None


class Counting:
    """``take`` is called with every sample and returns the rows that are complete. ``zone`` is where days begin."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self.day: date | None = None
        """The day of the last sample."""
        self._last: Sample | None = None
        self._minute: _Minute | None = None
        self._round = _Ballot()

    def take(self, sample: Sample) -> tuple[Row, ...]:
        """The rows of one day that are complete now, oldest first: rows of a day before come with ``finish``."""
        return tuple(self._rows(sample))

    def used(self, energy: Energy) -> None:
        """Adds to the minute under way."""
        if self._minute is not None:
            self._minute.energy = _sum(self._minute.energy, energy)

    def finish(self) -> tuple[Row, ...]:
        """What is not written yet, at the end of a day or of the process; counting then begins anew."""
        rows = tuple(row for row in (self._minute and self._minute.row(),) if row)
        self._minute = self._last = None
        return rows

    def begins_day(self, sample: Sample) -> bool:
        """Whether the sample is of another day than the one before."""
        return self.day is not None and self.day != self.day_of(sample.time)

    def closes(self, sample: Sample) -> bool:
        """Whether the exhibition closed since the sample before."""
        return self._last is not None and self._last.open and not sample.open

    def day_of(self, time: float) -> date:
        """The day of a POSIX time."""
        return datetime.fromtimestamp(time, self.zone).date()

    def _rows(self, sample: Sample) -> Iterator[Row]:
        self.day = self.day_of(sample.time)
        last, self._last = self._last, sample
        if last is None or (last.piece, last.programme, last.open) != (sample.piece, sample.programme, sample.open):
            yield Hung(sample.time, sample.piece, sample.programme, sample.open)
        if self._minute is None or int(sample.time // 60) != self._minute.number:
            if self._minute is not None and (row := self._minute.row()):
                yield row
            self._minute = _Minute(sample)
        if last is not None:
            self._minute.add(last, sample)
        if ended := self._round.take(sample):
            yield ended


class _Ballot:
    """The votes of the open round; ``take`` returns a round that ended and had votes."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._votes: dict[str, int] = {}

    def take(self, sample: Sample) -> Round | None:
        ended = None
        if sample.round != self._number:
            if sum(self._votes.values()):
                ended = Round(sample.time, self._votes, sample.hanging)
            self._number, self._votes = sample.round, {}
        if sample.votes:
            self._votes = dict(sample.votes)
        return ended


class _Minute:
    """One minute of the clock, or as much of it as was seen."""

    def __init__(self, first: Sample) -> None:
        self.number = int(first.time // 60)
        self.began = first.time
        self.seconds = self.sensed = self.present = 0.0
        self.frames = self.late = self.painted = self.came = 0
        self.memory = first.memory
        self.energy = Energy()

    def add(self, last: Sample, sample: Sample) -> None:
        dt = min(max(0.0, sample.time - last.time), LONGEST)
        self.began = min(self.began, sample.time - dt)
        self.seconds += dt
        self.frames += max(0, sample.frames - last.frames)
        self.late += max(0, sample.late - last.late)
        self.painted += max(0, sample.painted - last.painted)
        self.memory = max(self.memory, sample.memory)
        if sample.present is not None:
            self.sensed += dt
            self.present += dt * sample.present
            self.came += sample.present and not last.present

    def row(self) -> Minute | None:
        if self.seconds <= 0.0:
            return None
        return Minute(
            at=round(self.began, 1),
            seconds=round(self.seconds, 1),
            frames=self.frames,
            late=self.late,
            painted=self.painted,
            memory=round(self.memory, 1),
            sensed=round(self.sensed, 1),
            present=round(self.present, 1),
            came=self.came,
            processor=_rounded(self.energy.processor),
            graphics=_rounded(self.energy.graphics),
        )


def _sum(one: Energy, other: Energy) -> Energy:
    return Energy(_both(one.processor, other.processor), _both(one.graphics, other.graphics))


def _both(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else one + other


def _rounded(joules: float | None) -> float | None:
    return None if joules is None else round(joules, 1)
