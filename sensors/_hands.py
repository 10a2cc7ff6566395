"""Hands and their joints in a colour picture, tracked from one look to the next, and what a hand does.

The two networks, their anchors, the turned square around a palm and the one around the joints are those of MediaPipe
Hands (Zhang et al., "MediaPipe Hands: On-device Real-time Hand Tracking", 2020, and the graphs published with it).
"""

import math
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sensors._mediapipe import Array, Run, as_input

Points = NDArray[np.float64]
"""(n, 2) in pixels of the picture, or (21, 3) joints with the depth in pixels."""
Color = NDArray[np.uint8]
"""(height, width, 3) BGR."""
Box = tuple[int, int, int, int]
"""left, top, right, bottom in pixels."""

PALM_SIDE, HAND_SIDE = 192, 224
"""Pixels of the square pictures that the two networks take."""
LAYERS = ((24, 2), (12, 6))
"""The palm network's grids: cells along a side, and anchors in each."""
PALM_SURE, HAND_SURE = 0.5, 0.5
"""The least probabilities of a palm and of a hand."""
ALIKE = 0.3
"""The overlap (intersection over union) from which two palms are one."""
PALM_TIMES, PALM_UP, HAND_TIMES, HAND_UP = 2.6, 0.5, 2.0, 0.1
"""How much larger the turned square is than a palm, or than the joints, and how far it is moved along the hand."""
MOST = 2
"""Hands that are followed at most."""
SEARCH = 0.25
"""Seconds between two searches for palms."""

WRIST, THUMB, INDEX, KNUCKLE = 0, 4, 8, 9
TIPS, BASES = (8, 12, 16, 20), (5, 9, 13, 17)
STEM = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
"""The joints that change little as fingers bend: the next square is set around them."""


@dataclass(frozen=True, slots=True)
class Square:
    """A turned square: its centre (x, y) and side in pixels, and its angle, 0 where the fingers point up."""

    x: float
    y: float
    side: float
    angle: float


@dataclass(frozen=True, slots=True)
class Hand:
    """One hand: the (21, 3) joints in pixels, 0..1 how surely it is one, and what it does, each 0..1."""

    joints: Points
    sure: float
    open: float
    pinch: float
    point: float

    @property
    def place(self) -> tuple[float, float]:
        """The middle of the palm, in pixels."""
        x, y = self.joints[[WRIST, *BASES], :2].mean(axis=0)
        return float(x), float(y)


@dataclass(slots=True)
class Hands:
    """Follows the hands in pictures; ``look`` takes about 8 to 14 ms of a core for each hand, and 15 for a search."""

    find_palms: Run
    find_joints: Run
    _squares: list[Square] = field(default_factory=list)
    _searched: float = -math.inf

    def look(self, picture: Color, where: Box, now: float) -> list[Hand]:
        """The hands of a picture; new ones are searched for in the box ``where``."""
        if len(self._squares) < MOST and now - self._searched > SEARCH:
            self._searched = now
            found = [square for square in self._search(picture, where) if not self._is_followed(square)]
            self._squares += found[: MOST - len(self._squares)]
        hands = [self._hand(picture, square) for square in self._squares]
        seen = [hand for hand in hands if hand is not None]
        self._squares = _apart([around(hand.joints) for hand in seen])
        return seen[: len(self._squares)]

    def _is_followed(self, new: Square) -> bool:
        return any(math.hypot(new.x - one.x, new.y - one.y) < 0.5 * max(new.side, one.side) for one in self._squares)

    def _search(self, picture: Color, where: Box) -> list[Square]:
        import cv2

        left, top, right, bottom = where
        part = picture[top:bottom, left:right]
        if not part.size:
            return []
        scale = PALM_SIDE / max(part.shape[:2])
        small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:PALM_SIDE, :PALM_SIDE]
        square = np.zeros((PALM_SIDE, PALM_SIDE, 3), np.uint8)
        square[: small.shape[0], : small.shape[1]] = small
        outputs = self.find_palms(as_input(square))
        shift = np.array([left, top])
        return [_around_palm(points / scale + shift) for points in palms(*outputs[:2])]

    def _hand(self, picture: Color, square: Square) -> Hand | None:
        import cv2

        matrix = _into(square)
        crop = cv2.warpAffine(picture, matrix, (HAND_SIDE, HAND_SIDE), flags=cv2.INTER_LINEAR)
        found, sure = (output.ravel() for output in self.find_joints(as_input(crop))[:2])
        if float(sure[0]) < HAND_SURE:
            return None
        return read_joints(_back(found.reshape(21, 3).astype(np.float64), matrix), float(sure[0]))


