"""Detects a collapse: figures that are not finite, a training that has failed, or samples that are all alike.

It checks each time a checkpoint is due, and a checkpoint is written only if no check fails, so `checkpoint.pt` is
always from before a collapse. The checks are cheap:

* every running figure and every weight is a finite number;
* the run's own alarm (for a GAN: diverging losses, a discriminator that separates real and painted pictures perfectly);
* the *spread* of the samples: how much they differ from one another, at 16 px, as a share of what the real pictures do.
  A generator that collapses paints the same few pictures for all seeds, and this falls from near 1 towards 0.

Numbers that are not finite end a run at once. The others have to be found at two looks in a row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from installation.core.errors import TrainingError
from installation.training.dataset.pictures import Picture
from installation.training.loop.run import Run

SMALL = 16
"""Pixels at which the spread is measured: differences in texture alone do not count."""
FALLEN, NARROW = 0.5, 0.3
"""The samples have collapsed where their spread is below NARROW and has lost more than FALLEN of its widest."""
GROWN = 20_000
"""Pictures after which samples should differ at all: NEVER is less than any run that learns has by then."""
NEVER = 0.05
LOOKS = 2


class Collapse(TrainingError):
    """Training has collapsed; the message has what was measured, what is kept and what to do."""


@dataclass
class Watch:
    """Checks a run, and counts how often in a row the check failed."""

    doubts: int = 0

    def look(self, run: Run, last: bool = False) -> str | None:
        """What is wrong now, or None. Measures `progress.spread`.

        Raises Collapse once it has been wrong long enough, or is wrong at the last look.
        """
        look_at_figures(run)
        if not finite(run.weights()):
            raise collapsed(run, "weights are no longer finite numbers")
        measure(run)
        doubt = run.alarm() or narrow(run)
        self.doubts = self.doubts + 1 if doubt else 0
        if doubt and (last or self.doubts >= LOOKS):
            raise collapsed(run, doubt)
        return doubt


def look_at_figures(run: Run) -> None:
    """Raises Collapse where a running figure is not a finite number."""
    figures = run.read()
    lost = [name for name, value in figures.items() if not math.isfinite(value)]
    if lost:
        raise collapsed(run, f"{', '.join(lost)} became {figures[lost[0]]}")


def finite(weights: Sequence[Tensor]) -> bool:
    return bool(torch.stack([torch.isfinite(weight).all() for weight in weights]).all())


def measure(run: Run) -> None:
    """Measure the spread of the samples into `run.progress`."""
    progress = run.progress
    progress.spread = round(spread(run.shown.samples()) / max(1e-9, spread(run.shown.reals())), 6)
    progress.widest = max(progress.widest, min(1.0, progress.spread))


def spread(pictures: Picture) -> float:
    """Mean over pixels of the standard deviation over the pictures (n, r, r, 3), at 16 px, in levels of 255."""
    n, side = pictures.shape[:2]
    step = max(1, side // SMALL)
    small = pictures.reshape(n, side // step, step, side // step, step, 3).mean((2, 4), dtype=np.float32)
    return float(small.std(0).mean())


def narrow(run: Run) -> str | None:
    progress = run.progress
    now = f"samples differ {progress.spread:.2f} times as much as the real pictures"
    if progress.spread < NARROW and progress.spread < (1 - FALLEN) * progress.widest:
        return f"{now}, {progress.widest:.2f} times at best"
    if progress.images > GROWN and progress.spread < NEVER:
        return f"{now} after {progress.images} pictures"
    return None


def collapsed(run: Run, what: str) -> Collapse:
    return Collapse(
        f"training has collapsed: {what}, after {run.progress.images} pictures. Nothing of that was saved: "
        "checkpoint.pt is from before. Run the same command with a lower --learning-rate (half of it, or a quarter); "
        "it goes on from there. If that was too late, put checkpoint_before.pt in its place; if it comes again, use "
        "more pictures or a larger --batch."
    )
