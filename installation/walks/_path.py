"""Helpers of the walks: a closed curve through latents, and the pace at which it looks even.

A pace is (steps + 1,), rising from 0 to 1: where on a way each equal share of its *visible* length ends. It is measured
by painting the way once. That takes seconds, so no piece waits for it: a model file brings the paces that were measured
when it was made (``Space.paces``), and a walk whose pace is not in it uses an estimated one until it has been
measured (contracts.Paced).
"""

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from installation.core.contracts import Generator, Latent, Measuring, Space, Walk

Curve = Callable[[float], Latent]
"""``curve(u)``: the latent at u, 0..1."""
Floats = NDArray[np.float64]


def closed_curve(points: NDArray[np.float32]) -> Curve:
    """A closed Catmull-Rom curve through ``places`` (n, latent_dim): ``curve(u)``, u in 0..1, meets place i at i/n and
    is smooth everywhere, also where it closes."""
    count = len(points)

    def curve(u: float) -> Latent:
        whole, part = divmod(u % 1.0 * count, 1.0)
        before, here, there, after = (points[(int(whole) + step) % count] for step in (-1, 0, 1, 2))
        square, cube = part * part, part * part * part
        point: Latent = (
            (-cube + 2 * square - part) * before
            + (3 * cube - 5 * square + 2) * here
            + (-3 * cube + 4 * square + part) * there
            + (cube - square) * after
        ) * np.float32(0.5)
        return point.astype(np.float32, copy=False)

    return curve


class PacedWalk(Walk):
    """A walk whose pace is the model file's where it has one."""

    pace_name: str
    pace_pictures: int
    measured: bool

    def known_pace(self, space: Space, way: Curve, steps: int, name: str) -> Floats | None:
        """The pace in the model file, (steps + 1,). ``name`` says what decides the way, besides the model."""
        self._way, self._steps, self.pace_pictures = way, steps, steps + 1
        self.pace_name = name if space.blocked is None else f"{name}, blocked {digest(space.blocked, space.radii)}"
        known = space.paces.get(self.pace_name)
        self.measured = known is not None and known.shape == (steps + 1,)
        return known if self.measured else None

    def measure(self, generator: Generator) -> Measuring:
        return measuring(generator, self._way, self._steps)


def digest(*arrays: NDArray[np.float32] | None) -> str:
    """A digest of some arrays."""
    return hashlib.sha256(b"|".join(b"" if array is None else array.tobytes() for array in arrays)).hexdigest()[:16]


def estimated(space: Space, way: Curve, steps: int) -> Floats:
    """A pace without painting, (steps + 1,): each axis of the space counts by the pixel change that it was measured to
    make, and the changes along the axes add as the root of the sum of squares."""
    points = np.stack([way(step / steps) for step in range(steps + 1)])
    seen = space.basis * (space.gain / np.maximum(space.std, 1e-9))[:, None]
    return invert(np.linalg.norm(np.diff(points, axis=0) @ seen.T, axis=1).astype(np.float64))


def measuring(generator: Generator, way: Curve, steps: int) -> Measuring:
    """Paints its way along and sums the mean pixel change; a picture at a time, so that the caller can pause in
    between. The generator's return value is the pace."""
    change = np.empty(steps)
    before = generator.paint(way(0.0), {}).astype(np.int16)
    for step in range(steps):
        yield
        after = generator.paint(way((step + 1) / steps), {}).astype(np.int16)
        change[step] = np.abs(after - before).mean()
        before = after
    return invert(change)


def finished(work: Measuring, tick: Callable[[int], object] = lambda _: None) -> Floats:
    """What a measuring comes to; ``tick`` is called with the number of pictures painted."""
    while True:
        tick(1)
        try:
            next(work)
        except StopIteration as done:
            pace: Floats = done.value
            return pace


def invert(change: Floats) -> Floats:
    """From the change seen in each equal step of the curve to the place on it after each equal share of the change."""
    steps = len(change)
    travelled = np.concatenate([[0.0], np.cumsum(change + max(change.mean(), 1e-9) * 1e-3)])
    even: Floats = np.interp(np.linspace(0.0, travelled[-1], steps + 1), travelled, np.linspace(0, 1, steps + 1))
    return even
