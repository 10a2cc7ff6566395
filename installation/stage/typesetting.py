"""Sets text in lines: any script, either direction, fonts mixed where one does not have it all."""

import re
from dataclasses import dataclass
from functools import partial

from PIL import Image, ImageDraw, ImageFont

from installation.stage.bidi import directions, is_rtl
from installation.stage.fonts import Faces, Font, Style
from installation.stage.joining import seen

DETAIL = 4
"""Type is drawn this many times larger, then made small: its letters stand where they belong, not on whole pixels."""

Ink = tuple[int, int, int] | tuple[int, int, int, int]

_EAST_ASIAN = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
_CLOSING = r"\u3001\u3002\uff0c\uff01\uff1f\u300d\u300f"
# East Asian text may break between any two of its letters, though not before a closing sign; other text at its spaces.
_WORDS = re.compile(rf"[{_EAST_ASIAN}][{_CLOSING}]*\s*|[^\s{_EAST_ASIAN}]+\s*|\s+")


DARKER = [round(255 * (level / 255) ** 0.85) for level in range(256)]
"""Small type in thin grey would be lighter than the same type in print."""


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one font and one direction, and as they are ``drawn``; ``width`` in pixels, ``font`` DETAIL times."""

    text: str
    drawn: str
    font: Font
    rtl: bool
    width: float


@dataclass(frozen=True, slots=True)
class Line:
    """Runs from left to right, as they are seen. ``rtl``: the paragraph runs from right to left."""

    runs: tuple[Run, ...]
    rtl: bool

    @property
    def width(self) -> float:
        return sum(run.width for run in self.runs)

    def draw(self, image: Image.Image, x: float, baseline: int, ink: Ink) -> None:
        """Prints the line from ``x`` on."""
        high = max((run.font.size for run in self.runs), default=0) / DETAIL
        above, pad, left = round(1.5 * high), round(high), int(x)
        mask = Image.new("L", ((round(self.width) + 2 * pad) * DETAIL, (above + pad) * DETAIL))
        draw = ImageDraw.Draw(mask)
        at = (x - left + pad) * DETAIL
        for run in self.runs:
            way = _direction_of(run.font, run.rtl)
            draw.text((at, above * DETAIL), run.drawn, 255, run.font, anchor="ls", direction=way)
            at += run.width * DETAIL
        image.paste(ink, (left - pad, baseline - above), mask.reduce(DETAIL).point(DARKER))


class Setter:
    """Breaks text into lines of fonts from ``faces``."""

    def __init__(self, faces: Faces) -> None:
        self._faces = faces

    def lines(self, text: str, style: Style, size: float, width: float) -> list[Line]:
        """``text`` in lines no wider than ``width`` pixels; a line break in the text is kept."""
        return [line for part in text.splitlines() for line in self._paragraph(part, style, size, width)]

    def line(self, text: str, style: Style, size: float, width: float) -> Line:
        """``text`` in one line, cut with an ellipsis where it is too long."""
        whole = self._line(text, style, size, is_rtl(text))
        while whole.width > width and len(text) > 1:
            text = text.rstrip("…")[:-1].rstrip() + "…"
            whole = self._line(text, style, size, whole.rtl)
        return whole

    def _paragraph(self, text: str, style: Style, size: float, width: float) -> list[Line]:
        rtl, lines, begun = is_rtl(text), list[Line](), ""
        words = _WORDS.findall(text)[::-1]
        while words:
            word = words.pop()
            if self._fits(begun + word, style, size, rtl, width):
                begun += word
            elif begun.strip():
                lines.append(self._line(begun.rstrip(), style, size, rtl))
                begun = ""
                words.append(word)
            else:
                words += [word[len(word) // 2 :], word[: len(word) // 2]] if len(word) > 1 else []
                lines += [self._line(word, style, size, rtl)] if len(word) == 1 else []
        return [*lines, self._line(begun.rstrip(), style, size, rtl)] if begun.strip() else lines

    def _fits(self, text: str, style: Style, size: float, rtl: bool, width: float) -> bool:
        return self._line(text.rstrip(), style, size, rtl).width <= width

    def _line(self, text: str, style: Style, size: float, rtl: bool) -> Line:
        runs = []
        for part, backwards in directions(text, rtl):
            fonts = self._faces.split(part, style, round(size * DETAIL))
            runs += [self._run(letters, font, backwards) for letters, font in (fonts[::-1] if backwards else fonts)]
        return Line(tuple(runs), rtl)

    def _run(self, text: str, font: Font, rtl: bool) -> Run:
        shapes = font.layout_engine == ImageFont.Layout.RAQM
        drawn = text if shapes or not rtl else seen(text, partial(self._faces.draws, font))
        return Run(text, drawn, font, rtl, font.getlength(drawn, direction=_direction_of(font, rtl)) / DETAIL)


def _direction_of(font: Font, rtl: bool) -> str | None:
    """Only the layout engine with shaping takes a direction."""
    return ("rtl" if rtl else "ltr") if font.layout_engine == ImageFont.Layout.RAQM else None
