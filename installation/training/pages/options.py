"""Options of a curation. Standard library only, so that --help starts fast."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from installation.training.command_line.options import Bounds, group, model_argument, option, repeated


def choice(text: str) -> tuple[int, str]:
    """From 38:"The merchant" to (38, "The merchant"); the name may be left out."""
    number, _, name = text.partition(":")
    try:
        seed = int(number)
    except ValueError:
        seed = -1
    if not 0 <= seed < 2**31 or len(name) > 80:
        raise argparse.ArgumentTypeError(f'{text!r} is not a seed from 0, or SEED:NAME such as 38:"The merchant"')
    return seed, " ".join(name.split())


@dataclass(frozen=True)
class ScriptOptions:
    """What is done at once, without a page."""

    clear: bool = option(False, "first forget all favourites and blocked places")
    keep: tuple[tuple[int, str], ...] = repeated("one more favourite", choice, "SEED[:NAME]")
    drop: tuple[tuple[int, str], ...] = repeated("one more blocked place", choice, "SEED[:NAME]")
    radius: float | None = option(None, "of what --drop blocks (default: the usual one)", Bounds(float, 1e-3, 1e6), "R")
    list: bool = option(False, "print what is chosen")
    check_eyes: bool = option(False, "say of each favourite whether its two eyes agree")

    @property
    def chooses(self) -> bool:
        return bool(self.clear or self.keep or self.drop)

    @property
    def given(self) -> bool:
        return self.chooses or self.list or self.check_eyes


@dataclass(frozen=True)
class CurateOptions:
    """Of `curate`."""

    model: Path = model_argument()
    out: Path | None = option(None, "write here and leave MODEL alone (.safetensors)", Path, "FILE")
    who: str | None = option(None, "your name, written into the model; default: as you log in here", metavar="NAME")
    when: str | None = option(None, "the date written beside it, such as 2025-01-31; default: now", metavar="DATE")
    psi: float = option(0.7, "of the page at first: 0 the mean, 1 all (default 0.7)", Bounds(float, 0, 1.5))
    browser: bool = option(True, "print the page's address, open nothing")
    port: int = option(0, "default: any free one", Bounds(int, 0, 65535), "N")
    script: ScriptOptions = group("without a page", ScriptOptions)
    landmarks_model: Path | None = option(None, "to judge eyes (default: the one in your data folder)", Path, "FILE")
