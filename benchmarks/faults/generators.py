"""Faults of generators, in a running loop on the real clock: how long the wall waits for its next frame."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from benchmarks.faults.rows import TIMEOUT, Fault, Row
from benchmarks.faults.supervised import Place
from installation.core.clock import RealClock
from installation.core.commands import NOTHING
from installation.core.parts import ROOT
from installation.core.signals import Board
from installation.engine.loop import Loop
from installation.engine.painter import Hung, Painter
from installation.run import stand_in
from installation.showfile.load import load

INTERVAL = 1.0 / 30.0


class Breaking:
    """A generator that paints until it is told to break, in the manner ``fault``."""

    def __init__(self, sound: Any, fault: str, broken: threading.Event) -> None:
        self.sound, self.fault, self.broken = sound, fault, broken
        self.space = sound.space

    def latent(self, seed: int) -> Any:
        return self.sound.latent(seed)

    def paint(self, latent: Any, controls: Any) -> Any:
        return getattr(self, f"_{self.fault}")() if self.broken.is_set() else self.sound.paint(latent, controls)

    def _raises(self) -> Any:
        raise RuntimeError("broken on purpose")

    def _memory(self) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory, on purpose")

    def _nan(self) -> Any:
        return np.full((64, 64, 3), np.nan, np.float32)

    def _constant(self) -> Any:
        return np.zeros((64, 64, 3), np.uint8)

    def _hangs(self) -> Any:
        time.sleep(TIMEOUT)


def broken_once(fault: str) -> Row:
    """A loop at 30 frames a second whose first piece's generator breaks after a second."""
    clock, show, board = RealClock(), load(ROOT / "shows" / "rehearsal.toml"), Board()
    board.declare(show.signals())
    painter, broken = Painter(clock.now), threading.Event()
    loop = Loop(show, board, painter, clock, INTERVAL, lambda: NOTHING)
    for index in range(len(show.pieces)):
        sound = stand_in()
        first = index == loop.decider.playlist.lead
        generator: Any = Breaking(sound.generator, fault, broken) if first else sound.generator
        painter.hang(index, Hung(generator, sound.walk))
    painter.start()
    try:
        return Watching(loop, painter, broken).row(fault)
    finally:
        painter.stop(0.1)


@dataclass
class Watching:
    """Draws the frames and times them."""

    loop: Any
    painter: Any
    broken: threading.Event
    longest: float = 0.0
    empty: int = 0
    shown: float | None = None

    def row(self, fault: str) -> Row:
        self._play(lambda: self.loop.decision and self.painter.stats.frames > 20)
        self.longest, self.empty, hit = 0.0, 0, time.monotonic()
        self.broken.set()
        named = self._play(lambda: bool(self.painter.broken)) - hit
        other = self._play(lambda: self.loop.decision.wall.playback.coming is not None) - hit
        note = f"{self.empty} empty frames, named after {named:.2f} s, another piece comes after {other:.2f} s"
        return Row(fault, self.longest, note, fine=self.empty == 0)

    def _play(self, until: Any) -> float:
        """Goes on until that is true. Returns when that was."""
        ends = time.monotonic() + TIMEOUT
        while time.monotonic() < ends and not until():
            view, now = self.loop.tick(), time.monotonic()
            self.painter.watch(now)
            self.longest, self.shown = max(self.longest, now - (self.shown or now)), now
            self.empty += view.current.later is None and view.current.earlier is None
            time.sleep(INTERVAL)
        return self.shown or 0.0


def breaks(fault: str, place: Place, count: int) -> Iterator[Row]:
    for _ in range(count):
        yield broken_once(fault)


WORDS = {
    "raises": "a generator raises",
    "nan": "a generator paints NaN",
    "constant": "a generator paints one colour for ever",
    "hangs": "a generator hangs",
    "memory": "the graphics card has no memory left",
}

FAULTS = {name: Fault(f"{what}: the next frame", 0.1, partial(breaks, name), 2.0) for name, what in WORDS.items()}
