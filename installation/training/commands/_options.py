"""Types and groups of options that several steps share. Standard library only, so that --help is there at once."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from installation.training.command_line.options import Bounds

MODELS = ("gan", "vae")
"""Kinds of network that can be trained: each is a folder with a run.py (see loop/run.py)."""
EXPORTED = (*MODELS, "refiner")
"""Kinds of checkpoint that a model file can be written from."""


def add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", type=Path, metavar="MODEL", help="a model file (.safetensors)")


def add_source(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("pictures")
    group.add_argument(
        "--crop", choices=("centre", "face", "tiles"), help="default: face if there are landmarks, else centre"
    )
    group.add_argument("--landmarks", type=Path, metavar="FILE", help="five points of each face (see prepare --help)")
    group.add_argument(
        "--ledger", type=Path, metavar="FILE", help="CSV of sources; the model then says which rows it has seen"
    )
    group.add_argument(
        "--tile-scale",
        type=Bounds(float, 0.5, 64),
        default=1.0,
        metavar="X",
        help="side of a tile in the picture, in units of the wanted size (default 1: pixel for pixel)",
    )
    group.add_argument(
        "--every",
        type=Bounds(float, 0.01, 86400),
        metavar="SECONDS",
        help="a frame of each film so often (default 2); films inside of folders are read only if this is given",
    )
    group.add_argument(
        "--min-detail",
        type=Bounds(int, 0, 8192),
        default=0,
        metavar="PX",
        help="leave out pictures of less real detail: native_px in the ledger, or else the crop's own pixels",
    )
    group.add_argument(
        "--max-upscale",
        type=Bounds(float, 1, 8),
        default=2.0,
        metavar="X",
        help="leave out what would have to be enlarged more than so many times (default 2)",
    )


def share_cores() -> None:
    """Before torch is loaded: its threads that wait leave their core to others instead of spinning, which is many times
    as fast where a training, or anything else, runs beside."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
