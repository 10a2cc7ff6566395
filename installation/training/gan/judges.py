"""The judges of a GAN: discriminators, each with its input region, its training and its weight in the loss.

The first is given the whole picture, and it alone controls the augmentation. There may be another for the band round
the eyes (eye_band.py), and one on the features of a pretrained network (projected.py): never alone, as it improves
textures but degrades faces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from installation.networks.stylegan2_generator import Architecture
from installation.training.gan.augment import DICE, augment
from installation.training.gan.discriminator import Discriminator
from installation.training.gan.eye_band import EyeBand, band
from installation.training.gan.losses import Loss, lecam, loss_d, loss_g, penalty
from installation.training.gan.projected import Projected
from installation.training.gan.recipe import Recipe
from installation.training.loop.devices import Devices
from installation.training.loop.numbers import Numbers
from installation.training.loop.optimisers import descend

EYES, PROJECTED = "eyes", "projected"
HISTORY_MEMORY = 0.01
"""How fast the running means of scores decay, per step (arXiv 2104.03310)."""
EYE_MAPS = 64

Parts = Sequence[tuple[slice, float]]
"""A part of a batch that is processed at once: (pictures, share of this device's part of the batch)."""


@dataclass(frozen=True)
class Lesson:
    """What is the same for all judges in one step."""

    numbers: Numbers
    parts: Parts
    fade: float
    share: Tensor
    """(1,) probability of each augmentation."""
    r1: float


@dataclass(frozen=True)
class Manner:
    """How a judge is trained and weighted."""

    loss: Loss
    weight: float = 1.0
    """Weight of its loss for the generator."""
    lecam: float = 0.0
    augment: bool = True
    always: bool = False
    """Whether its pictures are always augmented, instead of with the adaptive probability."""
    view: Callable[[Tensor], Tensor] | None = None
    """The function that cuts its input from pictures; None: the whole picture."""


class Judge:
    """One discriminator with its optimiser."""

    def __init__(self, name: str, net: nn.Module, recipe: Recipe, manner: Manner, devices: Devices) -> None:
        self.name, self.manner, self.devices = name, manner, devices
        self.net = net.to(devices.device)
        lazy = recipe.r1_every / (recipe.r1_every + 1) if manner.loss == "non-saturating" else 1.0
        self.every = recipe.r1_every if manner.loss == "non-saturating" else 0
        self.optimiser = adam(self.net, recipe.learning_rate * lazy, 0.99**lazy)
        self.history = torch.zeros(2, device=devices.device)
        if isinstance(net, Projected):
            self.optimiser.register_step_post_hook(lambda *_: net.settle())

    def learn(self, real: Tensor, fakes: Callable[[slice], Tensor], lesson: Lesson) -> Tensor:
        """A step from real and painted pictures. Returns (2,): how sure it is of the real ones, -1..1, and its loss,
        both means over this device's part."""
        dice, others = lesson.numbers.uniform(DICE), lesson.numbers.uniform(DICE)
        relativistic = self.manner.loss == "relativistic"
        seen, scored = [], []
        for part, weight in lesson.parts:
            fake = fakes(part).detach()
            both = torch.cat([self.alter(real[part], dice[part], lesson), self.alter(fake, others[part], lesson)])
            both.requires_grad_(relativistic)
            score_real, score_fake = (scores := self.score(both, lesson)).chunk(2)
            loss = loss_d(score_real, score_fake, self.manner.loss)
            sure = (score_real - score_fake if relativistic else score_real).detach().sign().mean()
            seen.append(torch.stack([sure, loss.detach()]) * weight)
            scored.append(torch.stack([score_real.detach().mean(), score_fake.detach().mean()]) * weight)
            if relativistic:  # the mean over twice as many pictures is half of R1 + R2
                loss = loss + 2 * penalty(scores, both, lesson.r1)
            if self.manner.lecam:
                loss = loss + self.manner.lecam * lecam(score_real, score_fake, self.history)
            (loss * weight).backward()
        descend(self.optimiser, self.devices)
        self.remember(torch.stack(scored).sum(0))
        return torch.stack(seen).sum(0)

    def remember(self, scores: Tensor) -> None:
        """The running means of real and fake scores, for LeCam."""
        if self.manner.lecam:
            self.devices.mean_([scores])
            self.history.lerp_(scores, HISTORY_MEMORY)

    def penalise(self, real: Tensor, lesson: Lesson, steps: int) -> None:
        """R1 where it is due, times the steps between, because it is rare (arXiv 1912.04958)."""
        if not self.every or steps % self.every:
            return
        dice = lesson.numbers.uniform(DICE)
        for part, weight in lesson.parts:
            seen = self.alter(real[part], dice[part], lesson).requires_grad_(True)
            (penalty(self.score(seen, lesson), seen, lesson.r1) * (weight * self.every)).backward()
        descend(self.optimiser, self.devices)

    def hear(self, fake: Tensor, real: Tensor, dice: Tensor, others: Tensor, lesson: Lesson) -> Tensor:
        """The loss of the generator by this judge, weighted; the judge itself does not learn from it."""
        scores = self.score(self.alter(fake, dice, lesson), lesson)
        relativistic = self.manner.loss == "relativistic"
        beside = self.score(self.alter(real, others, lesson), lesson) if relativistic else None
        return loss_g(scores, beside, self.manner.loss) * self.manner.weight

    def alter(self, pictures: Tensor, dice: Tensor, lesson: Lesson) -> Tensor:
        """Its input region of the pictures, augmented."""
        seen = self.manner.view(pictures) if self.manner.view else pictures
        if not self.manner.augment:
            return seen
        return augment(seen, 1.0 if self.manner.always else lesson.share, dice)

    def score(self, seen: Tensor, lesson: Lesson) -> Tensor:
        scores: Tensor = self.net(seen, lesson.fade, self.devices.dtype)
        return scores


def judges_of(arch: Architecture, recipe: Recipe, devices: Devices) -> list[Judge]:
    """The judges of a recipe, the one of the whole picture first."""
    loss: Loss = "relativistic" if recipe.loss == "relativistic" else "non-saturating"
    whole = Manner(loss, lecam=recipe.lecam if loss == "non-saturating" else 0.0, augment=recipe.augment)
    judges = [Judge("d", Discriminator(arch, devices.depthwise), recipe, whole, devices)]
    if recipe.eyes:
        manner = Manner(loss, recipe.eyes, augment=recipe.augment, view=band)
        judges.append(Judge(EYES, EyeBand(min(EYE_MAPS, arch.channels[0]), devices.depthwise), recipe, manner, devices))
    if recipe.projected:
        manner = Manner("hinge", recipe.projected, always=True)
        net = Projected(devices.device, devices.dtype, devices.depthwise)
        judges.append(Judge(PROJECTED, net, recipe, manner, devices))
    return judges


def adam(net: nn.Module, rate: float, beta2: float = 0.99) -> torch.optim.Adam:
    return torch.optim.Adam(net.parameters(), lr=rate, betas=(0.0, beta2), fused=True)
