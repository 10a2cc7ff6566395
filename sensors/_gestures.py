"""Gestures of one visitor: strokes of a hand, waving, a raised hand, and standing still.

Every picture gives one Move: the motion within the visitor's reach. Lengths are in heights of the visitor, so that a
child far off and a grown-up close by are alike. A hand is lifted before a gesture and lowered after it: neither is one.
"""

import math
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors._background import Mask
from sensors._strokes import STROKES, Course, Move, read_judge
from sensors._visitors import Box, Visitor

GESTURES = (*STROKES, "wave", "raise", "stillness")

Flow = NDArray[np.float32]
"""(height, width, 2): pixels to the right and downwards from the picture before."""

REACH, ABOVE = 0.45, 0.3
"""How far beside and above a visitor his hands reach."""
FEWEST = 10
"""Moving pixels below which no direction is given."""
SURE, TWICE = 0.5, 2
"""The least probability of a stroke that is reported, in so many pictures one after the other."""
STAY_UP = 0.5
"""Seconds after a stroke upwards in which the hand may stay up, and so is raised."""
AFTERWARDS, AFTER_WAVE = 1.2, 1.2
"""Seconds after a stroke, and after the last turn of a wave, in which the hand goes back and no stroke counts."""
SIDEWAYS, TURNS, FEW_TURNS, TURN_LENGTH, TURN_TIME = 0.5, 4, 2, 0.025, 1.8
"""The least share of all motion that goes to one side, where it is more than goes up or down, the turns of a hand that
make a wave, those from which it may become one, the least way between two, and the seconds that they take at most."""
ALIKE, TURN_LASTS = 0.5, 0.06
"""The least share of the longest way that another way of a wave has, and the seconds that each takes at least: what
goes to one side in a single picture is no hand."""
RAISED, RAISED_TIME, CALM = 0.06, 0.6, 0.012
"""How far above the head the hand must be, for how many seconds, and the largest moving area meanwhile."""
LIFTED, LIFT_TIME = 4, 1.0
"""Pixels that move up there as a hand comes, and seconds at most between that and its silhouette: a head that is as
grey as the wall comes and goes too, without a move."""
WALKS, WALKED = 0.2, 0.5
"""Heights a second from which on somebody walks, and seconds after it in which there is no gesture."""
STILL, STIRS, STILL_TIME, STILL_FULL = 0.012, 0.3, 3.0, 10.0
"""The moving area, in squares of his own height, a mean of so many seconds, below which he is still; seconds until that
is reported, and until its level is full."""
TALL = 0.3
"""The least share of the picture's height that a visitor takes whose hands are watched."""
JUMPS = 0.3
"""Heights by which no visitor grows or shrinks from one picture to the next: his silhouette met another's."""


def reach(visitor: Visitor) -> Box:
    """Where his hands can be, in pixels; it may lie outside the picture."""
    left, top, right, bottom = visitor.box
    beside, above = round(REACH * visitor.height), round(ABOVE * visitor.height)
    return left - beside, max(0, top - above), right + beside, bottom


def measure(visitor: Visitor, moving: Mask, flow: Flow, height: float, seconds: float) -> Move:
    """The move within reach of a visitor of that height (pixels), over the ``seconds`` since the picture before."""
    left, top, right, bottom = reach(visitor)
    left = max(0, left)
    rows, columns = np.nonzero(moving[top:bottom, left:right])
    if len(rows) < FEWEST:
        return Move(area=len(rows) / height**2)
    steps = flow[rows + top, columns + left] / (seconds * height)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    total = float(lengths.sum()) + 1e-9
    mean = steps.sum(axis=0) / total
    weights = lengths + 1e-9
    around = np.stack((columns - np.average(columns, weights=weights), rows - np.average(rows, weights=weights)), 1)
    distance = np.hypot(around[:, 0], around[:, 1]) + 1e-6
    own = steps - steps.mean(axis=0)
    outwards = (own * around).sum(axis=1)
    return Move(
        area=len(rows) / height**2,
        x=(float(columns.mean()) + left - visitor.stand) / height,
        y=(bottom - float(rows.mean()) - top) / height,
        spread=float(np.hypot(rows.std(), columns.std())) / height,
        speed=float((lengths * lengths).sum() / total),
        growth=float(outwards.sum() / (distance * distance).sum() * height),
        right=float(mean[0]),
        up=float(-mean[1]),
        near=float((outwards / distance).sum() / total),
    )


