"""refiner: trains what paints detail on a VAE's soft pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from installation.training.command_line.options import Bounds
from installation.training.commands._options import add_source, share_cores

ORDER = 45
HELP = "teach a VAE to paint: detail, at twice the size"
DESCRIPTION = """\
A VAE's faces are whole and its walks are smooth, but it paints them soft. A refiner is a small network behind it that
paints on top: contours, hair, cloth, brushwork, and twice the size (256 px for a VAE of 128). It is trained here, on
pairs of what the VAE makes of a picture and that picture, against a network that tells painted ones from real ones.
The VAE itself stays as it is, and so do its places, directions, encoder and favourites.

  python -m installation.training prepare my_pictures --out large --size 256       twice the VAE's size
  python -m installation.training screen large --native 0.25 --without blur        soft ones help, too; see below
  python -m installation.training refiner mine.safetensors large --out painted.safetensors --minutes 600

The new model holds the VAE and its refiner. In a show the knob /generator/refine goes from 0, the VAE alone enlarged,
to 1, all of the paint.

Twice the size is learnt from the pictures that have it: --weight-by names the column of the ledger that says how many
pixels of real detail a picture holds. One with 1.56 or more for each pixel of the VAE's picture (200 for 128 px) is
judged at full size; others are judged at the VAE's size, and seen the less often the less they hold. Every 32nd picture
is kept apart; sheet.png in the work folder shows, from above: what the VAE makes of such pictures, that painted, the
pictures themselves; then samples, each row above what is painted on it.

Five minutes of one core show firmer contours and a grain of canvas; hours are meant. --minutes counts active time from
the beginning on. The same command goes on after Ctrl-C or a power cut, and with more --minutes after its end; meanwhile
  python -m installation.training export painted.work --out look.safetensors     gives the model as it is
Where other programs need the processor too, begin with: OMP_WAIT_POLICY=PASSIVE nice -n 19 python -m ... --threads 1
"""


def eights(text: str) -> int:
    """A side that can be halved three times."""
    side = Bounds(int, 16, 1024)(text)
    if side % 8:
        raise argparse.ArgumentTypeError(f"{text!r} is not a multiple of 8")
    return int(side)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL", help="the model file of a VAE (.safetensors)")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="pictures, raw or prepared at twice its size")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="MODEL2", help="the model file to write (.safetensors)"
    )
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="checkpoint, logs, sheets (default: MODEL2 without suffix + .work)"
    )
    add_length(parser.add_argument_group("how long"))
    add_recipe(parser.add_argument_group("recipe"))
    add_keeping(parser.add_argument_group("devices and keeping"))
    add_source(parser)


def add_length(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--minutes", type=Bounds(float, 0.01, 1e6), metavar="N", help="end after so much active time")
    group.add_argument(
        "--kimg",
        type=Bounds(float, 0.001, 1e5),
        default=200,
        metavar="N",
        help="end after so many thousand windows of pictures (default 200)",
    )


def add_recipe(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--weight-by",
        default="native_px",
        metavar="COLUMN",
        help="ledger column, pixels of real detail along the side (default native_px)",
    )
    group.add_argument("--batch", type=Bounds(int, 1, 256), default=4, metavar="N", help="windows a step (default 4)")
    group.add_argument(
        "--window",
        type=eights,
        default=96,
        metavar="PX",
        help="side of the windows of the VAE's pictures that are learnt from (default 96, at most the whole)",
    )
    group.add_argument(
        "--learning-rate", type=Bounds(float, 1e-6, 0.02), default=0.0005, metavar="R", help="of Adam (default 0.0005)"
    )
    group.add_argument(
        "--features",
        type=Bounds(float, 0, 100),
        default=0.2,
        metavar="W",
        help="weight of alike features, by a network trained on photographs (extra [projected]; default 0.2)",
    )
    group.add_argument(
        "--adversarial",
        type=Bounds(float, 0, 100),
        default=1.0,
        metavar="W",
        help="weight of not being told from real ones; less is softer (default 1)",
    )
    group.add_argument(
        "--r1",
        type=Bounds(float, 0, 1000),
        default=0.03,
        metavar="W",
        help="weight of R1: more calms, less lets detail through (default 0.03)",
    )
    group.add_argument(
        "--conditional", action="store_true", help="let the judge see the soft picture, too; nearer to it, more speckle"
    )
    group.add_argument("--seed", type=Bounds(int, 0, 2**31), default=0, help="of the random numbers (default 0)")


def add_keeping(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="default auto: a GPU if there is one"
    )
    group.add_argument("--threads", type=Bounds(int, 1, 256), help="processor threads (default: all cores)")
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
    share_cores()
    from installation.training.refiner.session import train

    train(arguments)
