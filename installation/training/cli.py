"""The trainer's command line. Standard library only, so that --help is there at once; the work is in tasks.py."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from installation.errors import VernissageError

EPILOG = """\
from pictures to a show, in two commands:
  python -m installation.training train my_pictures --out shows/models/mine.safetensors
  python -m installation.training sheet shows/models/mine.safetensors --out look.png

Put 300 or more pictures of one kind of thing in a folder; 1,000 is comfortable. Faces get much better when they are
aligned: see `prepare --help`. Training saves itself every few minutes: after Ctrl-C, or a power cut, the same command
goes on.
"""

TRAIN = """\
Trains on a folder of pictures, or on a prepared one, and writes a model when it is done. Beside the model it keeps a
work folder with the checkpoint and a sheet of samples that is painted anew every few minutes: look at sheet.png.

The network grows: it learns to paint small first, where a step costs little, then larger. A stage is RESOLUTION:KIMG,
so many thousand pictures at that size (every picture is seen many times). Presets, on two cores of 2024:
  quick      32:30,64:30            64 px, about half an hour: is this folder worth more?
  two-cores  32:60,64:40,128:100   128 px, about two hours (the default)
  overnight  32:80,64:120,128:500  128 px, about eight hours
"""

PREPARE = """\
Crops every picture of a folder to a square of the same size and keeps them in one file, with a sheet to look at.
  --crop centre  the largest square in the middle (the default)
  --crop face    turned, scaled and shifted so that eyes and mouth always lie at the same place. Needs --landmarks FILE:
                 JSON {"file name": [[x, y] of left eye, right eye, nose, left and right mouth corner], ...} in pixels.
                 Profiles, faces that lean far and faces too close to the edge are left out, and listed.
"""

PRESETS = {"quick": "32:30,64:30", "two-cores": "32:60,64:40,128:100", "overnight": "32:80,64:120,128:500"}


@dataclass(frozen=True)
class Bounds:
    """A number from `low` to `high`, as an argparse type."""

    kind: type[int] | type[float]
    low: float
    high: float

    def __call__(self, text: str) -> float:
        try:
            value = self.kind(text)
        except ValueError:
            value = float("nan")
        if not self.low <= value <= self.high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {self.low:g} to {self.high:g}")
        return value


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


def parser() -> argparse.ArgumentParser:
    plain = argparse.RawDescriptionHelpFormatter
    root = argparse.ArgumentParser(
        prog="python -m installation.training",
        description="Trains a small generative network on your pictures, on an ordinary computer.",
        epilog=EPILOG,
        formatter_class=plain,
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")

    prepare = commands.add_parser(
        "prepare", help="crop a folder of pictures", description=PREPARE, formatter_class=plain
    )
    prepare.add_argument("folder", type=Path, metavar="FOLDER", help="a folder of pictures")
    prepare.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to put the prepared pictures")
    prepare.add_argument("--size", type=int, default=128, choices=(32, 64, 128, 256), help="pixels (default 128)")
    add_source(prepare)

    train = commands.add_parser("train", help="train a model", description=TRAIN, formatter_class=plain)
    train.add_argument("folder", type=Path, metavar="FOLDER", help="a folder of pictures, raw or prepared")
    train.add_argument(
        "--out", type=Path, required=True, metavar="MODEL", help="the model file to write (.safetensors)"
    )
    train.add_argument(
        "--work", type=Path, metavar="DIR", help="checkpoint and sheets (default: MODEL without suffix + .work)"
    )
    train.add_argument("--preset", choices=sorted(PRESETS), default="two-cores", help="how long (default two-cores)")
    train.add_argument("--stages", type=stages, metavar="LIST", help="your own schedule, such as 32:60,64:40,128:100")
    train.add_argument("--minutes", type=Bounds(float, 0.01, 1e6), metavar="N", help="end after so much active time")
    train.add_argument("--batch", type=int, default=16, choices=(4, 8, 16, 32, 64), help="pictures a step (default 16)")
    train.add_argument(
        "--learning-rate", type=Bounds(float, 1e-5, 0.02), default=0.0025, metavar="R", help="of Adam (default 0.0025)"
    )
    train.add_argument(
        "--width",
        type=int,
        default=256,
        choices=(32, 64, 128, 256, 512),
        help="most feature maps of a layer (default 256)",
    )
    train.add_argument("--seed", type=Bounds(int, 0, 2**31), default=0, help="of the random numbers (default 0)")
    train.add_argument("--threads", type=Bounds(int, 1, 256), help="processor threads (default: all cores)")
    train.add_argument(
        "--precision", choices=("auto", "bf16", "fp32"), default="auto", help="auto: bf16 where the processor has it"
    )
    train.add_argument(
        "--save-every",
        type=Bounds(float, 1, 3600),
        default=180,
        metavar="S",
        help="seconds between checkpoints (default 180)",
    )
    train.add_argument(
        "--sheet-every",
        type=Bounds(float, 1, 36000),
        default=240,
        metavar="S",
        help="seconds between sheets (default 240)",
    )
    add_source(train)

    sheet = commands.add_parser(
        "sheet", help="paint a sheet of samples", description="Paints samples of a model, seeds 0, 1, 2 ..."
    )
    sheet.add_argument("model", type=Path, metavar="MODEL", help="a model file (.safetensors)")
    sheet.add_argument("--out", type=Path, required=True, metavar="FILE.png", help="the picture to write")
    sheet.add_argument(
        "--psi", type=Bounds(float, 0, 2), default=0.7, help="0 the mean picture, 1 the whole variety (default 0.7)"
    )
    sheet.add_argument("--count", type=Bounds(int, 1, 400), default=64, help="how many (default 64)")

    export = commands.add_parser(
        "export",
        help="write a model from a checkpoint",
        description="Writes the model of a checkpoint (training may go on meanwhile) and measures its latent space.",
    )
    export.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="a checkpoint, or the work folder it is in")
    export.add_argument(
        "--out", type=Path, required=True, metavar="MODEL", help="the model file to write (.safetensors)"
    )
    return root


def add_source(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("pictures")
    group.add_argument("--crop", choices=("centre", "face"), help="default: face if there are landmarks, else centre")
    group.add_argument("--landmarks", type=Path, metavar="FILE", help="five points of each face (see prepare --help)")
    group.add_argument(
        "--ledger", type=Path, metavar="FILE", help="CSV of sources; the model then says which rows it has seen"
    )


def main(argv: Sequence[str]) -> int:
    """Exit code 0; 2 with one clear message when something cannot be done."""
    arguments = parser().parse_args(argv)
    if arguments.command == "train":
        arguments.stages = arguments.stages or stages(PRESETS[arguments.preset])
    try:
        from installation.training import tasks

        getattr(tasks, arguments.command)(arguments)
    except VernissageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped.", file=sys.stderr)
        return 130
    return 0
