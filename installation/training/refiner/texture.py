"""The texture that a network draws over everything it paints, such as a lattice or a weave: measured, and drawn over
pictures, so that a refiner learns what to take away.

Two parts of it are told apart. The *pattern* is the same in every sample, at the same place: the mean of what is fine
in them. The *weave* is at no fixed place: noise whose power at each frequency is what the samples have beyond pictures
that are as soft. Pictures are (n, 3, r, r) in -1..1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from installation.training.evaluation.surface import frequencies, transformed
from installation.training.refiner.soft import blurred

FINE = 2.0
"""Pixels: the deviation of each of two blurs that leave what is no part of the pattern."""
LOWEST = 0.1
"""Cycles per pixel from which on a weave is looked for: what is larger is the picture's own."""
CELLS = 4
"""Across and down: a weave is stronger in one part of a picture than in another, as a network's is."""
FAINTEST, STRONGEST = 0.2, 1.2
"""Of a whole picture's texture, in times the measured one."""


@dataclass(frozen=True)
class Texture:
    """``pattern`` (3, r, r); ``weave`` (3, r, r) amplitude at each frequency of a noise of deviation 1; ``grey`` 0..1,
    how much of it the three colours have in common."""

    pattern: Tensor
    weave: Tensor
    grey: float

    def drawn(self, count: int, chance: torch.Generator) -> Tensor:
        """So many of it (n, 3, r, r), each stronger or fainter, to be added to pictures."""
        side = self.weave.shape[-1]
        dice = torch.rand(count, 1, 1, 1, generator=chance)
        common = torch.randn(count, 1, side, side, generator=chance)
        each = torch.randn(count, 3, side, side, generator=chance)
        white = self.grey**0.5 * common + (1 - self.grey) ** 0.5 * each
        weave = torch.fft.ifft2(torch.fft.fft2(white) * self.weave).real
        where = F.interpolate(2 * torch.rand(count, 1, CELLS, CELLS, generator=chance), (side, side), mode="bilinear")
        return (FAINTEST + (STRONGEST - FAINTEST) * dice) * (self.pattern + where * weave)


def measured(samples: Tensor, pictures: Tensor) -> Texture:
    """Of what a network painted, beside ``pictures`` that are as soft."""
    pattern = fine(samples).mean(0)
    own = spectra(samples - pattern)
    excess = (power(own) - power(spectra(pictures))).clamp_min(0)
    large = np.fft.ifftshift(frequencies(samples.shape[-1])) < LOWEST
    excess = torch.where(torch.from_numpy(large), 0.0, excess)
    return Texture(pattern, excess.sqrt(), _in_common(own, excess))


def fine(x: Tensor) -> Tensor:
    """Without what two blurs leave."""
    return x - blurred(blurred(x, torch.full((len(x),), FINE)), torch.full((len(x),), FINE))


def spectra(x: Tensor) -> Tensor:
    """(n, 3, r, r) complex, as `evaluate` takes them, of each colour; noise of deviation 1 has a power of 1."""
    window = torch.hann_window(x.shape[-1]).square().sum()
    return torch.from_numpy(np.fft.ifftshift(transformed(x.numpy()), (-2, -1))) / window


def power(several: Tensor) -> Tensor:
    """(3, r, r) the mean of spectra (n, 3, r, r)."""
    return several.abs().square().mean(0)


def _in_common(spectra: Tensor, excess: Tensor) -> float:
    """The correlation of two colours, where there is a weave."""
    weight = excess.mean(0)
    one, two = spectra, spectra.roll(1, dims=1)
    both = ((one * two.conj()).real.mean(0) * weight).sum()
    alone = ((power(one) * power(two)).sqrt() * weight).sum()
    return float((both / alone.clamp_min(1e-12)).clamp(0, 1))
