"""The soft pictures of a network that cannot find the latent of a picture: a GAN, or a converted network.

What it paints of a picture is not known, but how what it paints differs from pictures is: it is a little blurred, and
it holds full-length threads, noise and a texture that no brush made. So a picture is averaged down to the network's
size and made like that, and from it the refiner learns what was there. The texture is the network's own (texture.py);
the other ranges are around what was measured of GANs of 128 px: a Gaussian of 0.42 px, threads of one to two levels of
255. A share of the soft pictures are samples of the network itself. Then all are softened alike, as the refiner has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from installation.core.errors import TrainingError
from installation.networks.model_generator import classes_of
from installation.networks.refined import unrefined
from installation.networks.refiner import SCALE
from installation.training.dataset.pictures import spread
from installation.training.latent.models import OpenModel, at_once, open_model, progress, shown_psi
from installation.training.refiner.cleaning import cleaning
from installation.training.refiner.recipe import Recipe
from installation.training.refiner.soft import Cleaning, blurred
from installation.training.refiner.texture import Texture, measured

Tick = Callable[[int], object]
SMALLEST = 16
"""px: the judge of patches halves what it sees four times."""
CALM = 0.7
"""Samples are truncated by psi from here up to 1."""
SEED = 1
"""Of the samples that are always the same."""
MEASURED = 256
"""Samples, and pictures at most, that the texture is measured of."""


@dataclass(frozen=True)
class Source:
    """A network that paints, without its refiner: ``mean`` (latent,) of its latents, on the CPU; ``cleaning`` is
    what is taken from all that it paints; ``own`` are its samples of which that was found, on the CPU."""

    network: Any
    mean: Tensor
    psi: float
    device: torch.device
    cleaning: Cleaning | None = None
    own: Tensor | None = None

    @property
    def side(self) -> int:
        """Px of a sample."""
        return int(self.network.resolution)

    def sample(self, psi: Tensor | float, count: int, chance: torch.Generator, tick: Tick = lambda _: None) -> Tensor:
        """So many samples (n, 3, r, r), clipped to -1..1 as a screen does, each truncated by its psi (n, 1)."""
        z = torch.randn(count, self.network.z_dim, generator=chance)
        w = torch.from_numpy(self.network.mapping(z.numpy()))
        styles = (self.mean + psi * (w - self.mean)).unflatten(1, (classes_of(self.network), -1))
        chosen = styles[torch.arange(count), torch.randint(styles.shape[1], (count,), generator=chance)]
        painted = []
        for some in chosen.split(at_once(self.network)):
            painted.append(self.synthesis(some))
            tick(len(some))
        whole = torch.cat(painted).clamp(-1, 1)
        return self.cleaning.of(whole) if self.cleaning else whole.clone()  # one that autograd may keep

    def usual(self) -> Tensor:
        """MEASURED samples as they hang, always the same, on the CPU; painted once, with a bar."""
        if self.own is not None:
            return self.cleaning.of(self.own) if self.cleaning else self.own
        with progress("looking at what it paints", MEASURED) as tick:
            return self.sample(self.psi, MEASURED, torch.Generator().manual_seed(SEED), tick).cpu()

    def synthesis(self, latents: Tensor) -> Tensor:
        painted: Tensor = self.network.synthesis(latents)
        return painted


def source(model: OpenModel, device: torch.device, pictures: Tensor | None = None) -> Source:
    """Cleaned of what it paints that is in no ``pictures`` (n, 3, r, r), where there are some. Raises TrainingError for
    a network whose pictures are not square, or cannot be halved."""
    opened = model if device.type == "cpu" else open_model(model.path, device.type)
    one = Source(unrefined(opened.network), torch.from_numpy(model.space.mean), shown_psi(model), device)
    height, width = one.sample(1.0, 1, torch.Generator()).shape[2:]
    if height != width or height & (height - 1):
        raise unfit(model, width, height)
    if pictures is not None:
        own = one.usual()
        one = replace(one, cleaning=cleaning(own, pictures), own=own)
    return one


def unfit(model: OpenModel, width: int, height: int, what: str = "a refiner", least: int = SMALLEST) -> TrainingError:
    squares = f"squares of {least}, {2 * least}, {4 * least} ... px"
    return TrainingError(f"{model.path}: paints {width}x{height} px; {what} is for {squares}.")


class Degraded:
    """Pictures made as the network paints, and its samples. The last of all pictures may be those that a teacher made
    of samples: ``taught`` (m, 3, r, r)."""

    def __init__(self, source: Source, recipe: Recipe, taught: Tensor | None = None) -> None:
        self.source, self.recipe = source, recipe
        self.side, self.device, self.cleaning = source.side, source.device, source.cleaning
        self.taught = torch.empty(0, 3, self.side, self.side) if taught is None else taught
        self.real = 0
        self.texture: Texture | None = None

    def learn(self, small: Tensor) -> None:
        """How many are no teacher's, as each is made anew when it is dealt; and what texture they have not."""
        self.real = len(small) - len(self.taught)
        if self.recipe.texture:
            few = small[torch.from_numpy(spread(self.real, min(MEASURED, self.real)))]
            soft = self.usual(few.permute(0, 3, 1, 2) / 127.5 - 1)
            self.texture = measured(self.source.usual(), soft)
        self.source = replace(self.source, own=None)

    def dealt(self, hand: Tensor, real: Tensor, known: Tensor, chance: torch.Generator) -> tuple[Tensor, Tensor]:
        own = ~known | (hand[:, 0] >= self.real)
        sharpest, softest = self.recipe.sharpest, self.recipe.softest
        blur = sharpest + (softest - sharpest) * torch.rand(len(hand), generator=chance)
        soft = blurred(self.halved(hand, real), torch.where(own, 0.0, blur))
        if self.texture:
            drawn = self.recipe.texture * self.texture.drawn(len(soft), chance)
            soft = soft + torch.where(own[:, None, None, None], 0.0, drawn).to(soft.device)
        count = int((~known).sum())
        if count:
            psi = CALM + (1 - CALM) * torch.rand(count, 1, generator=chance)
            soft[(~known).to(soft.device)] = self.source.sample(psi, count, chance)
        return soft, own

    def halved(self, hand: Tensor, real: Tensor) -> Tensor:
        """The pictures of a hand averaged down; in place of a teacher's the sample that it is of."""
        soft, mine = F.avg_pool2d(real, SCALE), hand[:, 0] >= self.real
        if mine.any():
            index, mirrored = hand[mine].unbind(1)
            samples = self.taught[index - self.real]
            samples = torch.where(mirrored[:, None, None, None].bool(), samples.flip(3), samples)
            soft[mine.to(soft.device)] = samples.to(soft.device)
        return soft

    def worn(self, soft: Tensor, own: Tensor, chance: torch.Generator) -> Tensor:
        """With threads and noise but for what the network painted itself, and softened."""
        n, _, height, width = soft.shape
        dice = torch.rand(n, 3, generator=chance) * ~own[:, None]
        shapes = ((n, 1, 1, width), (n, 1, height, 1), (n, 3, height, width))  # columns, rows, each pixel
        for share, shape in zip(dice.unbind(1), shapes, strict=True):
            strength = (share * self.recipe.threads / 127.5)[:, None, None, None]
            soft = soft + (strength * torch.randn(shape, generator=chance)).to(soft.device)
        return self.softened(soft.clamp(-1, 1))

    def softened(self, soft: Tensor) -> Tensor:
        """As the refiner softens what the network paints."""
        return blurred(soft, torch.full((len(soft),), self.recipe.clean)) if self.recipe.clean else soft

    def usual(self, soft: Tensor) -> Tensor:
        """As blurred as pictures are in the middle."""
        return blurred(soft, torch.full((len(soft),), (self.recipe.sharpest + self.recipe.softest) / 2))

    def shown(self, index: Tensor, real: Tensor) -> Tensor:
        """Blurred as usual, without texture, threads and noise."""
        soft = self.halved(torch.stack([index, torch.zeros_like(index)], 1), real)
        mine = (index >= self.real)[:, None, None, None].to(soft.device)
        return self.softened(torch.where(mine, soft, self.usual(soft)))

    def samples(self, count: int) -> Tensor:
        return self.softened(self.source.sample(self.source.psi, count, torch.Generator().manual_seed(SEED)))
