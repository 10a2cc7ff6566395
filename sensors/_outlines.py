"""What the camera sees as lines, for the one who sets it up: no more of it than that leaves the camera's process."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from installation.core.sight import OUTLINES, POINTS, WHOLE, Sight
from sensors._background import Mask
from sensors._gestures import Flow
from sensors._seeing import Seeing

EVERY = 0.2
"""Seconds between two drawings."""

LEAST = 0.001
"""The share of the picture that something takes at least to be outlined."""

ACROSS, DOWN = 10, 6
"""Cells in which the direction is told, one arrow each."""

AHEAD = 0.25
"""Seconds of motion that an arrow is long."""

Wanted = Callable[[], bool]
Tell = Callable[[Sight], None]


class Drawing:
    """Tells what is seen while it is ``wanted``, some times a second."""

    def __init__(self, wanted: Wanted, tell: Tell) -> None:
        self._wanted, self._tell = wanted, tell
        self._due = 0.0

    def step(self, seeing: Seeing, now: float) -> None:
        """After the picture at ``now`` (s)."""
        if now >= self._due and self._wanted():
            self._due = now + EVERY
            self._tell(sight(seeing))


def sight(seeing: Seeing) -> Sight:
    """What has been seen in the last picture."""
    view, occupied = seeing.view, seeing.visitors.occupied()
    if view is None:
        return Sight(1.0)
    height, width = view.changed.shape
    free = view.changed if occupied is None else view.changed & ~occupied
    visitors = (line for one in seeing.visitors.here for line in outlines(one.mask))
    flow = () if seeing.flow is None else tuple(arrows(seeing.flow, view.moving, seeing.seconds))
    return Sight(round(width / height, 3), tuple(visitors)[:OUTLINES], tuple(outlines(free)), flow)


def outlines(mask: Mask) -> Iterator[tuple[int, ...]]:
    """The largest parts of a mask."""
    import cv2

    height, width = mask.shape
    found, _ = cv2.findContours(cv2.medianBlur(mask, 3), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    large = [one for one in found if cv2.contourArea(one) >= LEAST * mask.size]
    for one in sorted(large, key=lambda one: -cv2.contourArea(one))[:OUTLINES]:
        points = _simpler(one.reshape(-1, 2)) + 0.5
        yield tuple(np.rint(points * (WHOLE / width, WHOLE / height)).astype(int).ravel().tolist())


def _simpler(points: np.ndarray) -> np.ndarray:
    """The same line with POINTS points at most."""
    import cv2

    tolerance = 1.0
    while len(points) > POINTS:
        points = cv2.approxPolyDP(points.reshape(-1, 1, 2), tolerance, True).reshape(-1, 2)
        tolerance *= 1.5
    return points


def arrows(flow: Flow, moving: Mask, seconds: float) -> Iterator[tuple[int, ...]]:
    """Where the picture moves, cell by cell; ``flow`` is in pixels over ``seconds``."""
    height, width = moving.shape
    scale = np.array((WHOLE / width, WHOLE / height))
    rows, columns = np.linspace(0, height, DOWN + 1).astype(int), np.linspace(0, width, ACROSS + 1).astype(int)
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            there = moving[top:bottom, left:right] > 0
            if there.mean() > 0.05:
                shift = flow[top:bottom, left:right][there].mean(axis=0) * (AHEAD / seconds) * scale
                middle = np.array(((left + right) / 2, (top + bottom) / 2)) * scale
                yield tuple(np.rint(np.concatenate([middle, shift])).astype(int).tolist())
