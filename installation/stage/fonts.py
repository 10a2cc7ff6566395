"""Typefaces for every script: this project's own where it has the letter, else the best that is installed."""

import logging
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from PIL import ImageFont

from installation.core import parts
from installation.core.errors import MissingDependency
from installation.stage.font_letters import letters

Style = Literal["title", "italic", "text"]
Font = ImageFont.FreeTypeFont

log = logging.getLogger(__name__)

OURS: dict[Style, str] = {
    "title": "SourceSerifPro-Semibold.ttf",
    "italic": "SourceSerifPro-It.ttf",
    "text": "SourceSerifPro-Regular.ttf",
}
PILLOWS_OWN = Path("the font in Pillow")
"""What is left where no font is installed at all."""

ENDINGS = (".ttf", ".otf", ".ttc", ".otc")
MOST_FILES = 4000
"""Font files whose names are looked at, at most."""
EAST_ASIAN, SYMBOLS = "CJK", "SYMBOL"
EAST_ASIAN_BLOCKS = (
    (0x1100, 0x11FF),
    (0x2E80, 0xA4CF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE4F),
    (0xFF00, 0xFFEF),
    (0x1AFF0, 0x1B16F),
    (0x20000, 0x3FFFF),
)
"""First and last letters of Chinese, Japanese and Korean, with their own signs: one font has them all."""
EAST_ASIAN_FONTS = ("cjk", "wqy", "uming", "msyh", "simsun", "yugoth", "malgun", "pingfang", "hiragino", "heiti")
ODD_FONTS = ("mono", "condensed", "black", "thin")
WIDE_FONTS = ("dejavu", "freeserif", "freesans", "times", "segoeui", "arial", "tahoma", "nirmala", "unifont")
TOLERANT = ("Mn", "Mc", "Me", "Cf", "Zs", "Cc")
"""Marks, joiners and spaces: they stay in the font of the letter before them."""


class Faces:
    """The fonts at hand. Font files are looked for when the first letter is met that our own typeface lacks."""

    def __init__(self, folders: Iterable[Path] | None = None) -> None:
        self._folders = tuple(font_folders() if folders is None else folders)
        self._told: set[str] = set()
        self.load = cache(self._load)
        self._letters = cache(letters)
        self._ranked = cache(self._rank)
        self._found = cache(self._find)
        self._path = cache(self._choose)

    def split(self, text: str, style: Style, size: int) -> list[tuple[str, Font]]:
        """``text`` in runs of one font each, in its own order."""
        runs: list[tuple[str, Path]] = []
        for letter in text:
            path = self._path(letter, style, runs[-1][1] if runs else self.own(style))
            if runs and runs[-1][1] is path:
                runs[-1] = runs[-1][0] + letter, path
            else:
                runs.append((letter, path))
        return [(part, self.load(path, size)) for part, path in runs]

    def own(self, style: Style) -> Path:
        """Our typeface; a common one where its package is not installed."""
        return self._own[style]

    @cached_property
    def _own(self) -> dict[Style, Path]:
        try:
            package = parts.require(
                "font_source_serif_pro", "the labels' typeface", "pip install font-source-serif-pro"
            )
            return {style: Path(package.__path__[0]) / "files" / name for style, name in OURS.items()}
        except MissingDependency as error:
            log.warning("%s; until then labels are set in another", error)
        return {style: self._found("LATIN", "e", style) or PILLOWS_OWN for style in OURS}

    def missing(self, text: str) -> list[str]:
        """What no font here has a glyph for, in sentences, one for each script: what will be shown, and which package
        helps."""
        lacking: dict[str, str] = {}
        for letter in text:
            if not (_tolerant(letter) or self.has(self.own("text"), letter)):
                script = script_of(letter)
                if self._found(script, letter, "text") is None:
                    lacking.setdefault(script, letter)
        return [_sentence(script, letter) for script, letter in lacking.items()]

    def has(self, path: Path, letter: str) -> bool:
        """Whether a font has a glyph for a letter."""
        return ord(letter) < 0x100 if path == PILLOWS_OWN else letter in self._letters(path)

    def draws(self, font: Font, letter: str) -> bool:
        """The same of a font that was loaded."""
        return self.has(Path(font.path), letter) if isinstance(font.path, str | Path) else letter.isascii()

    def _choose(self, letter: str, style: Style, before: Path) -> Path:
        if _tolerant(letter) or (not unicodedata.category(letter).startswith("L") and self.has(before, letter)):
            return before
        own = self.own(style)
        if self.has(own, letter):
            return own
        script = script_of(letter)
        return self._found(script, letter, style) or self._missing(script, letter, own)

    def _missing(self, script: str, letter: str, own: Path) -> Path:
        if script not in self._told:
            self._told.add(script)
            log.warning("%s", _sentence(script, letter))
        return own

    def _find(self, script: str, letter: str, style: Style) -> Path | None:
        return next((path for path in self._ranked(script, style) if self.has(path, letter)), None)

    def _rank(self, script: str, style: Style) -> list[Path]:
        return sorted(self._files, key=lambda path: (-suits(path.stem, script, style), path.name))

    @cached_property
    def _files(self) -> list[Path]:
        return list(_fonts_in(self._folders))

    def _load(self, path: Path, size: int, layout: ImageFont.Layout | None = None) -> Font:
        if path == PILLOWS_OWN:
            font = ImageFont.load_default(size)
            assert isinstance(font, Font)
            return font
        return ImageFont.truetype(path, size, layout_engine=layout)


