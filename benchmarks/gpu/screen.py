"""Late frames against a screen of 60 Hz that is not there: a stage without a window is drawn in time with the clock,
while another thread paints a walk as fast as it can."""

import threading
import time
from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace

import numpy as np

from benchmarks.gpu.proofs import MODEL, runtimes
from installation.core.contracts import Frame
from installation.core.errors import DeviceError
from installation.networks.model_generator import opened, proofs
from installation.networks.runtime import Runtime

HZ = 60.0
LATE = 1.5
"""Intervals of the screen after which a frame is late, as benchmarks/first_light.py counts them."""
SIZE = (1280, 720)
STEPS = 240
"""Pictures of the walk once round."""


class Painter(threading.Thread):
    """Paints along a circle through two latents until it is told to stop; ``newest`` are its last two frames."""

    def __init__(self, runtime: Runtime, here: np.ndarray, there: np.ndarray) -> None:
        super().__init__(name="painter")
        self.runtime, self.here, self.there = runtime, here, there
        self.stop, self.painted = threading.Event(), 0
        first = Frame(runtime.paint(here), 0.0)
        self.newest = (first, first)

    def run(self) -> None:
        for step in count(1):
            if self.stop.is_set():
                return
            share = np.float32(0.5 - 0.5 * np.cos(2 * np.pi * step / STEPS))
            frame = Frame(self.runtime.paint(self.here + share * (self.there - self.here)), float(step))
            self.newest, self.painted = (self.newest[1], frame), step


def late_frames(device: str, seconds: float) -> Iterator[str]:
    """Rows of docs/performance.md; one line that says why, where nothing can be drawn here."""
    try:
        from installation.stage import open_stage

        stage = open_stage("headless", SIZE)
    except (ImportError, DeviceError) as error:
        yield f"Late frames were not measured: {str(error).splitlines()[0]}"
        return
    stage.hang(0, "bleed", SimpleNamespace(title={}, medium={}, date={}, text={}), ("en",))
    network = opened(MODEL, MODEL.stat().st_mtime_ns, device).network
    latents = proofs(network)
    yield "| screen | drawn by | painted by | painted fps | frames | late | longest interval ms |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, open_runtime in runtimes(network.synthesis, latents, device).items():
        painter = Painter(open_runtime(), latents[0], latents[1])
        intervals = shown(stage, painter, seconds)
        late, fps = np.mean(intervals > LATE / HZ), painter.painted / seconds
        told = f"{len(intervals)} | {late:.2%} | {1000 * intervals.max():.1f}"
        yield f"| {SIZE[0]}x{SIZE[1]}, {HZ:g} Hz | {stage.renderer} | {name} | {fps:.0f} | {told} |"
    stage.close()


def shown(stage: object, painter: Painter, seconds: float) -> np.ndarray:
    """Seconds between the frames of a stage, which are due at the times of a screen."""
    from installation.engine.view import Picture, View

    painter.start()
    begun, ends = time.perf_counter(), []
    for number in range(int(seconds * HZ)):
        time.sleep(max(0.0, begun + number / HZ - time.perf_counter()))
        stage.draw(View(Picture(0, *painter.newest, 1.0)))
        stage.present()
        ends.append(time.perf_counter())
    painter.stop.set()
    painter.join()
    return np.diff(ends)
