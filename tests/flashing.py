"""Counts flashes as WCAG 2.2, criterion 2.3.1, defines them, in pictures as they were read back. It shares nothing with
what prevents them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np

from installation.core.clock import SimulatedClock
from installation.core.contracts import Frame
from installation.core.signals import Board
from installation.engine.compose import compose
from installation.engine.loop import Loop
from installation.engine.painter import Hung, Painter
from installation.operator.inbox import Inbox
from installation.showfile.load import Show
from installation.stage import Stage

SMALL = (12, 16)


def general(pixels: np.ndarray) -> np.ndarray:
    """Relative luminance, (cells,), of a picture (h, w, 3) uint8 whose cells are means."""
    return _cells(pixels) @ np.array([0.2126, 0.7152, 0.0722])


def red(pixels: np.ndarray) -> np.ndarray:
    """(R - G - B) x 320 of each cell, 0 where it is negative."""
    cells = _cells(pixels)
    return np.maximum(cells[:, 0] - cells[:, 1] - cells[:, 2], 0.0) * 320.0


def _cells(pixels: np.ndarray) -> np.ndarray:
    levels = pixels / 255.0
    light = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    rows = np.array_split(light, SMALL[0], axis=0)
    return np.array([part.mean(axis=(0, 1)) for row in rows for part in np.array_split(row, SMALL[1], axis=1)])


def most_in_a_second(times: Sequence[float], values: Iterable[np.ndarray], step: float, below: float) -> float:
    """The most flashes that any cell makes in any second. A flash is two opposing changes of ``step`` or more, the
    darker value under ``below``."""
    series = np.unique(np.array(list(values)), axis=1)
    return max(_most(_changes(times, series[:, cell], step, below)) for cell in range(series.shape[1]))


def _changes(times: Sequence[float], values: np.ndarray, step: float, below: float) -> list[float]:
    """When the value turned."""
    found: list[float] = []
    low = high = values[0]
    way = 0
    for time, value in zip(times, values, strict=True):
        low, high = min(low, value), max(high, value)
        if way <= 0 and value - low >= step and low < below:
            found.append(time)
            way, high = 1, value
        elif way >= 0 and high - value >= step and value < below:
            found.append(time)
            way, low = -1, value
        if way == 1:
            low = high = max(high, value)
        elif way == -1:
            low = high = min(low, value)
    return found


def _most(changes: list[float]) -> float:
    return max((sum(first <= time <= first + 1.0 for time in changes) / 2 for first in changes), default=0.0)


def toggled(
    show: Show, stage: Stage, address: str, limited: bool = True, frames: int = 80
) -> tuple[list[float], list[np.ndarray]]:
    """The wall, small, while the show's loop and the real stage run on a simulated clock at forty frames a second: a
    control goes to its other end with each of them, so to and fro twenty times a second. ``limited`` False shows what
    the steering alone makes of it."""
    clock = SimulatedClock(datetime(2026, 5, 1, 12, tzinfo=UTC), 100.0)
    board, painter = Board(), Painter(clock.now)
    board.declare(show.signals())
    inbox = Inbox(show.controls(), show.commands(), guard=0.0)
    generator = show.pieces[0].generator.open("cpu")
    painter.hang(0, Hung(generator, show.pieces[0].walk.open(generator, 0)))
    loop = Loop(show, board, painter, clock, 1 / 40, inbox.drain, always_open=True)
    times, pictures = [], []
    for number in range(frames):
        inbox.put(address, float(number % 2), clock.now(), "test")
        view, decision = loop.tick(), loop.decision
        assert decision is not None
        pixels = generator.paint(np.zeros(generator.space.mean.shape, np.float32), decision.wall.lanes[0].controls)
        painter.frames.keep(0, Frame(pixels.copy(), clock.now()), clock.now(), clock.now())
        stage.draw(view if limited else compose(show, decision, painter.frames.pair, 1 / 40))
        stage.present()
        times.append(clock.now())
        pictures.append(stage.read_small(160))
        clock.advance(1 / 40)
    return times, pictures
