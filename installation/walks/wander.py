"""An endless way that never repeats: smooth, seeded, and as fast to the eye here as there.

In the whitened principal axes of the latent space each pair of neighbouring axes turns as a circle, at a rate of its
own. A sum of circles has a constant length and a constant speed, so the walk stays where the model is good (a plain
sum of noises would pass through the middle, where all portraits look alike), and as each axis counts by the
pixel change that it was measured to make, the speed is constant to the eye as far as a model is even.
"""

from typing import Literal

import numpy as np
from pydantic import Field

from installation.contracts import Generator, Latent, Space, Walk, WalkConfig
from installation.controls import Values

PAIRS = 32
"""Circles walked at most; later axes change too little to be seen."""


class Config(WalkConfig):
    kind: Literal["wander"] = "wander"
    pace: float = Field(8.0, gt=0.0, le=200.0, description="mean pixel change in one second at speed 1 (levels of 255)")
    reach: float = Field(1.0, gt=0.0, le=2.0, description="how far from the mean it goes (standard deviations)")
    seed: int | None = Field(None, ge=0, le=2**32 - 1, description="another seed, another way; the show's without")

    def open(self, generator: Generator, seed: int) -> "Wander":
        return Wander(self, generator.space, seed if self.seed is None else self.seed)


class Wander(Walk):
    def __init__(self, config: Config, space: Space, seed: int) -> None:
        pairs = min(PAIRS, len(space.std) // 2)
        rng = np.random.default_rng(seed)
        radius = np.sqrt(2.0) * config.reach
        rates = rng.uniform(0.4, 1.6, pairs) * rng.choice([-1.0, 1.0], pairs)
        gain = space.gain[: 2 * pairs].reshape(pairs, 2).astype(np.float64)
        # Changes along different axes add like the sides of a right angle: the speed is their root of squares.
        seen = radius * np.sqrt((rates**2 * (gain**2).mean(axis=1)).sum())
        self.rates = rates * config.pace / max(seen, 1e-6)
        self.phases = rng.uniform(0.0, 2 * np.pi, pairs)
        self.mean = space.mean
        self.axes = (space.basis[: 2 * pairs] * space.std[: 2 * pairs, None] * radius).astype(np.float32)

    def at(self, t: float, controls: Values) -> Latent:
        angle = self.rates * t + self.phases
        turn = np.empty((len(angle), 2), np.float32)
        np.cos(angle, out=turn[:, 0], casting="same_kind")
        np.sin(angle, out=turn[:, 1], casting="same_kind")
        return self.mean + turn.reshape(-1) @ self.axes
