"""What decides the training of a GAN apart from its pictures and its network, and where in the schedule a run is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Protocol

from installation.core.errors import TrainingError

LOSSES = ("non-saturating", "relativistic", "projected")


@dataclass(frozen=True)
class Stage:
    """Train at `resolution` px for `kimg` thousand real pictures."""

    resolution: int
    kimg: float


class Schedule(Protocol):
    """What any recipe says about sizes; see Recipe."""

    @property
    def stages(self) -> tuple[Stage, ...]: ...

    @property
    def fade(self) -> float: ...


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run apart from the pictures. Counts are in pictures, not in steps."""

    stages: tuple[Stage, ...] = (Stage(32, 60), Stage(64, 40), Stage(128, 100))
    batch: int = 16
    """Pictures in a step, over all devices; a multiple of 4 for each of them."""
    at_once: int | None = None
    """Most pictures on a device at a time; a larger batch is learnt from in parts. None: as fits (see gan.py)."""
    learning_rate: float = 0.0025
    loss: str = "non-saturating"
    """One of LOSSES."""
    r1: float = 5e-5
    """R1 weight per pixel of the picture: gamma = r1 * resolution**2. The relativistic loss has an R2 of the same."""
    r1_every: int = 16
    """The non-saturating loss is penalised at every so many steps, the relativistic one at each."""
    head_start: float = 0
    """Pictures that the discriminator learns from before the generator does, where that is already a good one."""
    fade: float = 4000
    """Pictures over which a new resolution is blended in."""
    average: float = 6000
    """Half-life of the generator's moving average, in pictures; never more than a twentieth of what was seen."""
    augment: bool = True
    share_target: float = 0.6
    share_speed: float = 60_000
    """Pictures in which the share of augmented pictures can go from 0 to 1."""
    seed: int = 0

    @classmethod
    def read(cls, text: str) -> Recipe:
        """From the JSON in a checkpoint; what an older one does not have is as it was then: the default."""
        known = {f.name for f in fields(cls)}
        values = {name: value for name, value in json.loads(text).items() if name in known}
        return cls(**{**values, "stages": tuple(Stage(**stage) for stage in values["stages"])})


def spans(stages: Sequence[Stage]) -> Iterator[tuple[Stage, float, float]]:
    """(stage, first picture, last picture) of each."""
    start = 0.0
    for stage in stages:
        yield stage, start, start + stage.kimg * 1000
        start += stage.kimg * 1000


def stage_at(recipe: Schedule, images: int) -> tuple[int, float]:
    """(resolution, fade): the stage after so many pictures, and how far its resolution is blended in, 0..1."""
    stage, start, _ = _at(recipe.stages, images)
    return stage.resolution, min(1.0, (images - start) / recipe.fade) if start else 1.0


def _at(stages: Sequence[Stage], images: float) -> tuple[Stage, float, float]:
    every = list(spans(stages))
    return next((span for span in every if images < span[2]), every[-1])


def continued(past: Sequence[Stage], images: int, wanted: Sequence[Stage]) -> tuple[Stage, ...]:
    """The schedule of a run that has seen `images` pictures by the schedule `past` and is now asked for `wanted`.

    What was done stays as it was. The present size goes on for as long as `wanted` says (of what it has, nothing is
    taken away), then come the larger sizes. So a size is blended in from its own first picture, whenever it is added.
    """
    if images == 0:
        return tuple(wanted)
    present, start, _ = _at(past, images)
    done = tuple(stage for stage, _, end in spans(past) if end <= start)
    asked = next((stage.kimg for stage in wanted if stage.resolution == present.resolution), 0.0)
    now = Stage(present.resolution, max(asked, (images - start) / 1000))
    schedule = (*done, now, *(stage for stage in wanted if stage.resolution > present.resolution))
    if any(b.resolution != 2 * a.resolution for a, b in pairwise(schedule)):
        raise TrainingError(
            f"--stages {in_words(wanted)} does not go on from {present.resolution} px, where the checkpoint is: "
            f"each size is twice the one before, so {present.resolution * 2} px comes next."
        )
    return schedule


def in_words(stages: Sequence[Stage]) -> str:
    """As `--stages` takes it."""
    return ",".join(f"{stage.resolution}:{stage.kimg:g}" for stage in stages)
