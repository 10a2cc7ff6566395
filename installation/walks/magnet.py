"""It follows a place: where a visitor stands is where it is, in a plane through the latent space.

The two main directions of the model span the plane; ``walk/x`` and ``walk/y`` are the place, which wires from a camera
move. Around each place it goes slowly in the next directions, so that a picture which nobody moves is alive.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from installation.core.contracts import Generator, Latent, Walk, WalkConfig
from installation.core.controls import Control, Values
from installation.core.durations import Seconds

PAIRS = 4
"""Circles that it goes in around a place."""


class Config(WalkConfig):
    kind: Literal["magnet"] = "magnet"
    reach: float = Field(1.5, gt=0.0, le=3.0, description="how far it goes at the edge (standard deviations)")
    drift: float = Field(0.5, ge=0.0, le=2.0, description="how far it goes around a place (standard deviations)")
    period: Annotated[Seconds, Field(ge=5.0)] = Field(60.0, description="about the time once around (s)")

    def controls(self) -> tuple[Control, ...]:
        return (
            self.speed,
            Control("/walk/x", "the place that the walk follows, to the right", low=-1.0),
            Control("/walk/y", "the place that the walk follows, upwards", low=-1.0),
        )

    def open(self, generator: Generator, seed: int) -> "Magnet":
        return Magnet(self, generator, seed)


class Magnet(Walk):
    def __init__(self, config: Config, generator: Generator, seed: int) -> None:
        space, rng = generator.space, np.random.default_rng(seed)
        axes = space.basis * space.std[:, None]
        self.mean, self.plane = space.mean, (axes[:2] * config.reach).astype(np.float32)
        pairs = min(PAIRS, (len(axes) - 2) // 2)
        self.circles = (axes[2 : 2 + 2 * pairs] * config.drift).astype(np.float32)
        self.rates = 2.0 * np.pi / config.period * rng.uniform(0.6, 1.6, pairs) * rng.choice([-1.0, 1.0], pairs)
        self.phases = rng.uniform(0.0, 2.0 * np.pi, pairs)

    def at(self, t: float, controls: Values) -> Latent:
        place = np.array([controls.get("/walk/x", 0.0), controls.get("/walk/y", 0.0)], np.float32)
        angles = self.rates * t + self.phases
        around = np.stack((np.cos(angles), np.sin(angles)), axis=1).astype(np.float32).reshape(-1)
        there: Latent = self.mean + place @ self.plane[: len(place)] + around @ self.circles
        return there
