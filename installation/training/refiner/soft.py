"""What a refiner paints on: a model's soft pictures. A VAE's are in vae.py, every other network's in network.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from installation.networks.refiner import REACH, between_notches, gaussian


@dataclass(frozen=True)
class Cleaning:
    """``pattern`` (3, r, r) and ``notches`` (2, count, NOTCH), as a refiner has them (see cleaning.py)."""

    pattern: Tensor
    notches: Tensor

    def of(self, samples: Tensor) -> Tensor:
        """What is left of what the network paints."""
        return between_notches(samples - self.pattern.to(samples.device), self.notches.to(samples.device))


class Soft(Protocol):
    """Soft pictures are (n, 3, side, side) in -1..1, on ``device``. ``hand`` (n, 2) is as dealt by dataset/supply.py.
    ``known`` (n,) bool says of which pictures a soft one is made; the others are samples of the model. ``cleaning``
    is what the refiner takes from all that the model paints."""

    side: int
    cleaning: Cleaning | None
    device: torch.device

    def learn(self, small: Tensor) -> None:
        """All pictures (n, side, side, 3) uint8, once."""

    def dealt(self, hand: Tensor, real: Tensor, known: Tensor, chance: torch.Generator) -> tuple[Tensor, Tensor]:
        """For the pictures (n, 3, 2 * side, 2 * side) of a hand; and (n,) bool, which the model painted itself."""

    def worn(self, soft: Tensor, own: Tensor, chance: torch.Generator) -> Tensor:
        """Windows of these, made as soft as what the model paints in a show."""

    def shown(self, index: Tensor, real: Tensor) -> Tensor:
        """For the pictures of these indices, always the same."""

    def samples(self, count: int) -> Tensor:
        """Samples of the model, always the same."""


def blurred(x: Tensor, deviation: Tensor) -> Tensor:
    """Each picture (n, 3, h, w) by a Gaussian of its own deviation (n,) in px; 0 leaves it as it is."""
    kernel, n = gaussian(deviation.clamp_min(1e-3)).to(x.device), len(x)
    y = F.pad(x, (REACH,) * 4, mode="replicate").transpose(0, 1)
    y = F.conv2d(y, kernel[:, None, :, None], groups=n)
    return F.conv2d(y, kernel[:, None, None, :], groups=n).transpose(0, 1).contiguous()
