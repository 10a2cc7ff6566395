"""Conversions of pictures for the encoder's training, between uint8 and -1..1, and the picture loss."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

Pictures = NDArray[np.uint8]
SCALES = 4
"""Number of sizes at which the picture loss compares."""


def channels_first(pictures: Pictures) -> Tensor:
    """(n, h, w, 3) -> (n, 3, h, w)."""
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))


def floats(pictures: Tensor) -> Tensor:
    """uint8 -> -1..1."""
    return pictures.float() / 127.5 - 1


def levels(painted: Tensor) -> Tensor:
    """-1..1 -> uint8."""
    return (painted * 127.5 + 127.5).clamp(0, 255).round().to(torch.uint8)


def picture_loss(painted: Tensor, wanted: Tensor) -> Tensor:
    """Mean |difference| of pictures (n, 3, h, w), and of their gradients, over SCALES sizes: the whole, a half ..."""
    losses: list[Tensor] = []
    missed = painted - wanted
    while len(losses) < SCALES and missed.shape[-1] > 1:
        losses.append(missed.abs().mean() + missed.diff(dim=2).abs().mean() + missed.diff(dim=3).abs().mean())
        missed = F.avg_pool2d(missed, 2)
    return torch.stack(losses).mean()
