"""What is measured of one square picture before it is trained on: what it shows, how sharp, coloured and framed it is.

All measures are of the prepared pixels, (size, size, 3) uint8 sRGB, and do not depend on contrast or on the size.
OpenCV is imported where it is used, as importing it changes the environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = 1
"""Of the measures: those kept from an earlier run are taken over only if they were made by the same code."""

LEAST = 64
"""Side, in pixels, of the smallest pictures whose borders, corners and fine detail are measured: below, one row is more
than a border may be, and what two landscapes share is all that is left of them."""
THUMB = 32
"""Side, in pixels, of the small grey picture that the hash is made of, and colours are judged at."""
FINE, MIDDLE = 64, 54
"""Sides, in pixels, of the detail that two pictures are compared by, and of the part of it that is looked for."""
SCALES = (1.0, 0.98, 1.02, 0.96, 1.04, 0.94, 1.06)
"""How much larger one copy may show the same: photographs of one painting are rarely cropped alike."""

LEVEL = 10.0
"""Levels of 255 that an even border may differ from its own colour (JPEG rings beside an edge)."""
STEP = 12.0
"""Levels of 255 that the picture must differ from its border, right beside it: a ground that a painter left dark ends
softly, a frame does not."""
STRAIGHT = 0.9
"""The share of a side along which that step must be seen."""
CUT = 40.0
"""Levels of 255 that the picture must differ from a cut-off corner, two pixels beside it."""
THIN = 0.05
"""The largest share of a side that is taken for a border although it is not even: deeper, it may be a horizon."""
DEEPEST = 0.3
"""The largest share of a side that is taken for a border at all."""

Picture = NDArray[np.uint8]
Grey = NDArray[np.float32]


@dataclass(frozen=True)
class Measures:
    """``phash`` and ``mirrored`` are 64 bits each, of the picture and of its mirror image. ``sharpness`` is 0.3 to 1
    for a sharp picture, about 0.2 for one that was enlarged twice and below 0.1 for a blurred one. ``colour`` is 0 for
    grey or toned, in CIELAB units. ``borders`` are shares of the side at top, right, bottom, left; ``corner`` is the
    larger share of the picture that is cut off at its two upper corners."""

    phash: int
    mirrored: int
    sharpness: float
    colour: float
    borders: tuple[float, float, float, float]
    corner: float

    def as_json(self) -> dict[str, Any]:
        return {
            "phash": f"{self.phash:016x}",
            "mirrored": f"{self.mirrored:016x}",
            "sharpness": self.sharpness,
            "colour": self.colour,
            "borders": list(self.borders),
            "corner": self.corner,
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Measures:
        """Raises KeyError, TypeError or ValueError for what `as_json` did not write."""
        top, right, bottom, left = (float(share) for share in saved["borders"])
        hashes = int(saved["phash"], 16), int(saved["mirrored"], 16)
        sharpness, colour, corner = (float(saved[name]) for name in ("sharpness", "colour", "corner"))
        return cls(*hashes, sharpness, colour, (top, right, bottom, left), corner)


def measure(picture: Picture) -> Measures:
    """Rounded as they are written down, so that a decision is the same from the file as from the picture."""
    grey = to_grey(picture)
    phash, mirrored = hashes(grey)
    top, right, bottom, left = (round(share, 4) for share in borders(picture))
    corner = round(max(corner_at_top_left(picture), corner_at_top_left(picture[:, ::-1])), 4)
    return Measures(
        phash,
        mirrored,
        round(sharpness(grey), 3),
        round(colour(picture), 2),
        (top, right, bottom, left),
        corner,
    )


def to_grey(picture: Picture) -> Grey:
    import cv2

    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


# -- copies -----------------------------------------------------------------------------------------------------------


def lowest_waves() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of the 64 lowest waves of the cosine transform, the constant one left out."""
    rows, columns = (index.ravel() for index in np.mgrid[:12, :12])
    order = np.lexsort((rows, rows + columns))[1:65]
    return rows[order], columns[order]


def hashes(grey: Grey) -> tuple[int, int]:
    """The perceptual hash of a picture and of its mirror image: which of the 64 lowest waves of its cosine transform
    are above their median. Mirroring turns the sign of the waves with an odd number of half turns."""
    import cv2

    small = np.asarray(cv2.resize(grey, (THUMB, THUMB), interpolation=cv2.INTER_AREA), np.float32)
    rows, columns = lowest_waves()
    waves = np.asarray(cv2.dct(small), np.float32)[rows, columns]
    return bits(waves), bits(np.where(columns % 2 == 1, -waves, waves))


def bits(waves: NDArray[np.float32]) -> int:
    return int.from_bytes(np.packbits(waves > np.median(waves)).tobytes(), "big")


def detail(picture: Picture) -> Grey:
    """What two pictures of the same thing share and two of the same kind do not: (64, 64) of fine detail, its contrast
    evened, so that neither the light of a photograph nor the ground of a portrait counts."""
    import cv2

    grey = np.asarray(cv2.resize(to_grey(picture), (FINE, FINE), interpolation=cv2.INTER_AREA), np.float32)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), 2.0)
    contrast = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), 4.0))
    return np.asarray(fine / (contrast + 2.0), np.float32)


