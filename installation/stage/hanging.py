"""What hangs on the wall: each piece with its layout, its frames and its label, in memory of the GPU."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import moderngl
import numpy as np

from installation.core.contracts import Pixels
from installation.core.errors import DeviceError
from installation.engine.view import Picture
from installation.stage import labels, pictures
from installation.stage.labels import Label
from installation.stage.layout import How, Layout, Size, arrange
from installation.stage.printing import Printed, Printer

log = logging.getLogger(__name__)

NOTHING: Mapping[str, str] = MappingProxyType({})

BARE: dict[How, tuple[int, int, int]] = {"wall": (171, 160, 140), "bleed": (46, 43, 40)}
"""sRGB of what hangs before there is a picture or a poster: primed canvas; the wall in the dark."""


@dataclass(frozen=True, slots=True)
class Hanging:
    """What a piece hangs as. ``aspect`` is width / height of its pictures; None: its poster's, or square."""

    how: How
    label: Label
    languages: tuple[str, ...]
    poster: Path | None = None
    aspect: float | None = None


@dataclass(slots=True)
class Hung:
    """A piece with all that stands still about it."""

    hanging: Hanging
    layout: Layout
    reel: pictures.Reel
    printer: Printer
    labels: dict[tuple[tuple[str, ...], tuple[str, ...]], Printed | None] = field(default_factory=dict)

    def label(self, language: str, words: Mapping[str, str] = NOTHING) -> Printed | None:
        """The label's card in that language, made once; None where it has no text. With ``words`` for the moment it has
        them under its text."""
        languages = labels.shown_languages(self.hanging.languages, language)
        key = (languages, tuple(words.values()))
        if key not in self.labels:
            label = labels.longer(self.hanging.label, words) if words else self.hanging.label
            self.labels[key] = self.printer.label(label, languages, self.layout)
        return self.labels[key]

    def release(self) -> None:
        self.reel.release()
        for printed in self.labels.values():
            if printed:
                printed.texture.release()


class Hangings:
    """The pieces that hang, by their number, on a wall of one size."""

    def __init__(self, context: moderngl.Context, printer: Printer, size: Size) -> None:
        self._context, self._printer, self._size = context, printer, size
        self._hung: dict[int, Hung] = {}

    def __getitem__(self, piece: int) -> Hung:
        return self._hung[piece]

    def __contains__(self, piece: int) -> bool:
        return piece in self._hung

    def layouts(self) -> list[Layout]:
        return [hung.layout for hung in self._hung.values()]

    def hang(self, piece: int, hanging: Hanging) -> None:
        """Hangs a piece, or hangs it anew. A poster that cannot be read is logged and left out."""
        if hanging.poster is not None:
            try:
                width, height = pictures.poster_size(hanging.poster)
                hanging = replace(hanging, aspect=hanging.aspect or width / height)
            except DeviceError as error:
                _warn(error)
                hanging = replace(hanging, poster=None)
        self._hang(piece, hanging)

    def _hang(self, piece: int, hanging: Hanging) -> None:
        layout = arrange(hanging.how, self._size, hanging.aspect or 1.0)
        still = _still(hanging, layout)
        if piece in self._hung:
            self._hung.pop(piece).release()
        self._hung[piece] = Hung(hanging, layout, pictures.Reel(self._context, still), self._printer)
        for language in hanging.languages:
            self._hung[piece].label(language)

    def renumber(self, before: Mapping[int, int]) -> None:
        """Gives the pieces other numbers: ``before`` has the present number of each that stays."""
        kept = {piece: self._hung.pop(old) for piece, old in before.items() if old in self._hung}
        for gone in self._hung.values():
            gone.release()
        self._hung = kept

    def fit(self, picture: Picture) -> bool:
        """Makes the frame of a piece anew where its pictures have another aspect. Returns whether it did."""
        hung, frame = self._hung[picture.piece], picture.later or picture.earlier
        if frame is None or hung.hanging.how != "wall":
            return False
        aspect = frame.pixels.shape[1] / frame.pixels.shape[0]
        if arrange("wall", self._size, aspect) == hung.layout:
            return False
        self._hang(picture.piece, replace(hung.hanging, aspect=aspect))
        return True

    def resize(self, size: Size) -> None:
        """Hangs every piece anew on a wall of another size."""
        self._size = size
        for piece, hung in list(self._hung.items()):
            aspect = hung.layout.picture.width / hung.layout.picture.height
            self._hang(piece, replace(hung.hanging, aspect=aspect))


def _still(hanging: Hanging, layout: Layout) -> Pixels:
    """What hangs until the first picture comes."""
    if hanging.poster is not None:
        try:
            return pictures.poster(hanging.poster, layout)
        except DeviceError as error:
            _warn(error)
    return np.full((1, 1, 3), BARE[hanging.how], np.uint8)


def _warn(error: DeviceError) -> None:
    log.warning("%s; the frame stays empty until the first picture", error)
