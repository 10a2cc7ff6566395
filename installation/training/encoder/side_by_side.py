"""Writes pictures side by side with a caption below each, as PNG; arrays as .npy."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

LEAST = 256
"""px: a smaller picture is enlarged."""
GAP, LINE, GROUND, INK = 12, 30, (24, 24, 24), (220, 220, 220)
"""Pixels around pictures, and below them for their words; colours."""


def as_png(pictures: Sequence[Tensor], words: Sequence[str]) -> bytes:
    """Pictures (3, r, r) uint8 in a row."""
    side = max(LEAST, pictures[0].shape[-1])
    row = Image.new("RGB", ((side + GAP) * len(pictures) + GAP, side + GAP + LINE), GROUND)
    draw, font = ImageDraw.Draw(row), ImageFont.load_default(16)
    for i, (picture, word) in enumerate(zip(pictures, words, strict=True)):
        left = GAP + i * (side + GAP)
        whole = Image.fromarray(np.ascontiguousarray(picture.permute(1, 2, 0).numpy()))
        row.paste(whole.resize((side, side), Image.Resampling.BICUBIC), (left, GAP))
        draw.text((left + side / 2, side + GAP + LINE / 2), word, INK, font, anchor="mm")
    with io.BytesIO() as file:
        row.save(file, "PNG")
        return file.getvalue()


def as_npy(array: NDArray[Any]) -> bytes:
    with io.BytesIO() as file:
        np.save(file, array, allow_pickle=False)
        return file.getvalue()
