"""From favourite to favourite, it rests at each and travels on to the next.

The favourites are those that a curator chose in the model, in that order: ``curate MODEL``.
"""

import shlex
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from installation.core.contracts import ASKED_STEPS, Generator, GeneratorConfig, Latent, Space, WalkConfig
from installation.core.controls import Control, Values
from installation.core.durations import Seconds
from installation.core.errors import PartError, did_you_mean
from installation.core.invocation import program
from installation.walks._path import Floats, PacedWalk, closed_curve, digest, estimated

STEPS, MOST_STEPS = 32, 1024
"""Pictures painted for each favourite to measure the pace, and for all of them together."""
RAMP = 0.15
"""The part of a way in which it gets up to its pace, and in which it comes to rest again."""
BREATHS = (7.0, 11.0)
"""About the seconds of a breath along each of two directions; a rest holds whole ones."""
DEEPEST = 0.25
"""Standard deviations that one level of breath moves at most, however little is seen of it."""


class Config(WalkConfig):
    kind: Literal["gallery"] = "gallery"
    names: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (), max_length=500, description="some of the model's favourites, in this order; without, all in the curator's"
    )
    rest: Annotated[Seconds, Field(ge=1.0)] = Field(20.0, description="time at each favourite, at speed 1 (s)")
    travel: Annotated[Seconds, Field(ge=0.5)] = Field(12.0, description="time to the next, on average (s)")
    breath: float = Field(1.5, ge=0.0, le=10.0, description="how much the picture moves at rest (levels of 255)")

    def controls(self) -> tuple[Control, ...]:
        words = "how much the picture moves while it rests"
        return (self.speed, Control("/walk/breath", words, "float", 0.0, 10.0, self.breath, "level"))

    def check(self, generator: GeneratorConfig) -> None:
        check_names(self.names, generator.favourites(), getattr(generator, "model", None))

    def open(self, generator: Generator, seed: int) -> "Gallery":
        return Gallery(self, generator)


