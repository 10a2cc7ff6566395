"""Where a connected piece of the picture is parted: between visitors who are known to be in it, or where two who stand
side by side touch."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sensors._background import Mask

TALL = 0.5
"""The least share of a piece's height that a column of a body fills: arms and what joins two people fill less."""
THIN = 0.5
"""The most that the column where two touch fills, as a share of the smaller one's fullest."""
BODIES = 0.25
"""The least way from the middle of one body to the next, in heights of the piece."""


def middles(stands: list[float], width: int) -> list[int]:
    """The columns where a piece is cut that visitors stand in, from its picture's first to its last."""
    return [0, *(round((a + b) / 2) for a, b in pairwise(sorted(stands))), width]


def touches(mask: Mask, box: tuple[int, int, int, int]) -> list[int]:
    """The columns where the bodies in a piece touch, from its picture's first to its last; without a second body only
    these two."""
    left, top, right, bottom = box
    full = np.count_nonzero(mask[top:bottom, left:right], axis=0) / (bottom - top)
    bodies = _runs(full >= TALL)
    cuts = [0]
    for before, after in pairwise(bodies):
        between = full[before[1] : after[0]]
        apart = (sum(after) - sum(before)) / 2 >= BODIES * (bottom - top)
        smaller = min(full[slice(*before)].max(), full[slice(*after)].max())
        if apart and between.min() <= THIN * smaller:
            cuts.append(left + before[1] + int(between.argmin()))
    return [*cuts, mask.shape[1]]


def _runs(yes: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where it is so without a break: the first column of each and the one after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], yes, [False])).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
