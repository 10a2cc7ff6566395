"""The discriminator of a refiner: which of two pictures is the real one, by patches of three sizes.

A picture's power falls with the square of the frequency, and paint is where there is least of it: a discriminator of
the plain picture stays at chance for a hundred thousand windows, as what it could find is a hundredth of what it sees.
So it is given, beside the picture, what is finer than a mean of 2x2 px, LOUDER.

The pixels of both are shuffled into maps of the soft one's size; a conditional discriminator (pix2pix, arXiv
1611.07004) is given the soft picture beside them. Scores are given at each position of the maps that are a 4th, 8th and
16th of the soft picture's side: brushwork, an eye, a head.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from installation.networks.refiner import SCALE
from installation.networks.tone import enlarged

SLOPE = 0.2
WIDTHS = (32, 48, 96, 160, 160)
"""Feature maps at the soft picture's size, a half, a quarter ... of it."""
LOUDER = 8.0
"""The gain on the finest detail; about what makes it as strong as the picture itself."""
HEADS = 3
"""So many of the smallest sizes are scored."""


def convolution(wide_in: int, wide_out: int, kernel: int = 3, gain: float = math.sqrt(2 / (1 + SLOPE**2))) -> nn.Conv2d:
    layer = nn.Conv2d(wide_in, wide_out, kernel, padding=kernel // 2)
    nn.init.normal_(layer.weight, std=gain / math.sqrt(wide_in * kernel**2))
    nn.init.zeros_(layer.bias)
    return layer


class Halving(nn.Module):
    """Half the side, then two convolutions, the second beside a way past it."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.conv0, self.conv1 = convolution(wide_in, wide_out), convolution(wide_out, wide_out)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv0(F.avg_pool2d(F.leaky_relu(x, SLOPE), 2))
        return (x + self.conv1(F.leaky_relu(x, SLOPE))) * math.sqrt(0.5)


class Judge(nn.Module):
    """Pictures (n, 3, 2h, 2w), beside soft ones (n, 3, h, w), -> scores of each size, (n, places) each."""

    def __init__(self, conditional: bool = False) -> None:
        super().__init__()
        self.conditional = conditional
        self.entrance = convolution(2 * 3 * SCALE**2 + 3 * conditional, WIDTHS[0])
        self.halvings = nn.ModuleList(Halving(a, b) for a, b in pairwise(WIDTHS))
        self.heads = nn.ModuleList(convolution(wide, 1, 1, gain=1.0) for wide in WIDTHS[-HEADS:])

    def forward(self, picture: Tensor, soft: Tensor) -> list[Tensor]:
        finest = (picture - enlarged(F.avg_pool2d(picture, SCALE))) * LOUDER
        x = F.pixel_unshuffle(torch.cat([picture, finest], 1), SCALE)
        x = torch.cat([x, soft], 1) if self.conditional else x
        x, seen = self.entrance(x.contiguous(memory_format=torch.channels_last)), []
        for halving in self.halvings:
            x = halving(x)
            seen.append(x)
        scored = zip(self.heads, seen[-HEADS:], strict=True)
        return [head(F.leaky_relu(x, SLOPE)).flatten(1) for head, x in scored]
