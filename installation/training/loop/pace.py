"""The speed of a training in wall-clock time, and the time left."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from installation.training.loop.run import Run

WINDOW = 60.0
"""Seconds of which the pace is the mean."""


@dataclass
class Pace:
    """Pictures a second. Counting begins at the first call of `seen`: the steps before it, until memory and threads are
    warm, are several times as slow as the rest."""

    clock: Callable[[], float] = time.monotonic
    rate: float = 0.0
    _looks: deque[tuple[float, int]] = field(default_factory=deque)

    def seen(self, images: int) -> float:
        """The pace after so many pictures, 0 where it is not known yet."""
        now = self.clock()
        self._looks.append((now, images))
        while len(self._looks) > 2 and self._looks[1][0] <= now - WINDOW:
            self._looks.popleft()
        began, before = self._looks[0]
        if now > began:
            self.rate = (images - before) / (now - began)
        return self.rate


def seconds_left(run: Run, rate: float, minutes: float = math.inf) -> float:
    """Until the schedule is done or the run has taken `minutes` in all, whichever comes first; infinite where neither
    is known. A picture of a later size counts as what it will cost."""
    by_schedule = run.timetable.left() / rate if rate else math.inf
    return max(0.0, min(by_schedule, minutes * 60 - run.progress.seconds))


def in_words(seconds: float) -> str:
    """`12 min left`, in hours from 100 minutes on."""
    if math.isinf(seconds):
        return "? left"
    minutes = seconds / 60
    if minutes >= 100:
        return f"{minutes / 60:.1f} h left"
    return f"{minutes:.0f} min left" if minutes >= 1 else f"{seconds:.0f} s left"
