"""prepare: from a folder of pictures to squares of one size, ready to train on."""

from __future__ import annotations

import argparse
from pathlib import Path

from installation.training.options import add_source

ORDER = 10
HELP = "crop a folder of pictures"
DESCRIPTION = """\
Crops every picture of a folder to a square of the same size and keeps them in one file, with a sheet to look at.
  --crop centre  the largest square in the middle (the default)
  --crop face    turned, scaled and shifted so that eyes and mouth always lie at the same place. Needs --landmarks FILE:
                 JSON {"file name": [[x, y] of left eye, right eye, nose, left and right mouth corner], ...} in pixels.
                 Profiles, faces that lean far and faces too close to the edge are left out, and listed.
"""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder of pictures")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to put the prepared pictures")
    parser.add_argument("--size", type=int, default=128, choices=(32, 64, 128, 256), help="pixels (default 128)")
    add_source(parser)


def run(arguments: argparse.Namespace) -> None:
    from installation.training import pictures
    from installation.training.reading import read_raw

    arguments.out.mkdir(parents=True, exist_ok=True)
    prepared = read_raw(arguments, arguments.size)
    pictures.save_prepared(prepared, arguments.out)
    print(f"{arguments.out}: {len(prepared.pictures)} pictures of {prepared.size} px. Look at sheet.png, then train.")
