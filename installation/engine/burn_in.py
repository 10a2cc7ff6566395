"""Keeps what stands still from burning into a display: cards go round by a few pixels over minutes, and what has not
changed for an hour is dimmed until it does. Pure: times, views and pictures of the wall are arguments."""

import math
from dataclasses import replace

import numpy as np

from installation.core.contracts import Pixels
from installation.engine.flashes import GAMMA, LINEAR, WEIGHTS, Floats
from installation.engine.view import View

ACROSS, DOWN = (3.0, 480.0), (2.0, 312.0)
"""How far the cards go each way, in the wall's units (a 720th of its height), and the seconds of a round."""
STILL = 3600.0
"""Seconds without a change after which something is dimmed."""
LABEL, EASE = 0.75, 60.0
"""How much of the label stays that stands still, and the seconds that its dimming takes."""

COLUMNS = 32
"""Areas across the wall."""
LOOK, SOON = 20.0, 4.0
"""Seconds between two looks at the wall: while nothing is on its way, and while something is."""
MOVED = 0.02
"""The change of an area's relative luminance that counts."""
CAP, LEAST = 0.3, 0.7
"""The relative luminance that an area which stands still is dimmed to, and the least share of its sRGB values that it
keeps."""
DIMMING, RETURNING = 600.0, 120.0
"""Seconds in which an area is dimmed to LEAST, and in which it is back: no step between two looks is seen."""


def orbit(now: float) -> tuple[float, float]:
    """Where the cards are at ``now`` (s), to the right and down, in the wall's units. The two ways have no common
    measure, so the path fills its rectangle."""
    return _swing(now, *ACROSS), _swing(now, *DOWN)


def _swing(now: float, reach: float, period: float) -> float:
    return reach * math.sin(2.0 * math.pi * now / period)


class BurnIn:
    """``step`` is one frame: the view with its cards moved, and a label dimmed that has hung for an hour."""

    def __init__(self) -> None:
        self._label: tuple[int, str] | None = None
        self._since = -math.inf

    def step(self, view: View, now: float) -> View:
        """The view at ``now`` (s)."""
        if (view.current.piece, view.language) != self._label:
            self._label, self._since = (view.current.piece, view.language), now
        return replace(view, shift=orbit(now), label=view.label * _kept(now - self._since))


def _kept(still: float) -> float:
    """What is left of a label that has stood still for so many seconds."""
    way = min(max((still - STILL) / EASE, 0.0), 1.0)
    return 1.0 - (1.0 - LABEL) * way


class Areas:
    """Which areas of the wall have kept their light for an hour, and what is left of each. The wall is looked at as it
    is shown, some times a minute, so that it costs nothing from frame to frame."""

    def __init__(self, on: bool) -> None:
        self._due = 0.0 if on else math.inf
        self._looked = 0.0
        self._seen = self._since = self._shares = np.ones((0, 0), np.float32)

    def due(self, now: float) -> bool:
        """Whether the wall is to be looked at, at ``now`` (s)."""
        return now >= self._due

    @property
    def kept(self) -> Floats | None:
        """The share of its sRGB values that each area keeps, (rows, columns) 0.7..1, the top row first; None where all
        keep all."""
        return self._shares if self._shares.size and self._shares.min() < 1.0 else None

    def step(self, wall: Pixels, now: float) -> bool:
        """Whether what the areas keep is another than before. ``wall`` is (rows, columns, 3), as shown at ``now`` (s)
        where they kept that."""
        light = LINEAR[wall] @ WEIGHTS
        if light.shape != self._seen.shape:
            self._seen, self._since = light, np.full(light.shape, now)
            self._shares, self._looked = np.ones(light.shape, np.float32), now
        whole = LINEAR[np.minimum(wall / self._shares[..., None] + 0.5, 255.0).astype(np.uint8)] @ WEIGHTS
        # Cards keep all of their light, so an area with a part of one is between the two.
        moved = (self._seen < light - MOVED) | (self._seen > whole + MOVED)
        self._seen, self._since = np.where(moved, whole, self._seen), np.where(moved, now, self._since)
        capped = np.clip((CAP / np.maximum(self._seen, CAP)) ** (1.0 / GAMMA), LEAST, 1.0)
        wanted = np.where(now - self._since >= STILL, capped, 1.0)
        passed, self._looked = (1.0 - LEAST) * min(SOON, now - self._looked), now
        before, bounds = self._shares, (self._shares - passed / DIMMING, self._shares + passed / RETURNING)
        self._shares = np.clip(wanted, *bounds).astype(np.float32)
        self._due = now + (SOON if np.abs(wanted - self._shares).max() > 0.0005 else LOOK)
        return not np.array_equal(before, self._shares)
