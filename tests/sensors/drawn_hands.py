"""A drawn hand whose fingers are stretched or bent: the networks of MediaPipe take it for a hand."""

import math
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

WIDTH, HEIGHT = 640, 480
SKIN, EDGE, SLEEVE = (150, 180, 225), (90, 115, 165), (120, 70, 50)
FINGERS = {"index": (-0.27, -0.5, -8.0, 0.95), "middle": (-0.07, -0.58, -1.0, 1.05), "ring": (0.13, -0.53, 6.0, 0.95)}
FINGERS |= {"little": (0.31, -0.42, 14.0, 0.75)}
"""Each finger's base (x, y) in halves of the palm's height, its angle (degrees from straight up) and its length."""

PALM = ((-0.4, -0.45), (0.4, -0.35), (0.38, 0.3), (0.2, 0.62), (-0.22, 0.62), (-0.42, 0.2))

Picture = Any


def room(seed: int = 0) -> Picture:
    """A wall with some texture."""
    coarse = np.random.default_rng(seed).normal(110, 14, (12, 16, 3)).astype(np.float32)
    return np.clip(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)


def draw_hand(
    picture: Picture, place: tuple[float, float], size: float, stretched: Mapping[str, float], pinch: bool = False
) -> None:
    """A right hand, ``size`` pixels from wrist to middle finger. ``stretched`` says of each finger how far, 0..1;
    with a ``pinch`` the thumb and the index finger form a ring."""
    x, y = place

    def at(dx: float, dy: float) -> tuple[int, int]:
        return round((x + dx * size) * 16), round((y + dy * size) * 16)

    def limb(points: list[tuple[float, float]], width: float) -> None:
        for grow, colour in ((0.045, EDGE), (0.0, SKIN)):
            line = np.array([at(*point) for point in points], np.int32).reshape(-1, 1, 2)
            cv2.polylines(picture, [line], False, colour, max(2, round((width + grow) * size)), cv2.LINE_AA, 4)

    cv2.line(picture, at(0.02, 1.5), at(0.02, 4.5), SLEEVE, round(0.75 * size), cv2.LINE_AA, 4)
    limb([(0.02, 0.5), (0.02, 1.6)], 0.5)
    palm = np.array([at(*point) for point in PALM])
    for width, colour in ((0.3, EDGE), (0.25, SKIN)):
        cv2.polylines(picture, [palm.astype(np.int32)], True, colour, round(width * size), cv2.LINE_AA, 4)
    cv2.fillPoly(picture, [palm.astype(np.int32)], SKIN, cv2.LINE_AA, 4)
    for name, (dx, dy, angle, length) in FINGERS.items():
        ring = [(dx, dy), (-0.45, -0.9), (-0.8, -0.8)]
        limb(ring if pinch and name == "index" else _finger(dx, dy, angle, length, stretched.get(name, 1.0)), 0.19)
    limb([(-0.3, 0.35), *([(-0.7, -0.1), (-0.82, -0.7)] if pinch else [(-0.62, 0.05), (-0.95, -0.35)])], 0.21)
    for dy, width in ((-0.05, 0.3), (0.12, 0.25)):  # the lines of a palm
        axes = (round(width * size * 16), round(2.2 * size))
        cv2.ellipse(picture, at(0.02, dy + 0.1), axes, 8, 190, 350, EDGE, 2, cv2.LINE_AA, 4)


def _finger(dx: float, dy: float, angle: float, length: float, stretched: float) -> list[tuple[float, float]]:
    """Its joints; bent, it lies before the palm."""
    way = math.radians(angle)
    up = (math.sin(way), -math.cos(way))
    first = (dx + 0.42 * length * up[0] * (0.3 + 0.7 * stretched), dy + 0.42 * length * up[1] * (0.3 + 0.7 * stretched))
    rest = 0.58 * length * (2.0 * stretched - 1.0)
    return [(dx, dy), first, (first[0] + rest * up[0], first[1] + rest * up[1])]
