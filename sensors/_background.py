"""Background subtraction for a room: which pixels differ from the empty room, and which move, as light and noise
change.

A running mean per pixel that is not learned under visitors (so one who stands still is never absorbed) and slowly under
anything else that is new. A change of the light is taken out row by row, as a mean ratio to the background, which also
takes out the bands that lamps on 50 or 60 Hz draw. Every threshold is derived from measurements: the noise of
the picture, how much the camera shakes, and how restless each pixel is (a fan, a curtain, a screen).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors._calibration import Calibration, Levels

Gray = NDArray[np.uint8]
"""(height, width), blurred a little."""
Mask = NDArray[np.uint8]
"""(height, width), 255 where it is so, else 0."""

LEAST_MOTION, LEAST_CHANGE = 6.0, 11.0
"""Levels that a pixel must differ by from the picture before, and from the background, in a room without any noise."""
NOISES = 5.0
"""Standard deviations of the noise on top of which something counts."""
EDGE = 0.25
"""Pixels that an edge may shift by with a camera that is fixed firmly."""
RESTLESS = 3.0
"""Times its own mean change that a pixel may change by."""

LEARN, ABSORB, UNREST, STEADY = 4.0, 25.0, 20.0, 1.0
"""Time constants (s): of the background, of it under what is new, of each pixel's restlessness, of noise and shake."""
NEWCOMER = 2.0
"""Seconds at most from when somebody comes until he is known as a visitor."""
LAMP = 0.08
"""A change of the whole light by this share from one picture to the next counts as a lamp being switched."""
AFTER_LAMP = 0.25
"""Seconds after that in which nothing counts as moving: cameras set their exposure."""
ALL_NEW, ALL_NEW_SECONDS = 0.5, 0.4
"""The share of the picture that differs, and for how long, until the background is taken for another one."""
UNCHANGED = 0.02
"""The share of the picture that may differ from the empty room while it counts as unchanged."""


@dataclass(frozen=True, slots=True)
class View:
    """One picture as it differs from the empty room: ``changed`` from the background, ``moving`` since the picture
    before, ``slow`` since about a second ago; ``even`` is the picture in the background's light."""

    changed: Mask
    moving: Mask
    slow: Mask
    even: Levels


