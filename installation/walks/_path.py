"""Helpers of the walks: a closed curve through places, and the pace at which it must be gone to look even."""

import hashlib
import logging
import os
from collections.abc import Callable
from collections.abc import Generator as Steps
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from installation.core.contracts import Generator, Latent
from installation.core.places import state_folder

log = logging.getLogger(__name__)
Curve = Callable[[float], Latent]
Measuring = Steps[None, None, NDArray[np.float64]]


def closed_curve(places: NDArray[np.float32]) -> Curve:
    """A closed Catmull-Rom curve through ``places`` (n, latent_dim): ``curve(u)``, u in 0..1, meets place i at i/n and
    is smooth everywhere, also where it closes."""
    count = len(places)

    def curve(u: float) -> Latent:
        whole, part = divmod(u % 1.0 * count, 1.0)
        before, here, there, after = (places[(int(whole) + step) % count] for step in (-1, 0, 1, 2))
        square, cube = part * part, part * part * part
        point: Latent = (
            (-cube + 2 * square - part) * before
            + (3 * cube - 5 * square + 2) * here
            + (-3 * cube + 4 * square + part) * there
            + (cube - square) * after
        ) * np.float32(0.5)
        return point.astype(np.float32, copy=False)

    return curve


def even_pace(generator: Generator, curve: Curve, steps: int, name: str) -> NDArray[np.float64]:
    """Where on the curve each equal share of its *visible* length ends: (steps + 1,) rising from 0 to 1.

    Paints its way once along the curve (u from 0 to 1) and sums the mean pixel change; kept on disk under the model's
    digest and ``name``, so the next start paints nothing.
    """
    key = hashlib.sha256(f"{generator.space.digest}|{name}|{steps}".encode()).hexdigest()[:24]
    cache = state_folder() / "pace" / f"{key}.npy"
    kept = _kept(cache, steps)
    if kept is not None:
        return kept
    pace = finished(measuring(generator, curve, steps))
    _keep(cache, pace)
    return pace


def measuring(generator: Generator, curve: Curve, steps: int) -> Measuring:
    """The same without the disk, a picture at a time, for whoever has something else to do in between."""
    change = np.empty(steps)
    before = generator.paint(curve(0.0), {}).astype(np.int16)
    for step in range(steps):
        yield
        after = generator.paint(curve((step + 1) / steps), {}).astype(np.int16)
        change[step] = np.abs(after - before).mean()
        before = after
    return invert(change)


def finished(work: Measuring) -> NDArray[np.float64]:
    """What a measuring comes to, without anything in between."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            pace: NDArray[np.float64] = done.value
            return pace


def invert(change: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the change seen in each equal step of the curve to the place on it after each equal share of the change."""
    steps = len(change)
    travelled = np.concatenate([[0.0], np.cumsum(change + max(change.mean(), 1e-9) * 1e-3)])
    even: NDArray[np.float64] = np.interp(
        np.linspace(0.0, travelled[-1], steps + 1), travelled, np.linspace(0, 1, steps + 1)
    )
    return even


def _kept(cache: Path, steps: int) -> NDArray[np.float64] | None:
    try:
        pace: NDArray[np.float64] = np.load(cache, allow_pickle=False)
    except (OSError, ValueError):
        return None
    good = pace.shape == (steps + 1,) and bool(np.isfinite(pace).all())
    return pace if good else None


def _keep(cache: Path, pace: NDArray[np.float64]) -> None:
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        half = cache.with_suffix(f".{os.getpid()}.part")
        with half.open("wb") as file:
            np.save(file, pace)
        half.replace(cache)
    except OSError as error:
        log.warning("cannot keep the measured pace of a walk (%s); it is measured again at the next start", error)
