"""The pictures shown during a refiner's training: samples and held-out pictures, always the same."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from installation.networks.refiner import Refiner
from installation.networks.tone import enlarged
from installation.training.dataset.pictures import Picture
from installation.training.dataset.supply import to_uint8
from installation.training.refiner.pairs import PairSupply

SHOWN = 8
"""Pictures in a row of the sheet."""
SEEN = 64
AT_ONCE = 8


class Shown:
    """``ema`` is the averaged refiner, which goes on learning."""

    def __init__(self, pairs: PairSupply, ema: Refiner) -> None:
        self.pairs, self.ema = pairs, ema

    def samples(self) -> Picture:
        return to_uint8(self.refined(self.pairs.soft.samples(SEEN)))

    def reals(self) -> Picture:
        return self.pairs.supply.evenly(self.pairs.large, SEEN)

    @torch.inference_mode()
    def refined(self, soft: Tensor) -> Tensor:
        """By the averaged refiner, with its fixed grain."""
        return torch.cat([self.ema(some) for some in soft.split(AT_ONCE)])

    def held_out(self, count: int) -> Tensor:
        """Indices of pictures that are not learnt from, fine ones first; of any where none are held out."""
        held = self.pairs.held()
        away = (held if held.any() else torch.ones_like(held)).nonzero()[:, 0]
        order = torch.argsort(self.pairs.fine[away].float(), descending=True, stable=True)
        return away[order][:count]

    @torch.inference_mode()
    def sheet(self) -> Picture:
        """Held-out pictures: plain enlargement of the soft ones, painted, real; then two rows of samples,
        each above what is painted on it."""
        soft, real = self.pairs.known(self.held_out(SHOWN))
        seeds = self.pairs.soft.samples(2 * SHOWN)
        some = [enlarged(soft), self.refined(soft), real]
        for row in seeds.split(SHOWN):
            some += [enlarged(row), self.refined(row)]
        return rows([to_uint8(row) for row in some])


def rows(pictures: list[Picture]) -> Picture:
    """One picture of rows; those of fewer pictures, as few were kept apart, end in black."""
    most = max(map(len, pictures))
    whole = [np.pad(row, [(0, most - len(row)), (0, 0), (0, 0), (0, 0)]) for row in pictures]
    return np.concatenate([np.concatenate(list(row), 1) for row in whole])
