"""Windows of pictures: a zoom and a shift are a real view of the same thing, so a few pictures become many."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from installation.training.dataset.supply import Supply
from installation.training.loop.numbers import Numbers


def show(supply: Supply, hand: Tensor, resolution: int, smallest: float, numbers: Numbers) -> Tensor:
    """The pictures of a hand, (n, 3, r, r) in -1..1, or where `smallest` is below 1 a random window of each."""
    if smallest >= 1:
        return supply.show(hand, resolution, numbers.device)
    finer = 2 * resolution if 2 * resolution in supply.pyramid else resolution
    return cropped(supply.show(hand, finer, numbers.device), numbers.uniform(3), smallest, resolution)


def cropped(picture: Tensor, dice: Tensor, smallest: float, size: int) -> Tensor:
    """A window of each picture (n, 3, h, h) -> (n, 3, size, size); h is `size` or twice that.

    `dice` (n, 3), uniform in 0..1, say how large the window is, from `smallest` to 1 of the picture, and where.
    """
    n, height = len(picture), picture.shape[-1]
    side = smallest + (1 - smallest) * dice[:, :1]
    middle = (2 * dice[:, 1:] - 1) * (1 - side)
    window = torch.cat([side, torch.zeros_like(side), middle[:, :1], torch.zeros_like(side), side, middle[:, 1:]], 1)
    grid = F.affine_grid(window.unflatten(1, (2, 3)), [n, 3, height, height], align_corners=False)
    picture = F.grid_sample(picture, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return F.avg_pool2d(picture, height // size)
