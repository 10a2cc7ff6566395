"""Options of every kind of training. Standard library only, so that --help starts fast."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Generic, TypeVar

from installation.training.command_line.options import Bounds, option
from installation.training.dataset.options import SourceOptions

Own = TypeVar("Own")
"""The options of one kind of network."""

VAE_WIDTH = 256
"""A VAE has one network to train where a GAN has two."""
SIZES = (8, 16, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True)
class Preset:
    """Default values of options that are not given on the command line."""

    stages: str
    batch: int = 16
    width: int = 128


PRESETS = {
    "quick": Preset("64:60"),
    "laptop": Preset("64:60,128:100"),
    "overnight": Preset("64:150,128:500"),
    "gpu": Preset("64:400,128:1000,256:2000", batch=32, width=512),
}


def stages(text: str) -> tuple[tuple[int, float], ...]:
    """From "32:60,64:50" to ((32, 60.0), (64, 50.0)), in sizes that double."""
    try:
        stages = tuple((int(size), float(kimg)) for size, kimg in (stage.split(":") for stage in text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of RESOLUTION:KIMG such as 64:60,128:100") from None
    sizes = [size for size, _ in stages]
    if any(size not in SIZES for size in sizes) or any(b != 2 * a for a, b in pairwise(sizes)):
        raise argparse.ArgumentTypeError(f"{text!r}: sizes are 8, 16, 32 ... 1024, each twice the one before")
    if any(not 0 < kimg <= 100_000 for _, kimg in stages):
        raise argparse.ArgumentTypeError(f"{text!r}: thousands of pictures are above 0 and at most 100000")
    return stages


def fours(text: str) -> int:
    """A number of pictures: the discriminator compares them in groups of four."""
    number = Bounds(int, 4, 4096)(text)
    if number % 4:
        raise argparse.ArgumentTypeError(f"{text!r} is not a multiple of 4")
    return int(number)


@dataclass(frozen=True)
class ScheduleOptions:
    preset: str = option("laptop", "see above (default laptop)", choices=list(PRESETS))
    stages: tuple[tuple[int, float], ...] | None = option(
        None, "your own schedule, such as 64:60,128:100", stages, "LIST"
    )
    start_from: Path | None = option(
        None,
        "of a gan: begin with the generator of a trained model; --stages then begins at its size",
        Path,
        "MODEL",
    )
    minutes: float | None = option(
        None, "end after so many minutes by the clock, those of earlier sessions counted", Bounds(float, 0.01, 1e6), "N"
    )


@dataclass(frozen=True)
class RecipeOptions:
    batch: int | None = option(None, "pictures a step, over all devices, a multiple of 4 (default 16)", fours, "N")
    learning_rate: float | None = option(
        None, "of Adam (default 0.0025 for a gan, 0.001 for a vae)", Bounds(float, 1e-5, 0.1), "R"
    )
    width: int | None = option(
        None,
        "most feature maps (default 128, of a vae and on --preset gpu more). On a processor 128 sees three "
        "times as many pictures a second as 256 at 32 px, twice as many at 128 px (docs/models.md); 64 comes "
        "nearest in the first minutes (docs/training.md)",
        int,
        choices=(32, 64, 128, 256, 512),
    )
    closest: float | None = option(
        None,
        "learn from windows as small as this share of a picture's side; 1: the whole alone (default 0.85 for a "
        "vae; for a gan 1 where the pictures were prepared with --crop face, else 0.55)",
        Bounds(float, 0.25, 1),
        "S",
    )
    weight_by: str | None = option(
        None,
        "ledger column, pixels of real detail: a picture with half of what a size shows is seen half as often",
        metavar="COLUMN",
    )
    seed: int = option(0, "of the random numbers (default 0)", Bounds(int, 0, 2**31))


@dataclass(frozen=True)
class DeviceOptions:
    device: str = option("auto", "default auto: a GPU if there is one", choices=("auto", "cpu", "cuda", "mps"))
    devices: int = option(1, "share each batch among N GPUs (default 1)", Bounds(int, 1, 64), "N")
    threads: int | None = option(None, "processor threads (default: all cores)", Bounds(int, 1, 256))
    precision: str = option("auto", "auto: bf16 where the device has it", choices=("auto", "bf16", "fp32"))
    batch_gpu: int | None = option(
        None,
        "most pictures on a device at once; the batch is learnt from in parts (default: what fits 8 GB)",
        fours,
        "N",
    )


@dataclass(frozen=True)
class KeepingOptions:
    save_every: float = option(180, "seconds between checkpoints (default 180)", Bounds(float, 1, 3600), "S")
    sheet_every: float = option(240, "seconds between sheets (default 240)", Bounds(float, 1, 36000), "S")
    tensorboard: bool = option(True, "log.csv alone")


@dataclass(frozen=True)
class TrainOptions(Generic[Own]):
    """Of `train`; `own` are those of the kind of network that `model` names."""

    folder: Path
    out: Path
    work: Path | None
    model: str
    schedule: ScheduleOptions
    recipe: RecipeOptions
    own: Own
    devices: DeviceOptions
    keeping: KeepingOptions
    source: SourceOptions

    @property
    def preset(self) -> Preset:
        return PRESETS[self.schedule.preset]

    @property
    def stages(self) -> tuple[tuple[int, float], ...]:
        return self.schedule.stages or stages(self.preset.stages)

    @property
    def batch(self) -> int:
        return self.recipe.batch or self.preset.batch

    @property
    def width(self) -> int:
        widest = max(self.preset.width, VAE_WIDTH) if self.model == "vae" else self.preset.width
        return self.recipe.width or widest

    @property
    def work_folder(self) -> Path:
        """Where checkpoint, logs and sheets are."""
        return self.work or self.out.with_suffix(".work")
