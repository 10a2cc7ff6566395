"""The last step before drawing: no more than three flashes in any second, whatever is steered or painted.

As WCAG 2.2 defines them (criterion 2.3.1), a general flash is a pair of opposing changes in relative luminance of 10 %
of the maximum or more, the darker below 0.80; a red flash is a pair of opposing changes of saturated red. Each cell of
a coarse grid over the picture is followed, and one more for a white wall: as brightness multiplies what is shown,
whatever hangs changes by no more than that. The thresholds lie below those of the criterion, bright pairs count like
all others, and one cell is enough, so what is drawn stays within it.

Becoming darker is always allowed, so a blackout is dark at once. A cell may turn brighter only where it has turned
fewer than three times in the last second, so it turns four times in any second at most: two flashes, which leaves one
for what the cells do not tell. What may not be shown yet is held back: brightness where it is, and the picture that was
last shown.

Time and views come as arguments; nothing is drawn here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from installation.core.contracts import Frame, Light, Pixels
from installation.engine.view import SURFACE, Picture, Surface, View

Floats = NDArray[np.float32]

ROWS, COLUMNS, EACH = 9, 16, 4
"""Cells down and across a picture, and the pixels along each axis of a cell that are looked at."""
GAMMA = 2.2
GENERAL, RED = 0.06, 0.04
"""Changes that count, of relative luminance and of red (0..1). The criterion has 0.10, and 20 of 320."""
TURNS = 3
"""Turns in ``WINDOW`` seconds after which nothing becomes brighter."""
WINDOW = 1.05
"""Seconds; a little more than the criterion's, as displays show a frame late."""
RISE, FALL = 4.0, 10.0
"""How much of the full brightness comes or goes in a second at most. A blackout is dark in the same frame."""
CARD = 2.0
"""How much of the label comes or goes in a second at most."""
SWING = 2.0
"""How much of a surface's range, 0 to 1, is gone through in a second at most."""
REMEMBERED = 8
"""Frames whose cells are kept: two of each of two pieces are shown, and as many may be held."""

WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)
ACROSS = np.tile(np.eye(3, dtype=np.float32), (EACH, 1)) / np.float32(EACH * EACH)
"""Sums up the pixels across a cell, a share of its mean."""
_levels = np.arange(256) / 255.0
LINEAR = np.where(_levels <= 0.04045, _levels / 12.92, ((_levels + 0.055) / 1.055) ** 2.4).astype(np.float32)
"""sRGB level -> linear light, 0..1."""


def lights(pixels: Pixels) -> Light:
    """(2, cells) the relative luminance of each cell of a picture, and how red it is (R - G - B), 0..1."""
    height, width = pixels.shape[:2]
    light = LINEAR.take(pixels.reshape(-1, 3).take(_looked_at(height, width), axis=0))
    across = light.reshape(-1, EACH * 3) @ ACROSS
    cells = across.reshape(ROWS, EACH, -1).sum(axis=1).reshape(-1, 3)
    red = np.maximum(cells[:, 0] - cells[:, 1] - cells[:, 2], 0.0)
    return np.stack((cells @ WEIGHTS, red))


@lru_cache(maxsize=REMEMBERED)
def _looked_at(height: int, width: int) -> NDArray[np.intp]:
    """The pixels of a picture that are looked at, counted row by row."""
    rows = (np.arange(ROWS * EACH) * height) // (ROWS * EACH)
    columns = (np.arange(COLUMNS * EACH) * width) // (COLUMNS * EACH)
    return np.asarray(rows[:, None] * width + columns).ravel()


class Turns:
    """When each of several values last turned, by a step that counts. All values start where they are first seen."""

    def __init__(self, steps: Light) -> None:
        self.steps = steps
        self.way = np.ones_like(steps)
        """1 where a value rises, -1 where it falls."""
        self.peaks = np.zeros_like(steps)
        """How far it came that way: its highest, or the lowest times -1."""
        self.times = np.full((TURNS, len(steps)), -np.inf)
        self.often = -np.inf
        """The latest time (s) of which a value has turned ``TURNS`` times since."""
        self.begun = False
        self._along, self._back = np.empty_like(steps), np.empty_like(steps)

    def may_be_too_many(self, now: float) -> bool:
        """Whether any value has turned so often in the last second that it may not turn upwards."""
        return bool(self.often > now - WINDOW)

    def too_many(self, values: Light, now: float) -> bool:
        """Whether a value would turn upwards that has turned too often in the last second."""
        brighter = (self.way < 0.0) & self._turning(values)
        return bool((brighter & (self.times[0] > now - WINDOW)).any())

    def take(self, values: Light, now: float) -> None:
        """These values are shown."""
        if not self.begun:
            self.begun = True
            self.peaks[:] = values
            return
        turned = self._turning(values).nonzero()[0]
        np.maximum(self.peaks, self._along, out=self.peaks)
        if len(turned):
            self.way[turned] *= -1.0
            self.peaks[turned] = self.way[turned] * values[turned]
            self.times[:-1, turned] = self.times[1:, turned]
            self.times[-1, turned] = now
            self.often = self.times[0].max()

    def _turning(self, values: Light) -> NDArray[np.bool_]:
        """Which values have come back from their peaks by their step."""
        np.multiply(values, self.way, out=self._along)
        np.subtract(self.peaks, self._along, out=self._back)
        return self._back >= self.steps


@dataclass(slots=True)
class _Shown:
    """What was shown last, how bright the wall was, and when (s)."""

    view: View
    cells: Light
    gain: float
    time: float


