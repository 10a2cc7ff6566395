"""train: from pictures to a model."""

from __future__ import annotations

import argparse
from pathlib import Path

from installation.training.options import Bounds, add_source

ORDER = 30
HELP = "train a model"
DESCRIPTION = """\
Trains on a folder of pictures, or on a prepared one, and writes a model when it is done. Beside the model it keeps a
work folder with the checkpoint and a sheet of samples that is painted anew every few minutes: look at sheet.png.

The network grows: it learns to paint small first, where a step costs little, then larger. A stage is RESOLUTION:KIMG,
so many thousand pictures at that size (every picture is seen many times). Presets, on two cores of 2024:
  quick      32:30,64:30            64 px, about half an hour: is this folder worth more?
  two-cores  32:60,64:40,128:100   128 px, about two hours (the default)
  overnight  32:80,64:120,128:500  128 px, about eight hours
"""

PRESETS = {"quick": "32:30,64:30", "two-cores": "32:60,64:40,128:100", "overnight": "32:80,64:120,128:500"}


def stages(text: str) -> tuple[tuple[int, float], ...]:
    """From "32:60,64:50" to ((32, 60.0), (64, 50.0)), in sizes that rise."""
    try:
        found = tuple((int(size), float(kimg)) for size, kimg in (stage.split(":") for stage in text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of RESOLUTION:KIMG such as 32:60,64:40,128:100"
        ) from None
    sizes = [size for size, _ in found]
    if any(size not in (8, 16, 32, 64, 128, 256) for size in sizes) or sizes != sorted(set(sizes)):
        raise argparse.ArgumentTypeError(f"{text!r}: sizes are 8, 16, 32, 64, 128 or 256, each once and rising")
    if any(not 0 < kimg <= 100_000 for _, kimg in found):
        raise argparse.ArgumentTypeError(f"{text!r}: thousands of pictures are above 0 and at most 100000")
    return found


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder of pictures, raw or prepared")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="MODEL", help="the model file to write (.safetensors)"
    )
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="checkpoint and sheets (default: MODEL without suffix + .work)"
    )
    parser.add_argument("--preset", choices=sorted(PRESETS), default="two-cores", help="how long (default two-cores)")
    parser.add_argument("--stages", type=stages, metavar="LIST", help="your own schedule, such as 32:60,64:40,128:100")
    parser.add_argument("--minutes", type=Bounds(float, 0.01, 1e6), metavar="N", help="end after so much active time")
    parser.add_argument(
        "--batch", type=int, default=16, choices=(4, 8, 16, 32, 64), help="pictures a step (default 16)"
    )
    parser.add_argument(
        "--learning-rate", type=Bounds(float, 1e-5, 0.02), default=0.0025, metavar="R", help="of Adam (default 0.0025)"
    )
    parser.add_argument(
        "--width",
        type=int,
        default=256,
        choices=(32, 64, 128, 256, 512),
        help="most feature maps of a layer (default 256)",
    )
    parser.add_argument("--seed", type=Bounds(int, 0, 2**31), default=0, help="of the random numbers (default 0)")
    parser.add_argument("--threads", type=Bounds(int, 1, 256), help="processor threads (default: all cores)")
    parser.add_argument(
        "--precision", choices=("auto", "bf16", "fp32"), default="auto", help="auto: bf16 where the processor has it"
    )
    parser.add_argument(
        "--save-every",
        type=Bounds(float, 1, 3600),
        default=180,
        metavar="S",
        help="seconds between checkpoints (default 180)",
    )
    parser.add_argument(
        "--sheet-every",
        type=Bounds(float, 1, 36000),
        default=240,
        metavar="S",
        help="seconds between sheets (default 240)",
    )
    add_source(parser)


def run(arguments: argparse.Namespace) -> None:
    from installation.training.session import train

    arguments.stages = arguments.stages or stages(PRESETS[arguments.preset])
    train(arguments)
