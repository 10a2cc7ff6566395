"""A distance of pictures that is small for altered copies, and large for two portraits by the same painter.

A picture is described on a coarse grid by its *tones* (colours, less their mean, in units of their spread) and by its
*edges* (the direction and, damped, the strength of the change of brightness). What all reference pictures have in
common is subtracted from both, so that the usual dark ground and the face in the middle do not count as likeness. The
rest is compared by its angle, so that a copy that is paler or nearer to the mean is still a copy. The distance is one
minus the mean of the two cosines: 0 the same, about 1 nothing in common. Every view of VIEWS is tried (shifts of up to
3 % of the side, closer and wider framing), and the mirror image, and the best counts.

OpenCV is imported where it is used, as importing it changes the environment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

SIDE, GRID, TONES = 64, 20, 10
"""Pictures are reduced to SIDE px; a view of them is described on GRID x GRID px, its tones on TONES x TONES."""
MIDDLE = (60, 2, 2)
"""The view of a reference picture: side, top, left in the reduced picture."""
VIEWS = (
    *((60, y, x) for y in (0, 2, 4) for x in (0, 2, 4)),
    *((56, y, x) for y in (2, 4, 6) for x in (2, 4, 6)),
    (64, 0, 0),
)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Nearest:
    """For each of n pictures, the distance to its nearest reference, which one that is, and whether mirrored."""

    distance: Floats
    index: Indices
    mirrored: NDArray[np.bool_]


class Ruler:
    """Measures pictures against references (n, h, w, 3) of any square size."""

    def __init__(self, references: Picture) -> None:
        small = reduced(references)
        groups = described(np.concatenate([small, small[:, :, ::-1]]), MIDDLE)
        self.means = [group.mean(0) for group in groups]
        self.features = self._features(groups)
        self.count = len(references)

    def distances(self, pictures: Picture, mirrored: bool = True) -> Floats:
        """(m, 2n): from each picture to each reference, then to the mirror image of each (without: (m, n))."""
        small = reduced(pictures)
        references = self.features if mirrored else self.features[: self.count]
        best = np.full((len(small), len(references)), -1, np.float32)
        for view in VIEWS:
            np.maximum(best, self._features(described(small, view)) @ references.T, out=best)
        return 1 - best

    def nearest(self, pictures: Picture, own: Sequence[int] | Indices | None = None) -> Nearest:
        """`own` says which reference each picture is itself, and so is not compared with.

        A reference is also part of what all have in common, one of 2n, and by so much farther from the others than a
        picture that is not a reference: that is corrected.
        """
        distances = self.distances(pictures)
        if own is not None:
            rows, columns = np.arange(len(distances)), np.asarray(own)
            distances -= np.float32(0.5 / self.count)
            distances[rows, columns] = distances[rows, columns + self.count] = np.inf
        index = distances.argmin(1)
        return Nearest(distances.min(1), index % self.count, index >= self.count)

    def _features(self, groups: Sequence[Floats]) -> Floats:
        """(n, d) unit vectors, half of them tones and half edges, about what the references have in common."""
        parts = [unit(group - mean) for group, mean in zip(groups, self.means, strict=True)]
        return np.concatenate(parts, axis=1) / np.float32(np.sqrt(len(parts)))


def reduced(pictures: Picture) -> Picture:
    import cv2

    return np.stack([cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for picture in pictures])


def described(small: Picture, view: tuple[int, int, int]) -> tuple[Floats, Floats]:
    """Tones (n, TONES * TONES * 3) and edges (n, (GRID - 2) ** 2 * 2) of one view of reduced pictures."""
    import cv2

    side, top, left = view
    seen = (picture[top : top + side, left : left + side] for picture in small)
    grid = np.stack([cv2.resize(window, (GRID, GRID), interpolation=cv2.INTER_AREA) for window in seen])
    return tones(grid.astype(np.float32)), edges(grid @ LUMA)


def tones(grid: Floats) -> Floats:
    n, step = len(grid), GRID // TONES
    cells = grid.reshape(n, TONES, step, TONES, step, 3).mean((2, 4)).reshape(n, -1, 3)
    cells = cells - cells.mean(1, keepdims=True)
    return (cells / (cells.std((1, 2), keepdims=True) + 1e-3)).reshape(n, -1)


def edges(light: Floats) -> Floats:
    across = light[:, 1:-1, 2:] - light[:, 1:-1, :-2]
    down = light[:, 2:, 1:-1] - light[:, :-2, 1:-1]
    damped = np.sqrt(np.hypot(across, down)) + np.float32(1e-3)  # a strong edge counts by its root
    both = np.stack([across / damped, down / damped], axis=-1).reshape(len(light), -1)
    return both / (np.sqrt(np.square(both).mean(1, keepdims=True)) + np.float32(1e-6))


def unit(vectors: Floats) -> Floats:
    return vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + np.float32(1e-6))


# -- altered copies, to validate the distance --------------------------------------------------------------------------


def altered(pictures: Picture, rng: np.random.Generator) -> Picture:
    """Copies as a network that memorised pictures would paint them: blurred, noisy, paler, off colour, framed a
    little differently, every second one mirrored."""
    return np.stack([_altered(picture, index % 2 == 1, rng) for index, picture in enumerate(pictures)])


def _altered(picture: Picture, mirror: bool, rng: np.random.Generator) -> Picture:
    import cv2

    side = picture.shape[0]
    margins = rng.integers(0, max(2, side // 24), 4)
    top, bottom, left, right = (int(margin) for margin in margins)
    framed = cv2.resize(picture[top : side - bottom, left : side - right], (side, side), interpolation=cv2.INTER_LINEAR)
    soft = cv2.GaussianBlur(framed, (0, 0), max(0.5, side / 64)).astype(np.float32)
    changed = soft * rng.uniform(0.6, 1.1) + rng.uniform(-20, 30, 3) + rng.normal(0, 6, soft.shape)
    done: Picture = changed.clip(0, 255).astype(np.uint8)
    return done[:, ::-1] if mirror else done


# -- fingerprints ------------------------------------------------------------------------------------------------------


def fingerprints(pictures: Picture) -> NDArray[np.bool_]:
    """(n, 64) signs of the low frequencies of brightness about their median: near-duplicates differ in few of them."""
    import cv2

    bits = np.empty((len(pictures), 64), np.bool_)
    for index, picture in enumerate(pictures):
        grey = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32) @ LUMA
        low = cv2.dct(grey)[:8, :8].reshape(-1)
        bits[index] = low > np.median(low[1:])
    return bits


def differing(prints: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n, n) in how many of 64 signs each two differ."""
    signs = prints.astype(np.int64) * 2 - 1
    return (prints.shape[1] - signs @ signs.T) // 2
