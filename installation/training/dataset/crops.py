"""Square crops of a picture: the centre, an aligned face, or a grid of tiles.

Pictures are reduced by Lanczos over the whole area of each output pixel, so nothing aliases. Every refusal is a
PicturesError with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from installation.training.dataset.decoding import Picture, PicturesError

FACE = np.array([[0.404, 0.412], [0.596, 0.412], [0.423, 0.638], [0.577, 0.638]])
"""Where the eyes and the mouth corners go, in widths of the picture: 0.19 between the eyes leaves head and collar."""
MAX_BORDER = 0.06
"""The largest share of a face crop that may lie outside of the picture (it is filled by reflection)."""
MAX_ANGLE = 26.0
"""The largest angle, in degrees, by which a face is rotated upright: beyond it, the figure would lean the other way."""
MAX_MISFIT = 0.025
"""How far, root mean square and in widths of the picture, a face may differ from FACE: beyond, it is a profile."""

MAX_ASPECT = 10.0
"""The largest ratio of sides for a centre crop: beyond it, the crop would show less than a tenth of the picture."""
FLAT = 3.0
"""A tile whose grey levels have a smaller standard deviation (of 255) is left out as flat."""
MAX_TILES = 10_000
"""Out of one picture."""

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Crop:
    """``square`` (size, size, 3) uint8; ``at``: where in the file it lies, as a W3C media fragment, or empty;
    ``native_px``: the side it had in the file's own pixels."""

    square: Picture
    native_px: int
    at: str = ""


@dataclass(frozen=True)
class LeftOut:
    """A part of a file that gives no picture; ``at`` as in Crop."""

    why: str
    at: str = ""


def resize(picture: Picture, width: int, height: int) -> Picture:
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS))


def check_detail(side: float, size: int, largest: float) -> None:
    """Raises PicturesError where a crop of ``side`` px would be enlarged more than ``largest`` times."""
    if side * largest < size:
        raise PicturesError(f"a crop of {side:.0f} px is too small for {size} px (at most {largest:g} times enlarged)")


# -- the middle -------------------------------------------------------------------------------------------------------


