"""The discriminator: a residual network with a minibatch standard deviation (StyleGAN2, arXiv 1912.04958).

Two forms, by the version of the generator's architecture. Version 1 looks at every pixel through one 1x1 convolution
and halves by 2x2 means. Version 2 folds 2x2 pixels into 12 channels first (pixel_unshuffle), which avoids the most
expensive convolutions, those of few maps at full size, and halves by the filter [1, 3, 3, 1] of StyleGAN2,
which lets less alias through.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from installation.networks.stylegan2_generator import SQRT2, Architecture, EqualConv, EqualLinear
from installation.training.loop.devices import GROUP


def halve(x: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Half the size, by the filter [1, 3, 3, 1] along each side; in another type where that one is faster."""
    row = torch.tensor([1.0, 3.0, 3.0, 1.0], device=x.device) / 8
    filters = torch.outer(row, row).expand(x.shape[1], 1, 4, 4)
    seen = x.to(dtype or x.dtype)
    return F.conv2d(seen, filters.to(seen.dtype), stride=2, padding=1, groups=x.shape[1]).to(x.dtype)


class Block(nn.Module):
    """A residual block that halves the picture."""

    def __init__(self, wide_in: int, wide_out: int, filtered: bool, narrow: torch.dtype | None = None) -> None:
        """`filtered`: halves by [1, 3, 3, 1] and not by means, computed in the type `narrow`, or that of its input."""
        super().__init__()
        self.conv0 = EqualConv(wide_in, wide_in, 3)
        self.conv1 = EqualConv(wide_in, wide_out, 3)
        self.skip = EqualConv(wide_in, wide_out, 1, bias=False)
        self.filtered, self.narrow = filtered, narrow

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.conv0(x, gain=SQRT2), 0.2)
        # each branch leaves with variance 1/2, so that their sum keeps variance 1
        y = F.leaky_relu(self.conv1(self.smaller(y)), 0.2)
        return y + self.skip(self.smaller(x), gain=1 / SQRT2)

    def smaller(self, x: Tensor) -> Tensor:
        return halve(x, self.narrow) if self.filtered else F.avg_pool2d(x, 2)


class Verdict(nn.Module):
    """The last layers: features (n, wide, height, width) -> score (n, 1), float32. n must be a multiple of GROUP."""

    def __init__(self, wide: int, cells: int = 16) -> None:
        super().__init__()
        self.conv = EqualConv(wide + 1, wide, 3)
        self.dense = EqualLinear(wide * cells, wide)
        self.out = EqualLinear(wide, 1)

    def judge(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.conv(deviation(x.float()), gain=SQRT2), 0.2)
        x = F.leaky_relu(self.dense(x.flatten(1)), 0.2) * SQRT2
        return self.out(x)


def deviation(x: Tensor) -> Tensor:
    """Append one map: how much the pictures of each group of neighbours differ (so a collapse shows)."""
    n, c, h, w = x.shape
    groups = x.reshape(n // GROUP, GROUP, c, h, w)
    spread = (groups.var(1, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    plane = spread.repeat_interleave(GROUP)[:, None, None, None].expand(n, 1, h, w)
    return torch.cat([x, plane], 1)


class Discriminator(Verdict):
    """Picture (n, 3, h, h) -> score (n, 1); n must be a multiple of the minibatch group, GROUP."""

    def __init__(self, arch: Architecture, narrow: torch.dtype | None = None) -> None:
        """`narrow`: the type that the filters are computed in, where it is not that of the activations."""
        wide = arch.channels
        super().__init__(wide[0])
        self.arch, self.folded = arch, arch.version > 1
        if self.folded:  # the entrance of a size leads to the size below it
            self.from_rgb = nn.ModuleList(EqualConv(12, c, 3) for c in wide[:-1])
            wide = wide[:-1]
        else:
            self.from_rgb = nn.ModuleList(EqualConv(3, c, 1) for c in wide)
        self.blocks = nn.ModuleList(Block(b, a, self.folded, narrow) for a, b in pairwise(wide))

    def forward(self, picture: Tensor, fade: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
        top = self.arch.resolutions.index(picture.shape[-1]) - self.folded
        x = self.entrance(picture, top, dtype)
        for level in range(top, 0, -1):
            x = self.blocks[level - 1](x)
            if level == top and fade < 1:
                x = x * fade + self.entrance(F.avg_pool2d(picture, 2), top - 1, dtype) * (1 - fade)
        return self.judge(x)

    def entrance(self, picture: Tensor, level: int, dtype: torch.dtype) -> Tensor:
        x = F.pixel_unshuffle(picture, 2) if self.folded else picture
        x = x.to(dtype, memory_format=torch.channels_last)
        return F.leaky_relu(self.from_rgb[level](x, gain=SQRT2), 0.2)
