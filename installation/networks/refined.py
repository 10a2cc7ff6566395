"""A network of any kind with a refiner behind it, which paints detail on its pictures at twice their size.

Behind that a show may have a second one, the *brush*, which does the same for the screen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from installation.core.errors import ModelError
from installation.networks import refiner as refiners
from installation.networks.model_file import Header, Tensors, group_of
from installation.networks.runtime import Split, levels


class Refined:
    """What ``network`` paints, refined. All but painting is the network's own: mapping, encoder, ``resolution`` ...

    How much the refiner paints follows each latent as one number: 0 is the network's picture, cleaned where the refiner
    asks for it, and enlarged, 1 all detail. ``knobs`` names these numbers, from the network's side.
    """

    def __init__(self, network: Any, refiner: refiners.Refiner, knob: str) -> None:
        self.network = network
        self.knobs = (*getattr(network, "knobs", ()), knob)
        self.refiner = refiner.to(network.device, memory_format=torch.channels_last)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.network, name)

    @property
    def side(self) -> int:
        """Px of what it paints."""
        return refiners.SCALE * self.refiner.arch.resolution

    @torch.inference_mode()
    def synthesis(self, latents: NDArray[np.float32] | Tensor) -> Tensor:
        """Latents (n, dim + knobs) -> pictures (n, 3, height, width), float32, about -1..1 (not clipped)."""
        asked = (latents if isinstance(latents, Tensor) else torch.from_numpy(latents)).to(self.network.device)
        soft = self.refiner.cleaned(self.network.synthesis(asked[:, :-1]).clamp_(-1, 1))
        return self.refiner(soft, amount=asked[:, -1])

    @torch.inference_mode()
    def paint(self, latent: NDArray[np.float32]) -> NDArray[np.uint8]:
        """One latent (dim + knobs,) -> its picture (height, width, 3), uint8 sRGB, in a new array."""
        picture = levels(self.synthesis, torch.from_numpy(latent)[None].to(self.network.device))
        return np.ascontiguousarray(picture.cpu().numpy())


def refined(network: Any, header: Header, tensors: Tensors, name: object) -> Any:
    """The network with the refiner of its model file, where that has one. Raises ModelError where the two do not
    fit."""
    return _behind(network, "refiner", "refine", header, tensors, name)


def brushed(network: Any, header: Header, tensors: Tensors, name: object) -> Any:
    """The same with the brush."""
    return _behind(network, "brush", "brush", header, tensors, name)


def _behind(network: Any, group: str, knob: str, header: Header, tensors: Tensors, name: object) -> Any:
    found = group_of(tensors, group)
    if not found:
        return network
    refiner = refiners.build(header.get(group), found, name, group)
    if refiner.arch.resolution != side_of(network):
        raise ModelError(
            f"{name}: its {group} is for pictures of {refiner.arch.resolution} px, and it paints "
            f"{side_of(network)} px. Train one for it."
        )
    return Refined(network, refiner, knob)


def side_of(network: Any) -> int:
    """Px of the pictures of a network, whose own are square."""
    return network.side if isinstance(network, Refined) else int(network.resolution)


def split(network: Refined) -> Split:
    """Its synthesis without what is last behind it, and that."""
    last = network.refiner
    return Split(network.network.synthesis, lambda soft, amount: last(last.cleaned(soft), amount=amount))


def unrefined(network: Any) -> Any:
    """The network without what is behind it."""
    return unrefined(network.network) if isinstance(network, Refined) else network


def refiners_of(network: Any) -> list[refiners.Refiner]:
    """What is behind a network, the nearest first."""
    return [*refiners_of(network.network), network.refiner] if isinstance(network, Refined) else []
