"""The types of a command line's values, for argparse. Standard library only."""

import argparse
import math
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path


def moment(text: str) -> datetime:
    """A day, or a day and an hour, in the years that a show file may name."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'found "{text}", expected a day such as "2027-12-24 16:55"') from None
    if not 1970 <= at.year < 2999:
        raise argparse.ArgumentTypeError(f'found "{text}", expected a day from 1970 to 2998')
    return at


def recording(text: str) -> Path:
    """A file that is there."""
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f'found no file "{path}", expected a recording of --record-decisions')
    return path


def size(text: str) -> tuple[int, int]:
    """Width x height in pixels."""
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text.strip().lower())
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(64 <= side <= 16384 for side in sides):
        raise argparse.ArgumentTypeError(
            f'found "{text}", expected width x height from 64 to 16384 pixels, such as 1920x1080'
        )
    return sides


def number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f'found "{text}", expected a number from {low:g} to {high:g}')
        return value

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f'found "{text}", expected a whole number from {low} to {high}')
        return int(text)

    return read


def new_file(ending: str) -> Callable[[str], Path]:
    """A file to write, in a folder that is there."""

    def read(text: str) -> Path:
        path = Path(text)
        if path.suffix.lower() != ending:
            raise argparse.ArgumentTypeError(f'found "{text}", expected a name that ends in {ending}')
        if not path.absolute().parent.is_dir():
            raise argparse.ArgumentTypeError(f'there is no folder "{path.parent}" to write "{path.name}" in')
        return path

    return read
