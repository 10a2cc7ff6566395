"""Augmentation that imitates a camera, a printer and inexact crops, so that an encoder becomes robust to them.

Every function takes pictures (n, 3, h, w) in -1..1 and a seeded torch.Generator, and returns the same shape, each
picture changed by its own random amounts. They are small: a dark or warm picture must stay so when it is encoded.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

ANGLE, ZOOM, SHIFT = 5.0, 0.08, 0.04
"""Largest rotation in degrees, zoom as a share of the size, shift as a share of the width."""
BRIGHT, CONTRAST, SATURATION, TINT = 0.08, 0.15, 0.2, 0.04
NOISE, SOFT, COARSE = 0.04, 0.8, 0.08
"""Standard deviation of the noise at most, that of the blur in pixels at most, step of the coarsest quantisation."""


def disturb(x: Tensor, rng: torch.Generator) -> Tensor:
    """Applies all changes; each leaves about a third of the pictures as they are."""
    return noise(blocks(soften(tone(move(x, rng), rng), rng), rng), rng)


def amount(n: int, most: float, rng: torch.Generator, low: float = -1.0) -> Tensor:
    """(n, 1, 1, 1) numbers from low * most to most; 0 for about a third of them."""
    drawn = torch.rand(2, n, 1, 1, 1, generator=rng)
    return torch.where(drawn[0] < 1 / 3, 0.0, (low + (1 - low) * drawn[1]) * most)


def move(x: Tensor, rng: torch.Generator) -> Tensor:
    """Rotates, zooms and shifts a little; the border is filled by reflection."""
    n = len(x)
    angle, zoom, dx, dy = (amount(n, most, rng).flatten() for most in (math.radians(ANGLE), ZOOM, 2 * SHIFT, 2 * SHIFT))
    cos, sin = (1 + zoom) * angle.cos(), (1 + zoom) * angle.sin()
    matrix = torch.stack([torch.stack([cos, -sin, dx], 1), torch.stack([sin, cos, dy], 1)], 1)
    grid = F.affine_grid(matrix, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


def tone(x: Tensor, rng: torch.Generator) -> Tensor:
    """Brightness, contrast, saturation and the colour of the light."""
    n = len(x)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (1 + amount(n, SATURATION, rng))
    x = x * (1 + amount(n, CONTRAST, rng)) + 2 * amount(n, BRIGHT, rng)
    return x + 2 * torch.cat([amount(n, TINT, rng) for _ in range(3)], 1)


def soften(x: Tensor, rng: torch.Generator) -> Tensor:
    """A Gaussian blur, by the pictures' own depthwise filters."""
    n, c, height, width = x.shape
    sigma = amount(n, SOFT * height / 64, rng, low=0.0) + 1e-3
    reach = max(1, math.ceil(2 * SOFT * height / 64))
    at = torch.arange(-reach, reach + 1.0)
    kernel = (-(at**2) / (2 * sigma.reshape(n, 1) ** 2)).exp()
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(c, 0)
    flat = F.pad(x, (reach,) * 4, mode="reflect").reshape(1, n * c, height + 2 * reach, width + 2 * reach)
    flat = F.conv2d(F.conv2d(flat, kernel[:, None, :, None], groups=n * c), kernel[:, None, None, :], groups=n * c)
    return flat.reshape(n, c, height, width)


def blocks(x: Tensor, rng: torch.Generator) -> Tensor:
    """Quantises cosine coefficients of 8x8 blocks, higher frequencies more coarsely, as JPEG does (ITU-T T.81)."""
    n, c, height, width = x.shape
    step = amount(n, COARSE, rng, low=0.0)[..., None, None] + 1e-4
    at = torch.arange(8.0)
    cosines = torch.cos(math.pi / 8 * (at[None] + 0.5) * at[:, None]) / 2
    cosines[0] /= math.sqrt(2)
    rise = 1 + at[:, None] + at[None, :]
    tiles = x.reshape(n, c, height // 8, 8, width // 8, 8).permute(0, 1, 2, 4, 3, 5)
    waves = cosines @ tiles @ cosines.t()
    waves = (waves / (step * rise)).round() * (step * rise)
    tiles = cosines.t() @ waves @ cosines
    return tiles.permute(0, 1, 2, 4, 3, 5).reshape(n, c, height, width)


def noise(x: Tensor, rng: torch.Generator) -> Tensor:
    return x + torch.randn(x.shape, generator=rng) * amount(len(x), NOISE, rng, low=0.0)
