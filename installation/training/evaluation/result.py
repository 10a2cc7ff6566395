"""The result of a part of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from installation.training.evaluation.measures import Figures


@dataclass(frozen=True)
class Result:
    """`figures` can be written as JSON; `arrays` are pictures (n, h, w, 3) uint8 and curves (n,) by name."""

    figures: Figures
    arrays: dict[str, NDArray[np.generic]] = field(default_factory=dict)
