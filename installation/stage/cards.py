"""Paper on the wall: what labels and the vote panel are printed on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from installation.stage.layout import Size
from installation.stage.typesetting import Ink

Pixels4 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Stock:
    """A kind of card: the paper, its inks, and the shadow it throws (0..1)."""

    paper: tuple[int, int, int, int]
    ink: Ink
    pale: Ink
    rule: Ink
    accent: Ink
    shadow: float
    foot: float
    """How bright the card is at its foot, where less of the lamps' light arrives."""


CREAM = Stock((243, 236, 222, 255), (38, 33, 28), (96, 86, 74), (206, 196, 178), (140, 58, 40), 0.62, 0.93)
SMOKE = Stock((20, 18, 16, 190), (246, 240, 228), (206, 198, 184), (120, 112, 102), (222, 168, 84), 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Card:
    """``pixels`` (h, w, 4) uint8, premultiplied; ``margin`` pixels on each side are shadow, not paper."""

    pixels: Pixels4
    margin: int

    @property
    def paper(self) -> Size:
        height, width = self.pixels.shape[:2]
        return width - 2 * self.margin, height - 2 * self.margin


class Sheet:
    """A blank card to draw on; ``finish`` cuts it out and lights it."""

    def __init__(self, stock: Stock, size: Size, unit: float) -> None:
        self.stock, self._unit = stock, unit
        self.image = Image.new("RGBA", size, stock.paper)
        self.draw = ImageDraw.Draw(self.image)

    def finish(self) -> Card:
        margin = round(18 * self._unit) if self.stock.shadow else 0
        width, height = self.image.size
        light = np.linspace(1.0, self.stock.foot, height)[:, None, None]
        paper = np.asarray(self.image, np.float32) / 255.0
        paper[..., :3] *= light * paper[..., 3:]
        # Card is thick: its upper edge catches the light, its lower one does not.
        if self.stock.shadow:
            edge = max(1, round(self._unit))
            paper[:edge, :, :3] = np.minimum(paper[:edge, :, :3] * 1.04, 1.0)
            paper[-edge:, :, :3] *= 0.80
        whole = np.zeros((height + 2 * margin, width + 2 * margin, 4), np.float32)
        whole[..., 3] = self._shadow((whole.shape[1], whole.shape[0]), margin)
        whole[margin : margin + height, margin : margin + width] = paper
        return Card((whole * 255.0 + 0.5).astype(np.uint8), margin)

    def _shadow(self, size: Size, margin: int) -> NDArray[np.float32]:
        """(h, w) 0..1: close under the card and dark, farther and faint."""
        if not self.stock.shadow:
            return np.zeros((size[1], size[0]), np.float32)
        dark = np.zeros((size[1], size[0]), np.float32)
        for drop, soft, strength in ((2, 1.6, 0.55), (6, 5.0, 0.45)):
            layer = Image.new("L", size)
            box = (margin, margin + drop * self._unit, size[0] - margin - 1, size[1] - margin - 1 + drop * self._unit)
            ImageDraw.Draw(layer).rectangle(box, fill=255)
            dark += np.asarray(layer.filter(ImageFilter.GaussianBlur(soft * self._unit)), np.float32) / 255.0 * strength
        return dark * self.stock.shadow
