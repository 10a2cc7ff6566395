"""An encoder's training data: generated pictures with known coordinates, and real ones without."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from installation.training.encoder.frozen import Frozen, Tick
from installation.training.encoder.pixels import Pictures, channels_first, levels
from installation.training.encoder.recipe import Recipe

HELD_OUT = 16
"""One in this many real pictures is held out, to measure the error on."""
BLOCK, STEP = 0, 1
"""Streams of random numbers, by purpose."""


class Pairs:
    """Draws for each step. ``real`` and ``held`` (n, 3, resolution, resolution) uint8 are the real pictures, those to
    learn from and those to measure on."""

    def __init__(self, frozen: Frozen, recipe: Recipe, real: Pictures | None, dtype: torch.dtype) -> None:
        self.frozen, self.recipe, self.dtype = frozen, recipe, dtype
        pictures = torch.zeros(0, 3, 1, 1, dtype=torch.uint8) if real is None else channels_first(real)
        held = torch.arange(len(pictures)) % HELD_OUT == 0
        self.real, self.held = pictures[~held], pictures[held]
        self._block: tuple[int, Tensor, Tensor] | None = None

    def generated(self, step: int, chance: torch.Generator) -> tuple[Tensor, Tensor]:
        """Coordinates (batch, k) and their pictures (batch, 3, r, r) uint8, drawn from the step's block."""
        number = step // self.recipe.block
        if self._block is None or self._block[0] != number:
            self._block = (number, *self.painted(self.chance(BLOCK, number), 2 * self.recipe.batch, self.recipe.psi))
        _, known, pictures = self._block
        index = torch.randperm(len(known), generator=chance)[: self.recipe.batch]
        return known[index], pictures[index]

    @torch.no_grad()
    def painted(
        self, chance: torch.Generator, count: int, psi: tuple[float, float], tick: Tick = lambda _: None
    ) -> tuple[Tensor, Tensor]:
        """Coordinates (count, k), truncated by a psi of that range each, and their pictures (count, 3, r, r) uint8."""
        low, high = psi
        known = self.frozen.draw(count, chance) * (low + (high - low) * torch.rand(count, 1, generator=chance))
        return known, levels(self.frozen.painted(known, self.dtype, tick))

    def drawn(self, chance: torch.Generator) -> Tensor:
        """Real pictures, half of them mirrored; an empty batch if there are none."""
        if not len(self.real):
            return torch.zeros(0, 3, self.frozen.resolution, self.frozen.resolution, dtype=torch.uint8)
        x = self.real[torch.randint(len(self.real), (self.recipe.real,), generator=chance)]
        return torch.where(torch.rand(len(x), 1, 1, 1, generator=chance) < 0.5, x, x.flip(3))

    def chance(self, what: int, number: int) -> torch.Generator:
        seed = np.random.default_rng((self.recipe.seed, what, number)).integers(2**62)
        return torch.Generator().manual_seed(int(seed))
