"""How much real detail each picture holds, from a column of its ledger: `train --weight-by COLUMN`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from installation.training.dataset.ledger import Ledger
from installation.training.dataset.pictures import LEDGER, PicturesError


def read_detail(folder: Path, column: str, files: Sequence[str]) -> NDArray[np.float64]:
    """(n,) pixels of detail along the side of each of these pictures of a prepared folder.

    Raises PicturesError where its ledger lacks the column, or a number in it for a picture.
    """
    path = folder / LEDGER
    ledger = Ledger.read(path)
    if column not in ledger.columns:
        raise PicturesError(f"{path}: has no column {column!r}. It has {', '.join(ledger.columns)}.")
    return np.array([number(path, column, name, ledger.rows[name][column]) for name in files])


def number(path: Path, column: str, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise PicturesError(f"{path}: {name}: {column} is {text!r}; expected a number of pixels above 0.")
    return value
