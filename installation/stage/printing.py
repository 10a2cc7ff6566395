"""Cards as textures: titles, labels and panels are printed here, and laid over what is drawn already."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import moderngl

from installation.core.decision import Panel
from installation.engine.view import View
from installation.stage import gl, labels
from installation.stage.cards import CREAM, NIGHT, SMOKE, Card, Press, Stock
from installation.stage.labels import Label
from installation.stage.layout import Layout, Rect, Size, Slot, arrange
from installation.stage.panel import Poll, content

PANELS = 4
"""Panels that are kept, as two pieces may show one and languages take turns."""


@dataclass(slots=True)
class Printed:
    """A card as a texture, and where it lies with its shadow."""

    texture: moderngl.Texture
    rect: Rect


Cards = tuple[tuple[Printed, float], ...]
"""Cards, and how much is to be seen of each (0..1)."""


class Printer:
    """Makes cards and lays them. ``copy`` is the brush that draws a texture as it is."""

    def __init__(self, context: moderngl.Context, copy: gl.Brush) -> None:
        self._context, self._copy = context, copy
        self._press = Press()
        self._poll = Poll(self._press)
        self._panels: dict[tuple[object, ...], Printed] = {}

    def title(self, titles: Sequence[str], size: Size) -> Printed:
        """A show's title, in the middle of a wall of that size."""
        width, height = size
        card = labels.announce(self._press, titles, round(0.8 * width), arrange("bleed", size, 1.0).unit, NIGHT)
        wide, high = card.paper
        rect = Rect((width - wide) // 2, round(0.46 * height) - high // 2, wide, high)
        return Printed(gl.image(self._context, card.pixels[::-1]), rect)

    def label(self, label: Label, languages: tuple[str, ...], layout: Layout) -> Printed | None:
        """The label beside a piece; None where it has no text."""
        stock = _stock(layout)
        card = labels.typeset(self._press, label, languages, layout.label.box.size, layout.unit, stock)
        return self._print(card, layout.label) if card else None

    def panel(self, panel: Panel, languages: tuple[str, ...], layout: Layout, view: View) -> Printed:
        """The panel's card, made anew when what it says changes, and when another QR code is ready."""
        panel = replace(panel, url=self._poll.codes.ready(panel.url))
        key = (content(panel), languages, layout.panel, layout.moulding > 0)
        if key not in self._panels:
            while len(self._panels) >= PANELS:
                self._panels.pop(next(iter(self._panels))).texture.release()
            size = layout.panel.box.size
            card = self._poll.typeset(panel, languages, size, layout.unit, _stock(layout), view.words)
            self._panels[key] = self._print(card, layout.panel)
        self._panels[key] = self._panels.pop(key)  # the least used goes first
        return self._panels[key]

    def _print(self, card: Card, slot: Slot) -> Printed:
        return Printed(gl.image(self._context, card.pixels[::-1]), slot.rect(card.paper).grown(card.margin))

    def lay(self, target: moderngl.Framebuffer, cards: Cards, gain: float) -> None:
        """Lays cards over what is there; premultiplied, so that their shadows darken. ``gain`` (0..1) dims them."""
        for card, alpha in cards:
            left, bottom, _, _ = gl.flipped(card.rect, target.size[1])
            self._context.enable(moderngl.BLEND)
            self._context.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
            corner = (float(left), float(bottom))
            self._copy.paint(target, card.rect, card.texture, corner=corner, gain=gain, alpha=alpha)
            self._context.disable(moderngl.BLEND)


def _stock(layout: Layout) -> Stock:
    return CREAM if layout.moulding else SMOKE