class FlashLimiter:
    """``step`` is one frame: what is to be shown instead of a view, in which nothing flashes."""

    def __init__(self) -> None:
        cells = ROWS * COLUMNS
        steps = np.concatenate((np.full(cells, GENERAL), np.full(cells, RED), [GENERAL]))
        self._turns = Turns(steps.astype(np.float32))
        self._values = np.empty(len(steps), np.float32)
        self._cells_shown = self._values[:-1].reshape(2, cells)
        self._known: list[tuple[Frame, Light]] = []
        self._shown: _Shown | None = None
        self._surfaces: dict[int, Surface] = {}
        self.held = 0
        """Frames in which something was held back."""

    def forget(self) -> None:
        """The pieces have other numbers from now on, so what was shown last is not held any more."""
        self._surfaces = {}
        if self._shown is not None:
            self._shown.view = replace(self._shown.view, current=_NOTHING, coming=None)

    def step(self, view: View, now: float) -> View:
        """The view to draw at ``now`` (s)."""
        last = self._shown
        view = self._slowed(view, 0.0 if last is None else max(0.0, now - last.time), last)
        cells = self._cells(view, last)
        if last is not None:
            view, cells = self._calm(view, cells, last, now)
        light = gain(view)
        if last is None or cells is not last.cells or light != last.gain:  # the same once more turns nothing
            self._turns.take(self._at(cells, light), now)
        self._shown = _Shown(view, cells, light, now)
        return view

    def _calm(self, view: View, cells: Light, last: _Shown, now: float) -> tuple[View, Light]:
        """The picture that was shown before, where the new one would flash; then the brightness, likewise."""
        if not self._turns.may_be_too_many(now):
            return view, cells
        dark = min(gain(view), last.gain)
        if last.view.current is not _NOTHING and self._turns.too_many(self._at(cells, dark), now):
            held, cells = last.view, last.cells
            view = replace(held, brightness=view.brightness, blackout=view.blackout, label=view.label)
            self.held += 1
        if gain(view) > dark and self._turns.too_many(self._at(cells, gain(view)), now):
            view = replace(view, brightness=last.view.brightness, blackout=last.view.blackout)
            self.held += 1
        return view, cells

    def _at(self, cells: Light, brightness: float) -> Light:
        """The cells at that brightness, and a white wall's; until the next call."""
        light = brightness**GAMMA
        np.multiply(cells, light, out=self._cells_shown)
        self._values[-1] = light
        return self._values

    def _slowed(self, view: View, passed: float, last: _Shown | None) -> View:
        """The view, no control of which has moved further than its rate allows."""
        before = view if last is None else last.view
        kept, self._surfaces = self._surfaces, {}
        current = self._lit(view.current, kept, passed)
        coming = None if view.coming is None else self._lit(view.coming, kept, passed)
        brightness = _towards(before.brightness, view.brightness, FALL * passed, RISE * passed)
        blackout = max(view.blackout, before.blackout - RISE * passed)
        label = _towards(before.label, view.label, CARD * passed, CARD * passed)
        lit = current is view.current and coming is view.coming
        if lit and (brightness, blackout, label) == (view.brightness, view.blackout, view.label):
            return view
        return replace(view, current=current, coming=coming, brightness=brightness, blackout=blackout, label=label)

    def _lit(self, picture: Picture, kept: Mapping[int, Surface], passed: float) -> Picture:
        before = kept.get(picture.piece, picture.surface)
        if before != picture.surface:
            picture = replace(picture, surface=_swung(before, picture.surface, SWING * passed))
        self._surfaces[picture.piece] = picture.surface
        return picture

    # ------------------------------------------------------------ what is seen

    def _cells(self, view: View, last: _Shown | None) -> Light:
        """(2, cells) of the view at full brightness. A piece that shows its poster counts as what was shown last."""
        other = np.zeros((2, ROWS * COLUMNS), np.float32) if last is None else last.cells
        current = self._picture(view.current, other)
        if view.coming is None or view.progress <= 0.0:
            return current
        return _mixed(current, self._picture(view.coming, other), min(view.progress, 1.0))

    def _picture(self, picture: Picture, other: Light) -> Light:
        earlier, later = picture.earlier or picture.later, picture.later or picture.earlier
        if earlier is None or later is None:
            return other
        if earlier is later or picture.mix >= 1.0:
            return self._lights(later)
        return _mixed(self._lights(earlier), self._lights(later), picture.mix)

    def _lights(self, frame: Frame) -> Light:
        """As the painter's thread has worked it out, or else now."""
        if frame.light is not None:
            return frame.light
        for known, cells in self._known:
            if known is frame:
                return cells
        cells = lights(frame.pixels)
        self._known = [*self._known[1 - REMEMBERED :], (frame, cells)]
        return cells


_NOTHING = Picture(-1, None, None, 1.0)


def gain(view: View) -> float:
    """How bright the wall is, 0..1, as a factor of its sRGB values."""
    return min(max(view.brightness, 0.0), 1.0) * (1.0 - min(max(view.blackout, 0.0), 1.0))


def _mixed(before: Light, after: Light, way: float) -> Light:
    mixed = after - before
    mixed *= way
    mixed += before
    return mixed


def _towards(before: float, wanted: float, down: float, up: float) -> float:
    return min(max(wanted, before - down), before + up)


def _swung(before: Surface, wanted: Surface, by: float) -> Surface:
    """The lamp's ranges are twice as wide as the others."""
    moved = {}
    for name in SURFACE:
        most = by * (2.0 if name.startswith("lamp") else 1.0)
        moved[name] = _towards(getattr(before, name), getattr(wanted, name), most, most)
    return Surface(**moved)
