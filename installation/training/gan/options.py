"""Options of training a GAN. Standard library only, so that --help starts fast."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from installation.training.command_line.options import Bounds, option

EYES = 0.5
"""Default weight of the judge of the eyes for aligned faces."""
CLOSEST = 0.55
"""Default smallest window of pictures that are not aligned."""


def loss(text: str) -> str:
    """The name of a loss. Raises ArgumentTypeError for an unknown one, with a hint for a loss of older versions."""
    if text == "projected":
        raise argparse.ArgumentTypeError(
            "a judge that looks through a network trained on photographs spoils faces when it is alone. It stands "
            "beside the ordinary one now: give --projected 0.2 in place of --loss projected"
        )
    if text not in ("non-saturating", "relativistic"):
        raise argparse.ArgumentTypeError(f"{text!r}: expected non-saturating or relativistic")
    return text


@dataclass(frozen=True)
class GanOptions:
    """Of `train --model gan`; None where the pictures or the batch decide."""

    loss: str = option(
        "non-saturating", "non-saturating, with lazy R1, or relativistic, with R1 and R2 at each step", loss, "LOSS"
    )
    r1: float | None = option(
        None,
        "R1 for each pixel of a picture at the beginning; more calms, less lets detail through (default 0.0008 / "
        "batch, four times the heuristic of StyleGAN2-ADA)",
        Bounds(float, 0, 0.1),
        "W",
    )
    r1_end: float | None = option(
        None, "the same at the end, falling evenly until there (default a quarter)", Bounds(float, 0, 0.1), "W"
    )
    lecam: float = option(3e-7, "weight of the LeCam regularisation; 0: none (default 3e-7)", Bounds(float, 0, 10), "W")
    eyes: float | None = option(
        None,
        "weight of a judge that sees the band round the eyes alone (default 0.5 for pictures prepared with --crop "
        "face, else 0; it needs those)",
        Bounds(float, 0, 10),
        "W",
    )
    projected: float = option(
        0.0,
        "weight of a judge that looks through a network trained on photographs (extra [projected]), beside the "
        "ordinary one: 0.1 to 0.3 finishes brushwork, more spoils faces (default 0: none)",
        Bounds(float, 0, 1),
        "W",
    )
    fade: float = option(
        20.0,
        "thousands of pictures over which a new size is blended in (default 20)",
        Bounds(float, 0.001, 1000),
        "KIMG",
    )
    augment: bool = option(True, "do not alter pictures (for 20,000 or more of them)")
