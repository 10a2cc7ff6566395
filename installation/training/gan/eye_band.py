"""A small discriminator of the band round the eyes of aligned faces.

In the whole picture the eyes cover a few hundredths of the area, while two eyes that disagree are the most visible
error. Where `prepare --crop face` has aligned the eyes in all pictures, a second discriminator can see only them (as
the facial-component losses of GFPGAN, arXiv 2101.04061).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from installation.networks.stylegan2_generator import SQRT2, EqualConv
from installation.training.dataset.crops import FACE
from installation.training.gan.discriminator import Block, Verdict

WIDE, HIGH = 64, 32
"""Size of the band in px: at 128 px that of the picture; smaller and larger pictures are resized."""
SHARE = 0.5
"""Of the picture's width and, halved, of its height."""


def band(pictures: Tensor) -> Tensor:
    """(n, 3, r, r) of faces as crops.FACE places them -> (n, 3, HIGH, WIDE) round both eyes."""
    side = pictures.shape[-1]
    width, height = round(side * SHARE), round(side * SHARE / 2)
    across, down = FACE[:2].mean(0)
    left, top = round(side * float(across) - width / 2), round(side * float(down) - height / 2)
    seen = pictures[:, :, top : top + height, left : left + width]
    if width > WIDE:
        return F.adaptive_avg_pool2d(seen, (HIGH, WIDE))
    if width < WIDE:
        return F.interpolate(seen, size=(HIGH, WIDE), mode="bilinear", align_corners=False)
    return seen


class EyeBand(Verdict):
    """(n, 3, HIGH, WIDE) -> score (n, 1); n must be a multiple of GROUP."""

    def __init__(self, wide: int, narrow: torch.dtype | None = None) -> None:
        """`wide` feature maps at first, twice as many then."""
        super().__init__(2 * wide, (WIDE // 8) * (HIGH // 8))
        self.from_rgb = EqualConv(12, wide, 3)
        self.blocks = nn.Sequential(Block(wide, 2 * wide, True, narrow), Block(2 * wide, 2 * wide, True, narrow))

    def forward(self, picture: Tensor, _fade: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
        x = F.pixel_unshuffle(picture, 2).to(dtype, memory_format=torch.channels_last)
        return self.judge(self.blocks(F.leaky_relu(self.from_rgb(x, gain=SQRT2), 0.2)))
