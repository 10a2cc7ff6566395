"""directions: what a hand can change in a model's pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from installation.core.atomic_write import check_suffix
from installation.training.commands._options import add_model
from installation.training.loop.options import Bounds

ORDER = 60
HELP = "find what a hand can change, such as light or age"
DESCRIPTION = """\
Finds directions in a model's latent space that each change one visible thing, and scales them so that 1.0 is the same
visible step for every one. They are kept in the model file, and every piece that paints from it offers them as knobs:
/generator/direction/1, /generator/direction/2 ... from -3 to 3. `export` does this too; here you choose how many.

Candidates are the principal axes of the latent space (GANSpace, arXiv 2004.02546) and the common eigenvectors of the
style layers (SeFa, arXiv 2007.06600). Each is painted both ways at several places. What is hardly seen is left out, and
so is what looks like another. Look at the sheet, then name what you see; what you have named stays when you run this
again:
  PROGRAM directions mine.safetensors --sheet directions.png
  PROGRAM rename mine.safetensors 1=age 2="light from the left"
"""


def options(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument("--count", type=Bounds(int, 1, 32), default=8, metavar="N", help="at most so many (default 8)")
    parser.add_argument("--fresh", action="store_true", help="forget the named ones too")
    parser.add_argument("--sheet", type=Path, metavar="FILE.png", help="paint each from -3 to 3 at two places")


def run(arguments: argparse.Namespace) -> None:
    from installation.core.atomic_write import check_place, write_whole
    from installation.networks.model_file import amend_model
    from installation.training.dataset.pictures import png
    from installation.training.latent.directions import effort, find, told
    from installation.training.latent.models import open_model, progress
    from installation.training.latent.sheet import sheet

    if arguments.sheet:
        check_suffix(arguments.sheet, ".png", "sheet")
    model = open_model(arguments.model)
    if arguments.sheet:
        check_place(arguments.sheet)
    with progress("looking at directions", effort(model, arguments.count)) as tick:
        found = find(model, arguments.count, tick, keep_named=not arguments.fresh)
    amend_model(arguments.model, "directions", {"vectors": found.vectors}, found.facts)
    print(told(found))
    if arguments.sheet:
        write_whole(arguments.sheet, png(sheet(model, found.vectors, [fact["name"] for fact in found.facts])))
        print(f"Look: {arguments.sheet}")
