"""Clocks: monotonic seconds for durations, and the civil date and time of day."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Protocol


class Clock(Protocol):
    """``now`` is for durations, ``civil`` for opening hours and for what people read."""

    def now(self) -> float:
        """Seconds since an arbitrary moment; never goes back."""

    def civil(self) -> datetime:
        """Date and time of day, with its offset from UTC."""


class RealClock:
    """The machine's clocks. The offset from UTC is looked up once a minute, as it changes at whole ones."""

    def __init__(self) -> None:
        self._minute = -1
        self._zone: tzinfo | None = None

    def now(self) -> float:
        return time.monotonic()

    def civil(self) -> datetime:
        now = time.time()
        if int(now // 60) != self._minute:
            self._minute, self._zone = int(now // 60), datetime.fromtimestamp(now).astimezone().tzinfo
        return datetime.fromtimestamp(now, self._zone)


@dataclass
class SimulatedClock:
    """A clock that only ``advance`` moves: for rehearsals, replays and tests.

    ``began`` is the civil time (with an offset from UTC) at ``seconds`` 0.
    """

    began: datetime
    seconds: float = 0.0

    def now(self) -> float:
        return self.seconds

    def civil(self) -> datetime:
        return self.began + timedelta(seconds=self.seconds)

    def advance(self, seconds: float) -> None:
        """Moves on by ``seconds``. Raises ValueError for a negative number."""
        if seconds < 0.0:
            raise ValueError(f"found {seconds} s, expected 0 or more: time does not go back")
        self.seconds += seconds


@dataclass
class Pace:
    """The screen's frame timing: ``wait`` returns when the next frame is due, ``interval`` seconds after the last."""

    interval: float
    _due: float = field(default_factory=time.monotonic)

    def wait(self) -> None:
        """Waits until the next frame is due; after a late frame the timing restarts instead of catching up."""
        self._due += self.interval
        left = self._due - time.monotonic()
        if left > 0:
            time.sleep(left)
        elif left < -self.interval:
            self._due = time.monotonic()
