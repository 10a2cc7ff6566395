"""The pictures that a command names: a prepared folder as it is, a raw one read and cropped, with what was left out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from installation.training import pictures
from installation.training.pictures import PicturesError, Prepared

LISTED = 10
"""How many skipped pictures are named on the screen; prepared.json names all."""
COMFORTABLE = 300


def read_any(arguments: argparse.Namespace, resolution: int) -> Prepared:
    """A prepared folder as it is, a raw one cropped in memory; at least `resolution` px."""
    if not (arguments.folder / "pictures.npy").exists():
        return read_raw(arguments, resolution)
    prepared = pictures.load_prepared(arguments.folder)
    if prepared.size < resolution or prepared.size & (prepared.size - 1):
        raise PicturesError(
            f"{arguments.folder}: prepared at {prepared.size} px; this schedule paints {resolution} px. "
            f"Prepare again with --size {resolution}."
        )
    return prepared


def read_raw(arguments: argparse.Namespace, size: int) -> Prepared:
    if arguments.crop == "face" and arguments.landmarks is None:
        raise PicturesError("--crop face needs --landmarks FILE. For pictures without faces, use --crop centre.")
    landmarks = arguments.landmarks if arguments.crop != "centre" else None
    prepared = pictures.prepare(arguments.folder, size, landmarks, arguments.ledger, show_reading)
    skipped = prepared.facts["skipped"]
    for name, why in list(skipped.items())[:LISTED]:
        print(f"left out {why if why.startswith(name) else f'{name}: {why}'}", file=sys.stderr)
    if len(skipped) > LISTED:
        print(f"left out {len(skipped) - LISTED} more", file=sys.stderr)
    if len(prepared.pictures) < COMFORTABLE:
        print(f"only {len(prepared.pictures)} pictures: {COMFORTABLE} or more would give variety", file=sys.stderr)
    return prepared


def show_reading(paths: Iterable[Path]) -> Iterable[Path]:
    return tqdm(list(paths), "reading", unit="picture", disable=None)
