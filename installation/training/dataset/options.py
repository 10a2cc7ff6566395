"""Options for making squares of pictures. Standard library only, so that --help starts fast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.training.command_line.options import Bounds, argument, group, option, required


@dataclass(frozen=True)
class SourceOptions:
    """Options of every command that reads a raw folder; they have no effect on a prepared one."""

    crop: str | None = option(
        None, "default: face if there are landmarks, else centre", choices=("centre", "face", "tiles")
    )
    landmarks: Path | None = option(None, "five points of each face (see prepare --help)", Path, "FILE")
    ledger: Path | None = option(None, "CSV of sources; the model then says which rows it has seen", Path, "FILE")
    tile_scale: float = option(
        1.0,
        "side of a tile in the picture, in units of the wanted size (default 1: pixel for pixel)",
        Bounds(float, 0.5, 64),
        "X",
    )
    every: float | None = option(
        None,
        "a frame of each film so often (default 2); films inside of folders are read only if this is given",
        Bounds(float, 0.01, 86400),
        "SECONDS",
    )
    min_detail: int = option(
        0,
        "leave out pictures of less real detail: native_px in the ledger, or else the crop's own pixels",
        Bounds(int, 0, 8192),
        "PX",
    )
    max_upscale: float = option(
        2.0, "leave out what would have to be enlarged more than so many times (default 2)", Bounds(float, 1, 8), "X"
    )


@dataclass(frozen=True)
class PrepareOptions:
    """Options of `prepare`."""

    sources: tuple[Path, ...] = argument("folders, pictures, zips and films", Path, "SOURCE", "+")
    out: Path = required("where to put the prepared pictures", Path, "DIR")
    size: int = option(128, "16 to 1024 (default 128); training needs a power of two", Bounds(int, 16, 1024), "PX")
    source: SourceOptions = group("pictures", SourceOptions)
