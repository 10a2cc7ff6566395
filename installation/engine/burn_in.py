"""Keeps what stands still from burning into a display: cards go round by a few pixels over minutes, and what has not
changed for an hour is dimmed until it does. Pure: time and views are arguments."""

import math
from dataclasses import replace

import numpy as np

from installation.core.contracts import Light
from installation.engine.view import View

ACROSS, DOWN = (3.0, 480.0), (2.0, 312.0)
"""How far the cards go each way, in the wall's units (a 720th of its height), and the seconds of a round."""
LOOK = 1.0
"""Seconds between two looks at whether the picture has changed."""
STILL = 3600.0
"""Seconds without a change after which something is dimmed."""
MOVED = 0.02
"""The change of relative luminance of a part of the picture that counts."""
PICTURE, LABEL = 0.7, 0.75
"""How much of the brightness, and of the label, what stands still keeps."""
EASE = 60.0
"""Seconds that dimming takes."""


def orbit(now: float) -> tuple[float, float]:
    """Where the cards are at ``now`` (s), to the right and down, in the wall's units. The two ways have no common
    measure, so the path fills its rectangle."""
    return _swing(now, *ACROSS), _swing(now, *DOWN)


def _swing(now: float, reach: float, period: float) -> float:
    return reach * math.sin(2.0 * math.pi * now / period)


class BurnIn:
    """``step`` is one frame: the view with its cards moved and what stands still dimmed."""

    def __init__(self) -> None:
        self._seen: Light | None = None
        self._label: tuple[int, str] | None = None
        self._picture_since = self._label_since = self._looked = -math.inf

    def step(self, view: View, cells: Light | None, now: float) -> View:
        """The view at ``now`` (s); ``cells`` is the light of the picture's parts (0..1) as last shown."""
        if now - self._looked >= LOOK or _kept(now - self._picture_since, PICTURE) < 1.0:
            self._looked = now
            if self._seen is None or cells is None or float(np.abs(cells - self._seen).max()) > MOVED:
                self._seen, self._picture_since = cells, now
        if (view.current.piece, view.language) != self._label:
            self._label, self._label_since = (view.current.piece, view.language), now
        return replace(
            view,
            shift=orbit(now),
            brightness=view.brightness * _kept(now - self._picture_since, PICTURE),
            label=view.label * _kept(now - self._label_since, LABEL),
        )


def _kept(still: float, least: float) -> float:
    """What is left of what has stood still for so many seconds."""
    way = min(max((still - STILL) / EASE, 0.0), 1.0)
    return 1.0 - (1.0 - least) * way
