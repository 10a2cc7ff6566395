"""sheet: samples of a model on one picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from installation.core.atomic_write import check_suffix
from installation.training.commands._options import add_model
from installation.training.loop.options import Bounds

ORDER = 50
HELP = "paint a sheet of samples"
DESCRIPTION = "Paints samples of a model of any kind, seeds 0, 1, 2 ... as a show names them."


def options(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png", help="the picture to write")
    parser.add_argument(
        "--psi", type=Bounds(float, 0, 2), default=0.7, help="0 the mean picture, 1 the whole variety (default 0.7)"
    )
    parser.add_argument("--count", type=Bounds(int, 1, 400), default=64, help="how many (default 64)")


def run(arguments: argparse.Namespace) -> None:
    import numpy as np

    from installation.core.atomic_write import check_place, write_whole
    from installation.training.dataset.pictures import contact_sheet, png
    from installation.training.latent.models import AT_ONCE, open_model, progress

    check_suffix(arguments.out, ".png", "sheet")
    model = open_model(arguments.model)
    check_place(arguments.out)
    painted = []
    with progress("painting", arguments.count) as tick:
        for start in range(0, arguments.count, AT_ONCE):
            seeds = range(start, min(start + AT_ONCE, arguments.count))
            painted.append(model.pictures(model.places(seeds), arguments.psi))
            tick(len(seeds))
    write_whole(arguments.out, png(contact_sheet(np.concatenate(painted))))
    print(f"{arguments.out}: {arguments.count} samples at psi {arguments.psi:g}.")
