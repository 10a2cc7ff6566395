"""Strokes of a hand: which of six a visitor has just made, which of them is a wave, from how his motion went.

The course of the last WINDOW seconds is averaged over BINS equal times: how much moved, where, how far it spread, which
way, how fast, and how far something was above the head. A small network (one hidden layer) that
``benchmarks/train_gestures.py`` fitted to drawn people tells what it was; its weights are in ``_strokes.json``.
"""

import json
import math
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

STROKES = ("swipe_left", "swipe_right", "swipe_up", "swipe_down", "push", "pull")
CLASSES = (*STROKES, "wave", "")
"""What a course can end with; an empty text is all else: a hand that is lifted, lowered, or scratches a head."""

WINDOW, BINS = 1.2, 12
"""Seconds that are looked back, and the equal parts of them."""
CHANNELS = 10

Features = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Move:
    """What moves of a visitor between two pictures. ``right``, ``up`` and ``near`` are -1..1, the share of all motion
    that goes there; ``speed`` in heights a second, ``growth`` in logarithms of the size a second, ``area`` in his own
    squares (height x height). Its centre ``x`` to the right of his middle, ``y`` above his feet and ``spread`` are in
    heights; ``over`` is how far the silhouette reaches above his head."""

    area: float = 0.0
    x: float = 0.0
    y: float = 0.0
    spread: float = 0.0
    speed: float = 0.0
    growth: float = 0.0
    right: float = 0.0
    up: float = 0.0
    near: float = 0.0
    over: float = 0.0


@dataclass(slots=True)
class Course:
    """The moves of the last WINDOW seconds."""

    _rows: deque[tuple[float, ...]] = field(default_factory=lambda: deque(maxlen=120))
    """(second, what ``described`` gives), the newest last."""

    def add(self, move: Move, now: float, seconds: float) -> None:
        self._rows.append((now, *described(move)))
        while self._rows[0][0] < now - WINDOW - seconds:
            self._rows.popleft()

    def features(self, now: float) -> Features:
        """(BINS * CHANNELS,): the mean of each channel in each part of the window, the oldest first."""
        rows = np.array(self._rows)
        parts = np.clip(((rows[:, 0] - now + WINDOW) * (BINS / WINDOW) - 1e-6).astype(np.intp), 0, BINS - 1)
        belongs = parts == np.arange(BINS)[:, None]
        counts = belongs.sum(axis=1)
        means = belongs @ rows[:, 1:] / np.maximum(counts, 1)[:, None]
        for empty in np.flatnonzero(counts == 0).tolist():  # fewer pictures than parts
            means[empty] = means[max(0, empty - 1)]
        return np.asarray(means.ravel())


def described(move: Move) -> tuple[float, ...]:
    """What the network is told of one picture, (CHANNELS,): where nothing moves, all but the last is 0."""
    much = min(1.0, move.area / 0.02)
    growth = min(6.0, max(-6.0, move.growth))
    way = move.right * move.speed, move.up * move.speed
    where = move.x * much, (move.y - 0.7) * much, move.spread * much
    return (math.sqrt(move.area), *where, *way, move.speed, growth * much, move.near * much, min(0.5, move.over))


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

    def judge(self, features: Features) -> tuple[str, float]:
        """The class of a course, and its probability."""
        chances = self.chances(features)
        best = int(chances.argmax())
        return CLASSES[best], float(chances[best])


@cache
def read_judge() -> Judge:
    """The network that is shipped."""
    numbers = json.loads(Path(__file__).with_name("_strokes.json").read_text("utf-8"))
    return Judge(**{name: np.array(values) for name, values in numbers.items()})