def read_joints(joints: Points, sure: float) -> Hand:
    """What the hand with those (21, 3) joints does. Only ratios of lengths are used, so its size is no matter."""
    wrist = joints[WRIST]
    reach = [
        _length(joints[tip] - wrist) / _length(joints[base] - wrist) for tip, base in zip(TIPS, BASES, strict=True)
    ]
    index, *others = (_share(one, 1.15, 1.65) for one in reach)
    apart = _length((joints[THUMB] - joints[INDEX])[:2]) / _length((joints[KNUCKLE] - wrist)[:2])  # depth is a guess
    open_ = (index + sum(others)) / 4.0
    pinch = (1.0 - _share(apart, 0.2, 0.45)) * min(1.0, 2.0 * max(index, *others))
    return Hand(joints, sure, open_, pinch, index * (1.0 - sum(others) / 3.0) * (1.0 - pinch))


def palms(regressed: Array, scored: Array) -> list[Points]:
    """The box's corners and seven points of each palm, (9, 2) in pixels of the network's picture, the surest first."""
    scores = 1.0 / (1.0 + np.exp(-np.clip(scored.ravel(), -60.0, 60.0)))
    chosen: list[Points] = []
    for index in np.argsort(-scores)[:40]:
        if scores[index] < PALM_SURE or len(chosen) == MOST:
            break
        numbers, anchor = regressed.reshape(-1, 9, 2)[index].astype(np.float64), _anchors()[index]
        middle, size = numbers[0] + anchor, numbers[1]
        points = np.concatenate(([middle - size / 2, middle + size / 2], numbers[2:] + anchor))
        if all(_overlap(points[:2], other[:2]) < ALIKE for other in chosen):
            chosen.append(points)
    return chosen


@cache
def _anchors() -> Points:
    """(2016, 2): the middle of each anchor's cell, in pixels."""
    grids = []
    for cells, each in LAYERS:
        steps = (np.arange(cells) + 0.5) * PALM_SIDE / cells
        x, y = np.meshgrid(steps, steps)
        grids.append(np.repeat(np.stack((x.ravel(), y.ravel()), axis=1), each, axis=0))
    return np.concatenate(grids)


def _overlap(a: Points, b: Points) -> float:
    common = np.prod(np.clip(np.minimum(a[1], b[1]) - np.maximum(a[0], b[0]), 0.0, None))
    return float(common / (np.prod(a[1] - a[0]) + np.prod(b[1] - b[0]) - common + 1e-9))


def _around_palm(points: Points) -> Square:
    """The square around the whole hand of a palm: its box, and the wrist and the middle finger's base."""
    low, high, wrist, middle = points[0], points[1], points[2], points[4]
    angle = _angle(middle - wrist)
    side = float((high - low).max())
    x, y = (low + high) / 2 + PALM_UP * side * np.array([math.sin(angle), -math.cos(angle)])
    return Square(float(x), float(y), PALM_TIMES * side, angle)


def around(joints: Points) -> Square:
    """The square around a hand in which it is looked for in the next picture."""
    flat = joints[:, :2]
    angle = _angle(0.25 * (flat[5] + flat[13]) + 0.5 * flat[9] - flat[WRIST])
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    turned = flat[list(STEM)] @ turn.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    side = float((high - low).max())
    x, y = ((low + high) / 2 - np.array([0.0, HAND_UP * side])) @ turn
    return Square(float(x), float(y), HAND_TIMES * side, angle)


def _angle(way: Points) -> float:
    """Of a way from the wrist to the fingers, radians clockwise from straight up."""
    return math.atan2(float(way[0]), -float(way[1]))


def _apart(squares: list[Square]) -> list[Square]:
    kept: list[Square] = []
    for one in squares:
        if all(math.hypot(one.x - two.x, one.y - two.y) > 0.3 * max(one.side, two.side) for two in kept):
            kept.append(one)
    return kept


def _into(square: Square) -> Points:
    """(2, 3): from the picture into the hand network's."""
    scale = HAND_SIDE / max(1.0, square.side)
    cos, sin = scale * math.cos(square.angle), scale * math.sin(square.angle)
    turn = np.array([[cos, sin], [-sin, cos]])
    shift = HAND_SIDE / 2 - turn @ np.array([square.x, square.y])
    return np.hstack((turn, shift[:, None]))


def _back(joints: Points, matrix: Points) -> Points:
    inverse = np.linalg.inv(matrix[:, :2])
    flat = (joints[:, :2] - matrix[:, 2]) @ inverse.T
    return np.hstack((flat, joints[:, 2:] / math.hypot(*matrix[0, :2])))


def _length(way: Points) -> float:
    return float(np.sqrt((way * way).sum())) + 1e-9


def _share(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))
