"""What a sensor sees of its place as lines, for whoever sets it up: outlines and directions, never a picture."""

from dataclasses import dataclass

WHOLE = 1000
"""Coordinates are whole numbers from 0 to this: left to right, top to bottom."""

OUTLINES, POINTS = 12, 40
"""Outlines of either kind, and points of one, at most: far too few to make out a face."""


@dataclass(frozen=True, slots=True)
class Sight:
    """``visitors`` are the closed outlines (x, y, x, y, ...) of those who count as visitors, ``others`` those of what
    else differs from the empty room. ``flow``: where it moves, and how far in a quarter of a second, as x, y, dx, dy.
    ``aspect`` is width by height of what is looked at."""

    aspect: float
    visitors: tuple[tuple[int, ...], ...] = ()
    others: tuple[tuple[int, ...], ...] = ()
    flow: tuple[tuple[int, ...], ...] = ()
