"""How much real detail each picture holds, from a column of the ledger: `train --weight-by COLUMN`."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from installation.training.pictures import PicturesError, Prepared


def detail_of(arguments: argparse.Namespace, prepared: Prepared) -> NDArray[np.float64] | None:
    """(n,) pixels of detail along the side of each picture, or None where no column is asked for.

    Raises PicturesError where the ledger lacks the column, or a number in it for a picture.
    """
    column = arguments.weight_by
    if column is None:
        return None
    if arguments.ledger is None:
        raise PicturesError(f"--weight-by {column} needs --ledger FILE, a CSV with that column.")
    values = read_column(arguments.ledger, column)
    source = prepared.facts["source"]
    return np.array([number(arguments.ledger, column, values, source, name) for name in prepared.facts["files"]])


def read_column(ledger: Path, column: str) -> dict[str, str]:
    """{file: value}; the first column of a ledger names the file."""
    try:
        with ledger.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            names = list(reader.fieldnames or [])
            if column not in names:
                raise PicturesError(f"{ledger}: has no column {column!r}. It has {', '.join(names) or 'none'}.")
            return {row[names[0]]: row[column] or "" for row in reader}
    except (OSError, ValueError, csv.Error) as error:
        if isinstance(error, PicturesError):
            raise
        raise PicturesError(f"{ledger}: cannot be read as a ledger ({error}).") from None


def number(ledger: Path, column: str, values: dict[str, str], source: str, name: str) -> float:
    """The value of a picture, whose row is found with its folder or without."""
    text = values.get(f"{source}/{name}", values.get(name, "no row"))
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise PicturesError(f"{ledger}: {name}: {column} is {text or 'empty'!r}; expected a number of pixels above 0.")
    return value