def likeness(first: Grey, second: Grey) -> float:
    """How much of the `detail` of two pictures is the same, 0 to 1: their correlation where the middle of the second,
    shifted by up to 8 % and scaled by up to 6 %, fits the first best. What a hash only suspects, this decides."""
    return max(0.0, *(fit(first, second, scale) for scale in SCALES))


def fit(first: Grey, second: Grey, scale: float) -> float:
    import cv2

    side = round(FINE * scale)
    start = (side - MIDDLE) // 2
    middle = cv2.resize(second, (side, side))[start : start + MIDDLE, start : start + MIDDLE]
    likeness = float(cv2.matchTemplate(first, middle, cv2.TM_CCOEFF_NORMED).max())
    return likeness if np.isfinite(likeness) and middle.std() > 0.05 else 0.0  # flat: there is nothing to compare


# -- sharpness, colour, borders ---------------------------------------------------------------------------------------


def sharpness(grey: Grey) -> float:
    """The finest octave of the picture's waves against that two octaves coarser, in amplitude.

    In pictures of things the contrast falls with the frequency f about as 1 / f (Field 1987), which would give 1; real
    ones give 0.3 to 1, whatever they show, and less where the finest octave is empty."""
    import cv2

    height, width = grey.shape
    across = np.hypot(np.arange(height)[:, None] / height, np.arange(width) / width)  # 1 is one wave in two pixels
    energy = np.square(cv2.dct(grey))
    fine, coarse = (float(energy[(across >= low) & (across < 2 * low)].sum()) for low in (1 / 2, 1 / 8))
    return float(np.sqrt(fine / max(coarse, 1e-3)))


def colour(picture: Picture) -> float:
    """Root mean square distance, in CIELAB units, of the colours from the nearest toning: a curve that gives each
    brightness one colour, as in greyscale, sepia or duotone. Judged at 32 px, where no grain is left."""
    import cv2

    small = cv2.resize(picture, (THUMB, THUMB), interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(np.asarray(small, np.float32) / 255, cv2.COLOR_RGB2LAB), np.float64).reshape(-1, 3)
    light, colours = np.vander(lab[:, 0] / 50 - 1, 4), lab[:, 1:]
    toned = light @ np.linalg.lstsq(light, colours)[0]
    return float(np.sqrt(np.square(colours - toned).sum(1).mean()))


def borders(picture: Picture) -> tuple[float, float, float, float]:
    """The depth of a border at top, right, bottom and left, in shares of the side; 0 where there is none."""
    sides = [
        np.rot90(picture, quarters) for quarters in range(4)
    ]  # each turn brings the next side, clockwise, to the top
    top, right, bottom, left = (border_at_top(side) / len(picture) for side in sides)
    return top, right, bottom, left


def border_at_top(picture: Picture) -> int:
    """How many rows at the top are a border, beyond a straight edge: of one even colour, or thin.

    The even ones are judged in the middle three quarters, as borders at other sides cross them in the corners; the thin
    ones along the whole side, as a painter's own straight lines seldom are that long."""
    rows = picture[: int(len(picture) * DEEPEST) + 2].astype(np.float32)
    aside = picture.shape[1] // 8
    steps = (rows[2:] - rows[:-2]).mean(-1)  # two rows further: the edge itself may be softened
    along, middle = straight(steps), straight(steps[:, aside:-aside])
    if not middle.any():
        return 0
    off = np.abs(rows - np.median(rows[0], axis=0)).max(-1)[:, aside:-aside]
    even = np.cumprod(np.quantile(off, 0.95, axis=1) <= LEVEL)[: len(steps)] > 0
    thin = np.arange(len(steps)) < THIN * len(picture)
    lines = np.flatnonzero((middle & even) | (along & thin))
    return int(lines.max()) + 1 if len(lines) else 0


def straight(steps: Grey) -> NDArray[np.bool_]:
    """For each row of steps, whether nearly all of it goes the same way."""
    return np.asarray(np.maximum((steps > STEP).mean(1), (steps < -STEP).mean(1)) >= STRAIGHT)


def corner_at_top_left(picture: Picture) -> float:
    """The share of the picture that is a corner of one even colour with a hard edge all around, as an oval frame or a
    turned scan leaves it; 0 where there is none. A dark ground that reaches into the corner ends softly; at the lower
    corners it does not, beside a shoulder, so those are not looked at."""
    import cv2

    third = np.ascontiguousarray(picture[: len(picture) // 3, : len(picture) // 3])
    mask = np.zeros((len(third) + 2, len(third) + 2), np.uint8)
    how = cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | 1 << 8 | 4
    cv2.floodFill(third, mask, (0, 0), 0, (LEVEL,) * 3, (LEVEL,) * 3, how)
    inner = mask[1:-1, 1:-1]
    if inner[-1].any() or inner[:, -1].any():  # a border, or the ground
        return 0.0
    wide, narrow = (cv2.dilate(inner, np.ones((side, side), np.uint8)) for side in (5, 3))
    off = np.abs(third.astype(np.float32) - third[0, 0]).max(-1)[wide > narrow]
    hard = float((off > CUT).mean()) > STRAIGHT
    return float(inner.sum()) / (len(picture) * picture.shape[1]) if hard else 0.0
