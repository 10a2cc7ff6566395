"""Museum labels: title, medium and date, text; in two languages one under another, else in one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image, ImageDraw

from installation.engine.view import View
from installation.stage.bidi import is_rtl
from installation.stage.cards import Card, Press, Stock
from installation.stage.fonts import Style
from installation.stage.layout import Size
from installation.stage.typesetting import Line, Setter

Words = Mapping[str, str]
"""Language code -> text."""

SMALLEST = 0.6
"""Type is set smaller where a label is too long for its place, down to this; what still does not fit is left out."""


class Label(Protocol):
    """A label's texts, each by language; an empty one is left out."""

    @property
    def title(self) -> Words: ...
    @property
    def medium(self) -> Words: ...
    @property
    def date(self) -> Words: ...
    @property
    def text(self) -> Words: ...


@dataclass(frozen=True, slots=True)
class Longer:
    """A label whose text ends with words for the moment."""

    title: Words
    medium: Words
    date: Words
    text: Words


def said_of(view: View) -> Words:
    """The words for the moment by language, which end a label: an invitation, or that this is the portrait of the day
    before; none at other times."""
    if not (view.invites or view.portrait):
        return {}
    return {tag: words.portrait if view.portrait else words.invite for tag, words in view.words.items()}


def longer(label: Label, words: Words) -> Longer:
    """The label with those words in each of the languages; a label that says nothing stays empty."""
    says = any((*label.title.values(), *label.text.values()))
    text = {tag: f"{in_language(label.text, tag)} {said}".strip() for tag, said in words.items()}
    return Longer(label.title, label.medium, label.date, text if says else {})


@dataclass(frozen=True, slots=True)
class Placed:
    """A line, or a rule across the card where it is None, and how far under the card's top its baseline lies."""

    line: Line | None
    baseline: int


def in_language(words: Words, language: str) -> str:
    """The text in a language, else in the first one there is."""
    return (words.get(language) or next((text for text in words.values() if text), "")).strip()


def shown_languages(languages: Sequence[str], wanted: str) -> tuple[str, ...]:
    """What one card shows: both where the show has two languages, else the wanted one."""
    if len(languages) == 2:
        return tuple(languages)
    return (wanted if wanted in languages or not languages else languages[0],)


def typeset(press: Press, label: Label, languages: Sequence[str], room: Size, unit: float, stock: Stock) -> Card | None:
    """The label's card, no larger than ``room`` pixels; None for a label without text."""
    if not any(in_language(words, languages[0]) for words in (label.title, label.medium, label.date, label.text)):
        return None
    scale = 1.0
    while True:
        placed, height = _compose(press.setter, label, languages, room[0], unit * scale)
        if height <= room[1] or scale <= SMALLEST:
            break
        scale *= 0.94
    sheet = press.sheet(stock, (room[0], min(height, room[1])))
    _print(sheet, stock, placed, _margin(unit * scale), max(1, round(unit)))
    return press.finish(sheet, stock, unit)


def announce(press: Press, titles: Sequence[str], width: int, unit: float, stock: Stock) -> Card:
    """The show's titles, one under another centred on a card ``width`` pixels wide: what hangs before a piece."""
    lines: list[tuple[Line, int]] = []
    style: Style
    y = 0.0
    for index, title in enumerate(dict.fromkeys(titles)):
        style, size = ("title", 42 * unit) if index == 0 else ("italic", 25 * unit)
        for line in press.setter.lines(title, style, size, width):
            y += 1.3 * size
            lines.append((line, round(y)))
        y += 10 * unit
    sheet = press.sheet(stock, (width, round(y + 16 * unit)))
    for line, baseline in lines:
        line.draw(sheet, (width - line.width) / 2, baseline, stock.ink)
    return press.finish(sheet, stock, unit)


def _margin(unit: float) -> int:
    return round(18 * unit)


def _compose(
    setter: Setter, label: Label, languages: Sequence[str], width: int, unit: float
) -> tuple[list[Placed], int]:
    """Every line with its place, and the height of the card."""
    margin = _margin(unit)
    placed: list[Placed] = []
    y = margin - 2.0 * unit
    for index, language in enumerate(languages):
        if index:
            y += 13 * unit
            placed.append(Placed(None, round(y)))
            y += 9 * unit
        for text, style, size, leading, gap in _paragraphs(label, language):
            y += gap * unit
            for line in setter.lines(text, style, size * unit, width - 2 * margin):
                y += leading * unit
                placed.append(Placed(line, round(y)))
    return placed, round(y + margin - 2.0 * unit)


def _paragraphs(label: Label, language: str) -> Iterator[tuple[str, Style, float, float, float]]:
    """(text, style, size, leading, gap above) of each paragraph, sizes in units."""
    title, text = in_language(label.title, language), in_language(label.text, language)
    made = _listed(in_language(label.medium, language), in_language(label.date, language))
    if title:
        yield title, "title", 20, 23, 0
    if made:
        yield made, "italic", 14, 18, 3 if title else 0
    if text:
        yield text, "text", 15, 20, 8


def _listed(medium: str, date: str) -> str:
    comma = "، " if is_rtl(medium) else ", "
    return comma.join(filter(None, (medium, date)))


def _print(sheet: Image.Image, stock: Stock, placed: Sequence[Placed], margin: int, thickness: int) -> None:
    draw = ImageDraw.Draw(sheet)
    for each in placed:
        if each.line is None:
            box = (margin, each.baseline, sheet.width - margin - 1, each.baseline + thickness - 1)
            draw.rectangle(box, fill=stock.rule)
        elif each.baseline < sheet.height - margin * 0.5:
            x = sheet.width - margin - each.line.width if each.line.rtl else margin
            each.line.draw(sheet, x, each.baseline, stock.ink)
