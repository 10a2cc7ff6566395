"""The samples of a run: pictures of its averaged network beside real ones, always from the same seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from installation.training.dataset.pictures import Picture, contact_sheet
from installation.training.dataset.supply import Supply, to_uint8
from installation.training.loop.devices import GROUP

SEEN = 64
"""Samples that the collapse watch and the real pictures' spread are measured on; fewer of 512 px and more."""
ON_SHEET = 36
PSI = 0.7


@dataclass(frozen=True)
class Samples:
    """``phase()`` says the size at hand and its fade, ``painted(count, psi)`` gives (count, r, r, 3) uint8, and
    ``own_sheet()`` the sheet of a network that has one of its own."""

    supply: Supply
    phase: Callable[[], tuple[int, float]]
    painted: Callable[[int, float], Picture]
    own_sheet: Callable[[], Picture] | None = None

    def count(self) -> int:
        return SEEN if self.phase()[0] < 512 else SEEN // 4

    def samples(self) -> Picture:
        """Not truncated."""
        return self.painted(self.count(), 1.0)

    def reals(self) -> Picture:
        return self.supply.evenly(self.phase()[0], self.count())

    def sheet(self) -> Picture:
        if self.own_sheet is not None:
            return self.own_sheet()
        return contact_sheet(self.painted(min(ON_SHEET, self.count()), PSI))


def seeds(count: int, width: int, seed: int) -> Tensor:
    """(count, width) standard normal, the first of always the same."""
    return torch.randn(max(count, SEEN), width, generator=torch.Generator().manual_seed(seed))[:count]


def in_groups(paint: Callable[[Tensor], Tensor], latents: Tensor) -> Picture:
    """Paint latents (n, dim) a few at a time -> (n, r, r, 3) uint8."""
    return np.concatenate([to_uint8(paint(few)) for few in latents.split(GROUP)])
