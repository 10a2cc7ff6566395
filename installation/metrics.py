"""Statistics of a run: what is counted every frame, and the JSON report made from it."""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from installation.core.atomic_write import write_whole
from installation.core.newest import Newest
from installation.core.sizes import machine_memory
from installation.engine.painter import REMEMBERED, PainterStats

LATE = 1.5
"""A frame is late when its interval is longer than this many targets."""


def since_process_start(pid: int | None = None) -> float:
    """Seconds since a process began, this one by default."""
    stat = Path(f"/proc/{pid or os.getpid()}/stat")
    if stat.exists():  # on Linux psutil's value is rounded to seconds
        ticks = int(stat.read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - _process(pid).create_time()


def memory_mb() -> float:
    """Resident memory of this process in MiB."""
    return float(_process(None).memory_info().rss) / 2**20


@cache
def _process(pid: int | None) -> Any:
    """Kept, as making one reads several files of /proc: too much for each second of a show."""
    import psutil  # imported here: no first picture waits for it

    return psutil.Process(pid)


def machine_mb() -> float:
    """The memory of this machine in MiB."""
    return machine_memory() / 2**20


def percentiles(seconds: Sequence[float] | NDArray[np.float64], *which: int) -> dict[str, float | None]:
    """``{"p50": ms, ...}`` of durations in seconds; None where there are none."""
    if len(seconds) == 0:
        return {f"p{p}": None for p in which}
    values = np.percentile(np.asarray(seconds), which) * 1000
    return {f"p{p}": round(float(value), 3) for p, value in zip(which, values, strict=True)}


class Work(NamedTuple):
    """Seconds that one frame's work took, without drawing: by the clock, and of the processor, which other threads and
    programs on the same cores do not lengthen."""

    elapsed: float
    processor: float


@dataclass(slots=True)
class ScreenStats:
    """Counts every frame of the screen. ``target`` is the interval aimed at, in seconds.

    ``first_picture``, ``first_painted`` and ``resident`` (all pieces hang) are in seconds since the process began.
    ``late_before`` counts those of the ``late`` frames that came before ``resident``.
    """

    target: float
    presented_ever: int = 0
    frames: int = 0
    late: int = 0
    longest: float = 0.0
    longest_in_change: float = 0.0
    in_change: int = 0
    late_in_change: int = 0
    first_picture: float | None = None
    first_painted: float | None = None
    resident: float | None = None
    late_before: int = 0
    memory_start: float | None = None
    intervals: Newest = field(default_factory=lambda: Newest(REMEMBERED))
    engine: Newest = field(default_factory=lambda: Newest(REMEMBERED))
    engine_processor: Newest = field(default_factory=lambda: Newest(REMEMBERED))
    _began: float | None = None
    _last: float | None = None

    def presented(self, now: float, engine: Work, counts: bool, changing: bool) -> None:
        """One frame was shown at ``now`` after the ``engine``'s work, in a change of piece or not. Frames are
        judged from the first painted one on (``counts``); earlier frames are reported as the start-up."""
        self.presented_ever += 1
        if counts and self._began is not None and self._last is not None:
            self._judge(now - self._last, changing)
            self.engine.append(engine.elapsed)
            self.engine_processor.append(engine.processor)
        if counts and self._began is None:
            self._began = now
        self._last = now

    def _judge(self, interval: float, changing: bool) -> None:
        self.frames += 1
        self.intervals.append(interval)
        self.longest = max(self.longest, interval)
        late = interval > LATE * self.target
        if changing:
            self.longest_in_change = max(self.longest_in_change, interval)
            self.in_change += 1
            self.late_in_change += late
        if late:
            self.late += 1
            self.late_before += self.resident is None

    def seconds(self) -> float:
        """How long the frames were judged."""
        return 0.0 if self._began is None or self._last is None else self._last - self._began

    def startup(self) -> dict[str, Any]:
        """The start-up part of the report: its times, and how many frames were late while pieces were opened."""
        return {
            "first_picture_s": self.first_picture,
            "first_painted_s": self.first_painted,
            "resident_s": self.resident,
            "late": self.late_before,
        }

    def display(self) -> dict[str, Any]:
        """The display's part of the report."""
        shown = self.seconds()
        return {
            "fps": round(self.frames / shown, 2) if shown > 0 else None,
            "target_fps": round(1 / self.target, 2),
            "frames": self.frames,
            "late": self.late,
            "in_change": {"frames": self.in_change, "late": self.late_in_change},
            "interval_ms": percentiles(self.intervals.values(), 50, 95, 99)
            | {"max": round(self.longest * 1000, 3), "max_in_change": round(self.longest_in_change * 1000, 3)},
        }


def painter(stats: PainterStats, until: float) -> dict[str, Any]:
    """The painter's part of the report; ``until`` is when it stopped painting."""
    painted = 0.0 if stats.painted_first is None else until - stats.painted_first
    return {
        "fps": round((stats.frames - 1) / painted, 2) if painted > 0 else None,
        "frames": stats.frames,
        "paint_ms": percentiles(stats.paint.values(), 50, 95, 99),
    }


def write(path: Path, report: dict[str, Any]) -> None:
    """Writes the report as JSON, whole or not at all."""
    write_whole(path, (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode())
