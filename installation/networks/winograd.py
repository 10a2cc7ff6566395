"""3x3 convolutions with a quarter of the multiplications, on a processor (Winograd's F(4x4, 3x3), arXiv 1509.09308).

Tiles of 6x6 pixels that overlap by two are transformed, so that a convolution becomes 36 products of matrices, which
are transformed back into tiles of 4x4. It pays where there are many channels, and only while nobody differentiates or
traces. float32 stays accurate to some 5e-5 of the features' size.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

INTO = torch.tensor(
    [
        [4.0, 0.0, -5.0, 0.0, 1.0, 0.0],
        [0.0, -4.0, -4.0, 1.0, 1.0, 0.0],
        [0.0, 4.0, -4.0, -1.0, 1.0, 0.0],
        [0.0, -2.0, -1.0, 2.0, 1.0, 0.0],
        [0.0, 2.0, -1.0, -2.0, 1.0, 0.0],
        [0.0, 4.0, 0.0, -5.0, 0.0, 1.0],
    ]
)
OF_WEIGHTS = torch.tensor([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24.0
BACK = torch.tensor(
    [
        [1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
        [0.0, 1.0, -1.0, 2.0, -2.0, 0.0],
        [0.0, 1.0, 1.0, 4.0, 4.0, 0.0],
        [0.0, 1.0, -1.0, 8.0, -8.0, 1.0],
    ]
)
INTO_BOTH, BACK_BOTH = torch.kron(INTO, INTO), torch.kron(BACK, BACK)
"""Along both axes of a tile: (36, 36) and (16, 36)."""

TILE, WINDOW = 4, 6
FEWEST, SMALLEST = 128, 32
"""Channels in and out, and pixels, from which on it pays: with fewer channels the transforms cost more than they save,
at smaller sizes the kernels' memory does."""

AT_ONCE = 1_200_000
"""Numbers of transformed features that are worked on at once, so that they stay in the processor's cache."""


def pays(weight: Tensor, height: int, width: int) -> bool:
    """Whether for a kernel (out, in, 3, 3) and a result of this size."""
    large = min(height, width) >= SMALLEST and min(weight.shape[:2]) >= FEWEST
    return large and weight.shape[2:] == (3, 3) and weight.device.type == "cpu"


def transformed(weight: Tensor) -> Tensor:
    """A kernel (out, in, 3, 3) as ``convolved`` takes it: (36, in, out), four times as large."""
    both = torch.einsum("ai,bj,ocij->abco", OF_WEIGHTS, OF_WEIGHTS, weight)
    return both.reshape(WINDOW**2, weight.shape[1], weight.shape[0]).contiguous()


def usable(x: Tensor) -> bool:
    """Whether these features are painted, and not differentiated or traced."""
    return not (torch.jit.is_tracing() or torch.is_grad_enabled() or torch.is_autocast_enabled(x.device.type))


def convolved(x: Tensor, style: Tensor, kernel: Tensor, demodulation: Tensor, padding: int = 1) -> Tensor:
    """Features (n, in, h, w) times ``style``, convolved with ``padding`` zeros around them, times ``demodulation`` ->
    (n, out, h + 2 * padding - 2, w + 2 * padding - 2), channels last. Both factors are of a shape that features of
    their side can be multiplied by; one that is not the same everywhere needs a width that is tiled."""
    if len(x) > 1:
        each = zip(x.split(1), style.split(1), demodulation.split(1), strict=True)
        return torch.cat([convolved(one, own, kernel, after, padding) for one, own, after in each])
    height, width = (side + 2 * padding - 2 for side in x.shape[2:])
    channels, wide_out = kernel.shape[1:]
    tiles, across = -(-height // TILE), -(-width // TILE)
    windows = windowed(x, style, padding, (tiles, across))
    factor = demodulation.permute(0, 2, 3, 1)[0]
    made = x.new_empty(tiles, TILE, across, TILE, wide_out)
    factor = factor.unflatten(1, (-1, TILE)) if factor.shape[1] > 1 else factor[:, :, None]
    parts = math.ceil(tiles * WINDOW**2 * across * max(channels, wide_out) / AT_ONCE)
    rows = math.ceil(tiles / parts)
    for row in range(0, tiles, rows):
        some = windows[:, :, row : row + rows]
        features = torch.mm(INTO_BOTH, some.reshape(WINDOW**2, -1)).view(WINDOW**2, -1, channels)
        products = torch.bmm(features, kernel).view(WINDOW**2, -1)
        back = torch.mm(BACK_BOTH, products).view(TILE, TILE, -1, across, wide_out).permute(2, 0, 3, 1, 4)
        torch.mul(back, factor, out=made[row : row + rows])
    whole = made.view(1, tiles * TILE, across * TILE, wide_out)
    return whole[:, :height, :width].permute(0, 3, 1, 2)


def windowed(x: Tensor, style: Tensor, padding: int, tiles: tuple[int, int]) -> Tensor:
    """Features times ``style`` in windows that overlap: (6, 6, tiles down, tiles across, channels)."""
    _, channels, height, width = x.shape
    padded = x.new_empty(*(TILE * count + 2 for count in tiles), channels)
    bottom, right = padding + height, padding + width
    padded[:padding], padded[bottom:], padded[:, :padding], padded[:, right:] = 0.0, 0.0, 0.0, 0.0
    torch.mul(x.permute(0, 2, 3, 1)[0], style.permute(0, 2, 3, 1)[0], out=padded[padding:bottom, padding:right])
    down, right, each = padded.stride()
    shape = (WINDOW, WINDOW, *tiles, channels)
    return padded.as_strided(shape, (down, right, TILE * down, TILE * right, each))
