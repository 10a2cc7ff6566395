"""The vote panel: a QR code of the visitors' page, what the vote is about, and how it stands."""

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from installation.core.decision import Panel
from installation.core.words import FIRST, PanelWords, panel_words
from installation.stage.cards import Card, Press, Stock
from installation.stage.fonts import Style
from installation.stage.layout import Size
from installation.stage.typesetting import Line, Setter

LEAST_CODE = 120
"""Units that a code is wide at least."""
BAR = 29
"""Units from one candidate's bar to the next one's."""
MORE = 19
"""Units that the line takes which says how many there are besides."""
CODES = 4
"""Codes that are kept."""
Modules = NDArray[np.uint8]
Tally = tuple[tuple[str, int], ...]
BLACK, WHITE = (24, 21, 18, 255), (255, 255, 255, 255)
QUIET = 4
"""Blank modules around a QR code, as its standard asks."""


def content(panel: Panel) -> tuple[object, ...]:
    """What a panel shows: panels of equal content look the same, so that the card is not printed anew."""
    return panel.url, panel.tally, remaining(panel.seconds_left)


def remaining(seconds: float | None) -> str:
    """The time left in words: in minutes, in the last minute by tens of seconds."""
    if seconds is None or seconds <= 0.0:
        return ""
    return f"{math.ceil(seconds / 60)} min" if seconds > 60 else f"{math.ceil(seconds / 10) * 10} s"


class Codes:
    """Works out QR codes. The first is made at once; one that takes its place, as a room code changes, by a thread of
    its own, as that takes a frame's time and more."""

    def __init__(self) -> None:
        self._made: OrderedDict[str, Modules] = OrderedDict()
        self._making = ""

    def ready(self, url: str) -> str:
        """``url`` if its code is made; while it is being made, the newest address that has one."""
        if not self._made:
            self._make(url)
        if url not in self._made and url != self._making:
            self._making = url
            threading.Thread(target=self._make, args=(url,), name="QR code", daemon=True).start()
        return url if url in self._made else next(reversed(self._made))

    def modules(self, url: str) -> "Modules":
        """(n, n) uint8, 1 for dark, with the quiet zone."""
        made = self._made.get(url)
        return modules(url) if made is None else made

    def _make(self, url: str) -> None:
        self._made[url] = modules(url)
        while len(self._made) > CODES:
            self._made.popitem(last=False)


