"""What a page sends, taken apart: every value has a type, a range and a length, or PageError says what was expected."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from installation.training.pages.server import PageError

NAME, WORDS = 80, 300
"""Characters of a name, and of a comment on a picture."""


def number(given: Mapping[str, Any], key: str, low: float, high: float) -> float:
    """A number from low to high."""
    raw = given.get(key)
    try:
        value = float("nan") if raw is None or isinstance(raw, bool) else float(raw)
    except (TypeError, ValueError):
        value = float("nan")
    if not low <= value <= high:
        raise PageError(f"{key}: expected a number from {low:g} to {high:g}.")
    return value


def whole(given: Mapping[str, Any], key: str, low: int, high: int) -> int:
    value = number(given, key, low, high)
    if value != int(value):
        raise PageError(f"{key}: expected a whole number from {low} to {high}.")
    return int(value)


def words(given: Mapping[str, Any], key: str, longest: int, needed: bool = False) -> str:
    """Text on one line, without control characters, at most so long."""
    value = given.get(key, "")
    if not isinstance(value, str) or len(value) > longest:
        raise PageError(f"{key}: expected text of at most {longest} characters.")
    text = one_line(value)
    if needed and not text:
        raise PageError(f"{key}: expected some text.")
    return text


def one_line(text: str) -> str:
    """The text with every run of spaces, line ends and control characters as one space."""
    return " ".join("".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text).split())


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """(height, width, 3) uint8 sRGB as a JPEG that shows no loss."""
    whole = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(whole, "JPEG", quality=92, subsampling=0)
    return whole.getvalue()
