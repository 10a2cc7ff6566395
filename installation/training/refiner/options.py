"""Options of training a refiner. Standard library only, so that --help starts fast."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from installation.training.command_line.options import Bounds, argument, group, option, required
from installation.training.dataset.options import SourceOptions


def eights(text: str) -> int:
    """A side that can be halved three times."""
    side = Bounds(int, 16, 1024)(text)
    if side % 8:
        raise argparse.ArgumentTypeError(f"{text!r} is not a multiple of 8")
    return int(side)


@dataclass(frozen=True)
class LengthOptions:
    minutes: float | None = option(
        None, "end after so many minutes by the clock, those of earlier sessions counted", Bounds(float, 0.01, 1e6), "N"
    )
    kimg: float = option(
        200, "end after so many thousand windows of pictures (default 200)", Bounds(float, 0.001, 1e5), "N"
    )


@dataclass(frozen=True)
class JudgedOptions:
    """Of whatever is taught to paint by pairs and judges."""

    weight_by: str = option(
        "native_px", "ledger column, pixels of real detail along the side (default native_px)", metavar="COLUMN"
    )
    batch: int = option(4, "windows a step (default 4)", Bounds(int, 1, 256), "N")
    window: int = option(96, "side of the windows of what is painted on (default 96, at most the whole)", eights, "PX")
    features: float = option(
        0.2,
        "weight of alike features, by a network trained on photographs (extra [projected]; default 0.2)",
        Bounds(float, 0, 100),
        "W",
    )
    adversarial: float = option(
        0.3,
        "weight of not being told from real ones by patches; less is softer (default 0.3)",
        Bounds(float, 0, 100),
        "W",
    )
    projected: float = option(
        0.5,
        "weight of a second judge, on the features of a network trained on photographs (extra [projected]): it knows "
        "textures from the first step, and costs as much as all else (default 0.5)",
        Bounds(float, 0, 100),
        "W",
    )
    seed: int = option(0, "of the random numbers (default 0)", Bounds(int, 0, 2**31))


@dataclass(frozen=True)
class RecipeOptions(JudgedOptions):
    learning_rate: float = option(0.0002, "of Adam (default 0.0002)", Bounds(float, 1e-6, 0.02), "R")
    clean: float = option(
        0.8,
        "of a model that is no VAE: soften its pictures by a Gaussian of so many px and take its fixed pattern from "
        "them, before they are refined; 0 leaves both (default 0.8)",
        Bounds(float, 0, 1.5),
        "PX",
    )
    r1: float = option(
        0.003, "weight of R1: more calms, less lets detail through (default 0.003)", Bounds(float, 0, 1000), "W"
    )
    conditional: bool = option(False, "let the judge see the soft picture, too; nearer to it, more speckle")
    teacher: int = option(
        0,
        "of a model that is no VAE: learn from so many of its own samples, too, as Real-ESRGAN paints them, each a few "
        "seconds of a core (see above; default 0)",
        Bounds(int, 0, 10_000),
        "N",
    )
    start_from: Path | None = option(
        None, "begin with what the refiner of another model has learnt, in place of the model's own", Path, "MODEL"
    )
    anew: bool = option(False, "where the model has a refiner already: do not go on from what that has learnt")


@dataclass(frozen=True)
class KeepingOptions:
    device: str = option("auto", "default auto: a GPU if there is one", choices=("auto", "cpu", "cuda", "mps"))
    threads: int | None = option(None, "processor threads (default: all cores)", Bounds(int, 1, 256))
    precision: str = option("auto", "auto: bf16 where the device has it", choices=("auto", "bf16", "fp32"))
    save_every: float = option(180, "seconds between checkpoints (default 180)", Bounds(float, 1, 3600), "S")
    sheet_every: float = option(240, "seconds between sheets (default 240)", Bounds(float, 1, 36000), "S")
    tensorboard: bool = option(True, "log.csv alone")


@dataclass(frozen=True)
class RefinerOptions:
    """Of `refiner`."""

    model: Path = argument("the model file (.safetensors), of any kind", Path, "MODEL")
    folder: Path = argument("pictures, raw or prepared at twice its size", Path, "FOLDER")
    out: Path = required("the model file to write (.safetensors)", Path, "MODEL2")
    work: Path | None = option(None, "checkpoint, logs, sheets (default: MODEL2 without suffix + .work)", Path, "DIR")
    length: LengthOptions = group("how long", LengthOptions)
    recipe: RecipeOptions = group("recipe", RecipeOptions)
    keeping: KeepingOptions = group("devices and keeping", KeepingOptions)
    source: SourceOptions = group("pictures", SourceOptions)
