"""Which picture size is learnt when: stages that grow, and how each new size is blended in. Common to GAN and VAE."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from installation.core.errors import TrainingError


@dataclass(frozen=True)
class Phase:
    """Train at `resolution` px for `kimg` thousand real pictures."""

    resolution: int
    kimg: float


class Schedule(Protocol):
    """What any recipe says about sizes; see Recipe."""

    @property
    def stages(self) -> tuple[Phase, ...]: ...

    @property
    def fade(self) -> float: ...


def spans(stages: Sequence[Phase]) -> Iterator[tuple[Phase, float, float]]:
    """(stage, first picture, last picture) of each."""
    start = 0.0
    for stage in stages:
        yield stage, start, start + stage.kimg * 1000
        start += stage.kimg * 1000


def phase_at(recipe: Schedule, images: int) -> tuple[int, float]:
    """(resolution, fade): the stage after so many pictures, and how far its resolution is blended in, 0..1. That takes
    `recipe.fade` pictures, but never more than half of the stage."""
    stage, start, end = _at(recipe.stages, images)
    fade = max(1.0, min(recipe.fade, (end - start) / 2))
    return stage.resolution, min(1.0, (images - start) / fade) if start else 1.0


def _at(stages: Sequence[Phase], images: float) -> tuple[Phase, float, float]:
    every = list(spans(stages))
    return next((span for span in every if images < span[2]), every[-1])


def continued(past: Sequence[Phase], images: int, wanted: Sequence[Phase]) -> tuple[Phase, ...]:
    """The schedule of a run that has seen `images` pictures by the schedule `past` and now has the options `wanted`.

    What was done stays as it was. The present size goes on for as long as `wanted` says (of what it has, nothing is
    taken away), then come the larger sizes. So a size is blended in from its own first picture, whenever it is added.
    """
    if images == 0:
        return tuple(wanted)
    present, start, _ = _at(past, images)
    done = tuple(stage for stage, _, end in spans(past) if end <= start)
    asked = next((stage.kimg for stage in wanted if stage.resolution == present.resolution), 0.0)
    now = Phase(present.resolution, max(asked, (images - start) / 1000))
    schedule = (*done, now, *(stage for stage in wanted if stage.resolution > present.resolution))
    if any(b.resolution != 2 * a.resolution for a, b in pairwise(schedule)):
        raise TrainingError(
            f"--stages {in_words(wanted)} does not go on from {present.resolution} px, where the checkpoint is: "
            f"each size is twice the one before, so {present.resolution * 2} px comes next."
        )
    return schedule


def in_words(stages: Sequence[Phase]) -> str:
    """As `--stages` takes it."""
    return ",".join(f"{stage.resolution}:{stage.kimg:g}" for stage in stages)


@dataclass
class Timetable:
    """Where a run is in its schedule. `effort` says what a picture of a size costs, in any unit; `images`, how many
    pictures it has seen."""

    recipe: Schedule
    effort: Callable[[int], float]
    images: Callable[[], int]

    @property
    def total(self) -> int:
        return int(sum(stage.kimg for stage in self.recipe.stages) * 1000)

    def phase(self) -> tuple[int, float]:
        return phase_at(self.recipe, self.images())

    def left(self) -> float:
        images, now = self.images(), self.effort(self.phase()[0])
        ahead = ((stage, end - max(start, images)) for stage, start, end in spans(self.recipe.stages))
        return sum(max(0.0, count) * self.effort(stage.resolution) / now for stage, count in ahead)


@dataclass(frozen=True)
class OneSize:
    """The timetable of a run that learns one size, from `total` pictures."""

    resolution: int
    total: int
    images: Callable[[], int]

    def phase(self) -> tuple[int, float]:
        return self.resolution, 1.0

    def left(self) -> float:
        return max(0.0, self.total - self.images())


def softened(real: Tensor, fade: float) -> Tensor:
    """Real pictures as far as the newest resolution is blended in."""
    if fade >= 1:
        return real
    soft = F.interpolate(F.avg_pool2d(real, 2), scale_factor=2, mode="bilinear", align_corners=False)
    return torch.lerp(soft, real, fade)
