"""train: from pictures to a model."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from installation.core.errors import OptionError
from installation.training.command_line.options import Bounds, add_options
from installation.training.commands._options import MODELS, add_source
from installation.training.gan.options import GanOptions

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
class Preset:
    """What is not given on the command line."""

    stages: str
    batch: int = 16
    width: int = 256


PRESETS = {
    "quick": Preset("64:60"),
    "laptop": Preset("64:60,128:100"),
    "overnight": Preset("64:150,128:500"),
    "gpu": Preset("64:400,128:1000,256:2000", batch=32, width=512),
}
SIZES = (8, 16, 32, 64, 128, 256, 512, 1024)


def stages(text: str) -> tuple[tuple[int, float], ...]:
    """From "32:60,64:50" to ((32, 60.0), (64, 50.0)), in sizes that double."""
    try:
        found = tuple((int(size), float(kimg)) for size, kimg in (stage.split(":") for stage in text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of RESOLUTION:KIMG such as 64:60,128:100") from None
    sizes = [size for size, _ in found]
    if any(size not in SIZES for size in sizes) or any(b != 2 * a for a, b in pairwise(sizes)):
        raise argparse.ArgumentTypeError(f"{text!r}: sizes are 8, 16, 32 ... 1024, each twice the one before")
    if any(not 0 < kimg <= 100_000 for _, kimg in found):
        raise argparse.ArgumentTypeError(f"{text!r}: thousands of pictures are above 0 and at most 100000")
    return found


def fours(text: str) -> int:
    """A number of pictures: the discriminator compares them in groups of four."""
    number = Bounds(int, 4, 4096)(text)
    if number % 4:
        raise argparse.ArgumentTypeError(f"{text!r} is not a multiple of 4")
    return int(number)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder of pictures, raw or prepared")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="MODEL", help="the model file to write (.safetensors)"
    )
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="checkpoint, logs, sheets (default: MODEL without suffix + .work)"
    )
    parser.add_argument("--model", choices=MODELS, default="gan", help="kind of network (default gan)")
    add_schedule(parser.add_argument_group("how long"))
    add_recipe(parser.add_argument_group("recipe"))
    add_options(parser.add_argument_group("recipe of a gan"), GanOptions)
    add_vae(parser.add_argument_group("recipe of a vae"))
    add_devices(parser.add_argument_group("devices"))
    add_keeping(parser.add_argument_group("keeping"))
    add_source(parser)


def add_schedule(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--preset", choices=list(PRESETS), default="laptop", help="see above (default laptop)")
    group.add_argument("--stages", type=stages, metavar="LIST", help="your own schedule, such as 64:60,128:100")
    group.add_argument(
        "--start-from",
        type=Path,
        metavar="MODEL",
        help="of a gan: begin with the generator of a trained model; --stages then begins at its size",
    )
    group.add_argument("--minutes", type=Bounds(float, 0.01, 1e6), metavar="N", help="end after so much active time")


def add_recipe(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--batch", type=fours, metavar="N", help="pictures a step, over all devices, a multiple of 4 (default 16)"
    )
    group.add_argument(
        "--learning-rate",
        type=Bounds(float, 1e-5, 0.1),
        metavar="R",
        help="of Adam (default 0.0025 for a gan, 0.001 for a vae)",
    )
    group.add_argument(
        "--width",
        type=int,
        choices=(32, 64, 128, 256, 512),
        help="most feature maps (default 256). On a processor 128 sees three times as many pictures "
        "a second at 32 px, twice as many at 128 px; it was enough for the landscapes that ship",
    )
    group.add_argument(
        "--closest",
        type=Bounds(float, 0.25, 1),
        metavar="S",
        help="learn from windows as small as this share of a picture's side; 1: the whole alone (default 0.85 for a "
        "vae; for a gan 1 where the pictures were prepared with --crop face, else 0.55)",
    )
    group.add_argument(
        "--weight-by",
        metavar="COLUMN",
        help="ledger column, pixels of real detail: a picture with half of what a size shows is seen half as often",
    )
    group.add_argument("--seed", type=Bounds(int, 0, 2**31), default=0, help="of the random numbers (default 0)")


def add_vae(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--beta",
        type=Bounds(float, 0, 1000),
        default=1.0,
        metavar="B",
        help="weight of the KL: 1 is the evidence lower bound; more for samples, less for likeness (default 1)",
    )
    group.add_argument(
        "--latent", type=int, default=64, choices=(8, 16, 32, 64, 128, 256), help="latent dimensions (default 64)"
    )


def add_devices(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="default auto: a GPU if there is one"
    )
    group.add_argument(
        "--devices", type=Bounds(int, 1, 64), default=1, metavar="N", help="share each batch among N GPUs (default 1)"
    )
    group.add_argument("--threads", type=Bounds(int, 1, 256), help="processor threads (default: all cores)")
    group.add_argument(
        "--precision", choices=("auto", "bf16", "fp32"), default="auto", help="auto: bf16 where the device has it"
    )
    group.add_argument(
        "--batch-gpu",
        type=fours,
        metavar="N",
        help="most pictures on a device at once; the batch is learnt from in parts (default: what fits 8 GB)",
    )


def add_keeping(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--save-every",
        type=Bounds(float, 1, 3600),
        default=180,
        metavar="S",
        help="seconds between checkpoints (default 180)",
    )
    group.add_argument(
        "--sheet-every",
        type=Bounds(float, 1, 36000),
        default=240,
        metavar="S",
        help="seconds between sheets (default 240)",
    )
    group.add_argument("--no-tensorboard", dest="tensorboard", action="store_false", help="log.csv alone")


def run(arguments: argparse.Namespace) -> None:
    from installation.training.loop.session import train

    if arguments.start_from and arguments.model != "gan":
        raise OptionError("--start-from is for --model gan; a vae learns from the beginning.")
    preset = PRESETS[arguments.preset]
    arguments.stages = arguments.stages or stages(preset.stages)
    arguments.batch = arguments.batch or preset.batch
    arguments.width = arguments.width or preset.width
    train(arguments)
