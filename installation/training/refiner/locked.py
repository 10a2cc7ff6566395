"""What a refined model paints at the same place in every picture: threads, a frame.

It is the mean of the fine detail of many samples, as a share of the mean contrast there. A network's grain is meant to
stay where it is, so it is drawn anew: the refiner's for each sample, the model's for each few. Of aligned faces what is
in the face is left: real ones have eyes and mouth in common there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from installation.networks.grain import regrained
from installation.networks.tone import contrast
from installation.training.evaluation.surface import from_face
from installation.training.latent.models import OpenModel, at_once, paints_slowly, progress, shown_psi

SAMPLES, FEW = 2048, 512
"""Samples that are looked at, and those of a network that takes long."""
FIRST = 100_000
"""The seed of the first sample: none of those that a report judges."""
FINE, FINEST = 1 / 42, 3.0
"""What is fine is what a Gaussian takes away: its deviation in widths of the picture, and in pixels at least."""
INSIDE = 0.85
"""How far from its middle a face begins to be left, to its outline at 1."""
FAINTEST = 0.002
"""The least mean contrast that a share is of, where black is -1 and white 1."""


def locked(model: OpenModel) -> Tensor:
    """Of a model from which nothing is taken yet, what its refiner's tensor ``locked`` is to be: (3, side, side)."""
    side, count = model.network.side, FEW if paints_slowly(model.header, model.tensors) else SAMPLES
    fine, around = torch.zeros(3, side, side, dtype=torch.float64), torch.zeros(1, side, side, dtype=torch.float64)
    with progress("looking for what is always at the same place", count) as tick, torch.inference_mode():
        for painted in samples(model, count):
            fine += (painted - blurred(painted)).sum(0)
            around += contrast(painted).sum(0)
            tick(len(painted))
    share = (fine / around.clamp_min(FAINTEST * count)).float()
    aligned = model.header.get("training", {}).get("crop") == "face"
    return share * outside(side) if aligned else share


def samples(model: OpenModel, count: int) -> Iterator[Tensor]:
    """Pictures (n, 3, side, side) in -1..1, at the truncation at which models are shown."""
    under, refiner, step = model.network.network, model.network.refiner, at_once(model.network)
    chance, psi = torch.Generator().manual_seed(FIRST), shown_psi(model)
    for seed in range(FIRST, FIRST + count, step):
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