class Background:
    """Give it every picture of the same size; another size begins anew. ``known``: what was measured of it before."""

    def __init__(self, known: Calibration | None = None) -> None:
        self.mean: Levels | None = None
        self.noise = 1.0
        self.shake = 0.0
        self.calm = 0.0
        """Seconds for which nobody has been there and nothing was new."""
        self._known = known

    def look(self, gray: Gray, seconds: float, occupied: Mask | None, seam: bool = False) -> View:
        """What differs in the next picture, ``seconds`` after the last. ``occupied``: where visitors are known to be.
        After a ``seam`` (a film begins again) nothing counts as moving."""
        if self.mean is None or self.mean.shape != gray.shape:
            self._begin(gray)
        picture = gray.astype(np.float32)
        free = None if occupied is None else occupied == 0
        even = self._lit_as_before(picture, free)
        view = self._compare(even, seam or self._lamp > 0.0, free)
        self._lamp -= seconds
        self.calm = self.calm + seconds if free is None and share_of(view.changed) < UNCHANGED else 0.0
        self._learn(view, seconds, free)
        self._watch_for_another_room(view, picture, seconds, free)
        return view

    def _begin(self, gray: Gray) -> None:
        self.mean = gray.astype(np.float32)
        self._before = self._earlier = self._coming = self.mean.copy()
        self._since = 0.0
        self._moves, self._spread = np.zeros_like(self.mean), np.zeros_like(self.mean)
        self._light, self._lamp, self._new, self._age = 1.0, 0.0, 0.0, 0.0
        if self._known is not None and self._known.moves.shape == gray.shape:
            known = self._known
            self._moves, self._spread = known.moves.copy(), known.spread.copy()
            self.noise, self.shake, self._age = known.noise, known.shake, known.age
        self._calm = self._calmer = (self._moves.copy(), self._spread.copy())
        self._calm_due = NEWCOMER
        self._gradients()

    def forget_newcomer(self) -> None:
        """Somebody who was taken for a restless part of the room is a visitor: that is learned no more."""
        moves, spread = self._calmer
        self._moves, self._spread = np.minimum(self._moves, moves), np.minimum(self._spread, spread)
        self._calm = self._calmer

    def calibration(self, view: str) -> Calibration:
        """What has been measured of the room, after the first picture."""
        return Calibration(view, self._moves.copy(), self._spread.copy(), self.noise, self.shake, self._age)

    def _gradients(self) -> None:
        import cv2

        assert self.mean is not None
        across, down = (
            cv2.Sobel(self.mean, cv2.CV_32F, 1, 0, scale=0.125),
            cv2.Sobel(self.mean, cv2.CV_32F, 0, 1, scale=0.125),
        )
        self._edges = cv2.magnitude(across, down)
        strong = self._edges > max(6.0, float(np.quantile(self._edges, 0.9)))
        self._strong = np.flatnonzero(strong.ravel())[::2]
        self._gradients_due = 1.0

    def _lit_as_before(self, picture: Levels, free: NDArray[np.bool_] | None) -> Levels:
        """The picture divided by how much lighter each of its rows is than the background."""
        import cv2

        assert self.mean is not None
        ratio = ((picture[1::3, 1::3] + 4.0) / (self.mean[1::3, 1::3] + 4.0)).ravel()
        if free is not None and free[1::3, 1::3].sum() > 0.1 * ratio.size:
            ratio = ratio[free[1::3, 1::3].ravel()]
        light = float(np.median(ratio))
        if abs(light / self._light - 1.0) > LAMP:
            self._lamp = AFTER_LAMP
        self._light = light
        plain = np.abs(picture - light * self.mean) < 18.0 + 0.12 * self.mean
        if free is not None:
            plain &= free
        share = plain.mean(axis=1)
        rows = (picture * plain).sum(axis=1) / np.maximum((self.mean * plain).sum(axis=1), 1.0)
        rows = np.where((share > 0.2) & (rows > 0.02), rows, light).astype(np.float32)
        rows = cv2.blur(rows[:, None], (1, 3))
        return np.asarray(picture / np.maximum(rows, 0.02), np.float32)

    def _compare(self, even: Levels, blind: bool, free: NDArray[np.bool_] | None) -> View:
        import cv2

        assert self.mean is not None
        step, slow, change = (np.abs(even - other) for other in (self._before, self._earlier, self.mean))
        if not blind:
            self._measure(step)
        shaken = (EDGE + self.shake) * self._edges
        seen = shaken if free is None else np.where(free, shaken, self.shake * self._edges)  # a visitor hides edges
        tolerance = max(LEAST_MOTION, NOISES * self.noise) + seen + RESTLESS * self._moves
        allowed = max(LEAST_CHANGE, NOISES * self.noise) + shaken + RESTLESS * self._spread
        self._step, self._change = step, change
        moving, since, changed = _above(step, tolerance), _above(slow, tolerance), _above(change, allowed)
        if blind:
            moving = since = np.zeros_like(moving)
        return View(changed, np.asarray(cv2.medianBlur(moving, 3), np.uint8), since, even)

    def _measure(self, step: Levels) -> None:
        """The noise of the picture, and how many pixels the camera shakes by, from what changed since the last one."""
        noise = float(np.median(step[::3, ::3])) / 0.6745
        self.noise += (noise - self.noise) * self._rate(STEADY, noise > self.noise)
        shake = 0.0
        if len(self._strong) > 50:
            strong = step.ravel()[self._strong]
            beyond = max(0.0, float(np.median(strong)) - self.noise)
            shake = min(1.0, 2.5 * beyond / float(np.median(self._edges.ravel()[self._strong])))
        self.shake += (shake - self.shake) * self._rate(STEADY, shake > self.shake)

    def _rate(self, constant: float, rises: bool) -> float:
        return 0.2 if rises else 1.0 / (30.0 * constant)

    def _learn(self, view: View, seconds: float, free: NDArray[np.bool_] | None) -> None:
        assert self.mean is not None
        self._age += seconds
        young = min(1.0, max(0.1, self._age / LEARN))
        rate = np.where(view.changed > 0, np.float32(seconds / ABSORB), np.float32(min(0.5, seconds / (LEARN * young))))
        unrest = np.float32(min(0.5, seconds / (UNREST * young)))
        weight = np.full(rate.shape, unrest)
        if free is not None:
            rate, weight = rate * free, weight * free
        self.mean += rate * (view.even - self.mean)
        calm = max(1.0, self.noise)
        self._moves += weight * (np.minimum(40.0, np.maximum(0.0, self._step - calm)) - self._moves)
        self._spread += weight * (np.minimum(60.0, np.maximum(0.0, self._change - calm)) - self._spread)
        self._calm_due -= seconds
        if self._calm_due < 0.0:
            self._calm_due, self._calmer, self._calm = NEWCOMER, self._calm, (self._moves.copy(), self._spread.copy())
        self._before = view.even
        self._since += seconds
        if self._since > 0.5:
            self._since, self._earlier, self._coming = 0.0, self._coming, view.even
        self._gradients_due -= seconds
        if self._gradients_due < 0.0:
            self._gradients()

    def _watch_for_another_room(
        self, view: View, picture: Levels, seconds: float, free: NDArray[np.bool_] | None
    ) -> None:
        """Where most of what no visitor hides is new for a while, another light or place is the background."""
        assert self.mean is not None
        share = float(
            (view.changed > 0).mean() if free is None else (view.changed > 0)[free].mean() if free.any() else 0
        )
        self._new = self._new + seconds if share > ALL_NEW else 0.0
        if self._new < ALL_NEW_SECONDS:
            return
        there = np.ones(picture.shape, bool) if free is None else free
        self.mean = np.where(there, picture, self.mean * self._light).astype(np.float32)
        self._before = self._earlier = self._coming = picture
        self._light, self._new, self._lamp = 1.0, 0.0, AFTER_LAMP
        self._gradients()


def _above(values: Levels, limits: Levels) -> Mask:
    import cv2

    return np.asarray(cv2.compare(values, limits, cv2.CMP_GT), np.uint8)


def share_of(mask: Mask) -> float:
    """0..1 of the picture."""
    return float(np.count_nonzero(mask)) / mask.size


def smoothing(seconds: float, constant: float) -> float:
    """How much of the way a value goes in ``seconds`` with that time constant (s)."""
    return 1.0 - math.exp(-seconds / constant)


def shrink(picture: Any, width: int, mirror: bool) -> Gray:
    """The small grey picture that is looked at, of a (height, width, 3) BGR or a grey one."""
    import cv2

    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY) if small.ndim == 3 and small.shape[2] == 3 else small
    gray = cv2.GaussianBlur(gray, (5, 5), 0)
    return np.asarray(cv2.flip(gray, 1) if mirror else gray, np.uint8)
