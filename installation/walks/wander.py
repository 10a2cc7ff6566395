"""An endless way that never repeats: smooth, seeded, at an even visible speed.

In the whitened principal axes of the latent space each pair of neighbouring axes turns as a circle, at a rate of its
own. A sum of circles has a constant length and a constant speed, so the walk keeps a constant distance from the mean (a
sum of noises would pass near the mean, where all pictures look alike), at about the asked pace, as each axis counts by
the pixel change that it was measured to make. The remaining unevenness is measured and compensated a stretch at a time:
during one stretch the next is measured, a picture at a time, where no hand waits. A stretch that is entered before
that, as after a jump in time, has the circles' own pace.
"""

from typing import Literal

import numpy as np
from pydantic import Field

from installation.core.contracts import ASKED_STEPS, Generator, Latent, Measuring, WalkConfig
from installation.core.controls import Values
from installation.walks._path import Curve, Floats, PacedWalk, measuring

PAIRS = 32
"""Circles walked at most; later axes change too little to be seen."""
STRETCH = 60.0
"""Seconds at speed 1 whose pace is measured together."""
STEPS = 48
"""Pictures painted to measure a stretch."""
STEP = 15.0
"""Seconds that a step moves it on by, as it has no places of its own."""
EVERY = 8
"""Calls of ``look_ahead`` for each of these pictures: this spreads the measuring over time."""


class Config(WalkConfig):
    kind: Literal["wander"] = "wander"
    pace: float = Field(8.0, gt=0.0, le=200.0, description="mean pixel change in one second at speed 1 (levels of 255)")
    reach: float = Field(1.0, gt=0.0, le=2.0, description="how far from the mean it goes (standard deviations)")
    seed: int | None = Field(None, ge=0, le=2**32 - 1, description="another seed, another way; the show's without")

    def open(self, generator: Generator, seed: int) -> "Wander":
        return Wander(self, generator, seed if self.seed is None else self.seed)


class Wander(PacedWalk):
    def __init__(self, config: Config, generator: Generator, seed: int) -> None:
        self.generator, space = generator, generator.space
        pairs = min(PAIRS, len(space.std) // 2)
        rng = np.random.default_rng(seed)
        radius = np.sqrt(2.0) * config.reach
        rates = rng.uniform(0.4, 1.6, pairs) * rng.choice([-1.0, 1.0], pairs)
        gain = space.gain[: 2 * pairs].reshape(pairs, 2).astype(np.float64)
        # Changes along different axes are orthogonal: the speed is the root of their sum of squares.
        seen = radius * np.sqrt((rates**2 * (gain**2).mean(axis=1)).sum())
        self.rates = rates * config.pace / max(seen, 1e-6)
        self.phases = rng.uniform(0.0, 2 * np.pi, pairs)
        self.mean = space.mean
        self.axes = (space.basis[: 2 * pairs] * space.std[: 2 * pairs, None] * radius).astype(np.float32)

        self.shares = np.linspace(0.0, 1.0, STEPS + 1)
        name = f"wander {seed} {config.pace} {config.reach}"
        known = self.known_pace(space, self._stretch(0), STEPS, name)
        self.paces = {0: self.shares if known is None else known}
        self._begun: int | None = None
        self._ahead: tuple[int, Measuring] | None = None
        self._calls = 0

    def at(self, t: float, controls: Values) -> Latent:
        t += STEP * controls.get(ASKED_STEPS, 0.0)
        stretch, rest = divmod(t, STRETCH)
        pace = self._pace(int(stretch))
        return self.latent((stretch + float(np.interp(rest / STRETCH, self.shares, pace))) * STRETCH)

    def latent(self, phase: float) -> Latent:
        """The way before its pace is made even: where it is after ``phase`` seconds."""
        return turned(self.rates, self.phases, self.mean, self.axes, phase)

    def take(self, pace: Floats) -> None:
        """Of the first stretch; used where that has not begun, and at the next start."""
        if self._begun is None:
            self.paces = {0: pace}
        self.measured = True

    def _pace(self, stretch: int) -> Floats:
        """The stretch's pace: measured beforehand, or the circles' own after a jump in time."""
        if stretch not in self.paces:
            self.paces = {stretch: self.shares}
        self._begun = stretch
        return self.paces[stretch]

    def _stretch(self, number: int) -> Curve:
        rates, phases, mean, axes = self.rates, self.phases, self.mean, self.axes  # without the walk, which keeps it
        return lambda u: turned(rates, phases, mean, axes, (number + u) * STRETCH)

    def look_ahead(self) -> None:
        """Paints a picture of the next stretch, each eighth time."""
        self._calls += 1
        stretch = 0 if self._begun is None else self._begun + 1
        if self._calls % EVERY or stretch in self.paces:
            return
        if self._ahead is None or self._ahead[0] != stretch:
            self._ahead = (stretch, measuring(self.generator, self._stretch(stretch), STEPS))
        try:
            next(self._ahead[1])
        except StopIteration as done:
            self.paces = {stretch - 1: self.paces[stretch - 1], stretch: done.value}


def turned(rates: Floats, phases: Floats, mean: Latent, axes: Latent, phase: float) -> Latent:
    """Each pair of ``axes`` is a circle that begins at its phase and turns at its rate (1/s), for ``phase`` seconds."""
    angle = rates * phase + phases
    circles = np.empty((len(angle), 2), np.float32)
    np.cos(angle, out=circles[:, 0], casting="same_kind")
    np.sin(angle, out=circles[:, 1], casting="same_kind")
    return mean + circles.reshape(-1) @ axes
