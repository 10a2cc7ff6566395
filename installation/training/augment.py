"""Differentiable augmentation for small sets of pictures (DiffAugment, arXiv 2006.10738), with an adaptive share.

Real and painted pictures are altered alike before the discriminator sees them, so it cannot learn the few real ones by
heart. Each kind of change is applied to each picture with probability p; below about 0.8 the changes do not leak into
what is painted (arXiv 2006.06676), and p follows how sure the discriminator is of the real pictures (same paper).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

MAX_SHARE = 0.8


def augment(x: Tensor, p: float) -> Tensor:
    """(n, 3, h, w) in -1..1 -> the same shape, each changed in colour, place and by a hole with probability p."""
    if p <= 0:
        return x
    return cutout(translate(colour(x, p), p), p)


def chosen(n: int, p: float) -> Tensor:
    """(n, 1, 1, 1) of 1 where a change applies and 0 where not."""
    return (torch.rand(n, 1, 1, 1) < p).float()


def colour(x: Tensor, p: float) -> Tensor:
    """Brightness -0.5..0.5, saturation 0..2, contrast 0.5..1.5."""
    n = len(x)
    x = x + (torch.rand(n, 1, 1, 1) - 0.5) * chosen(n, p)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (1 + (torch.rand(n, 1, 1, 1) * 2 - 1) * chosen(n, p))
    middle = x.mean((1, 2, 3), keepdim=True)
    return middle + (x - middle) * (1 + (torch.rand(n, 1, 1, 1) - 0.5) * chosen(n, p))


def translate(x: Tensor, p: float) -> Tensor:
    """Shift by whole pixels, up to an eighth of the picture, zeros coming in."""
    n, _, height, width = x.shape
    reach = height // 8
    on = chosen(n, p).long().reshape(n, 1)
    dy, dx = (torch.randint(-reach, reach + 1, (n, 1)) * on for _ in range(2))
    padded = F.pad(x, (1, 1, 1, 1)).permute(0, 2, 3, 1)
    rows = (torch.arange(height) + dy + 1).clamp(0, height + 1)
    columns = (torch.arange(width) + dx + 1).clamp(0, width + 1)
    return padded[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def cutout(x: Tensor, p: float) -> Tensor:
    """A grey square of half the picture's side, anywhere."""
    n, _, height, width = x.shape
    half = height // 4
    cy, cx = (torch.randint(0, height + 1, (n, 1)) for _ in range(2))
    rows = (torch.arange(height) - cy).abs() < half
    columns = (torch.arange(width) - cx).abs() < half
    hole = (rows[:, None, :, None] & columns[:, None, None, :]).float() * chosen(n, p)
    return x * (1 - hole)
