"""export: the model file of a checkpoint."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from installation.core.atomic_write import check_suffix
from installation.training.commands._options import EXPORTED

ORDER = 40
HELP = "write a model from a checkpoint"
DESCRIPTION = """\
Writes the model of a checkpoint (training may go on meanwhile), measures its latent space and finds its directions.

Where MODEL is there already, what people chose in it is carried over as far as it still holds: names of directions,
favourites, blocked places, the licence. Where anything does not, the old file is kept as MODEL.bak.

The header says by what right a model may be used: of the pictures, what the column licence of their ledger says; of the
weights, what you say here:
  PROGRAM export mine.work --out mine.safetensors --licence CC-BY-4.0
The rows of the ledger lie beside the model, in mine.ledger.csv; their digest is in its header.
"""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="a checkpoint, or the work folder it is in")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="MODEL", help="the model file to write (.safetensors)"
    )

    parser.add_argument(
        "--licence", default="", metavar="TEXT", help="of the weights (default: that of MODEL so far, or not told)"
    )


def run(arguments: argparse.Namespace) -> None:
    from installation.core.atomic_write import check_place
    from installation.core.errors import TrainingError
    from installation.training.loop.saving import CHECKPOINT, read_checkpoint

    check_suffix(arguments.out, ".safetensors", "model")
    path = arguments.checkpoint / CHECKPOINT if arguments.checkpoint.is_dir() else arguments.checkpoint
    model = read_checkpoint(path)["model"]
    if model not in EXPORTED:
        raise TrainingError(f"{path}: trains a {model!r}; this program knows {' and '.join(EXPORTED)}.")
    check_place(arguments.out)
    header = import_module(f"installation.training.{model}.run").export(path, arguments.out, arguments.licence)
    size, images = header["architecture"]["resolution"], header["training"]["images"]
    refined = f"; its refiner, after {header['refiner']['images']}" if model == "refiner" else ""
    print(f"{arguments.out}: {size} px, after {images} pictures{refined}.")