class Poll:
    """Prints vote panels. Codes are kept, as only the votes change from one print to the next."""

    def __init__(self, press: Press) -> None:
        self._press = press
        self.codes = Codes()
        self._qr = lru_cache(maxsize=4)(self._code)

    def _code(self, url: str, size: int, paper: tuple[int, int, int, int]) -> Image.Image:
        return qr(self.codes.modules(url), size, paper)

    def typeset(
        self,
        panel: Panel,
        languages: Sequence[str],
        room: Size,
        unit: float,
        stock: Stock,
        words: Mapping[str, PanelWords] | None = None,
    ) -> Card:
        """The panel's card, no larger than ``room``: the call, the code, the time left, a bar for each candidate. Where
        there is no place for all of them, it says how many there are besides."""
        setter, margin = self._press.setter, round(15 * unit)
        inner = room[0] - 2 * margin
        words = words or panel_words({}, languages)
        known = [words[language] for language in languages if language in words]
        spoken = known or [*panel_words({}, [FIRST]).values()]
        lines = _call(setter, spoken, inner, unit)
        left = _left(setter, panel, spoken[0], inner, unit)
        top = margin + round(sum(leading for _, leading in lines)) + round(4 * unit)
        gap = round((20 if left else 4) * unit)
        room_under = room[1] - top - gap - margin
        bars, besides = fitting(panel.tally, room_under / unit - LEAST_CODE)
        list_height = round((len(bars) * BAR + (MORE if besides else 0)) * unit)
        code = self._qr(panel.url, min(inner, room_under - list_height), stock.paper)
        under = top + code.height + gap
        sheet = self._press.sheet(stock, (room[0], under + list_height + margin))
        y = margin - 5.0 * unit
        for line, leading in lines:
            y += leading
            line.draw(sheet, margin + (inner - line.width) / 2, round(y), stock.ink)
        sheet.paste(code, ((room[0] - code.width) // 2, top))
        if left:
            left.draw(sheet, margin + (inner - left.width) / 2, round(under - 6 * unit), stock.pale)
        _bars(setter, sheet, stock, bars, under, margin, unit)
        if besides:
            more = setter.line(spoken[0].more.format(count=besides), "italic", 14 * unit, inner)
            more.draw(sheet, margin, round(under + (len(bars) * BAR + 13) * unit), stock.pale)
        return self._press.finish(sheet, stock, unit)


def modules(url: str) -> Modules:
    """A QR code's modules (n, n) uint8, 1 for dark, with the quiet zone around."""
    import segno  # imported here: not needed for the first picture

    return np.pad(np.array(segno.make(url, error="m", micro=False).matrix, np.uint8), QUIET)


def qr(code: Modules, size: int, paper: tuple[int, int, int, int]) -> Image.Image:
    """The code, whole pixels to a module, at most about ``size`` pixels wide; on white where the paper is too dark for
    it."""
    scale = max(2, size // len(code))
    inks = np.array([paper if paper[3] == 255 else WHITE, BLACK], np.uint8)
    return Image.fromarray(inks[code.repeat(scale, 0).repeat(scale, 1)])


def fitting(tally: Tally, units: float) -> tuple[Tally, int]:
    """The candidates that a list so high has place for, and how many there are besides. In a low room the code is
    smaller, and where a phone would lose it candidates are left out: those with the fewest votes."""
    if len(tally) * BAR <= units:
        return tally, 0
    most = max(0, int((units - MORE) / BAR))
    kept = sorted(sorted(range(len(tally)), key=lambda index: -tally[index][1])[:most])
    return tuple(tally[index] for index in kept), len(tally) - most


def _call(setter: Setter, spoken: Sequence[PanelWords], width: float, unit: float) -> list[tuple[Line, float]]:
    """(line, leading) of the call to vote, in each language."""
    calls: list[tuple[str, Style]] = [(words.call, "text" if index else "title") for index, words in enumerate(spoken)]
    return [
        (line, leading * unit)
        for (words, style), leading in zip(calls, (20, 18), strict=False)
        for line in setter.lines(words, style, 15 * unit, width)
    ]


def _left(setter: Setter, panel: Panel, words: PanelWords, width: float, unit: float) -> Line | None:
    """The time that is left, in the first language."""
    left = remaining(panel.seconds_left)
    return setter.line(words.left.format(time=left), "italic", 14 * unit, width) if left else None


def _bars(
    setter: Setter,
    sheet: Image.Image,
    stock: Stock,
    tally: Tally,
    top: int,
    margin: int,
    unit: float,
) -> None:
    """A name, its votes, and a bar under them, for each candidate."""
    most = max((votes for _, votes in tally), default=0)
    wide, draw = sheet.width - 2 * margin, ImageDraw.Draw(sheet)
    for index, (name, votes) in enumerate(tally):
        baseline = round(top + (index * BAR + 13) * unit)
        count = setter.line(str(votes), "text", 14 * unit, wide)
        title = setter.line(name[:1].upper() + name[1:], "text", 14 * unit, wide - count.width - 10 * unit)
        title.draw(sheet, margin, baseline, stock.ink)
        count.draw(sheet, margin + wide - count.width, baseline, stock.pale)
        bar, thick = round(baseline + 6 * unit), max(2, round(4 * unit))
        draw.rectangle((margin, bar, margin + wide - 1, bar + thick - 1), fill=stock.rule)
        if votes > 0:
            long = max(thick, round(wide * votes / most))
            draw.rectangle((margin, bar, margin + long - 1, bar + thick - 1), fill=stock.accent)
