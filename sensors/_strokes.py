"""Strokes of a hand: stretches of motion between two pauses, and which of six gestures each is, or none.

A stretch is classified by where its moving pixels were at five instants, how far they spread, which way they went and
how fast. A small network (one hidden layer) that ``benchmarks/gestures.py --train`` fitted to drawn people classifies
these features; its weights are in ``_strokes.json``.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

STROKES = ("swipe_left", "swipe_right", "swipe_up", "swipe_down", "push", "pull")
CLASSES = (*STROKES, "")
"""What a stretch can be; an empty text is a hand that is lifted, lowered, or scratches a head."""

QUIET, PEAK_SHARE = 0.008, 0.3
"""A stretch ends where the moving area is below this, in squares of the visitor's height, or below this share of the
stretch's largest."""
PAUSE, LONGEST, SHORTEST = 2, 1.2, 4
"""Quiet pictures that end it; seconds after which it ends anyhow; pictures that it has at least."""
INSTANTS = 5

Features = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Move:
    """What moves of a visitor between two pictures. ``right``, ``up`` and ``near`` are -1..1, the share of all motion
    that goes there; ``speed`` in heights a second, ``growth`` in logarithms of the size a second, ``area`` in his own
    squares (height x height). Its centre ``x`` to the right of his middle, ``y`` above his feet and ``spread`` are in
    heights."""

    area: float = 0.0
    x: float = 0.0
    y: float = 0.0
    spread: float = 0.0
    speed: float = 0.0
    growth: float = 0.0
    right: float = 0.0
    up: float = 0.0
    near: float = 0.0


@dataclass(slots=True)
class Stretches:
    """Cuts the moves of one visitor at their pauses."""

    _moves: list[tuple[float, Move]] = field(default_factory=list)
    _peak: float = 0.0
    _quiet: int = 0

    def clear(self) -> None:
        self._moves, self._peak, self._quiet = [], 0.0, 0

    def step(self, move: Move, now: float) -> list[tuple[float, Move]] | None:
        """The (second, move) of a stretch that has just ended."""
        if move.area >= max(QUIET, PEAK_SHARE * self._peak):
            self._moves.append((now, move))
            self._peak, self._quiet = max(self._peak, move.area), 0
            return self._end() if now - self._moves[0][0] > LONGEST else None
        self._quiet += 1
        return self._end() if self._moves and self._quiet >= PAUSE else None

    def _end(self) -> list[tuple[float, Move]] | None:
        moves = self._moves
        self.clear()
        return moves if len(moves) >= SHORTEST else None


def describe(stretch: Sequence[tuple[float, Move]]) -> Features:
    """The features of a stretch."""
    times = np.array([second for second, _ in stretch])
    rows = np.array([(m.area, m.x, m.y, m.spread, m.speed, m.growth, m.right, m.up, m.near) for _, m in stretch])
    area, x, y, spread, speed, growth, right, up, near = rows.T
    length = float(times[-1] - times[0]) + 1 / 30
    courses = (x, y, spread, np.sqrt(area), speed, right, up, near, np.clip(growth, -6.0, 6.0))
    instants = np.linspace(times[0], times[-1], INSTANTS)
    at = [np.interp(instants, times, values) for values in courses]
    dx, dy = (float(values[-2:].mean() - values[:2].mean()) for values in (x, y))
    grown = math.log((float(spread[-2:].mean()) + 0.02) / (float(spread[:2].mean()) + 0.02))
    weights = area * speed + 1e-9
    ways = [float((values * weights).sum() / weights.sum()) for values in (right, up, near)]
    step = length / len(stretch)
    told = [dx, dy, dx / length, dy / length, grown, grown / length, length, 0.3 / length, *ways]
    told += [float(values.sum() * step) for values in (right * speed, up * speed, growth)]
    told += [float(speed.max()), math.sqrt(float(area.max()))]
    return np.concatenate((*at, told))


@dataclass(frozen=True, slots=True)
class Judge:
    """One hidden layer: standardised features, tanh, softmax over CLASSES."""

    middle: Features
    scale: Features
    hidden: NDArray[np.float64]
    hidden_bias: Features
    out: NDArray[np.float64]
    out_bias: Features

    def chances(self, features: Features) -> Features:
        """The probability of each of CLASSES."""
        inner = np.tanh(np.clip((features - self.middle) / self.scale, -4.0, 4.0) @ self.hidden + self.hidden_bias)
        scores = inner @ self.out + self.out_bias
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True))

    def judge(self, stretch: Sequence[tuple[float, Move]]) -> tuple[str, float]:
        """The class of a stretch, and its probability."""
        chances = self.chances(describe(stretch))
        best = int(chances.argmax())
        return CLASSES[best], float(chances[best])


@cache
def read_judge() -> Judge:
    """The network that is shipped."""
    numbers = json.loads(Path(__file__).with_name("_strokes.json").read_text("utf-8"))
    return Judge(**{name: np.array(values) for name, values in numbers.items()})
