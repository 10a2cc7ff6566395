"""The noise of a network that paints: drawn once, it hangs like the grain of a canvas; here it is drawn anew."""

from __future__ import annotations

from typing import Any

import torch

from installation.networks.layers import has_noise
from installation.networks.model_file import Header
from installation.networks.refined import Refined
from installation.networks.styles import FromConstant


def has_grain(header: Header) -> bool:
    """Whether a model file's network has noise of its own."""
    return bool(header.get("refiner")) or has_noise(header)


def regrained(network: Any, seed: int) -> Any:
    """The network with other noise of the same strength, for a seed above 0; itself where it has none of its own."""
    if isinstance(network, Refined):
        return Refined(regrained(network.network, seed), network.refiner.regrained(seed), network.knobs[-1])
    if isinstance(network, FromConstant):
        return network.with_layers(lambda name, layer: with_noise(layer, name, 1.0, seed))
    return network


def with_noise(layer: Any, name: str, amount: float, seed: int) -> Any:
    """A layer whose noise is ``amount`` times as strong; with a ``seed`` other than 0 another noise of its strength."""
    noise = layer.noise
    if noise is None:
        return layer
    if seed:
        source = torch.Generator().manual_seed(1000 * seed + sum(name.encode()))
        noise = noise.square().mean().sqrt() * torch.randn(noise.shape, generator=source).to(noise)
    return layer.noisy(noise * amount)
