"""Background subtraction for a room: which pixels differ from the empty room, and which move, as light and noise
change.

A running mean per pixel that is not learned under visitors (so one who stands still is never absorbed) and slowly under
anything else that is new. A change of the light is taken out row by row, as a mean ratio to the background, which also
takes out the bands that lamps on 50 or 60 Hz draw. Every threshold is derived from measurements: the noise of
the picture, how much the camera shakes, and how restless each pixel is (a fan, a curtain, a screen).

Pixels are compared in all their colours: a hand is often as light as the clothes or the wall behind it, and seldom of
their colour. A grey picture goes the same way with one colour.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors._calibration import Calibration, Levels

Small = NDArray[np.uint8]
"""(height, width, colours), blurred a little: three colours, or one where the picture is grey."""
Colours = NDArray[np.float32]
"""(height, width, colours) in levels, 0..255."""
Mask = NDArray[np.uint8]
"""(height, width), 255 where it is so, else 0."""

LEAST_MOTION, LEAST_CHANGE = 6.0, 11.0
"""Levels that a pixel must differ by from the picture before, and from the background, in a room without any noise."""
NOISES = 5.0
"""Standard deviations of the noise on top of which something counts."""
MEDIAN, MEDIAN_OF_COLOURS = 0.6745, 1.3
"""What the median difference is in standard deviations of a grey picture's noise; and, where each colour has a noise of
its own, such that as few of the differences lie beyond NOISES (chi distributions with one and with three degrees)."""
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
    even: Colours


class Background:
    """Give it every picture of the same size; another size begins anew. ``known``: what was measured of it before."""

    def __init__(self, known: Calibration | None = None) -> None:
        self.mean: Colours | None = None
        self.noise = 1.0
        self.shake = 0.0
        self.calm = 0.0
        """Seconds for which nobody has been there and nothing was new."""
        self._known = known

    def look(self, small: Small, seconds: float, occupied: Mask | None, seam: bool = False) -> View:
        """What differs in the next picture, ``seconds`` after the last. ``occupied``: where visitors are known to be.
        After a ``seam`` (a film begins again) nothing counts as moving."""
        if self.mean is None or self.mean.shape != small.shape:
            self._begin(small)
        picture = small.astype(np.float32)
        free = None if occupied is None else occupied == 0
        even = self._lit_as_before(picture, free)
        view = self._compare(even, seam or self._lamp > 0.0, free)
        self._lamp -= seconds
        self.calm = self.calm + seconds if free is None and share_of(view.changed) < UNCHANGED else 0.0
        self._learn(view, seconds, free)
        self._watch_for_another_room(view, picture, seconds, free)
        return view

    def _begin(self, small: Small) -> None:
        self.mean = small.astype(np.float32)
        self._before = self._earlier = self._coming = self.mean.copy()
        self._since = 0.0
        self._moves, self._spread = np.zeros_like(self.mean[..., 0]), np.zeros_like(self.mean[..., 0])
        self._light, self._lamp, self._new, self._age = 1.0, 0.0, 0.0, 0.0
        if self._known is not None and self._known.moves.shape == small.shape[:2]:
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
        slopes = (cv2.Sobel(self.mean, cv2.CV_32F, *way, scale=0.125) for way in ((1, 0), (0, 1)))
        across, down = (_size(slope.reshape(self.mean.shape)) for slope in slopes)
        self._edges = cv2.magnitude(across, down)
        strong = self._edges > max(6.0, float(np.quantile(self._edges, 0.9)))
        self._strong = np.flatnonzero(strong.ravel())[::2]
        self._gradients_due = 1.0

    def _lit_as_before(self, picture: Colours, free: NDArray[np.bool_] | None) -> Colours:
        """The picture divided by how much lighter each of its rows is than the background, in each colour."""
        import cv2

        assert self.mean is not None
        tint = _tint(picture[1::3, 1::3], self.mean[1::3, 1::3], None if free is None else free[1::3, 1::3])
        light = float(tint.mean())
        if abs(light / self._light - 1.0) > LAMP:
            self._lamp = AFTER_LAMP
        self._light = light
        plain = _above(18.0 + 0.12 * _mean(self.mean), _size(picture - _times(self.mean, tint[None])))
        if free is not None:
            plain[~free] = 0
        rows = _rows(picture, plain) / np.maximum(_rows(self.mean, plain), 1.0)
        share = plain.mean(axis=1)[:, None] / 255.0
        rows = np.where((share > 0.2) & (rows > 0.02), rows, tint)
        even = np.asarray(cv2.blur(rows, (1, 3)), np.float32).reshape(rows.shape)
        return _times(picture, np.asarray(1.0 / np.maximum(even, 0.02), np.float32))

    def _compare(self, even: Colours, blind: bool, free: NDArray[np.bool_] | None) -> View:
        import cv2

        assert self.mean is not None
        step, slow, change = (_size(even - other) for other in (self._before, self._earlier, self.mean))
        if not blind:
            self._measure(step, _mean(even - self._before))
        shaken = (EDGE + self.shake) * self._edges
        seen = shaken if free is None else np.where(free, shaken, self.shake * self._edges)  # a visitor hides edges
        tolerance = max(LEAST_MOTION, NOISES * self.noise) + seen + RESTLESS * self._moves
        allowed = max(LEAST_CHANGE, NOISES * self.noise) + shaken + RESTLESS * self._spread
        self._step, self._change = step, change
        moving, since, changed = _above(step, tolerance), _above(slow, tolerance), _above(change, allowed)
        if blind:
            moving = since = np.zeros_like(moving)
        return View(changed, np.asarray(cv2.medianBlur(moving, 3), np.uint8), since, even)

    def _measure(self, step: Levels, lighter: Levels) -> None:
        """The noise of the picture, and how many pixels the camera shakes by, from what changed since the last one, in
        all and in brightness."""
        colourful = float(np.median(step[::3, ::3])) / MEDIAN_OF_COLOURS
        noise = max(colourful, float(np.median(np.abs(lighter[::3, ::3]))) / MEDIAN)
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
        import cv2

        assert self.mean is not None
        self._age += seconds
        young = min(1.0, max(0.1, self._age / LEARN))
        rate = np.where(view.changed > 0, np.float32(seconds / ABSORB), np.float32(min(0.5, seconds / (LEARN * young))))
        unrest = np.float32(min(0.5, seconds / (UNREST * young)))
        weight = np.full(rate.shape, unrest)
        if free is not None:
            rate, weight = rate * free, weight * free
        each = cv2.merge([rate] * self.mean.shape[2]).reshape(self.mean.shape)
        self.mean += each * (view.even - self.mean)
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
        self, view: View, picture: Colours, seconds: float, free: NDArray[np.bool_] | None
    ) -> None:
        """Where most of what no visitor hides is new for a while, another light or place is the background."""
        assert self.mean is not None
        share = float(
            (view.changed > 0).mean() if free is None else (view.changed > 0)[free].mean() if free.any() else 0
        )
        self._new = self._new + seconds if share > ALL_NEW else 0.0
        if self._new < ALL_NEW_SECONDS:
            return
        there = np.ones(picture.shape[:2], bool) if free is None else free
        self.mean = np.where(there[..., None], picture, self.mean * self._light).astype(np.float32)
        self._before = self._earlier = self._coming = picture
        self._light, self._new, self._lamp = 1.0, 0.0, AFTER_LAMP
        self._gradients()


def _tint(now: Colours, then: Colours, free: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    """(colours,): how much lighter the median pixel is in each, where it is free if that is enough of the picture."""
    ratio = ((now + 4.0) / (then + 4.0)).reshape(-1, now.shape[2])
    if free is not None and free.sum() > 0.1 * len(ratio):
        ratio = ratio[free.ravel()]
    return np.asarray(np.sort(ratio, axis=0)[len(ratio) // 2], np.float32)


def _rows(colours: Colours, where: Mask) -> NDArray[np.float32]:
    """(height, colours): the sums of each row where it is so."""
    return np.asarray((where[:, None, :] / np.float32(255.0)) @ colours, np.float32)[:, 0]


def _times(colours: Colours, rows: NDArray[np.float32]) -> Colours:
    """Each row times its own (height or 1, colours). A long row is faster than many short ones."""
    height, width, count = colours.shape
    return (colours.reshape(height, -1) * np.tile(rows, width)).reshape(height, width, count)


def _size(differences: Any) -> Levels:
    """How large the difference of each pixel is: the root of the mean square of its colours."""
    import cv2

    if differences.shape[2] == 1:
        return np.asarray(np.abs(differences[..., 0]), np.float32)
    return np.asarray(cv2.sqrt(_mean(cv2.multiply(differences, differences))), np.float32)


def _mean(colours: Any) -> Levels:
    """The mean of each pixel's colours."""
    import cv2

    count = colours.shape[2]
    return np.asarray(cv2.transform(colours, np.full((1, count), 1.0 / count)), np.float32)


def _above(values: Levels, limits: Levels) -> Mask:
    import cv2

    return np.asarray(cv2.compare(values, limits, cv2.CMP_GT), np.uint8)


def share_of(mask: Mask) -> float:
    """0..1 of the picture."""
    return float(np.count_nonzero(mask)) / mask.size


def smoothing(seconds: float, constant: float) -> float:
    """How much of the way a value goes in ``seconds`` with that time constant (s)."""
    return 1.0 - math.exp(-seconds / constant)


def shrink(picture: Any, width: int, mirror: bool) -> Small:
    """The small picture that is looked at, of a (height, width, 3) BGR or a grey one."""
    import cv2

    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    small = cv2.GaussianBlur(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), (5, 5), 0)
    return np.asarray(cv2.flip(small, 1) if mirror else small, np.uint8).reshape(height, width, -1)
