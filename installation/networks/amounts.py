"""How much what is behind a network paints, a refiner or a brush: numbers 0..1 that follow each of its latents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.core.controls import Values

Rests = Sequence[tuple[str, float]]
"""The address of each number's control, from the network's side, and where it rests."""


def knobs_of(network: Any) -> tuple[str, ...]:
    """What follows a network's latents, from the network's side."""
    knobs: tuple[str, ...] = getattr(network, "knobs", ())
    return knobs


def asked_for(rests: Rests, controls: Values) -> list[float]:
    return [controls.get(address, rest) for address, rest in rests]


def with_amounts(latents: NDArray[np.float32], amounts: Sequence[float]) -> NDArray[np.float32]:
    """Latents (..., dim) followed by these, (..., dim + amounts)."""
    if not amounts:
        return latents
    return np.concatenate([latents, np.full((*latents.shape[:-1], len(amounts)), amounts, np.float32)], -1)


def fully(network: Any, latents: NDArray[np.float32]) -> NDArray[np.float32]:
    """Latents (..., dim) so that all behind the network paints fully."""
    return with_amounts(latents, [1.0] * len(knobs_of(network)))
