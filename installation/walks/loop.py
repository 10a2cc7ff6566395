"""A closed way through the places of some seeds, seamless, at a speed that looks even."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from installation.core.contracts import Generator, Latent, Walk, WalkConfig
from installation.core.controls import Values
from installation.core.durations import Seconds
from installation.walks._path import closed_curve, even_pace

STEPS = 32
"""Pictures painted for each seed to measure the pace."""


class Config(WalkConfig):
    kind: Literal["loop"] = "loop"
    seeds: tuple[Annotated[int, Field(ge=0, le=2**32 - 1)], ...] = Field(
        (3, 14, 15, 92), min_length=2, max_length=64, description="the places gone through, in this order"
    )
    period: Annotated[Seconds, Field(gt=0)] = Field(40.0, description="time once round at speed 1 (s)")

    def open(self, generator: Generator, seed: int) -> "Loop":
        return Loop(self, generator)


class Loop(Walk):
    def __init__(self, config: Config, generator: Generator) -> None:
        self.period = config.period
        self.curve = closed_curve(np.stack([generator.place(seed) for seed in config.seeds]))
        steps = STEPS * len(config.seeds)
        self.pace = even_pace(generator, self.curve, steps, f"loop {config.seeds}")
        self.shares = np.linspace(0.0, 1.0, steps + 1)

    def at(self, t: float, controls: Values) -> Latent:
        return self.curve(float(np.interp(t / self.period % 1.0, self.shares, self.pace)))
