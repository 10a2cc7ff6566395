"""Differentiable augmentation for small sets of pictures (DiffAugment, arXiv 2006.10738), with an adaptive share.

Real and painted pictures are altered alike before they are given to the discriminator, so it cannot memorise the few
real ones. Each kind of change is applied to each picture with probability p; below about 0.8 the changes do not leak
into what is painted (arXiv 2006.06676), and p follows how sure the discriminator is of the real pictures (same paper).

What is done to a picture is decided by its row of *dice*, uniform in 0..1, drawn beforehand: so a batch can be altered
in parts, on several devices, and a run can go on exactly where it was.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

MAX_SHARE = 0.8
FIRST_SHARE = 0.3
DICE = 12
"""Numbers in 0..1 that decide what is done to a picture."""


def augment(x: Tensor, p: float | Tensor, dice: Tensor) -> Tensor:
    """(n, 3, h, w) in -1..1 -> the same shape, each changed in colour, place and by a hole with probability p (0..1, or
    a scalar on the device); `dice` (n, DICE) lie on the device of x."""
    brightness, saturation, contrast = dice[:, 0:2], dice[:, 2:4], dice[:, 4:6]
    x = colour(x, *(amount(pair, p)[:, None, None, None] for pair in (brightness, saturation, contrast)))
    return cutout(translate(x, dice[:, 6:9], p), dice[:, 9:12], p)


def amount(pair: Tensor, p: float | Tensor) -> Tensor:
    """(n,) in -1..1, how far a change goes, and 0 where the second of its dice is not below p."""
    return (pair[:, 0] * 2 - 1) * (pair[:, 1] < p)


def colour(x: Tensor, brightness: Tensor, saturation: Tensor, contrast: Tensor) -> Tensor:
    """Amounts (n, 1, 1, 1) of -1..1 become brightness -0.5..0.5, saturation 0..2, contrast 0.5..1.5."""
    x = x + brightness / 2
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (1 + saturation)
    middle = x.mean((1, 2, 3), keepdim=True)
    return middle + (x - middle) * (1 + contrast / 2)


def translate(x: Tensor, dice: Tensor, p: float | Tensor) -> Tensor:
    """Shift by whole pixels, up to an eighth of the picture, zeros coming in; dice (n, 3)."""
    n, _, height, width = x.shape
    reach = height // 8
    on = dice[:, 2:] < p
    dy, dx = (((dice[:, i : i + 1] * (2 * reach + 1)).floor().long() - reach) * on for i in (0, 1))
    padded = F.pad(x, (1, 1, 1, 1)).permute(0, 2, 3, 1)
    rows = (torch.arange(height, device=x.device) + dy + 1).clamp(0, height + 1)
    columns = (torch.arange(width, device=x.device) + dx + 1).clamp(0, width + 1)
    which = torch.arange(n, device=x.device)[:, None, None]
    return padded[which, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def cutout(x: Tensor, dice: Tensor, p: float | Tensor) -> Tensor:
    """A grey square of half the picture's side, anywhere; dice (n, 3)."""
    height, width = x.shape[2:]
    half = height // 4
    cy, cx = (dice[:, :1] * (height + 1)).floor(), (dice[:, 1:2] * (width + 1)).floor()
    rows = (torch.arange(height, device=x.device) - cy).abs() < half
    columns = (torch.arange(width, device=x.device) - cx).abs() < half
    hole = rows[:, None, :, None] & columns[:, None, None, :] & (dice[:, 2] < p)[:, None, None, None]
    return torch.where(hole, 0.0, x)


class Share:
    """The probability of each augmentation. It rises while the discriminator is sure of the real pictures, and falls
    while it is not (arXiv 2006.06676); off, it is 0."""

    def __init__(self, on: bool, target: float, speed: float, device: torch.device) -> None:
        """`target`: how sure, -1..1, is sure enough; `speed`: pictures in which the share can go from 0 to 1."""
        self.on, self.target, self.speed = on, target, speed
        self.value = torch.full((1,), FIRST_SHARE if on else 0.0, device=device)

    def follow(self, sure: Tensor, pictures: int) -> None:
        if self.on:
            self.value += (sure - self.target).sign() * (pictures / self.speed)
            self.value.clamp_(0, MAX_SHARE)

    def load(self, value: float) -> None:
        self.value.fill_(value if self.on else 0.0)
