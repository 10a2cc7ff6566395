"""The pictures that a command names: a prepared folder as it is, a raw one prepared first, with what was left out."""

from __future__ import annotations

import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from installation.training.dataset import preparing
from installation.training.dataset.crops import read_landmarks
from installation.training.dataset.ledger import Ledger
from installation.training.dataset.options import SourceOptions
from installation.training.dataset.pictures import PicturesError, Prepared, load_prepared
from installation.training.dataset.preparing import CropOptions, Metadata, Summary
from installation.training.dataset.sources import SourceFile, is_prepared

LISTED = 10
"""How many kinds of reasons are printed; prepared.json names every file."""
COMFORTABLE = 300


def read_any(
    folder: Path, source: SourceOptions, resolution: int, keep: Path | None = None, ledger_is_read: bool = False
) -> Prepared:
    """The pictures of `folder`, at least `resolution` px: a prepared folder as it is, anything else prepared.

    With `keep`, a folder, what is prepared stays there, so that the next time only what is new is made; it is mapped
    from disk. Without, it is held in memory. `ledger_is_read`: the caller reads --ledger, so that it is of use for a
    prepared folder too.
    """
    if not is_prepared(folder):
        return read_raw(folder, source, resolution, keep)
    prepared = load_prepared(folder)
    tell_unused(folder, source, ledger_is_read)
    if prepared.size < resolution or not is_power_of_two(prepared.size):
        wanted = f"pictures of {resolution} px are wanted" if prepared.size < resolution else "that is no power of two"
        raise PicturesError(
            f"{folder}: prepared at {prepared.size} px; {wanted}. Prepare again with --size {resolution}."
        )
    return prepared


def tell_unused(folder: Path, source: SourceOptions, ledger_is_read: bool) -> None:
    """Prints which options have no effect on a prepared folder."""
    given = [one.name for one in fields(source) if getattr(source, one.name) != one.default]
    if ledger_is_read:
        given = [name for name in given if name != "ledger"]
    if given:
        words = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        tell(f"{folder} is prepared already and taken as it is: {words} would go to prepare")


def is_power_of_two(size: int) -> bool:
    return not size & (size - 1)


def read_raw(folder: Path, source: SourceOptions, size: int, keep: Path | None) -> Prepared:
    if keep:
        prepare([folder], keep, source, size)
        return load_prepared(keep)
    with tempfile.TemporaryDirectory() as kept:
        prepare([folder], Path(kept), source, size)
        prepared = load_prepared(Path(kept))
        return replace(prepared, pictures=np.array(prepared.pictures))


def prepare(sources: Sequence[Path], out: Path, options: SourceOptions, size: int) -> Summary:
    """Prepares at `size` px; prints what was left out. Raises PicturesError."""
    crop = options.crop or ("face" if options.landmarks else "centre")
    if crop == "face" and options.landmarks is None:
        raise PicturesError("--crop face needs --landmarks FILE. For pictures without faces, use --crop centre.")
    cropping = CropOptions(size, crop, options.tile_scale, options.every, options.min_detail, options.max_upscale)
    metadata = Metadata(
        read_landmarks(options.landmarks) if options.landmarks and crop == "face" else {},
        Ledger.read(options.ledger) if options.ledger else None,
    )
    summary = preparing.prepare(sources, out, cropping, metadata, show_reading, tell)
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


def show_reading(files: list[SourceFile]) -> Iterable[SourceFile]:
    """A progress bar after one second; a line every 20 s if the output is a file."""
    screen = sys.stderr.isatty()
    return tqdm(files, "reading", unit="file", mininterval=0.5 if screen else 20.0, delay=1.0 if screen else 20.0)