@dataclass(slots=True)
class Waving:
    """Counts the turns of a hand that goes to and fro."""

    _runs: deque[tuple[float, float, float]] = field(default_factory=lambda: deque(maxlen=12))
    """(second of its beginning, way to the right in heights, seconds that it took), the newest last."""

    def step(self, move: Move, now: float, seconds: float) -> int:
        """The turns of the last TURN_TIME seconds."""
        if abs(move.right) > max(SIDEWAYS, abs(move.up)) and move.area > STILL / 2:
            way = math.copysign(move.speed * seconds, move.right)
            if self._runs and self._runs[-1][1] * way > 0:
                begin, before, lasted = self._runs.pop()
                self._runs.append((begin, before + way, lasted + seconds))
            else:
                self._runs.append((now, way, seconds))
        runs = [(way, lasted) for begin, way, lasted in self._runs if now - begin < TURN_TIME]
        recent = [way for way, lasted in runs if abs(way) > TURN_LENGTH and lasted > TURN_LASTS]
        longest = max(map(abs, recent), default=0.0)
        return sum(a * b < 0 for a, b in pairwise(way for way in recent if abs(way) > ALIKE * longest))


@dataclass(slots=True)
class Gestures:
    """The gestures of one visitor. ``step`` returns (gesture, confidence 0..1) when one is made."""

    height: float = 0.0
    still: float = 0.0
    move: Move = field(default_factory=Move)
    """That of the newest picture."""
    _top: float = 0.0
    course: Course = field(default_factory=Course)
    _waving: Waving = field(default_factory=Waving)
    _stirs: float = 0.0
    _box: Box | None = None
    _feet: deque[tuple[float, float, float]] = field(default_factory=lambda: deque(maxlen=13))
    """(second, column, half the row: a silhouette's lower end is unsteady)."""
    _walked: float = -math.inf
    _busy_until: float = -math.inf
    _wave_until: float = -math.inf
    _likely: tuple[str, int, float] = ("", 0, 0.0)
    """The stroke that is likely now, in so many pictures one after the other, and its greatest probability."""
    _upwards: tuple[float, float] | None = None
    _lifted: float = -math.inf
    _up: bool = False
    _raised: float = 0.0
    _raise_told: bool = False
    _still_told: bool = False

    def step(self, visitor: Visitor, moving: Mask, flow: Flow, now: float, seconds: float) -> list[tuple[str, float]]:
        self._size(visitor, now, seconds)
        move = measure(visitor, moving, flow, self.height, seconds)
        self.move = replace(move, over=self._over(visitor, moving, now))
        told = self._stay_still(self.move, now, seconds)
        self.course.add(self.move, now, seconds)
        if now - self._walked < WALKED or self.height < TALL * moving.shape[0]:
            return told
        turns = self._waving.step(self.move, now, seconds)
        kind, sure = read_judge().judge(self.course.features(now))
        found = self._wave(kind, turns, now), self._raise(turns, now, seconds), self._stroke(kind, sure, now)
        return [*told, *(one for one in found if one)][:1]

    def _size(self, visitor: Visitor, now: float, seconds: float) -> None:
        """How tall he is, where his head ends, and whether he walks."""
        top = visitor.box[1]
        if not self.height:
            self.height, self._top, self._walked = float(visitor.height), float(top), now
        walks = now - self._walked < WALKED
        slow = min(1.0, seconds / (0.3 if walks else 3.0))
        if walks or top > self._top - RAISED * self.height:
            self._top += (top - self._top) * slow
            self.height += (visitor.height - self.height) * slow
        self._feet.append((now, visitor.stand, 0.5 * visitor.box[3]))
        since, *before = self._feet[0]
        gone = math.dist(before, self._feet[-1][1:])
        if (now > since and gone / (now - since) > WALKS * self.height) or self._jumps(visitor.box):
            self._walked = now

    def _over(self, visitor: Visitor, moving: Mask, now: float) -> float:
        """How far he reaches above his head, in heights: 0 where nothing has moved up there."""
        left, top, right, _ = reach(visitor)
        head = max(0, round(self._top - RAISED * self.height))
        if np.count_nonzero(moving[top:head, max(0, left) : right]) >= LIFTED:
            self._lifted = now
        over = (self._top - visitor.box[1]) / self.height
        self._up = over >= RAISED and (self._up or now - self._lifted < LIFT_TIME)
        return over if self._up else min(0.0, over)

    def _jumps(self, box: Box) -> bool:
        before, self._box = self._box, box
        if before is None:
            return False
        return abs((before[3] - before[1]) - (box[3] - box[1])) > JUMPS * self.height

    def _wave(self, kind: str, turns: int, now: float) -> tuple[str, float] | None:
        """Reported once, however long it lasts."""
        if turns < TURNS and not (kind == "wave" and turns >= FEW_TURNS):
            return None
        begins = now > self._wave_until and (now > self._busy_until or self._raise_told)
        self._wave_until = now + AFTER_WAVE
        self._busy_until = max(self._busy_until, now + AFTER_WAVE)
        return ("wave", min(1.0, 0.25 * max(turns, TURNS))) if begins else None

    def _raise(self, turns: int, now: float, seconds: float) -> tuple[str, float] | None:
        over = self.move.over
        if over < RAISED:
            self._raised, self._raise_told = 0.0, False
            return None
        calm = self.move.area < CALM and turns < FEW_TURNS
        self._raised = max(0.0, self._raised + (seconds if calm else -0.5 * seconds))
        if self._raise_told:
            self._busy_until = max(self._busy_until, now + AFTERWARDS)  # the arm that is lowered is no gesture
        if self._raised < RAISED_TIME or self._raise_told or now < self._wave_until:
            return None
        self._raise_told, self._upwards = True, None
        return "raise", min(1.0, 5.0 * over)

    def _stroke(self, kind: str, sure: float, now: float) -> tuple[str, float] | None:
        if self._upwards and now - self._upwards[0] > STAY_UP:
            upwards, self._upwards = self._upwards[1], None
            return ("swipe_up", upwards) if self._raised < STAY_UP / 2 else None
        likely, times, most = self._likely
        busy = now < self._busy_until and not (self._upwards and kind == "swipe_down")
        if kind not in STROKES or sure < SURE or busy:
            self._likely = "", 0, 0.0
            return None
        self._likely = (kind, times + 1, max(most, sure)) if kind == likely else (kind, 1, sure)
        if self._likely[1] < TWICE:
            return None
        self._busy_until, self._upwards = now + AFTERWARDS, None
        if kind == "swipe_up":
            self._upwards = (now, sure)
            return None
        return kind, self._likely[2]

    def _stay_still(self, move: Move, now: float, seconds: float) -> list[tuple[str, float]]:
        self._stirs += (move.area - self._stirs) * min(1.0, seconds / STIRS)
        stirs = self._stirs > STILL or now - self._walked < WALKED
        self.still = 0.0 if stirs else self.still + seconds
        if stirs:
            self._still_told = False
        if self.still < STILL_TIME or self._still_told:
            return []
        self._still_told = True
        return [("stillness", 1.0)]

    @property
    def stillness(self) -> float:
        """0..1, full after ten seconds."""
        return min(1.0, self.still / STILL_FULL)


def optical_flow() -> Any:
    """OpenCV's fastest DIS flow, one scale finer: as it comes it halves the speed of anything as narrow as a person."""
    import cv2

    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    flow.setFinestScale(1)
    return flow
