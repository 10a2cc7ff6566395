"""Whose motion it is where several visitors stand so close that their hands reach over one another's places."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors._background import Mask
from sensors._visitors import Visitor

LASTS = 1.5
"""Seconds for which a place counts as his whose hand was there."""
KNOWN = 0.15
"""The share of a moving part that was somebody's place lately, at least, so that it is his now."""
PARTS = 24
"""Moving parts that are told apart in one picture at most, the largest."""


@dataclass(slots=True)
class Owners:
    """A connected moving part belongs to whoever's hand was there in the last LASTS seconds, else to the nearest."""

    _who: NDArray[np.int64] | None = None
    _when: NDArray[np.float64] | None = None

    def share(self, moving: Mask, here: list[Visitor], now: float) -> list[Mask]:
        """Of all that moves what is each visitor's, in their order."""
        if len(here) < 2:
            return [moving] * len(here)
        if self._who is None or self._when is None or self._who.shape != moving.shape:
            self._who, self._when = np.zeros(moving.shape, np.int64), np.full(moving.shape, -np.inf)
        shared = {id(one): np.zeros_like(moving) for one in here}
        for box, part in _parts(moving):
            who = self._owner(box, part, here, now)
            shared[who][box][part] = 255
            self._who[box][part], self._when[box][part] = who, now
        return [shared[id(one)] for one in here]

    def _owner(self, box: tuple[slice, slice], part: NDArray[np.bool_], here: list[Visitor], now: float) -> int:
        assert self._who is not None
        assert self._when is not None
        recent = self._who[box][part & (self._when[box] > now - LASTS)]
        counts = [(int(np.count_nonzero(recent == id(one))), id(one)) for one in here]
        most, who = max(counts, key=lambda one: one[0])
        if most > KNOWN * np.count_nonzero(part):
            return who
        middle = float(np.nonzero(part)[1].mean()) + box[1].start
        return id(min(here, key=lambda one: abs(one.stand - middle) / max(1, one.height)))


def _parts(moving: Mask) -> list[tuple[tuple[slice, slice], NDArray[np.bool_]]]:
    """The connected parts of what moves: where each is, (rows, columns), and its pixels there."""
    import cv2

    joined = cv2.dilate(moving, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for label in sorted(range(1, count), key=lambda label: -int(stats[label, cv2.CC_STAT_AREA]))[:PARTS]:
        left, top, width, height = (int(number) for number in stats[label, :4])
        box = slice(top, top + height), slice(left, left + width)
        found.append((box, (labels[box] == label) & (moving[box] > 0)))
    return found
