"""Cards: the paper that labels and the vote panel are printed on."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from installation.stage.fonts import Faces
from installation.stage.layout import Size
from installation.stage.typesetting import Ink, Setter

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
NIGHT = Stock((34, 31, 28, 255), (238, 230, 214), (186, 176, 158), (96, 88, 78), (222, 168, 84), 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Card:
    """``pixels`` (h, w, 4) uint8, premultiplied; ``margin`` pixels on each side are shadow, not paper."""

    pixels: Pixels4
    margin: int

    @property
    def paper(self) -> Size:
        height, width = self.pixels.shape[:2]
        return width - 2 * self.margin, height - 2 * self.margin


class Press:
    """Prints cards. It keeps the shadows of the sizes it has printed, as a panel is printed again with every vote."""

    def __init__(self) -> None:
        self.setter = Setter(Faces())
        self._shadow = lru_cache(maxsize=8)(_shadow)

    def sheet(self, stock: Stock, size: Size) -> Image.Image:
        """A blank card to draw on."""
        return Image.new("RGBA", size, stock.paper)

    def finish(self, sheet: Image.Image, stock: Stock, unit: float) -> Card:
        """The drawn card, cut out, lit and with its shadow."""
        margin = round(18 * unit) if stock.shadow else 0
        paper = np.array(sheet, np.uint16)
        light = np.linspace(256.0, 256.0 * stock.foot, len(paper))
        if stock.shadow:  # card is thick: its upper edge catches the light, its lower one does not
            edge = max(1, round(unit))
            light[:edge] *= 1.04
            light[-edge:] *= 0.80
        rgb = np.minimum(paper[..., :3] * light.astype(np.uint16)[:, None, None] >> 8, 255)
        paper[..., :3] = rgb if stock.paper[3] == 255 else rgb * paper[..., 3:] // 255
        pixels = self._shadow(sheet.size, margin, unit, stock.shadow).copy()
        pixels[margin : margin + len(paper), margin : margin + sheet.width] = paper
        return Card(pixels, margin)


def _shadow(paper: Size, margin: int, unit: float, strength: float) -> Pixels4:
    """(h, w, 4) black: close under the card and dark, farther and faint."""
    size = (paper[0] + 2 * margin, paper[1] + 2 * margin)
    pixels = np.zeros((size[1], size[0], 4), np.uint8)
    if strength:
        dark = np.zeros((size[1], size[0]), np.float32)
        for drop, soft, part in ((2, 1.6, 0.55), (6, 5.0, 0.45)):
            layer = Image.new("L", size)
            top = margin + drop * unit
            box = (margin, top, size[0] - margin - 1, top + paper[1] - 1)
            ImageDraw.Draw(layer).rectangle(box, fill=255)
            dark += np.asarray(layer.filter(ImageFilter.GaussianBlur(soft * unit)), np.float32) * part
        pixels[..., 3] = dark * strength
    return pixels
