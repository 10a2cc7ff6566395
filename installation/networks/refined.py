"""A network of any kind with a refiner behind it, which paints detail on its pictures at twice their size."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from installation.core.errors import ModelError
from installation.networks import refiner as refiners
from installation.networks.model_file import Header, Tensors, group_of
from installation.networks.runtime import levels


class Refined:
    """What ``network`` paints, refined. All but painting is the network's own: mapping, encoder, ``resolution`` ...

    How much the refiner paints follows each latent as one number: 0 is the network's picture, cleaned where the refiner
    asks for it, and enlarged, 1 all detail.
    """

    refines = True

    def __init__(self, network: Any, refiner: refiners.Refiner) -> None:
        self.network = network
        self.refiner = refiner.to(network.device, memory_format=torch.channels_last)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.network, name)

    @torch.inference_mode()
    def synthesis(self, latents: NDArray[np.float32] | Tensor) -> Tensor:
        """Latents (n, dim + 1) -> pictures (n, 3, height, width), float32, about -1..1 (not clipped)."""
        asked = (latents if isinstance(latents, Tensor) else torch.from_numpy(latents)).to(self.network.device)
        soft = self.refiner.cleaned(self.network.synthesis(asked[:, :-1]).clamp_(-1, 1))
        return self.refiner(soft, amount=asked[:, -1])

    @torch.inference_mode()
    def paint(self, latent: NDArray[np.float32]) -> NDArray[np.uint8]:
        """One latent (dim + 1,) -> its picture (height, width, 3), uint8 sRGB, in a new array."""
        picture = levels(self.synthesis, torch.from_numpy(latent)[None].to(self.network.device))
        return np.ascontiguousarray(picture.cpu().numpy())


def refined(network: Any, header: Header, tensors: Tensors, name: object) -> Any:
    """The network with the refiner of its model file, where that has one. Raises ModelError where the two do not
    fit."""
    group = group_of(tensors, "refiner")
    if not group:
        return network
    refiner = refiners.build(header.get("refiner"), group, name)
    if refiner.arch.resolution != network.resolution:
        raise ModelError(
            f"{name}: its refiner is for pictures of {refiner.arch.resolution} px, and it paints {network.resolution} "
            "px. Train one for it."
        )
    return Refined(network, refiner)


def unrefined(network: Any) -> Any:
    """The network without its refiner."""
    return network.network if isinstance(network, Refined) else network


def refiner_of(network: Any) -> refiners.Refiner | None:
    """The refiner behind a network; None where it has none."""
    return network.refiner if isinstance(network, Refined) else None