class Gallery(PacedWalk):
    """After ``period`` seconds it is where it began. All ways are gone at the same visible pace, so each takes its own
    time; at either end a way is at rest. A pace that is measured later (``take``) makes each way even, and leaves it
    the time that it had."""

    def __init__(self, config: Config, generator: Generator) -> None:
        self.latents = chosen(generator.space, config.names)
        self.rest, self.breath = config.rest, config.breath
        self.curve = closed_curve(self.latents)
        count = len(self.latents)
        steps = max(4 * count, min(STEPS * count, MOST_STEPS))
        self.shares = np.linspace(0.0, 1.0, steps + 1)
        self._newer: Floats | None = None
        known = self.known_pace(generator.space, self.curve, steps, f"gallery {digest(self.latents)}")
        self._use(estimated(generator.space, self.curve, steps) if known is None else known)
        # When each favourite is come to, and how long the way from it takes.
        self.ways = np.diff(self.stations) * config.travel * (count if count > 1 else 0)
        self.arrivals = np.concatenate([[0.0], np.cumsum(self.ways + self.rest)])
        self.period = float(self.arrivals[-1])
        self._chest = chest(generator.space)
        self._turns = np.array([max(1, round(self.rest / breath)) for breath in BREATHS])

    def take(self, pace: Floats) -> None:
        """Used from the next rest on: the picture there does not depend on the pace."""
        self._newer, self.measured = pace, True

    def _use(self, pace: Floats) -> None:
        self.pace = pace
        # Where on the visible length each favourite lies.
        self.stations = np.interp(np.arange(len(self.latents) + 1) / len(self.latents), pace, self.shares)

    def at(self, t: float, controls: Values) -> Latent:
        asked = controls.get(ASKED_STEPS, 0.0)
        steps = int(np.floor(asked))
        here = self._at(t, steps, controls)
        return here if steps == asked else self._between(t, here, steps, asked - steps)

    def _at(self, t: float, steps: int, controls: Values) -> Latent:
        station, since = self._station(t, steps)
        if since < self.rest:
            if self._newer is not None:
                self._use(self._newer)
                self._newer = None
            return self._resting(station, since / self.rest, controls.get("/walk/breath", self.breath))
        return self._on(self._place(station, since))

    def _between(self, t: float, here: Latent, steps: int, part: float) -> Latent:
        """On the way from ``here``, where it is after some steps, to where it is after one more, with its breath."""
        first, second = (self._place(*self._station(t, steps + more)) for more in (0, 1))
        there: Latent = self._on(first + part * ((second - first) % 1.0)) + here - self._on(first)
        return there

    def _station(self, t: float, steps: int) -> tuple[int, float]:
        """The favourite that it rests at or has left, and the seconds since it came there. Some steps on, it is as far
        into the way from another one."""
        now, count = t % self.period, len(self.latents)
        station = min(int(np.searchsorted(self.arrivals, now, side="right")), count) - 1
        since, other = now - float(self.arrivals[station]), (station + steps) % count
        if other != station and since > self.rest:
            since = self.rest + (since - self.rest) * float(self.ways[other] / max(self.ways[station], 1e-9))
        return other, since

    def _place(self, station: int, since: float) -> float:
        """Where on the visible length it is, 0..1, so long after it came to a favourite."""
        part = eased(min(1.0, max(0.0, since - self.rest) / max(float(self.ways[station]), 1e-9)))
        return float(self.stations[station] + part * (self.stations[station + 1] - self.stations[station]))

    def _on(self, place: float) -> Latent:
        return self.curve(float(np.interp(place % 1.0, self.shares, self.pace)))

    def _resting(self, station: int, part: float, breath: float) -> Latent:
        """At a favourite, and a little around it: more in the middle of the rest, and not at all at its ends."""
        swing = np.sin(2 * np.pi * part * self._turns) * (breath * np.sin(np.pi * part) ** 2)
        return self.latents[station] + swing.astype(np.float32) @ self._chest


def chosen(space: Space, names: tuple[str, ...]) -> NDArray[np.float32]:
    """(n, latent_dim) the favourites of these names, or all. Raises PartError where the model has no such favourite."""
    check_names(names, space.names)
    latents = np.asarray(space.favourites, np.float32)
    return latents[[space.names.index(name) for name in names]] if names else latents


def check_names(names: tuple[str, ...], favourites: tuple[str, ...], model: Path | None = None) -> None:
    """Raises PartError where there are no favourites, or none of a name. ``model`` is the file that has none."""
    if not favourites:
        raise PartError(
            "the walk gallery goes through a model's favourites, and this model has none yet; choose some: "
            f'{program()} curate {shlex.quote(str(model)) if model else "MODEL"}, or write walk = "wander"'
        )
    unknown = next((name for name in names if name not in favourites), None)
    if unknown is not None:
        hint = did_you_mean(unknown, favourites) or f"there are {', '.join(favourites)}"
        raise PartError(f'walk.names: the model has no favourite "{unknown}"; {hint}')


def chest(space: Space) -> NDArray[np.float32]:
    """(2, latent_dim) what changes the picture by one level, along the two main directions."""
    levels = np.minimum(1.0 / np.maximum(space.gain[:2], 1e-6), DEEPEST)
    rows: NDArray[np.float32] = (space.basis[:2] * (space.std[:2] * levels)[:, None]).astype(np.float32)
    return rows


def eased(part: float) -> float:
    """How far a way is gone after a part of its time: evenly, but for a soft start and end."""
    if part > 0.5:
        return 1.0 - eased(1.0 - part)
    if part >= RAMP:
        return (part - RAMP / 2) / (1.0 - RAMP)
    return float(part - RAMP / np.pi * np.sin(np.pi * part / RAMP)) / 2 / (1.0 - RAMP)
