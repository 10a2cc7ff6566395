"""Pictures enlarged, filtered and reduced in one step, as StyleGAN2 and StyleGAN3 define it (arXiv 1912.04958 and
2106.12423): zeros between the pixels, padding, a finite impulse response filter, every n-th pixel kept.

Every channel is filtered alone, in the layout with channels last, where that is many times as fast on a processor.
A filter along both axes enlarges as a transposed convolution, which does not multiply by the zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

CLOSE = 1e-7
"""A filter (k, k) that is a product of two equal ones (k,), up to this, is used as these: two short passes."""

CHANNELS = 16
"""Features that are resampled together: as many numbers as a processor has in its widest register."""
AT_ONCE, LEAST = 2_000_000, 8
"""Enlarged numbers that are worked on together, and rows of the result at least."""


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
    if up > 1 and taps is not None and taps.ndim == 1:
        x = enlarged(enlarged(x, taps, up, (left, right), 3), taps, up, (top, bottom), 2)
        return x[:, :, ::down, ::down] if down > 1 else x
    x = padded(spread(spread(x, up, 3), up, 2), pad)
    if taps is None:
        return x[:, :, ::down, ::down]
    if taps.ndim == 1:
        x = F.conv2d(x, taps.expand(channels, 1, 1, -1), stride=(1, down), groups=channels)
        return F.conv2d(x, taps[:, None].expand(channels, 1, -1, 1), stride=(down, 1), groups=channels)
    return F.conv2d(x, taps.expand(channels, 1, -1, -1), stride=down, groups=channels)


@dataclass(frozen=True)
class Resampling:
    """Features enlarged ``up`` times, changed, and reduced ``down`` times, with filters and padding as `resample` has
    them."""

    enlarging: Tensor | None
    up: int
    pad: Sequence[int]
    reducing: Tensor | None
    down: int

    def around(self, change: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c, h', w'). ``change`` is of each number alone, and may be in place. On a processor it is
        done part by part, so that what is enlarged stays in its cache."""
        if x.device.type != "cpu" or torch.is_grad_enabled() or torch.jit.is_tracing():
            return self._whole(change, x, self.pad)
        height, width = (self.size(side, axis) for axis, side in enumerate(x.shape[2:]))
        made = x.new_empty(len(x), x.shape[1], height, width).contiguous(memory_format=torch.channels_last)
        rows = max(LEAST, AT_ONCE // (len(x) * CHANNELS * width * self.down**2), *self.pad)  # more than padding alone
        parts = max(1, height // rows)
        for first, last in pairwise(height * part // parts for part in range(parts + 1)):
            above, below, pad = self._needed(first, last, x.shape[2])
            given, places = x[:, :, above:below].split(CHANNELS, 1), made[:, :, first:last].split(CHANNELS, 1)
            for some, place in zip(given, places, strict=True):
                place.copy_(self._whole(change, some, pad))
        return made

    def size(self, side: int, axis: int) -> int:
        """What becomes of a height (axis 0) or a width (1)."""
        before, after = self.pad[2:] if axis == 0 else self.pad[:2]
        lost = sum(taps.shape[axis - taps.ndim] - 1 for taps in (self.enlarging, self.reducing) if taps is not None)
        return -(-(side * self.up + before + after - lost) // self.down)

    def _whole(self, change: Callable[[Tensor], Tensor], x: Tensor, pad: Sequence[int]) -> Tensor:
        x = resample(x, self.enlarging, up=self.up, pad=pad)
        return resample(change(x), self.reducing, down=self.down)

    def _needed(self, first: int, last: int, height: int) -> tuple[int, int, Sequence[int]]:
        """The rows, from and to, of features so high that the rows from ``first`` to ``last`` are made of, and the
        padding of those."""
        left, right, top, _ = self.pad
        taps = sum(len(filter) - 1 for filter in (self.enlarging, self.reducing) if filter is not None)
        start = self.down * first - top
        end = start + self.down * (last - 1 - first) + taps + 1
        above = min(max(0, start // self.up), height - 1)
        below = max(min(-(-end // self.up), height), above + 1)
        return above, below, (left, right, self.up * above - start, end - self.up * below)


def enlarged(x: Tensor, taps: Tensor, up: int, pad: tuple[int, int], axis: int) -> Tensor:
    """Zeros after every row (axis 2) or column (axis 3), padding and a filter, as a transposed convolution, of which
    the ends are cut."""
    front, back = len(taps) - 1 - pad[0], len(taps) - up - pad[1]
    both = max(0, min(front, back))
    across = axis == 3
    kernel = taps.flip(0).view((1, 1, 1, -1) if across else (1, 1, -1, 1)).expand(x.shape[1], -1, -1, -1)
    stride, cut = ((1, up), (0, both)) if across else ((up, 1), (both, 0))
    x = F.conv_transpose2d(x, kernel, None, stride, cut, groups=x.shape[1])
    front, back = front - both, back - both
    if min(front, back) < 0:
        return F.pad(x, (-front, -back, 0, 0) if across else (0, 0, -front, -back))
    return x.narrow(axis, front, x.shape[axis] - front - back) if front or back else x


def padded(x: Tensor, pad: Sequence[int]) -> Tensor:
    return F.pad(x, list(pad)) if any(pad) else x


def spread(x: Tensor, up: int, axis: int) -> Tensor:
    """Zeros after every row (axis 2) or column (axis 3), so that there are ``up`` times as many."""
    if up == 1:
        return x
    last = x.permute(0, 2, 3, 1).unsqueeze(axis)  # (n, h, 1, w, c) or (n, h, w, 1, c)
    zeros = [0, 0, 0, up - 1] if axis == 3 else [0, 0, 0, 0, 0, up - 1]
    return F.pad(last, zeros).flatten(axis - 1, axis).permute(0, 3, 1, 2)
