"""Keeps what is painted out of the balls of the latent space that a curator has blocked.

A walk is a line through the latent space. Where it would cross a ball it is bent aside: latents farther than REACH
radii from the middle stay as they are, and the map is smooth (C1) but at one point in each ball. There must be such a
point, as no continuous map leaves a whole ball (Brouwer). It lies AWAY radii from the middle, on the side turned away
from the mean of the space, where no walk of a show is likely to pass; the middle itself, which a show may name by its
seed, is led to the other side, where pictures are calmer.
"""

import numpy as np
from numpy.typing import NDArray

from installation.core.contracts import Latent, Space

REACH = 1.25
"""Radii within which a latent is moved."""
AWAY = 0.5
"""Radii from a ball's middle to the point from which latents are moved away in all directions."""
SAFETY = 1e-3
"""Radii by which a moved latent ends outside; half of it allows for rounding to float32."""
ROUNDS = 64
"""How often a latent is moved out of overlapping balls, one after another, before it is moved past all of them."""

Point = NDArray[np.float64]


class Avoidance:
    """Leads latents out of the balls of a space: what a call gives back is never inside one.

    Balls so near to each other that their reaches overlap are left one after another, until out of all. The way stays
    continuous then (to SAFETY), but may have a corner; only in a region that balls enclose on all sides may it jump.
    """

    def __init__(self, space: Space) -> None:
        middles, radii = _balls(space)
        self._middles, self._radii = middles, radii * (1 + SAFETY)
        self._squares, self._reaches = (middles**2).sum(1), REACH * self._radii
        # |x - c|^2 < reach^2 is told for all balls by one product of a matrix: -2c.x + (c.c - reach^2) < -x.x
        self._doubled = (-2 * middles).astype(np.float32)
        self._bounds = (self._squares - self._reaches**2).astype(np.float32)
        self._outwards = [_unit(middle - space.mean, space.basis[0]) for middle in middles]
        self._mean, self._anyhow = space.mean.astype(np.float64), space.basis[0].astype(np.float64)

    def __call__(self, latent: Latent) -> Latent:
        """The latent itself where it is outside all balls, else a latent outside of them."""
        if not len(self._radii):
            return latent
        beside = self._doubled @ latent
        beside += self._bounds
        if beside.min() > -float(latent @ latent) * (1 - 1e-5):  # some slack for what float32 rounds
            return latent
        return self._led(latent.astype(np.float64)).astype(np.float32)

    def _led(self, latent: Point) -> Point:
        at = 0
        while len(near := np.flatnonzero(self._apart(latent)[at:] < self._reaches[at:])):
            at += int(near[0]) + 1
            latent = self._bent(latent, at - 1)
        for _ in range(ROUNDS):
            inside = np.flatnonzero(self._apart(latent) < self._radii * (1 - SAFETY / 2))
            if not len(inside):
                return latent
            for ball in inside:
                latent = self._out(latent, int(ball))
        return self._past(latent)

    def _apart(self, latent: Point) -> Point:
        """(n,) the distances of a latent from the middles."""
        squares = self._squares - 2 * (self._middles @ latent) + latent @ latent
        return np.asarray(np.sqrt(np.maximum(squares, 0.0)))

    def _bent(self, latent: Point, ball: int) -> Point:
        """The smooth way out: aside first, then from the middle outwards, so that 0..REACH radii become 1..REACH."""
        radius, offset = self._radii[ball], latent - self._middles[ball]
        reach = REACH * radius
        share = min(1.0, float(offset @ offset) / reach**2)
        offset -= self._outwards[ball] * (AWAY * radius * (1 - share) ** 2)
        far = float(np.linalg.norm(offset))
        if far < 1e-9 * radius:
            return self._middles[ball] - radius * self._outwards[ball]
        wanted = radius + (reach - radius) * (far / reach) ** (REACH / (REACH - 1))
        return self._middles[ball] + offset * (wanted / far)

    def _out(self, latent: Point, ball: int) -> Point:
        """The shortest way out; a latent outside stays."""
        offset = latent - self._middles[ball]
        if float(np.linalg.norm(offset)) >= self._radii[ball]:
            return latent
        return self._middles[ball] + self._radii[ball] * _unit(offset, -self._outwards[ball])

    def _past(self, latent: Point) -> Point:
        """Towards the mean, until the last ball on the way is behind."""
        way = _unit(self._mean - latent, self._anyhow)
        offsets = self._middles - latent
        along = offsets @ way
        half = self._radii**2 - (offsets**2).sum(1) + along**2
        ends = along + np.sqrt(np.maximum(half, 0.0))
        return latent + way * max(0.0, float(ends[half > 0].max(initial=0.0)))


def _balls(space: Space) -> tuple[Point, Point]:
    """Middles (n, latent_dim) and radii (n,) of the balls that are larger than a point."""
    if space.blocked is None or space.radii is None:
        return np.zeros((0, len(space.mean))), np.zeros(0)
    real = space.radii > 0
    return space.blocked[real].astype(np.float64), space.radii[real].astype(np.float64)


def _unit(vector: NDArray[np.floating], otherwise: NDArray[np.floating]) -> Point:
    """A vector's direction, or another one where it has none."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > 1e-9 else otherwise, np.float64)
