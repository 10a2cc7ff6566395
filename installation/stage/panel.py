"""The vote panel: a QR code of the visitors' page, what the vote is about, and how it stands."""

import math
from collections.abc import Sequence

import numpy as np
import segno
from PIL import Image

from installation.stage.cards import Card, Sheet, Stock
from installation.stage.layout import Size
from installation.stage.typesetting import Line, Setter
from installation.view import Panel

CALLS = {
    "en": ("Vote for what hangs next", "{} left"),
    "nl": ("Stem op wat hierna hangt", "nog {}"),
    "de": ("Stimmen Sie ab, was als Nächstes hängt", "noch {}"),
    "fr": ("Votez pour le prochain tableau", "encore {}"),
    "es": ("Vote por el próximo cuadro", "quedan {}"),
}
MOST_BARS = 6
QUIET = 4
"""Blank modules around a QR code, as its standard asks."""


def content(panel: Panel) -> tuple[object, ...]:
    """What a panel shows: panels of equal content look the same, so that the card is not printed anew."""
    return panel.url, panel.tally, remaining(panel.seconds_left)


def remaining(seconds: float | None) -> str:
    """The time that is left, told calmly: in minutes, in the last one by tens of seconds."""
    if seconds is None or seconds <= 0.0:
        return ""
    return f"{math.ceil(seconds / 60)} min" if seconds > 60 else f"{math.ceil(seconds / 10) * 10} s"


def typeset(setter: Setter, panel: Panel, languages: Sequence[str], room: Size, unit: float, stock: Stock) -> Card:
    """The panel's card, ``room`` wide at most."""
    margin, width = round(16 * unit), room[0]
    code = qr(panel.url, round(136 * unit))
    gap = round(14 * unit)
    lines = _call(setter, panel, languages, width - 2 * margin - code.width - gap, unit)
    bars = panel.tally[:MOST_BARS]
    height = margin + code.height + round(len(bars) * 31 * unit) + (round(8 * unit) if bars else 0) + margin
    sheet = Sheet(stock, (width, height), unit)
    sheet.image.paste(code, (margin, margin))
    y = margin + 13 * unit
    for line, leading in lines:
        line.draw(sheet.draw, margin + code.width + gap, round(y), stock.ink)
        y += leading
    _bars(setter, sheet, bars, margin + code.height + round(8 * unit), margin, unit)
    return sheet.finish()


def qr(url: str, size: int) -> Image.Image:
    """The code on white with its quiet zone, whole pixels to a module, about ``size`` pixels wide."""
    modules = np.pad(np.array(segno.make(url, error="m", micro=False).matrix, np.uint8), QUIET)
    scale = max(2, round(size / len(modules)))
    return Image.fromarray((255 - 235 * modules).repeat(scale, 0).repeat(scale, 1)).convert("RGBA")


def _call(
    setter: Setter, panel: Panel, languages: Sequence[str], width: float, unit: float
) -> list[tuple[Line, float]]:
    """(line, leading) beside the code: the call to vote in each language, the time that is left in the first."""
    known = [language for language in languages if language in CALLS] or ["en"]
    lines: list[tuple[Line, float]] = []
    for index, language in enumerate(known):
        set_ = setter.lines(CALLS[language][0], "text" if index else "title", round(15 * unit), width)
        lines += [(line, (18 if number < len(set_) - 1 else 24) * unit) for number, line in enumerate(set_)]
    left = remaining(panel.seconds_left)
    said = setter.lines(CALLS[known[0]][1].format(left), "italic", round(14 * unit), width) if left else []
    return lines + [(line, 17 * unit) for line in said]


def _bars(setter: Setter, sheet: Sheet, tally: Sequence[tuple[str, int]], top: int, margin: int, unit: float) -> None:
    """A name, its votes, and a bar under them, for each candidate."""
    most = max((votes for _, votes in tally), default=0)
    wide = sheet.image.width - 2 * margin
    for index, (name, votes) in enumerate(tally):
        baseline = round(top + (index * 31 + 14) * unit)
        count = setter.line(str(votes), "text", round(14 * unit), wide)
        title = setter.line(name[:1].upper() + name[1:], "text", round(14 * unit), wide - count.width - 10 * unit)
        title.draw(sheet.draw, margin, baseline, sheet.stock.ink)
        count.draw(sheet.draw, margin + wide - count.width, baseline, sheet.stock.pale)
        bar, thick = round(baseline + 6 * unit), max(2, round(4 * unit))
        sheet.draw.rectangle((margin, bar, margin + wide - 1, bar + thick - 1), fill=sheet.stock.rule)
        if votes > 0:
            long = max(thick, round(wide * votes / most))
            sheet.draw.rectangle((margin, bar, margin + long - 1, bar + thick - 1), fill=sheet.stock.accent)
