"""Options of distilling. Standard library only, so that --help starts fast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.training.command_line.options import Bounds, argument, group, option, required
from installation.training.refiner.options import KeepingOptions


@dataclass(frozen=True)
class LengthOptions:
    minutes: float | None = option(
        None, "end after so many minutes by the clock, those of earlier sessions counted", Bounds(float, 0.01, 1e6), "N"
    )
    kimg: float = option(400, "end after so many thousand pictures (default 400)", Bounds(float, 0.001, 1e5), "N")


@dataclass(frozen=True)
class RecipeOptions:
    width: int = option(128, "most feature maps (default 128)", int, choices=(16, 32, 64, 128, 192, 256))
    layers: int = option(2, "blocks at each size (default 2)", Bounds(int, 1, 8), "N")
    batch: int = option(8, "pictures a step (default 8)", Bounds(int, 1, 256), "N")
    learning_rate: float = option(0.002, "of Adam (default 0.002)", Bounds(float, 1e-6, 0.02), "R")
    features: float = option(
        0.1,
        "weight of alike features, by a network trained on photographs (extra [projected]; default 0.1)",
        Bounds(float, 0, 100),
        "W",
    )
    seed: int = option(0, "of the random numbers (default 0)", Bounds(int, 0, 2**31))


@dataclass(frozen=True)
class DistilOptions:
    """Of `distil`."""

    model: Path = argument("the model file (.safetensors), of any kind", Path, "MODEL")
    out: Path = required("the model file to write (.safetensors)", Path, "SMALL")
    work: Path | None = option(None, "checkpoint, logs, sheets (default: SMALL without suffix + .work)", Path, "DIR")
    length: LengthOptions = group("how long", LengthOptions)
    recipe: RecipeOptions = group("recipe", RecipeOptions)
    keeping: KeepingOptions = group("devices and keeping", KeepingOptions)
