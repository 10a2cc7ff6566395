"""Pictures enlarged, filtered and reduced in one step, as StyleGAN2 and StyleGAN3 define it (arXiv 1912.04958 and
2106.12423): zeros between the pixels, padding, a finite impulse response filter, every n-th pixel kept."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor


def prepared(taps: Tensor, gain: float = 1.0) -> Tensor:
    """A filter (k,), used along both axes, or (kh, kw), as torch correlates with it: turned round. ``gain`` is that of
    both axes together."""
    return taps.flip(tuple(range(taps.ndim))) * gain ** (taps.ndim / 2)


def resample(x: Tensor, taps: Tensor | None, up: int = 1, down: int = 1, pad: Sequence[int] = (0, 0, 0, 0)) -> Tensor:
    """(n, c, h, w) -> (n, c, h', w'). ``taps`` come from ``prepared``; None filters nothing. ``pad`` is left, right, top
    and bottom, in pixels after the enlargement; a negative number crops."""
    n, c, height, width = x.shape
    x = x.reshape(n * c, 1, height, width)
    if up > 1:
        x = spread(x, up)
    if any(pad):
        x = F.pad(x, list(pad))
    if taps is None:
        x = x[:, :, ::down, ::down]
    elif taps.ndim == 1:
        x = F.conv2d(x, taps[None, None, None, :], stride=(1, down))
        x = F.conv2d(x, taps[None, None, :, None], stride=(down, 1))
    else:
        x = F.conv2d(x, taps[None, None], stride=down)
    return x.reshape(n, c, *x.shape[2:])


def spread(x: Tensor, up: int) -> Tensor:
    """(n, 1, h, w) -> (n, 1, h * up, w * up), zeros between the pixels and after the last ones."""
    n, _, height, width = x.shape
    x = F.pad(x.reshape(n, height, 1, width, 1), [0, up - 1, 0, 0, 0, up - 1])
    return x.reshape(n, 1, height * up, width * up)


