"""The training of the generator: its pictures for the judges, an optimiser step, and its moving average."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from installation.networks.stylegan2_generator import Architecture, StyleGan2
from installation.training.dataset.pictures import Picture
from installation.training.gan.augment import DICE
from installation.training.gan.judges import Judge, Lesson, adam
from installation.training.gan.recipe import Recipe
from installation.training.loop.average import MovingAverage, share_of
from installation.training.loop.devices import Devices
from installation.training.loop.numbers import Numbers, noise
from installation.training.loop.optimisers import descend
from installation.training.loop.samples import in_groups, seeds

MEAN_OF = 2000
"""Seeds that the mean style is taken from."""


@dataclass(frozen=True)
class Seeds:
    """The random inputs of a batch of generated pictures; all (n, ...)."""

    z: Tensor
    other: Tensor
    """z of the fine blocks of a mixed picture."""
    mixed: Tensor
    """(n, 2) in 0..1: whether a picture is mixed, and from which block on."""
    noise: Tensor
    """(n,) names of its noise (see numbers.py)."""

    def __getitem__(self, part: slice) -> Seeds:
        return Seeds(self.z[part], self.other[part], self.mixed[part], self.noise[part])


class Learner:
    """A generator with its optimiser and its moving average."""

    def __init__(self, arch: Architecture, recipe: Recipe, devices: Devices) -> None:
        self.arch, self.recipe, self.devices = arch, recipe, devices
        self.net = StyleGan2(arch).to(devices.device)
        self.average = MovingAverage(self.net)
        self.optimiser = adam(self.net, recipe.learning_rate)

    def draw(self, numbers: Numbers) -> Seeds:
        """The seeds of the next batch."""
        z, other = numbers.normal(self.arch.z_dim), numbers.normal(self.arch.z_dim)
        return Seeds(z, other, numbers.uniform(2), numbers.names())

    def paint(self, seeds: Seeds, resolution: int, fade: float) -> Tensor:
        """(n, 3, r, r), with a gradient if requested."""
        count = self.arch.noises(resolution)
        own = noise(seeds.noise, count, self.devices.device) if count else None
        return self.net.synthesis(self.styles(seeds, resolution), resolution, fade, self.devices.dtype, own)

    def styles(self, seeds: Seeds, resolution: int) -> Tensor:
        """(n, w_dim), or where styles are mixed (arXiv 1812.04948) (n, blocks in use, w_dim)."""
        w = self.net.mapping(seeds.z)
        blocks = self.arch.resolutions.index(resolution) + 1
        if not self.recipe.mixing or blocks == 1:
            return w
        first = torch.where(seeds.mixed[:, 0] < self.recipe.mixing, 1 + seeds.mixed[:, 1] * (blocks - 1), blocks)
        coarse = torch.arange(blocks, device=w.device) < first.floor()[:, None]
        return torch.where(coarse[:, :, None], w[:, None], self.net.mapping(seeds.other)[:, None])

    def painted_once(self, seeds: Seeds, resolution: int, fade: float, parts: int) -> Callable[[slice], Tensor]:
        """Paints a part of a batch on demand: the same picture for the judges and for the generator's own step. Where
        the batch is one part, it is painted once for both; the memory of several parts would not fit together."""
        if parts > 1:
            return lambda part: self.paint(seeds[part], resolution, fade)
        whole = self.paint(seeds, resolution, fade)
        return lambda _: whole

    def learn(self, judges: Sequence[Judge], real: Tensor, fakes: Callable[[slice], Tensor], lesson: Lesson) -> Tensor:
        """A step on the judges' losses. Returns the loss by each, (judges,), means over this device's part."""
        dice = [(lesson.numbers.uniform(DICE), lesson.numbers.uniform(DICE)) for _ in judges]
        for judge in judges:
            judge.net.requires_grad_(False)
        seen = []
        for part, weight in lesson.parts:
            fake = fakes(part)
            said = [j.hear(fake, real[part], a[part], b[part], lesson) for j, (a, b) in zip(judges, dice, strict=True)]
            losses = torch.stack(said) * weight
            losses.sum().backward()
            seen.append(losses.detach())
        for judge in judges:
            judge.net.requires_grad_(True)
        descend(self.optimiser, self.devices)
        return torch.stack(seen).sum(0)

    def follow(self, images: int) -> None:
        """The moving average takes in a step."""
        self.average.follow(
            self.net, share_of(self.recipe.batch, self.recipe.average, images, self.recipe.average_ramp)
        )

    @torch.inference_mode()
    def painted(self, count: int, psi: float, resolution: int, fade: float) -> Picture:
        """(count, r, r, 3) by the average with its fixed noise, always from the same seeds."""
        net = self.average.net
        w = net.mapping(self.fixed(count, 1))
        if psi != 1:
            w = torch.lerp(net.mapping(self.fixed(MEAN_OF, 2)).mean(0), w, psi)
        return in_groups(lambda few: net.synthesis(few, resolution, fade), w)

    def fixed(self, count: int, seed: int) -> Tensor:
        return seeds(count, self.arch.z_dim, seed).to(self.devices.device)
