"""The colour by which an operator knows a piece's poster again, dim enough for a dark room."""

import colorsys
import logging
from functools import cache
from pathlib import Path

import numpy as np

log = logging.getLogger(__name__)

Rgb = tuple[float, float, float]
"""Red, green and blue, 0..1, sRGB."""

SIDE, COLOURS = 48, 6
"""The poster is looked at in so many pixels a side, and in so many colours."""

VALUE, LEAST = 0.48, 0.3
"""How bright the colour is made, and how saturated at least, so that two posters can be told apart."""


@cache
def poster_colour(path: Path | None) -> Rgb | None:
    """The most striking of a picture's main colours: large and saturated. None without a picture that can be read."""
    if path is None:
        return None
    from PIL import Image  # imported here: layouts are written without starting a show

    try:
        with Image.open(path) as picture:
            small = picture.convert("RGB").resize((SIDE, SIDE)).quantize(COLOURS)
    except (OSError, ValueError) as error:
        log.warning("%s: no colour could be taken from it (%s)", path, error)
        return None
    palette = small.getpalette() or []
    counts = np.bincount(np.asarray(small).ravel(), minlength=COLOURS)
    found = [
        (int(count), colorsys.rgb_to_hsv(*(part / 255 for part in palette[3 * at : 3 * at + 3])))
        for at, count in enumerate(counts)
        if count
    ]
    hue, saturation, _ = max((_striking(count, hsv), hsv) for count, hsv in found)[1]
    return colorsys.hsv_to_rgb(hue, max(saturation, LEAST), VALUE)


def _striking(count: int, hsv: tuple[float, float, float]) -> float:
    """How much a colour stands out in a picture: by its saturation, brightness and how much there is of it."""
    return float(hsv[1] * hsv[2] * count**0.5)