def _tolerant(letter: str) -> bool:
    return unicodedata.category(letter) in TOLERANT


def _sentence(script: str, letter: str) -> str:
    known = {EAST_ASIAN: "Chinese, Japanese or Korean letters", SYMBOLS: "symbols"}
    what = known.get(script, f"{script.capitalize()} letters")
    return (
        f"no installed font has {what} ({letter}), so labels show boxes in their place; "
        f"install one, on Debian {package_for(script)}"
    )


def package_for(script: str) -> str:
    """The Debian package whose fonts have a script."""
    return {EAST_ASIAN: "fonts-noto-cjk", SYMBOLS: "fonts-symbola"}.get(script, "fonts-noto-core")


def suits(stem: str, script: str, style: Style) -> int:
    """How well a font's file name matches a script in a style; higher is better."""
    name = stem.lower().replace("-", "").replace("_", "").replace(" ", "")
    hints = EAST_ASIAN_FONTS if script == EAST_ASIAN else (script.lower().replace(" ", ""),)
    score = 40 * any(hint in name for hint in hints) + 10 * any(wide in name for wide in WIDE_FONTS)
    score += 6 * ("serif" in name or "naskh" in name) - 12 * any(odd in name for odd in ODD_FONTS)
    weight = "bold" if style == "title" else "regular"
    heavy = any(word in name for word in ("bold", "semi", "medium", "light", "extra"))
    slanted = any(word in name for word in ("italic", "oblique"))
    return score + 4 * (weight in name) - 5 * (heavy and style != "title") - 5 * (slanted and style != "italic")


def script_of(letter: str) -> str:
    """``ARABIC``, ``DEVANAGARI``: the first word of the letter's Unicode name; ``CJK`` for all of East Asia, ``SYMBOL``
    for what is no letter of any script."""
    if any(first <= ord(letter) <= last for first, last in EAST_ASIAN_BLOCKS):
        return EAST_ASIAN
    if unicodedata.category(letter).startswith("S"):
        return SYMBOLS
    return unicodedata.name(letter, "UNKNOWN").split(" ")[0]


def font_folders() -> Iterator[Path]:
    """Where this system keeps fonts."""
    home = Path.home()
    if sys.platform == "win32":
        yield Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"
        yield home / "AppData/Local/Microsoft/Windows/Fonts"
    elif sys.platform == "darwin":
        yield from (home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts"))
    else:
        yield from (home / ".local/share/fonts", home / ".fonts")
        yield from (Path("/usr/local/share/fonts"), Path("/usr/share/fonts"))


def _fonts_in(folders: Iterable[Path]) -> Iterator[Path]:
    count = 0
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in names:
                if name.lower().endswith(ENDINGS) and count < MOST_FILES:
                    count += 1
                    yield Path(root) / name
