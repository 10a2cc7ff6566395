"""The errors of an encoder, on pictures that it was not trained on."""

from __future__ import annotations

import torch
from torch import Tensor

from installation.networks.encoder import Encoder, shrunk
from installation.training.encoder.frozen import Frozen
from installation.training.encoder.pairs import Pairs
from installation.training.encoder.pixels import floats, levels
from installation.training.latent.models import PSI

MEASURED = 128
"""Generated pictures that the error is measured on."""


@torch.no_grad()
def errors(encoder: Encoder, pairs: Pairs, visible: Tensor) -> dict[str, float | None]:
    """In standard deviations, root mean square over the directions, unweighted and weighted by the visibility of
    each, ``visible`` (k,); and in levels of 255. ``of_mean``: of an encoder that always returns the mean."""
    known, pictures = pairs.painted(torch.Generator().manual_seed(1), MEASURED, (PSI, PSI))
    missed = (encoder(shrunk(floats(pictures), encoder.arch.size)) - known).square()
    weighed = [visible * miss for miss in (missed, known.square())]
    return {
        "w_rms": round(float(missed.mean().sqrt()), 4),
        "w_rms_seen": round(float(weighed[0].mean().sqrt()), 4),
        "w_rms_seen_of_mean": round(float(weighed[1].mean().sqrt()), 4),
        "pixels_mae_generated": pixel_error(encoder, pairs.frozen, pictures),
        "pixels_mae_generated_of_mean": pixel_error(None, pairs.frozen, pictures),
        "pixels_mae_real": pixel_error(encoder, pairs.frozen, pairs.held),
        "pixels_mae_real_of_mean": pixel_error(None, pairs.frozen, pairs.held),
    }


def pixel_error(encoder: Encoder | None, frozen: Frozen, pictures: Tensor) -> float | None:
    """Mean |difference| in levels of 255; without an encoder, of the mean picture."""
    if not len(pictures):
        return None
    missed = []
    for some in pictures.split(16):
        small = shrunk(floats(some), encoder.arch.size) if encoder else None
        coordinates = torch.zeros(len(some), len(frozen.std)) if encoder is None else encoder(small)
        missed.append((levels(frozen.paint(coordinates)).float() - some.float()).abs().mean((1, 2, 3)))
    return round(float(torch.cat(missed).mean()), 2)
