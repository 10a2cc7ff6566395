"""The tone of a refiner: gains that make detail of each size as strong in its samples as it is in real pictures.

What a VAE is not sure of it paints as the mean of all that is possible, so its samples have less contrast than
pictures have, and the refiner, which learns from what the VAE makes of known pictures, does not give it back. Strength
is the power of the brightness on rings of the spectrum, an octave in five of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from installation.networks.refiner import STRONGEST, Architecture
from installation.networks.tone import bands
from installation.training.dataset.pictures import Picture, spread
from installation.training.evaluation.likeness import LUMA
from installation.training.evaluation.surface import frequencies, transformed
from installation.training.latent.models import OpenModel, progress, shown_psi

SMALLEST = 16
"""The side to which pictures are halved: what is larger than a sixteenth of them is one band."""
OCTAVE = 5
"""Rings of an octave."""
PICTURES, SAMPLES, AT_ONCE = 384, 96, 16
STEPS, RATE = 600, 0.05
ALIKE = 0.06
"""Weight of the difference of neighbouring bands' gains: a band is no sharp part of the spectrum, so that gains which
swing up and down fit it a little better, and draw halos."""
FINEST = 0.2
"""The logarithm of the gain of the finest band, at most: what noise is in it would be seen."""


def power_of(pictures: Picture) -> list[float]:
    """Of real pictures (n, h, h, 3) uint8, or of PICTURES of them: their power on each ring, from the largest detail to
    the finest."""
    return [float(one) for one in _mean(spectrum(some).abs().square() for some in _parts(pictures))]


def fitted(model: OpenModel, wanted: list[float]) -> Architecture:
    """Of a model whose refiner has no tone yet, its architecture with one, for samples of that power."""
    latents, parts = model.latents(range(SAMPLES)), []
    with progress("looking at the tone", SAMPLES) as tick, torch.inference_mode():
        for part in model.parts(latents, shown_psi(model)):
            parts.append(part / 127.5 - 1)
            tick(len(part))
        painted = torch.cat(parts)
        own = torch.stack([torch.stack(_products(some)).mean(1) for some in painted.split(AT_ONCE)]).mean(0)
        middle = painted.mean((0, 2, 3)).tolist()
    gains = _gains(own.unflatten(0, (math.isqrt(len(own)), -1)).clone(), torch.tensor(wanted))
    return replace(model.network.refiner.arch, tone=tuple(gains), middle=tuple(middle))


def _parts(pictures: Picture) -> Iterator[Tensor]:
    """A few at a time, (n, 3, h, h) in -1..1."""
    chosen = spread(len(pictures), min(PICTURES, len(pictures)))
    for at in range(0, len(chosen), AT_ONCE):
        yield torch.from_numpy(pictures[chosen[at : at + AT_ONCE]]).permute(0, 3, 1, 2) / 127.5 - 1


def spectrum(pictures: Tensor) -> Tensor:
    """(n, h, h) complex, of the brightness of pictures (n, 3, h, h), as `evaluate` looks at it."""
    return torch.from_numpy(transformed(pictures.movedim(1, -1).numpy() @ LUMA))


def _rings(side: int) -> Tensor:
    """(side, side) the ring of each frequency, from 1 on; 0 is below the first, from two waves a picture on."""
    distance = torch.from_numpy(frequencies(side)).clamp_min(1e-6)
    octaves = torch.log2(distance * side / 2)
    return torch.where(distance < 0.5, (octaves * OCTAVE).floor().clamp_min(-1).long() + 1, 0)


def _on_rings(values: Tensor) -> Tensor:
    """(n, h, h) -> (n, rings): the mean on each."""
    rings = _rings(values.shape[-1]).flatten()
    sums = torch.zeros(len(values), int(rings.max()) + 1).index_add_(1, rings, values.flatten(1))
    return (sums / torch.bincount(rings).clamp_min(1))[:, 1:]


def _mean(spectra: Iterable[Tensor]) -> Tensor:
    return torch.cat([_on_rings(some) for some in spectra]).mean(0)


def _products(painted: Tensor) -> list[Tensor]:
    """For every two bands of the pictures, on each ring, what they have in common: (n, rings) each."""
    halvings = max(0, (painted.shape[-1] // SMALLEST).bit_length() - 1)
    spectra = [spectrum(band) for band in bands(painted, halvings)]
    return [_on_rings((one * other.conj()).real) for one in spectra for other in spectra]


def _gains(own: Tensor, wanted: Tensor) -> list[float]:
    """``own`` (bands, bands, rings) of the samples. The gains whose power is by its logarithm nearest to the wanted."""
    logs = torch.zeros(len(own), requires_grad=True)
    optimizer = torch.optim.Adam([logs], RATE)
    for _ in range(STEPS):
        power = torch.einsum("i,ijr,j->r", logs.exp(), own, logs.exp())
        off = (power.clamp_min(1e-9) / wanted.clamp_min(1e-9)).log().square().mean()
        optimizer.zero_grad()
        (off + ALIKE * logs.diff().square().mean()).backward()
        optimizer.step()
        with torch.no_grad():
            logs[0].clamp_(max=FINEST)
    return [round(min(float(gain), STRONGEST), 3) for gain in logs.detach().exp()]
