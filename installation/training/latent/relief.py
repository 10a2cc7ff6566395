"""A picture as a relief to print: heights in millimetres, and the closed surface round them as binary STL.

Paint stands up where a picture is light, as lead white does, and where it has fine marks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from installation.training.latent.models import Pictures

LIGHT = (0.30, 0.59, 0.11)
"""How much red, green and blue count for the height."""
MARKS = 12
"""Fine marks are what is lost where a picture is made so many times smaller."""
STRONGEST = 24.0
"""Levels of 255 by which a mark differs from its surroundings when it stands up by most of its share."""
BODY = 0.4
"""The share of the height that is a light colour's; the rest is the marks'."""
HEADER = b"Vernissage relief, millimetres".ljust(80)

Heights = NDArray[np.float64]
Triangles = NDArray[np.float64]
"""(n, 3, 3): corners of each, x, y, z, counter-clockwise as seen from outside."""


def heights(picture: Pictures, columns: int, relief: float) -> Heights:
    """(rows, columns) heights from 0 to ``relief`` of a picture (height, width, 3) uint8, its first row at the top."""
    light = Image.fromarray((picture.astype(np.float32) @ np.array(LIGHT, np.float32)).astype(np.float32), "F")
    size = columns, max(2, round(columns * picture.shape[0] / picture.shape[1]))
    fine = np.asarray(light.resize(size, Image.Resampling.BICUBIC), np.float64)
    small = light.resize([max(1, side // MARKS) for side in light.size], Image.Resampling.BOX)
    body = np.asarray(small.resize(size, Image.Resampling.BICUBIC), np.float64)
    marks = 0.5 + 0.5 * np.tanh((fine - body) / STRONGEST)
    return np.asarray(relief * np.clip(BODY * body / 255.0 + (1.0 - BODY) * marks, 0.0, 1.0))


def solid(heights: Heights, width: float, base: float) -> Triangles:
    """The closed surface of a plate ``width`` wide and ``base`` thick (mm) with ``heights`` on it, lying on z = 0."""
    rows, columns = heights.shape
    step = width / (columns - 1)
    x, y = np.meshgrid(np.arange(columns) * step, np.arange(rows)[::-1] * step)
    top = np.stack([x, y, heights + base], -1)
    rim = np.concatenate([top[:, 0], top[-1, 1:], top[-2::-1, -1], top[0, -2:0:-1]])  # counter-clockwise from above
    foot = rim * (1.0, 1.0, 0.0)
    after, foot_after = np.roll(rim, -1, axis=0), np.roll(foot, -1, axis=0)
    middle = np.broadcast_to([width / 2, (rows - 1) * step / 2, 0.0], foot.shape)
    upper_left, upper_right, lower_left, lower_right = top[:-1, :-1], top[:-1, 1:], top[1:, :-1], top[1:, 1:]
    faces = [
        (upper_left, lower_left, lower_right),
        (upper_left, lower_right, upper_right),
        (rim, foot, foot_after),
        (rim, foot_after, after),
        (middle, foot_after, foot),
    ]
    return np.concatenate([np.stack(face, -2).reshape(-1, 3, 3) for face in faces])


def stl(triangles: Triangles) -> bytes:
    """Binary STL: 80 bytes, their number, then of each normal and corners as float32 and two bytes that say nothing."""
    facets = np.zeros(len(triangles), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("said", "<u2")])
    a, b, c = triangles.astype(np.float32).astype(np.float64).transpose(1, 0, 2)
    normals = np.cross(b - a, c - a)
    facets["normal"] = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    facets["corners"] = triangles
    return HEADER + len(triangles).to_bytes(4, "little") + facets.tobytes()
