"""The errors of an encoder, on pictures that it was not trained on."""

from __future__ import annotations

import torch
from torch import Tensor

from installation.networks.encoder import Encoder, shrunk
from installation.training.encoder.frozen import Frozen, Tick
from installation.training.encoder.pairs import Pairs
from installation.training.encoder.pixels import floats, levels
from installation.training.latent.models import PSI, progress

MEASURED, AT_ONCE = 128, 16
"""Generated pictures that the error is measured on, and how many are encoded in one go."""


@torch.no_grad()
def errors(encoder: Encoder, pairs: Pairs, visible: Tensor) -> dict[str, float | None]:
    """In standard deviations, root mean square over the directions, unweighted and weighted by the visibility of
    each, ``visible`` (k,); and in levels of 255. ``of_mean``: of an encoder that always returns the mean."""
    with progress("measuring what it misses", 2 * MEASURED + len(pairs.held)) as tick:
        known, pictures = pairs.painted(torch.Generator().manual_seed(1), MEASURED, (PSI, PSI), tick)
        pixels = [pixel_error(encoder, pairs.frozen, some, tick) for some in (pictures, pairs.held)]
    missed = (encoder(shrunk(floats(pictures), encoder.arch.size)) - known).square()
    weighed = [visible * miss for miss in (missed, known.square())]
    return {
        "w_rms": round(float(missed.mean().sqrt()), 4),
        "w_rms_seen": round(float(weighed[0].mean().sqrt()), 4),
        "w_rms_seen_of_mean": round(float(weighed[1].mean().sqrt()), 4),
        "pixels_mae_generated": pixels[0],
        "pixels_mae_generated_of_mean": error_of_mean(pairs.frozen, pictures),
        "pixels_mae_real": pixels[1],
        "pixels_mae_real_of_mean": error_of_mean(pairs.frozen, pairs.held),
    }


def pixel_error(encoder: Encoder, frozen: Frozen, pictures: Tensor, tick: Tick) -> float | None:
    """Mean |difference| in levels of 255."""
    if not len(pictures):
        return None
    coordinates = [encoder(shrunk(floats(some), encoder.arch.size)) for some in pictures.split(AT_ONCE)]
    return apart(levels(frozen.painted(torch.cat(coordinates), tick=tick)), pictures)


def error_of_mean(frozen: Frozen, pictures: Tensor) -> float | None:
    """The same of the mean picture."""
    if not len(pictures):
        return None
    return apart(levels(frozen.paint(torch.zeros(1, len(frozen.std)))).expand_as(pictures), pictures)


def apart(painted: Tensor, pictures: Tensor) -> float:
    pairs = zip(painted, pictures, strict=True)
    return round(float(torch.stack([(one.float() - other.float()).abs().mean() for one, other in pairs]).mean()), 2)
