"""How strong detail of each size is in a picture, and made stronger or weaker, size by size.

A picture is the sum of its bands: what a blur of the finest detail takes away, what averaging over two pixels takes
away beyond that, over four, over eight ..., and what is left, which is all of its large light and colour. Pictures
are (n, 3, height, width), with sides that can be halved ``halvings`` times; a band has their size.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor

HERE, NEAR, FAR = 0.625, 0.25, -0.0625
"""The finest blur: what each pixel keeps, and gives to each of its neighbours and of theirs, across and then down. What
changes from one pixel to the next is lost, and over four most is kept."""
LUMA = (0.299, 0.587, 0.114)
"""The brightness of a colour (ITU-R BT.601)."""
BLOCK = 8
"""Pixels: the sides of what contrast is measured within."""


def blurred(x: Tensor) -> Tensor:
    return _blurred(_blurred(F.pad(x, (2, 2, 2, 2), mode="replicate"), 3), 2)


def _blurred(x: Tensor, axis: int) -> Tensor:
    """Along an axis, two pixels shorter at each end."""
    shifted = [x.narrow(axis, start, x.shape[axis] - 4) for start in range(5)]
    return HERE * shifted[2] + NEAR * (shifted[1] + shifted[3]) + FAR * (shifted[0] + shifted[4])


def contrast(x: Tensor) -> Tensor:
    """(n, 1, height, width) how strong detail is around each pixel: the deviation of the brightness of pictures
    (n, 3, height, width) within blocks of BLOCK px, which their sides are multiples of, and between their middles."""
    light = LUMA[0] * x[:, :1] + LUMA[1] * x[:, 1:2] + LUMA[2] * x[:, 2:]
    mean = F.interpolate(F.avg_pool2d(light, BLOCK), scale_factor=BLOCK, mode="nearest")
    deviation = F.avg_pool2d((light - mean) ** 2, BLOCK).sqrt()
    return F.interpolate(deviation, scale_factor=BLOCK, mode="bilinear", align_corners=False)


def regraded(x: Tensor, colours: Tensor, light: Tensor, cell: int) -> Tensor:
    """What is added to pictures (n, 3, height, width): in cells of ``cell`` px, a power of two, their mean colour times
    ``colours`` (3, 3), and ``light`` (3, cells, cells), which repeats where several pictures lie side by side; between
    the cells' middles what is between them."""
    large = F.avg_pool2d(x, cell)
    small = F.conv2d(large, colours.to(x.dtype)[:, :, None, None]) + alongside(light, large).to(x.dtype)
    for _ in range(cell.bit_length() - 1):
        small = enlarged(small)
    return small


def alongside(pattern: Tensor, picture: Tensor) -> Tensor:
    """A pattern (3, h, h) as often down and across as its side is in a picture (n, 3, height, width)."""
    down, across = (length // pattern.shape[-1] for length in picture.shape[-2:])
    return pattern.repeat(1, down, across)


def enlarged(x: Tensor) -> Tensor:
    """Twice as large."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def averages(x: Tensor, halvings: int) -> list[Tensor]:
    """The picture averaged over two pixels, four ..., each half as large as the one before."""
    smaller = [x]
    for _ in range(halvings):
        smaller.append(F.avg_pool2d(smaller[-1], 2))
    return smaller[1:]


def bands(x: Tensor, halvings: int) -> list[Tensor]:
    """The ``halvings + 2`` bands, the finest first; their sum is the picture."""
    lows = [x, blurred(x)]
    for number, small in enumerate(averages(x, halvings), start=1):
        for _ in range(number):
            small = enlarged(small)
        lows.append(small)
    return [*(finer - coarser for finer, coarser in pairwise(lows)), lows[-1]]


def toned(x: Tensor, gains: Sequence[float], middle: Tensor) -> Tensor:
    """The picture with its bands times ``gains``, the finest first; the last one counts from the colour ``middle``
    (3, 1, 1). What is small is added up before it is enlarged."""
    first, *steps = [after - before for before, after in pairwise(gains)]
    large: Tensor | float = 0.0
    for small, step in zip(reversed(averages(x, len(steps))), reversed(steps), strict=True):
        large = enlarged(large + step * small)
    return gains[0] * x + first * blurred(x) + large + (1 - gains[-1]) * middle.to(x.dtype)
