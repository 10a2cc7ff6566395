"""encoder: trains what finds the place of a picture in a model's space."""

from __future__ import annotations

import argparse
from pathlib import Path

from installation.core.atomic_write import check_suffix
from installation.training.commands._options import add_model, add_source
from installation.training.loop.options import Bounds

ORDER = 64
HELP = "train a model's encoder: picture to place"
DESCRIPTION = """\
Trains an encoder for a model: a small network that sees a picture and says at which place of the model's space it is
painted. The generator itself stays as it is. The encoder (4 MB) is written into the model file; `encode` then uses it.

It learns from pictures that the generator paints, whose places are known. Give --pictures as well, the folder that the
model was trained on, raw or prepared, cropped in the same way: then it also learns to meet real pictures, of which one
in sixteen is kept apart to measure its error.

Two minutes on one core of 2024 show pose, light, hair and beard of a 128 px portrait, eight come nearer in colour and
likeness. --minutes counts by the clock from the beginning on: the same command goes on after Ctrl-C or a power cut,
and with more --minutes after its end. A VAE needs none of this: it carries its encoder from the start.
"""


def options(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument(
        "--pictures",
        type=Path,
        dest="folder",
        metavar="FOLDER",
        help="real pictures to learn from as well, raw or prepared (recommended)",
    )
    parser.add_argument(
        "--minutes",
        type=Bounds(float, 0.01, 1e5),
        default=15,
        metavar="N",
        help="minutes by the clock in all (default 15)",
    )
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="checkpoint (default: MODEL without suffix + .encoder.work)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write a new model file (default: into MODEL itself)")
    parser.add_argument(
        "--learning-rate", type=Bounds(float, 1e-5, 0.02), default=0.001, metavar="R", help="of Adam (default 0.001)"
    )
    parser.add_argument("--seed", type=Bounds(int, 0, 2**31), default=0, help="of the random numbers (default 0)")
    parser.add_argument("--threads", type=Bounds(int, 1, 256), help="processor threads (default: all cores)")
    parser.add_argument(
        "--precision", choices=("auto", "bf16", "fp32"), default="auto", help="auto: bf16 where the processor has it"
    )
    parser.add_argument(
        "--save-every",
        type=Bounds(float, 1, 3600),
        default=120,
        metavar="S",
        help="seconds between checkpoints (default 120)",
    )
    add_source(parser)


def run(arguments: argparse.Namespace) -> None:
    from installation.training.encoder.session import train

    if arguments.out:
        check_suffix(arguments.out, ".safetensors", "model")
    train(arguments)