def crop_centre(picture: Picture, size: int) -> Picture:
    """The largest centred square, brought to size."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resize(np.ascontiguousarray(picture[top : top + side, left : left + side]), size, size)


def centre(picture: Picture, size: int, scale: float, largest: float) -> Crop:
    """``scale``: the picture's pixels over the file's own."""
    height, width = (round(side / scale) for side in picture.shape[:2])
    if min(height, width) * largest < size:
        raise PicturesError(f"{width}x{height} is too small for {size} px (at most {largest:g} times enlarged)")
    if max(height, width) > MAX_ASPECT * min(height, width):
        raise PicturesError(f"{width}x{height} is a strip, of which the middle shows little. Cut it, or use tiles")
    return Crop(crop_centre(picture, size), min(height, width))


# -- faces ------------------------------------------------------------------------------------------------------------


def crop_face(picture: Picture, points: Points, size: int) -> Picture:
    """Rotate, scale and shift a face so that its eyes and mouth lie at FACE (in the least-squares sense).

    `points` (5, 2) are eyes, nose, mouth corners in pixels of the picture. Supersampled 2x, then averaged down.
    """
    import cv2  # here: it changes the environment when it is imported, and only faces need it

    big = size * 2
    picture, points = shrink_to(picture, points, scale_of(similarity(points[EYES_MOUTH], FACE * big)))
    eyes_mouth = points[EYES_MOUTH]
    matrix = similarity(eyes_mouth, FACE * big)
    degrees = abs(float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))))
    misfit = float(np.sqrt(np.square(eyes_mouth @ matrix[:, :2].T + matrix[:, 2] - FACE * big).sum(1).mean())) / big
    if degrees > MAX_ANGLE or misfit > MAX_MISFIT:
        raise PicturesError(f"the face is a profile or leans too far ({degrees:.0f} degrees, misfit {misfit:.3f})")
    inside = cv2.warpAffine(np.ones(picture.shape[:2], np.uint8), matrix, (big, big), flags=cv2.INTER_NEAREST)
    outside = 1 - float(inside.mean())
    if outside > MAX_BORDER:
        raise PicturesError(f"{outside:.0%} of the face crop lies outside of the picture (at most {MAX_BORDER:.0%})")
    warped = cv2.warpAffine(picture, matrix, (big, big), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.resize(warped, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


EYES_MOUTH = [0, 1, 3, 4]
"""Indices of those of the five points that FACE positions."""


def read_landmarks(path: Path) -> dict[str, Points]:
    """{file name: (5, 2) pixels of eyes, nose, mouth corners in the upright picture}."""
    try:
        table = {name: np.array(points, float) for name, points in json.loads(path.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise PicturesError(f"{path}: cannot be read as landmarks ({error}).") from None
    for name, points in table.items():
        if points.shape != (5, 2) or not np.isfinite(points).all():
            raise PicturesError(f"{path}: {name}: expected 5 points [x, y], got shape {points.shape}.")
    return table


def face(picture: Picture, points: Points, size: int, largest: float) -> Crop:
    side = size / max(scale_of(similarity(points[EYES_MOUTH], FACE * size)), 1e-6)
    check_detail(side, size, largest)
    return Crop(crop_face(picture, points, size), round(side))


def shrink_to(picture: Picture, points: Points, scale: float) -> tuple[Picture, Points]:
    """Picture and points smaller by ``scale``, where that is below 1: a warp alone would skip pixels, and alias."""
    height, width = picture.shape[:2]
    new_width, new_height = round(width * scale), round(height * scale)
    if scale >= 1 or not min(new_width, new_height):
        return picture, points  # the second: points so far apart that no face can be cropped
    moved = (points + 0.5) * (new_width / width, new_height / height) - 0.5
    return resize(picture, new_width, new_height), moved


def scale_of(matrix: Points) -> float:
    """The scale factor of a similarity."""
    return float(np.hypot(matrix[0, 0], matrix[1, 0]))


def similarity(source: Points, target: Points) -> Points:
    """The (2, 3) matrix [[a, -b, x], [b, a, y]] that brings source points (n, 2) closest to target points."""
    rows = [((x, -y, 1, 0), (y, x, 0, 1)) for x, y in source]
    a, b, x, y = np.linalg.lstsq(np.array(rows, float).reshape(-1, 4), target.reshape(-1), rcond=None)[0]
    return np.array([[a, -b, x], [b, a, y]])


# -- tiles ------------------------------------------------------------------------------------------------------------


def tiles(picture: Picture, size: int, tile_scale: float, largest: float) -> Iterator[Crop | LeftOut]:
    """A centred grid of squares of ``size * tile_scale`` px, each brought to size; flat ones are left out."""
    side = max(1, round(size * tile_scale))
    check_detail(side, size, largest)
    height, width = picture.shape[:2]
    rows, columns = height // side, width // side
    if not rows * columns:
        raise PicturesError(f"{width}x{height} holds no tile of {side} px")
    if rows * columns > MAX_TILES:
        raise PicturesError(f"{rows * columns} tiles of {side} px, more than {MAX_TILES}. Give a larger --tile-scale")
    top, left = (height - rows * side) // 2, (width - columns * side) // 2
    for y in range(top, top + rows * side, side):
        for x in range(left, left + columns * side, side):
            tile = np.ascontiguousarray(picture[y : y + side, x : x + side])
            at = f"xywh={x},{y},{side},{side}"
            spread = float(np.asarray(Image.fromarray(tile).convert("L")).std())
            if spread < FLAT:
                yield LeftOut("near-flat: next to nothing to be seen in this tile", at)
            else:
                yield Crop(resize(tile, size, size), side, at)
