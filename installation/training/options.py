"""Types and groups of options that several steps share. Standard library only, so that --help is there at once."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from installation.errors import VernissageError


class OptionError(VernissageError, ValueError):
    """An option does not fit; says which and what to give."""


@dataclass(frozen=True)
class Bounds:
    """A number from `low` to `high`, as an argparse type."""

    kind: type[int] | type[float]
    low: float
    high: float

    def __call__(self, text: str) -> float:
        try:
            value = self.kind(text)
        except ValueError:
            value = float("nan")
        if not self.low <= value <= self.high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {self.low:g} to {self.high:g}")
        return value


def check_suffix(path: Path, suffix: str, what: str) -> None:
    """Raises OptionError where a file to write has another suffix."""
    if path.suffix != suffix:
        raise OptionError(f"{path}: the name of a {what} file ends with {suffix}.")


def add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", type=Path, metavar="MODEL", help="a model file (.safetensors)")


def add_source(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("pictures")
    group.add_argument("--crop", choices=("centre", "face"), help="default: face if there are landmarks, else centre")
    group.add_argument("--landmarks", type=Path, metavar="FILE", help="five points of each face (see prepare --help)")
    group.add_argument(
        "--ledger", type=Path, metavar="FILE", help="CSV of sources; the model then says which rows it has seen"
    )
