"""encode: from pictures to their places in a model's space."""

from __future__ import annotations

import argparse
from pathlib import Path

from installation.training.commands._options import add_model
from installation.training.loop.options import Bounds

ORDER = 66
HELP = "find the places of pictures in a model's space"
DESCRIPTION = """\
Finds for each picture the place where the model paints it, as near as it can come: a photograph becomes a portrait of
the model's own school. For this the model needs an encoder: see `encoder --help` (a VAE has one).

Into the folder --out it writes for each picture
  NAME.npy     the place, (latent_dim,) float32, to be painted at --psi
  NAME.png     to look at: the picture, what the encoder found, and what was made of it by --refine
and places.json: how far each is off (mean |difference| in levels of 255), and how far from the mean of the space.

  --refine 200    comes nearer by so many steps of gradient descent, some seconds for each picture. A likeness that is
                  forced too far leaves what the model paints well; look at both before you choose.
  --landmarks     crops faces as `prepare --crop face` does; a model of faces needs them at the place it knows them.
  --favourite     keeps the place in the model file, as a favourite of that name for the walk `gallery`.
"""


def options(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument("picture", type=Path, nargs="+", metavar="PICTURE", help="a picture file")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to write places and pictures")
    parser.add_argument(
        "--refine", type=Bounds(int, 0, 10_000), default=0, metavar="STEPS", help="come nearer (default 0: not)"
    )
    parser.add_argument(
        "--landmarks", type=Path, metavar="FILE", help="five points of each face (see prepare --help); default: centre"
    )
    parser.add_argument(
        "--favourite",
        action="append",
        default=[],
        metavar="NAME",
        help="add the place to the model's favourites; once for each picture, in their order",
    )
    parser.add_argument(
        "--psi", type=Bounds(float, 0.1, 1.2), help="truncation of the show it is for (default: as in a show, 0.7)"
    )


def run(arguments: argparse.Namespace) -> None:
    from installation.training.encoder.encoding import encode

    encode(arguments)
