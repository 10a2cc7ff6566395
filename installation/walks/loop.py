"""A seamless closed way through the latents of some seeds, at a speed that looks even."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from installation.core.contracts import ASKED_STEPS, Generator, Latent, WalkConfig
from installation.core.controls import Values
from installation.core.durations import Seconds
from installation.walks._path import Floats, PacedWalk, closed_curve, estimated

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


class Loop(PacedWalk):
    def __init__(self, config: Config, generator: Generator) -> None:
        self.period, self.count = config.period, len(config.seeds)
        self.curve = closed_curve(np.stack([generator.latent(seed) for seed in config.seeds]))
        steps = STEPS * len(config.seeds)
        known = self.known_pace(generator.space, self.curve, steps, f"loop {config.seeds}")
        self.pace = estimated(generator.space, self.curve, steps) if known is None else known
        self.shares = np.linspace(0.0, 1.0, steps + 1)
        self._lap: float | None = None
        self._newer: Floats | None = None

    def take(self, pace: Floats) -> None:
        """Used from the next lap on: where a lap begins, all paces are at the same place."""
        self._newer, self.measured = pace, True

    def at(self, t: float, controls: Values) -> Latent:
        lap, part = divmod(t / self.period + controls.get(ASKED_STEPS, 0.0) / self.count, 1.0)
        if self._newer is not None and lap != self._lap:
            self.pace, self._newer = self._newer, None
        self._lap = lap
        return self.curve(float(np.interp(part, self.shares, self.pace)))
