"""The pictures that a command names: a prepared folder as it is, a raw one prepared first, with what was left out."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from installation.training.dataset import preparing
from installation.training.dataset.crops import read_landmarks
from installation.training.dataset.ledger import Ledger
from installation.training.dataset.pictures import PicturesError, Prepared, load_prepared
from installation.training.dataset.preparing import Known, Summary, Wish
from installation.training.dataset.sources import Found, is_prepared

LISTED = 10
"""How many kinds of reasons are told on the screen; prepared.json names every file."""
COMFORTABLE = 300
USUAL: dict[str, object] = {
    "crop": None,
    "landmarks": None,
    "ledger": None,
    "every": None,
    "tile_scale": 1.0,
    "min_detail": 0,
    "max_upscale": 2.0,
}
"""Options of `options.add_source`, and what they are where nobody gave them."""


def read_any(arguments: argparse.Namespace, resolution: int, keep: Path | None = None) -> Prepared:
    """The pictures of `arguments.folder`, at least `resolution` px: a prepared folder as it is, anything else prepared.

    With `keep`, a folder, what is prepared stays there, so that the next time only what is new is made; it is mapped
    from disk. Without, it is held in memory.
    """
    if not is_prepared(arguments.folder):
        return read_raw(arguments, resolution, keep)
    prepared = load_prepared(arguments.folder)
    tell_unused(arguments)
    if prepared.size < resolution or not is_power_of_two(prepared.size):
        wanted = f"pictures of {resolution} px are wanted" if prepared.size < resolution else "that is no power of two"
        raise PicturesError(
            f"{arguments.folder}: prepared at {prepared.size} px; {wanted}. Prepare again with --size {resolution}."
        )
    return prepared


def tell_unused(arguments: argparse.Namespace) -> None:
    """Options of `options.add_source` that come too late for a prepared folder; `evaluate` reads a ledger's titles."""
    given = [name for name, usual in USUAL.items() if getattr(arguments, name, usual) != usual]
    if getattr(arguments, "command", "") == "evaluate":
        given = [name for name in given if name != "ledger"]
    if given:
        words = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        tell(f"{arguments.folder} is prepared already and taken as it is: {words} would go to prepare")


def is_power_of_two(size: int) -> bool:
    return not size & (size - 1)


def read_raw(arguments: argparse.Namespace, size: int, keep: Path | None) -> Prepared:
    if keep:
        prepare([arguments.folder], keep, arguments, size)
        return load_prepared(keep)
    with tempfile.TemporaryDirectory() as folder:
        prepare([arguments.folder], Path(folder), arguments, size)
        prepared = load_prepared(Path(folder))
        return replace(prepared, pictures=np.array(prepared.pictures))


def prepare(sources: Sequence[Path], out: Path, arguments: argparse.Namespace, size: int) -> Summary:
    """As the options of `options.add_source` say; tells what was left out. Raises PicturesError."""
    crop = arguments.crop or ("face" if arguments.landmarks else "centre")
    if crop == "face" and arguments.landmarks is None:
        raise PicturesError("--crop face needs --landmarks FILE. For pictures without faces, use --crop centre.")
    wish = Wish(size, crop, arguments.tile_scale, arguments.every, arguments.min_detail, arguments.max_upscale)
    known = Known(
        read_landmarks(arguments.landmarks) if crop == "face" else {},
        Ledger.read(arguments.ledger) if arguments.ledger else None,
    )
    summary = preparing.prepare(sources, out, wish, known, show_reading, tell)
    for line in told(summary.skipped, "left out"):
        tell(line)
    for line in told(summary.notes, "mind"):
        tell(line)
    if not is_power_of_two(size):
        tell(f"{size} is no power of two: to train, prepare again with --size {1 << (size.bit_length() - 1)}")
    if summary.pictures < COMFORTABLE:
        tell(f"only {summary.pictures} pictures: {COMFORTABLE} or more would give variety")
    return summary


def told(reasons: Mapping[str, str], verb: str) -> list[str]:
    """A line for each kind of reason, which may differ in its numbers, with the first name."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for name, why in reasons.items():
        kinds[re.sub(r"[0-9.]+", "0", why)].append(name)
    by_count = sorted(kinds.values(), key=len, reverse=True)
    lines = [
        f"{verb} {names[0] if len(names) == 1 else f'{len(names)}, such as {names[0]}'}: {reasons[names[0]]}"
        for names in by_count[:LISTED]
    ]
    rest = sum(len(names) for names in by_count[LISTED:])
    return [*lines, f"{verb} {rest} more; prepared.json names all"] if rest else lines


def tell(line: str) -> None:
    tqdm.write(line, file=sys.stderr)


def show_reading(files: list[Found]) -> Iterable[Found]:
    """A bar for what takes longer than a second; a line every 20 s where the screen is a file."""
    screen = sys.stderr.isatty()
    return tqdm(files, "reading", unit="file", mininterval=0.5 if screen else 20.0, delay=1.0 if screen else 20.0)
