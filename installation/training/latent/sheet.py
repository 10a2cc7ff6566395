"""What each direction of a model does, on one picture: a row for each, from -3 to 3 steps, at two latents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from installation.networks.direction_controls import REACH
from installation.training.latent.models import PSI, Floats, OpenModel, progress
from installation.training.latent.models import Pictures as Picture

STEPS = np.linspace(-REACH, REACH, 7)
SEEDS = (3, 11)
LEAST = 64
"""px: smaller pictures are enlarged, so that changes are visible."""
GAP = 12
"""Pixels between the two latents' pictures, and around the text."""
PAPER, INK = (250, 249, 246), (40, 38, 34)


def sheet(model: OpenModel, vectors: Floats, names: Sequence[str]) -> Picture:
    """(height, width, 3): directions from top to bottom, called by their names."""
    size = max(LEAST, model.levels(model.latents(SEEDS[:1])).shape[-1])
    letters = max(11, size // 8)
    font = ImageFont.load_default(letters)
    words = GAP * 2 + round(max([font.getlength(name) for name in names] + [size]))
    ways = len(STEPS) * size
    top = 2 * GAP + letters
    page = Image.new("RGB", (words + len(SEEDS) * (ways + GAP), top + len(names) * (size + 2) + GAP), PAPER)
    draw = ImageDraw.Draw(page)
    latents = model.truncated(model.latents(SEEDS), PSI)
    with progress("painting the sheet", len(latents) * len(vectors) * len(STEPS)) as tick:
        for column, latent in enumerate(latents):
            left = words + column * (ways + GAP)
            for number, step in enumerate(STEPS):
                draw.text((left + (number + 0.5) * size, GAP), f"{step:+.0f}" if step else "0", INK, font, anchor="ma")
            for row, vector in enumerate(vectors):
                strip = Image.fromarray(along(model, latent, vector)).resize((ways, size), Image.Resampling.BICUBIC)
                page.paste(strip, (left, top + row * (size + 2)))
                tick(len(STEPS))
    for row, name in enumerate(names):
        draw.text((GAP, top + row * (size + 2) + size / 2), name, INK, font, anchor="lm")
    return np.asarray(page)


def along(model: OpenModel, latent: Floats, vector: Floats) -> Picture:
    """The pictures at STEPS of a direction beside one another, (height, width, 3)."""
    way = (latent + STEPS[:, None] * vector).astype(np.float32)
    return np.concatenate(list(model.pictures(way, psi=1.0)), axis=1)
