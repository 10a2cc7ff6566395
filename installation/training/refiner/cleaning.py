"""What is taken from all that a network paints before it is refined: its fixed pattern, and its lattices.

A lattice is a texture of a few pixels that repeats itself: a narrow peak in the spectrum of what a network paints,
beside that of pictures. It is taken away by notches (filters that stop a narrow band), as periodic noise is from a
photograph. One kernel holds all of them; it is kept as the few separable filters whose sum is nearest to it, which cost
a tenth of it. Pictures are (n, 3, r, r) in -1..1.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from installation.networks.refiner import NOTCH
from installation.training.evaluation.surface import LOWEST, frequencies
from installation.training.refiner.soft import Cleaning
from installation.training.refiner.texture import fine, power, spectra

SMALLEST = 64
"""px: in smaller pictures a peak is not told from what is around it."""
MOST = 8
"""Separable filters."""
FAINTEST = 0.02
"""The least of one that is kept, by its singular value; a notch that stops its frequency whole has some 0.1."""
NEAR, AROUND = 3, 15
"""Sides, in cells of the spectrum, of the mean that is a peak, and of the median that it is compared with."""
PLAIN = 1.25
"""A peak is what is so many times what is around it: less is chance."""
EDGE = 5
"""px at each end of a filter over which it begins."""


def cleaning(samples: Tensor, pictures: Tensor) -> Cleaning:
    """Found in what a network paints, and in pictures (their number may be another)."""
    pattern = typical(samples)
    return Cleaning(pattern, notches(samples - pattern, pictures))


def typical(samples: Tensor) -> Tensor:
    """The pattern (3, r, r) of samples as most of them show it: their median. Where much is painted it is stronger, and
    what their mean would take from an even sky would be seen there as its negative."""
    return fine(samples).median(0).values


def notches(samples: Tensor, pictures: Tensor) -> Tensor:
    """(2, count, NOTCH), down and across; a few, or none."""
    side = samples.shape[-1]
    if side < SMALLEST:
        return torch.empty(2, 0, NOTCH)
    excess = (power(spectra(samples)).mean(0) / power(spectra(pictures)).mean(0).clamp_min(1e-12)).float()
    peak, usual = _cells(excess, NEAR).mean(-1), _cells(excess, AROUND).median(-1).values
    large = torch.fft.ifftshift(torch.from_numpy(frequencies(side))) < LOWEST
    stopped = torch.where(large, 0.0, 1 - (PLAIN * usual / peak).clamp(max=1))
    kernel = torch.fft.fftshift(torch.fft.ifft2(stopped).real)
    reach, middle = NOTCH // 2, side // 2
    kernel = kernel[middle - reach :, middle - reach :][:NOTCH, :NOTCH] * _begun()[:, None] * _begun()
    down, strengths, across = torch.linalg.svd(kernel)
    count = int((strengths[:MOST] >= FAINTEST).sum())
    return torch.stack([(down * strengths).T[:count], across[:count]])


def _cells(values: Tensor, side: int) -> Tensor:
    """(r, r) of a spectrum -> (r, r, side * side): each cell and those around it."""
    around = F.pad(values[None, None], (side // 2,) * 4, mode="circular")[0, 0]
    return around.unfold(0, side, 1).unfold(1, side, 1).flatten(2)


def _begun() -> Tensor:
    """(NOTCH,) 1 but for both ends, where it rises."""
    at = torch.arange(1, NOTCH + 1)
    return torch.sin(0.5 * torch.pi * (torch.minimum(at, at.flip(0)) / EDGE).clamp(max=1)).square()
