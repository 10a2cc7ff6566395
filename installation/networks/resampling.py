"""Pictures enlarged, filtered and reduced in one step, as StyleGAN2 and StyleGAN3 define it (arXiv 1912.04958 and
2106.12423): zeros between the pixels, padding, a finite impulse response filter, every n-th pixel kept.

Every channel is filtered alone, in the layout with channels last, where that is many times as fast on a processor.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

CLOSE = 1e-7
"""A filter (k, k) that is a product of two equal ones (k,), up to this, is used as these: two short passes."""


def prepared(taps: Tensor, gain: float = 1.0) -> Tensor:
    """A filter (k,), used along both axes, or (kh, kw), as torch correlates with it: turned round. ``gain`` is that of
    both axes together."""
    taps = divided(taps).flip(tuple(range(divided(taps).ndim)))
    return taps * gain ** (taps.ndim / 2)


def divided(taps: Tensor) -> Tensor:
    """The one filter (k,) of which a filter is the product with itself, where it is."""
    if taps.ndim == 1 or taps.shape[0] != taps.shape[1] or float(taps.sum()) <= 0:
        return taps
    line = taps.sum(0) / taps.sum().sqrt()
    return line if float((torch.outer(line, line) - taps).abs().max()) < CLOSE else taps


def resample(x: Tensor, taps: Tensor | None, up: int = 1, down: int = 1, pad: Sequence[int] = (0, 0, 0, 0)) -> Tensor:
    """(n, c, h, w) -> (n, c, h', w'). ``taps`` come from ``prepared``; None filters nothing. ``pad`` is left, right,
    top and bottom, in pixels after the enlargement; a negative number crops."""
    left, right, top, bottom = pad
    channels = x.shape[1]
    x = x.contiguous(memory_format=torch.channels_last)
    if up == 1 and taps is not None and taps.ndim == 1 and left == right >= 0 and top == bottom >= 0:
        # The convolutions pad by themselves, which saves a copy each.
        x = F.conv2d(x, taps.expand(channels, 1, 1, -1), None, (1, down), (0, left), groups=channels)
        return F.conv2d(x, taps[:, None].expand(channels, 1, -1, 1), None, (down, 1), (top, 0), groups=channels)
    x = padded(spread(x, up, 3), (left, right, 0, 0))
    if taps is not None and taps.ndim == 1:  # along the rows alone while they are few
        x = F.conv2d(x, taps.expand(channels, 1, 1, -1), stride=(1, down), groups=channels)
    x = padded(spread(x, up, 2), (0, 0, top, bottom))
    if taps is None:
        return x[:, :, ::down, ::down]
    if taps.ndim == 1:
        return F.conv2d(x, taps[:, None].expand(channels, 1, -1, 1), stride=(down, 1), groups=channels)
    return F.conv2d(x, taps.expand(channels, 1, -1, -1), stride=down, groups=channels)


def padded(x: Tensor, pad: Sequence[int]) -> Tensor:
    return F.pad(x, list(pad)) if any(pad) else x


def spread(x: Tensor, up: int, axis: int) -> Tensor:
    """Zeros after every row (axis 2) or column (axis 3), so that there are ``up`` times as many."""
    if up == 1:
        return x
    last = x.permute(0, 2, 3, 1).unsqueeze(axis)  # (n, h, 1, w, c) or (n, h, w, 1, c)
    zeros = [0, 0, 0, up - 1] if axis == 3 else [0, 0, 0, 0, 0, up - 1]
    return F.pad(last, zeros).flatten(axis - 1, axis).permute(0, 3, 1, 2)
