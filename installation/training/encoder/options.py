"""Options of an encoder and its training. Standard library only, so that --help starts fast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.training.command_line.options import (
    Bounds,
    argument,
    group,
    model_argument,
    option,
    repeated,
    required,
)
from installation.training.dataset.options import SourceOptions


@dataclass(frozen=True)
class EncoderOptions:
    """Options of `encoder`."""

    model: Path = model_argument()
    pictures: Path | None = option(
        None, "real pictures to learn from as well, raw or prepared (recommended)", Path, "FOLDER"
    )
    minutes: float = option(15, "minutes by the clock in all (default 15)", Bounds(float, 0.01, 1e5), "N")
    work: Path | None = option(None, "checkpoint (default: MODEL without suffix + .encoder.work)", Path, "DIR")
    out: Path | None = option(None, "write a new model file (default: into MODEL itself)", Path, "FILE")
    learning_rate: float = option(0.001, "of Adam (default 0.001)", Bounds(float, 1e-5, 0.02), "R")
    seed: int = option(0, "of the random numbers (default 0)", Bounds(int, 0, 2**31))
    threads: int | None = option(None, "processor threads (default: all cores)", Bounds(int, 1, 256))
    precision: str = option("auto", "auto: bf16 where the processor has it", choices=("auto", "bf16", "fp32"))
    save_every: float = option(120, "seconds between checkpoints (default 120)", Bounds(float, 1, 3600), "S")
    source: SourceOptions = group("pictures", SourceOptions)


@dataclass(frozen=True)
class EncodeOptions:
    """Options of `encode`."""

    model: Path = model_argument()
    picture: tuple[Path, ...] = argument("a picture file", Path, "PICTURE", "+")
    out: Path = required("where to write places and pictures", Path, "FOLDER")
    refine: int = option(0, "come nearer (default 0: not)", Bounds(int, 0, 10_000), "STEPS")
    landmarks: Path | None = option(
        None, "five points of each face (see prepare --help); default: centre", Path, "FILE"
    )
    favourite: tuple[str, ...] = repeated(
        "add the place to the model's favourites; once for each picture, in their order", metavar="NAME"
    )
    psi: float | None = option(
        None, "truncation of the show it is for (default: as in a show, 0.7)", Bounds(float, 0.1, 1.2)
    )
