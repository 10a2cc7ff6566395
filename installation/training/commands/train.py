"""train: from pictures to a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.core.errors import OptionError
from installation.training.command_line.options import argument, group, option, required
from installation.training.commands._kinds import MODELS
from installation.training.dataset.options import SourceOptions
from installation.training.gan.options import GanOptions
from installation.training.loop.options import (
    DeviceOptions,
    KeepingOptions,
    RecipeOptions,
    ScheduleOptions,
    TrainOptions,
)
from installation.training.vae.options import VaeOptions

ORDER = 30
HELP = "train a model"
DESCRIPTION = """\
Trains on a folder of pictures, or on a prepared one, and writes a model when it is done. Beside the model it keeps a
work folder with the checkpoint, log.csv, a log for TensorBoard (tensorboard --logdir DIR) and a sheet of samples that
is painted anew every few minutes: look at sheet.png.

--model gan trains two networks against each other (StyleGAN2): sharp, for what is alike, such as faces. --model vae
trains an encoder with its decoder (beta-VAE): dreamlike, steady, sooner there, and knows the place of any picture.

The network may grow: it learns to paint small first, where a step costs little, then larger. A stage is
RESOLUTION:KIMG, so many thousand pictures at that size (every picture is seen many times); sizes are 8 to 1024 px, each
twice the one before. Without growing: one stage, such as --stages 128:300. A trained model can grow later: the same
command with --stages ...,256:300 goes on from its checkpoint.

presets:
  quick      64:60                  64 px. Is this folder worth more? Half an hour to an hour on two cores
  laptop     64:60,128:100          128 px, the default. Two to three hours on two cores: 128 px is what they can do in
                                    a day's spare time, and part of the pictures are seen where they cost half
  overnight  64:150,128:500         128 px. Eight to twelve hours on two cores: most of it at full
                                    size, where faces get sharp
  gpu        64:400,128:1000,256:2000, --batch 32 --width 512
                                    256 px. A wider network, as a GPU has the arithmetic and 8 GB the room. Some hours
                                    on a GPU of 2022 or later: an estimate from the number of multiplications

The watch: training stops with exit code 2 when it has come to nothing (numbers that are no longer finite, losses that
run away, samples that are all alike). It says so and what to do; the checkpoint from before is kept.
"""


@dataclass(frozen=True)
class Options:
    folder: Path = argument("a folder of pictures, raw or prepared", Path, "FOLDER")
    out: Path = required("the model file to write (.safetensors)", Path, "MODEL")
    work: Path | None = option(None, "checkpoint, logs, sheets (default: MODEL without suffix + .work)", Path, "DIR")
    model: str = option("gan", "kind of network (default gan)", choices=MODELS)
    schedule: ScheduleOptions = group("how long", ScheduleOptions)
    recipe: RecipeOptions = group("recipe", RecipeOptions)
    gan: GanOptions = group("recipe of a gan", GanOptions)
    vae: VaeOptions = group("recipe of a vae", VaeOptions)
    devices: DeviceOptions = group("devices", DeviceOptions)
    keeping: KeepingOptions = group("keeping", KeepingOptions)
    source: SourceOptions = group("pictures", SourceOptions)

    def of_kind(self) -> TrainOptions[GanOptions | VaeOptions]:
        """The options without those of the other kinds of network."""
        return TrainOptions(
            self.folder,
            self.out,
            self.work,
            self.model,
            self.schedule,
            self.recipe,
            self.gan if self.model == "gan" else self.vae,
            self.devices,
            self.keeping,
            self.source,
        )


def run(options: Options) -> None:
    from installation.training.gan.checkpoint import check_start
    from installation.training.loop.saving import CHECKPOINT
    from installation.training.loop.session import train

    asked, start = options.of_kind(), options.schedule.start_from
    if start and options.model != "gan":
        raise OptionError("--start-from is for --model gan; a vae learns from the beginning.")
    if start and not (asked.work_folder / CHECKPOINT).exists():
        check_start(start)  # before the pictures are read
    train(asked)
