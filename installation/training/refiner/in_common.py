"""What the pictures of a refined model have in common, and real ones have not; taken away as a model is exported.

*Locked* is what is painted at the same place in every picture, threads or a frame: the mean of the fine detail of many
samples, as a share of the mean contrast there. A network's grain is meant to stay where it is, so it is drawn anew: the
refiner's for each sample, the model's for each few. Of aligned faces what is in the face is left: real ones have eyes
and mouth in common there.

*Grading* is of large light and colour, in cells of a sixteenth of the picture: at each place the mean of the samples
becomes that of the real pictures, and around it the colours are turned and stretched by the one linear map that gives
them the real ones' covariance and moves them least (optimal transport between normal distributions).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from installation.networks.grain import regrained
from installation.networks.refiner import CELLS, can_be_graded
from installation.networks.tone import contrast
from installation.training.dataset.pictures import Picture
from installation.training.encoder.pixels import channels_first, floats
from installation.training.evaluation.surface import from_face
from installation.training.latent.models import OpenModel, at_once, paints_slowly, progress, shown_psi

SAMPLES, FEW = 2048, 512
"""Samples that are looked at, and those of a network that takes long."""
PICTURES = 64
"""Real pictures that are looked at together."""
FIRST = 100_000
"""The seed of the first sample: none of those that a report judges."""
FINE, FINEST = 1 / 42, 3.0
"""What is fine is what a Gaussian takes away: its deviation in widths of the picture, and in pixels at least."""
INSIDE = 0.85
"""How far from its middle a face begins to be left, to its outline at 1."""
FAINTEST = 0.002
"""The least mean contrast that a share is of, where black is -1 and white 1."""
LEAST, MOST = 0.5, 2.0
"""How much colours are stretched."""
TINY = 1e-6
"""The least variance that is told from none."""


@dataclass(frozen=True)
class Light:
    """Large light and colour of pictures, in -1..1: ``mean`` (3, CELLS, CELLS) at each place, and the covariance
    ``colours`` (3, 3) around it."""

    mean: Tensor
    colours: Tensor

    def facts(self) -> dict[str, Any]:
        """As a checkpoint keeps it."""
        return {"mean": self.mean.tolist(), "colours": self.colours.tolist()}

    @classmethod
    def read(cls, facts: dict[str, Any]) -> Light:
        return cls(*(torch.tensor(facts[name], dtype=torch.float64) for name in ("mean", "colours")))


@dataclass(frozen=True)
class Samples:
    """Of a refined model: what is ``locked`` (3, side, side), and the ``light``; none where the side is no power of two
    times CELLS."""

    locked: Tensor
    light: Light | None


def light_of(pictures: Picture) -> Light:
    """Of real pictures (n, h, h, 3) uint8 and their mirror images."""
    parts = np.array_split(pictures, -(-len(pictures) // PICTURES))
    large = (cells(floats(channels_first(part))) for part in parts)
    return _light(torch.cat([some, some.flip(-1)]) for some in large)


def samples_of(model: OpenModel) -> Samples:
    """Of a model from which nothing is taken yet."""
    side, count = model.network.side, FEW if paints_slowly(model.header, model.tensors) else SAMPLES
    fine, around = torch.zeros(3, side, side, dtype=torch.float64), torch.zeros(1, side, side, dtype=torch.float64)
    large = []
    with progress("looking for what all have in common", count) as tick, torch.inference_mode():
        for some in painted(model, count):
            fine += (some - blurred(some)).sum(0)
            around += contrast(some).sum(0)
            large += [cells(some)] if can_be_graded(side) else []
            tick(len(some))
    share = (fine / around.clamp_min(FAINTEST * count)).float()
    aligned = model.header.get("training", {}).get("crop") == "face"
    return Samples(share * outside(side) if aligned else share, _light(large) if large else None)


def grading(own: Light, real: Light) -> tuple[Tensor, Tensor]:
    """The refiner's tensors ``colours`` (3, 3) and ``light`` (3, CELLS, CELLS), which make the one of the other."""
    root, inverse = _power(own.colours, 0.5), _power(own.colours, -0.5)
    values, vectors = torch.linalg.eigh(inverse @ _power(root @ real.colours @ root, 0.5) @ inverse)
    linear = (vectors * values.clamp(LEAST, MOST)) @ vectors.T
    light = real.mean - torch.einsum("ij,jhw->ihw", linear, own.mean)
    return (linear - torch.eye(3)).float(), light.float()


def painted(model: OpenModel, count: int) -> Iterator[Tensor]:
    """Pictures (n, 3, side, side) in -1..1. By turns a few are truncated as models are shown, and a few not at all, as
    shows hang all that is between."""
    under, refiner, step = model.network.network, model.network.refiner, at_once(model.network)
    chance, truncations = torch.Generator().manual_seed(FIRST), cycle((shown_psi(model), 1.0))
    for seed, psi in zip(range(FIRST, FIRST + count, step), truncations, strict=False):
        latents = torch.from_numpy(model.truncated(model.latents(range(seed, seed + step)), psi))
        soft = refiner.cleaned(regrained(under, seed).synthesis(latents).clamp_(-1, 1))
        yield refiner(soft, refiner.grains(step, refiner.arch.resolution, chance)).clamp_(-1, 1)


def blurred(pictures: Tensor) -> Tensor:
    """Pictures (n, 3, side, side) without what is fine."""
    import cv2  # here: it changes the environment

    flat = np.ascontiguousarray(pictures.permute(0, 2, 3, 1).numpy())
    deviation = max(FINE * flat.shape[1], FINEST)
    soft = [cv2.GaussianBlur(one, (0, 0), deviation, borderType=cv2.BORDER_REFLECT_101) for one in flat]
    return torch.from_numpy(np.stack(soft)).permute(0, 3, 1, 2)


def outside(side: int) -> Tensor:
    """(side, side) 1 outside of an aligned face, 0 in it."""
    return ((torch.from_numpy(from_face(side)) - INSIDE) / (1 - INSIDE)).clamp(0, 1)


def cells(pictures: Tensor) -> Tensor:
    """Pictures (n, 3, side, side) -> (n, 3, CELLS, CELLS), averaged."""
    return F.avg_pool2d(pictures, pictures.shape[-1] // CELLS)


def _light(parts: Iterable[Tensor]) -> Light:
    """Of cells, some at a time."""
    total, products = torch.zeros(3, CELLS, CELLS, dtype=torch.float64), torch.zeros(3, 3, dtype=torch.float64)
    count = 0
    for some in parts:
        total += some.sum(0)
        products += _products(some.double())
        count += len(some)
    mean = total / count
    return Light(mean, products / count - _products(mean[None]))


def _products(some: Tensor) -> Tensor:
    """(3, 3) of the colours of cells (n, 3, CELLS, CELLS), the mean over the places."""
    return torch.einsum("nihw,njhw->ij", some, some) / CELLS**2


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """Of a symmetric one whose eigenvalues are not negative."""
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp_min(TINY) ** exponent) @ vectors.T
