"""Options of training a brush. Standard library only, so that --help starts fast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.training.command_line.options import Bounds, argument, group, option, required
from installation.training.dataset.options import SourceOptions
from installation.training.refiner.options import KeepingOptions, LengthOptions, eights


@dataclass(frozen=True)
class BrushRecipe:
    weight_by: str = option(
        "native_px", "ledger column, pixels of real detail along the side (default native_px)", metavar="COLUMN"
    )
    batch: int = option(4, "windows a step (default 4)", Bounds(int, 1, 256), "N")
    window: int = option(96, "side of the windows that are painted on (default 96)", eights, "PX")
    learning_rate: float = option(0.0005, "of Adam (default 0.0005)", Bounds(float, 1e-6, 0.02), "R")
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
        "weight of a second judge, on the features of such a network (default 0.5)",
        Bounds(float, 0, 100),
        "W",
    )
    teacher: int = option(
        0,
        "learn from so many windows of what the model paints, too, as Real-ESRGAN paints them, each a few seconds of a "
        "core (see PROGRAM refiner --help; default 0)",
        Bounds(int, 0, 10_000),
        "N",
    )
    anew: bool = option(False, "where the model has a brush already: do not go on from what that has learnt")
    seed: int = option(0, "of the random numbers (default 0)", Bounds(int, 0, 2**31))


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
