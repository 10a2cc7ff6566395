"""sheet: samples of a model on one picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from installation.training.options import Bounds, add_model, check_suffix

ORDER = 50
HELP = "paint a sheet of samples"
DESCRIPTION = "Paints samples of a model, seeds 0, 1, 2 ..."


def options(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png", help="the picture to write")
    parser.add_argument(
        "--psi", type=Bounds(float, 0, 2), default=0.7, help="0 the mean picture, 1 the whole variety (default 0.7)"
    )
    parser.add_argument("--count", type=Bounds(int, 1, 400), default=64, help="how many (default 64)")


def run(arguments: argparse.Namespace) -> None:
    import numpy as np
    from PIL import Image

    from generators._stylegan2 import build
    from installation.checkpoint import load_model
    from installation.training.pictures import contact_sheet
    from installation.training.supply import to_uint8

    check_suffix(arguments.out, ".png", "sheet")
    header, tensors = load_model(arguments.model, kind="stylegan2")
    network = build(header, tensors)
    mean = tensors["latent.mean"]
    # the z that a seed names, as in a show
    z = np.stack([np.random.default_rng(seed).standard_normal(network.z_dim) for seed in range(arguments.count)])
    painted = network.synthesis(mean + np.float32(arguments.psi) * (network.mapping(z.astype(np.float32)) - mean))
    Image.fromarray(contact_sheet(to_uint8(painted))).save(arguments.out)
    print(f"{arguments.out}: {arguments.count} samples at psi {arguments.psi:g}.")
