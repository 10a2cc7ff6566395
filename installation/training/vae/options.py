"""Options of training a VAE. Standard library only, so that --help starts fast."""

from __future__ import annotations

from dataclasses import dataclass

from installation.training.command_line.options import Bounds, option


@dataclass(frozen=True)
class VaeOptions:
    """Of `train --model vae`."""

    beta: float = option(
        1.0,
        "weight of the KL: 1 is the evidence lower bound; more for samples, less for likeness (default 1)",
        Bounds(float, 0, 1000),
        "B",
    )
    latent: int = option(64, "latent dimensions (default 64)", int, choices=(8, 16, 32, 64, 128, 256))
