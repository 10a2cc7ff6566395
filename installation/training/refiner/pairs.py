"""Pairs to learn from: what a model paints of a picture, softly, and the picture.

How the soft one is made depends on the model (see soft.py); a share of the soft pictures are samples of it. Windows of
a pair are taken at any position, both halves are mirrored together and their colours changed together, so that the
refiner does not depend on the position in a picture, and memorises a thousand pictures later.

A picture with enough real detail is *fine*: it is judged at twice the soft picture's size. Others hold nothing there
and are averaged down to the soft picture's size, and so is what is painted of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from installation.networks.refiner import SCALE
from installation.networks.tone import enlarged
from installation.training.dataset.pictures import Picture
from installation.training.dataset.supply import Supply
from installation.training.refiner.recipe import Recipe
from installation.training.refiner.soft import Soft

HELD = 32
"""Every so many pictures one is held out, where there are at least twice as many."""
PLAIN = 0.5
"""What a picture counts that is not fine, at most: a fine one counts 1."""
LEAST = 0.02
TAUGHT = 2.0
"""How often a teacher's pictures are dealt, in times all others together."""


@dataclass(frozen=True)
class Pairs:
    """Windows: ``soft`` (n, 3, w, w) and ``real`` (n, 3, 2w, 2w) in -1..1; (n,) bool, whether the real one is ``fine``,
    whether the soft one is ``known``: made of the real one, and no sample of the model, and whether it is a sample and
    the real one a teacher's ``lesson`` on it."""

    soft: Tensor
    real: Tensor
    fine: Tensor
    known: Tensor
    lesson: Tensor

    def judged(self, picture: Tensor) -> Tensor:
        """A picture of twice the size, without what its pair has no real detail for."""
        return torch.where(self.fine[:, None, None, None], picture, enlarged(F.avg_pool2d(picture, SCALE)))


class PairSupply:
    """Deals pairs of the pictures (n, 2r, 2r, 3) uint8 for a model of r px."""

    def __init__(
        self,
        pictures: Picture,
        detail: NDArray[np.float64] | None,
        soft: Soft,
        recipe: Recipe,
        lessons: int = 0,
    ) -> None:
        """``detail`` (n,): px of real detail along each picture's side; without, all are fine. The last ``lessons``
        pictures are a teacher's."""
        self.soft, self.recipe, self.side = soft, recipe, soft.side
        detail = np.full(len(pictures), np.inf) if detail is None else detail
        self.fine = torch.from_numpy(detail >= recipe.fine * self.side)
        self.large = SCALE * self.side
        shares = beside(worth(detail, self.side, recipe.fine), lessons)
        self.supply, self.taught = Supply(pictures, shares * self.large), len(pictures) - lessons
        soft.learn(self.supply.pyramid[self.side])

    def __len__(self) -> int:
        return len(self.supply)

    def held(self) -> Tensor:
        """(n,) bool: the pictures that are never learnt from."""
        index = torch.arange(len(self))
        return (index % HELD == 0) & (len(self) >= 2 * HELD) & (index + 1 < len(self))

    def deal(self, chance: torch.Generator, device: torch.device) -> Pairs:
        """The next batch of windows."""
        recipe = self.recipe
        hand = self.supply.deal(recipe.batch, self.large, chance)
        hand[:, 0] += self.held()[hand[:, 0]]  # in place of one that is held out, the one beside it
        real = self.supply.show(hand, self.large, device)
        known = torch.randperm(recipe.batch, generator=chance) >= self.imagined(chance)
        soft, own = self.soft.dealt(hand, real, known, chance)
        soft, real = windows(soft, real, torch.rand(recipe.batch, 2, generator=chance), recipe.window)
        soft = self.soft.worn(soft, own, chance)
        dice = recipe.colour * (2 * torch.rand(recipe.batch, 3, generator=chance) - 1)
        masks = (mask.to(device) for mask in (self.fine[hand[:, 0]], known, known & (hand[:, 0] >= self.taught)))
        return Pairs(recoloured(soft, dice), recoloured(real, dice), *masks)

    def imagined(self, chance: torch.Generator) -> int:
        """How many of a batch are samples of the model: nearly always the same, as a graphics card takes a while to
        plan each layer for another number of pictures."""
        prior = 0.0 if self.recipe.conditional else self.recipe.prior
        return int(prior * self.recipe.batch + float(torch.rand((), generator=chance)))

    @torch.no_grad()
    def known(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Whole soft pictures, always the same, and the pictures (n, 3, 2r, 2r) that they are of."""
        real = self.supply.show(torch.stack([index, torch.zeros_like(index)], 1), self.large, self.soft.device)
        return self.soft.shown(index, real), real

    def state(self) -> dict[str, Any]:
        return self.supply.state()

    def load(self, state: dict[str, Any]) -> list[str]:
        return self.supply.load(state)


def worth(detail: NDArray[np.float64], side: int, fine: float) -> NDArray[np.float64]:
    """(n,) how often pictures are dealt: 1 for a fine one; PLAIN for one that holds all that the soft picture's size
    shows and a quarter more, less by the square of what it lacks."""
    share = np.minimum(1, detail / (1.25 * side))
    worth: NDArray[np.float64] = np.where(detail >= fine * side, 1.0, np.maximum(LEAST, PLAIN * share**2))
    return worth


def beside(worth: NDArray[np.float64], lessons: int) -> NDArray[np.float64]:
    """(n,) how often pictures are dealt where the last so many are a teacher's."""
    if not lessons:
        return worth
    others = worth[:-lessons] * min(1.0, lessons / (TAUGHT * worth[:-lessons].sum()))
    return np.concatenate([others, np.ones(lessons)])


def windows(soft: Tensor, real: Tensor, dice: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """The same window of each soft picture, ``side`` px wide, and of the real one; ``dice`` (n, 2) in 0..1."""
    corners = (dice * (soft.shape[-1] - side + 1)).long()
    return taken(soft, corners, side), taken(real, SCALE * corners, SCALE * side)


def taken(x: Tensor, corners: Tensor, side: int) -> Tensor:
    """Of each picture (n, 3, h, h) the window at a position (n, 2), row and column."""
    cut = [one[:, y : y + side, x0 : x0 + side] for one, (y, x0) in zip(x, corners.tolist(), strict=True)]
    return torch.stack(cut)


def recoloured(x: Tensor, dice: Tensor) -> Tensor:
    """Brightness, contrast and saturation of pictures (n, 3, h, w), by ``dice`` (n, 3) about 0."""
    brightness, contrast, saturation = (d[:, None, None, None].to(x.device) for d in dice.unbind(1))
    grey = x.mean(1, keepdim=True)
    return ((grey + (x - grey) * (1 + saturation)) * (1 + contrast) + brightness).clamp(-1, 1)
