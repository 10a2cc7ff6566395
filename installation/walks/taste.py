"""It goes where this room likes to be: where likes and passes have taught that pictures are liked.

For each place it draws what the room may like from what is believed of it, and goes there; a smooth curve joins the
places. While little is known the draws lead anywhere, so without a vote it is a wide walk; the more is said, the closer
they lie together (Thompson sampling; what is learned and how stands in engine/taste.py).
Some places are drawn as if nothing was known, so that it never stops trying. Its draws are those of its seed: the same
beliefs at the same time are the same place.
"""

from functools import lru_cache
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from installation.core.contracts import (
    ASKED_STEPS,
    TASTE,
    TASTE_AXES,
    TASTE_MEAN,
    TASTE_PLACE,
    TASTE_PORTRAIT,
    TASTE_STD,
    Generator,
    Latent,
    Walk,
    WalkConfig,
)
from installation.core.controls import Control, Values
from installation.core.durations import Seconds

PAIRS = 24
"""Circles that it goes in along the directions of which nothing is learned."""

Floats = NDArray[np.float64]


class Config(WalkConfig):
    follows_taste: ClassVar[bool] = True
    kind: Literal["taste"] = "taste"
    period: Annotated[Seconds, Field(ge=2.0, le=600.0)] = Field(14.0, description="time from one place to the next (s)")
    pull: float = Field(2.0, ge=0.0, le=3.0, description="how far what is liked pulls it at most (standard deviations)")
    reach: float = Field(0.7, ge=0.0, le=2.0, description="how far it goes around such a place (standard deviations)")
    explore: float = Field(
        0.15, ge=0.0, le=1.0, description="share of the places that are drawn as if nobody had voted"
    )
    seed: int | None = Field(None, ge=0, le=2**32 - 1, description="another seed, another way; the show's without")

    def controls(self) -> tuple[Control, ...]:
        return (self.speed, Control(TASTE, "how much counts what this room likes", default=1.0))

    def open(self, generator: Generator, seed: int) -> "Taste":
        return Taste(self, generator, seed if self.seed is None else self.seed)


class Taste(Walk):
    def __init__(self, config: Config, generator: Generator, seed: int) -> None:
        space, self.config = generator.space, config
        self.count = min(TASTE_AXES, len(space.std))
        axes = space.basis * space.std[:, None]
        self.mean, self.axes = space.mean, axes[: self.count]
        pairs = min(PAIRS, (len(axes) - self.count) // 2)
        self.circles = (axes[self.count : self.count + 2 * pairs] * config.reach).astype(np.float32)
        rng = np.random.default_rng([seed, 0])
        rates = rng.uniform(0.4, 1.6, pairs) * rng.choice([-1.0, 1.0], pairs)
        self.rates, self.phases = rates / config.period, rng.uniform(0.0, 2.0 * np.pi, pairs)
        self._drawn = lru_cache(maxsize=8)(lambda number: drawn(seed, number))

    def at(self, t: float, controls: Values) -> Latent:
        t += self.config.period * controls.get(ASKED_STEPS, 0.0)
        whole, part = divmod(t / self.config.period, 1.0)
        mean, std = self._believed(controls)
        shares = np.array(_shares(part))
        places = np.stack([self._place(int(whole) + step, mean, std) for step in (-1, 0, 1, 2)])
        stands = controls.get(TASTE_PORTRAIT, 0.0)
        portrait = np.array([controls.get(address, 0.0) for address in TASTE_PLACE])
        there = ((1.0 - stands) * (shares @ places) + stands * portrait)[: self.count].astype(np.float32)
        angles = self.rates * t + self.phases
        around = np.stack((np.cos(angles), np.sin(angles)), axis=1).astype(np.float32).reshape(-1)
        latent: Latent = self.mean + there @ self.axes + np.float32(1.0 - stands) * (around @ self.circles)
        return latent

    def _believed(self, controls: Values) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the weights, (TASTE_AXES,), as far as they are to count."""
        counts = controls.get(TASTE, 1.0)
        mean = np.array([controls.get(address, 0.0) for address in TASTE_MEAN])
        std = np.array([controls.get(address, 1.0) for address in TASTE_STD])
        return counts * mean, 1.0 + counts * (std - 1.0)

    def _place(self, number: int, mean: Floats, std: Floats) -> Floats:
        """The place of that number, (TASTE_AXES,): as far as weights that are drawn pull it, and a step beside."""
        weights, beside, free = self._drawn(number)
        if free >= self.config.explore:
            weights = mean + std * weights
        pulled = self.config.pull * weights / np.sqrt(1.0 + weights @ weights)
        return np.asarray(pulled + self.config.reach * beside)


def drawn(seed: int, number: int) -> tuple[Floats, Floats, float]:
    """Standard normal draws for the weights and for the step beside, each (TASTE_AXES,), and one of 0..1."""
    rng = np.random.default_rng([seed, 1, number % 2**32])
    return rng.standard_normal(TASTE_AXES), rng.standard_normal(TASTE_AXES), float(rng.uniform())


def _shares(part: float) -> tuple[float, float, float, float]:
    """How much each of four places counts between the second and the third (a Catmull-Rom curve)."""
    square, cube = part * part, part * part * part
    return (
        0.5 * (2 * square - cube - part),
        0.5 * (3 * cube - 5 * square + 2),
        0.5 * (4 * square - 3 * cube + part),
        0.5 * (cube - square),
    )
