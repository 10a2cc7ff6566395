"""How far a student's pictures are from its teacher's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SIZES = 4
"""Sizes that are compared: the whole, a half, a quarter and an eighth of the side."""


def pyramid(painted: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference of pictures (n, 3, h, w) at each size: what differs widely counts at all, fine detail
    at the first alone. Returns (SIZES,), as many as a picture can be halved to."""
    losses = [F.l1_loss(painted, wanted)]
    while len(losses) < SIZES and painted.shape[-1] >= 8:
        painted, wanted = F.avg_pool2d(painted, 2), F.avg_pool2d(wanted, 2)
        losses.append(F.l1_loss(painted, wanted))
    return torch.stack(losses)
