"""The generator of lucidrains' lightweight-gan (after FastGAN, arXiv 2101.04775), as it paints once it is trained.

It has no mapping network: a latent is z itself. The statistics of its batch normalisation are multiplied into the
convolutions, and its noise is constant. Layers count from 0; each enlarges twice. The tensors are:

    first.weight (z_dim, 2 * z_dim, 4, 4), first.bias
    0.up.weight (4 * before, before, 1, 1), 0.up.bias   what is enlarged by shuffling channels into places
    0.weight (2 * width, before, 4, 4), 0.bias
    0.noise (side, side), 0.loud (2 * width,)           constant noise, and what it is multiplied by in each channel
    0.attention.*                                       see attention.py
    0.excite.key.weight .bias, or 0.excite.waves        how a picture becomes one number a channel: the mean over places
                                                        weighted by attention, or the sum weighted by cosines
    0.excite.0.weight .bias  0.excite.1.weight .bias    of which the factors of the channels of layer 3 are made
    out.weight (colours, width, 3, 3), out.bias
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt
from torch import Tensor

from installation.core.errors import ModelError
from installation.networks.attention import Attention, attention_shapes
from installation.networks.fitting import architecture, fitting
from installation.networks.model_file import network_of
from installation.networks.stylegan2_ada import three
from installation.networks.stylegan2_pytorch import blurred, started

Shape = tuple[int, ...]
AHEAD = 3
"""How many layers after the one that is looked at its factors are used (arXiv 2101.04775: skip-layer excitation)."""
STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


class Layer(BaseModel):
    """``before`` and ``width`` are channels. ``excite``: how it makes factors for the layer AHEAD, by ``between``
    channels; ``attention``: the width inside of its attention, 0 for none."""

    model_config = STRICT
    before: PositiveInt
    width: PositiveInt
    excite: Literal["none", "attention", "cosines"]
    between: int = Field(ge=0, le=8192)
    attention: int = Field(ge=0, le=8192)


class Architecture(BaseModel):
    """What must be known to rebuild a network."""

    model_config = STRICT
    z_dim: PositiveInt = Field(le=8192)
    layers: list[Layer] = Field(min_length=1, max_length=10)
    colours: int = Field(ge=1, le=4)
    resolution: PositiveInt = Field(le=4096)


def read_architecture(options: Mapping[str, Any], name: object = "model") -> Architecture:
    """The architecture from a header. Raises ModelError with the first thing that is wrong."""
    arch = architecture(Architecture, options, name)
    widths = [arch.z_dim, *(layer.width for layer in arch.layers)]
    if [layer.before for layer in arch.layers] != widths[:-1] or arch.resolution != 4 * 2 ** len(arch.layers):
        raise ModelError(f"{name}: header: architecture: its layers and its resolution or z_dim do not fit each other.")
    if any(layer.excite != "none" for layer in arch.layers[max(0, len(arch.layers) - AHEAD) :]):
        raise ModelError(f"{name}: header: architecture.layers: the last {AHEAD} have no layer to excite.")
    return arch


def expected_shapes(arch: Architecture) -> dict[str, Shape]:
    """Name and shape of every tensor of the network."""
    z_dim, last = arch.z_dim, arch.layers[-1].width
    shapes: dict[str, Shape] = {"first.weight": (z_dim, 2 * z_dim, 4, 4), "first.bias": (2 * z_dim,)}
    for number, layer in enumerate(arch.layers):
        before, twice, side = layer.before, 2 * layer.width, 8 * 2**number
        shapes |= {f"{number}.up.weight": (4 * before, before, 1, 1), f"{number}.up.bias": (4 * before,)}
        shapes |= {f"{number}.weight": (twice, before, 4, 4), f"{number}.bias": (twice,)}
        shapes |= {f"{number}.noise": (side, side), f"{number}.loud": (twice,)}
        if layer.attention:
            shapes |= attention_shapes(f"{number}.attention", before, layer.attention, near=True)
        if layer.excite != "none":
            shapes |= exciting_shapes(f"{number}.excite", layer, arch.layers[number + AHEAD].width, side)
    return shapes | {"out.weight": (arch.colours, last, 3, 3), "out.bias": (arch.colours,)}


def exciting_shapes(name: str, layer: Layer, wide_out: int, side: int) -> dict[str, Shape]:
    pooled: dict[str, Shape] = {f"{name}.key.weight": (1, layer.width, 1, 1), f"{name}.key.bias": (1,)}
    if layer.excite == "cosines":
        pooled = {f"{name}.waves": (layer.width, side, side)}
    return pooled | {
        f"{name}.0.weight": (layer.between, layer.width, 1, 1),
        f"{name}.0.bias": (layer.between,),
        f"{name}.1.weight": (wide_out, layer.between, 1, 1),
        f"{name}.1.bias": (wide_out,),
    }


def build(
    header: Mapping[str, Any], tensors: Mapping[str, NDArray[np.float32]], device: str = "cpu", name: object = "model"
) -> Network:
    """The network of a model file named ``name``. Raises ModelError, with that name, if tensors do not fit."""
    arch = read_architecture(header["architecture"], name)
    return Network(arch, fitting(network_of(tensors), expected_shapes(arch), str(name)), device)


class Enlarging:
    """One layer: (n, before, side, side) -> (n, width, 2 * side, 2 * side)."""

    def __init__(self, tensors: Mapping[str, Tensor], name: str) -> None:
        self._up = tensors[f"{name}.up.weight"], tensors[f"{name}.up.bias"]
        self._weight = tensors[f"{name}.weight"].contiguous(memory_format=torch.channels_last)
        self._bias = tensors[f"{name}.bias"]
        self._noise = tensors[f"{name}.noise"] * tensors[f"{name}.loud"][:, None, None]
        self._attention = Attention(tensors, f"{name}.attention") if f"{name}.attention.query" in tensors else None

    def __call__(self, x: Tensor) -> Tensor:
        if self._attention is not None:
            x = x + self._attention(x)
        x = blurred(F.pixel_shuffle(F.silu(F.conv2d(x, *self._up)), 2))
        x = F.conv2d(F.pad(x, (2, 1, 2, 1)), self._weight, self._bias)
        return F.glu(x + self._noise, 1)


class Exciting:
    """The factors (n, channels, 1, 1), 0..1, of a later layer."""

    def __init__(self, tensors: Mapping[str, Tensor], name: str) -> None:
        self._waves = tensors.get(f"{name}.waves")
        self._key = None if self._waves is not None else (tensors[f"{name}.key.weight"], tensors[f"{name}.key.bias"])
        self._layers = [(tensors[f"{name}.{number}.weight"], tensors[f"{name}.{number}.bias"]) for number in (0, 1)]

    def __call__(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(F.conv2d(self._pooled(x), *self._layers[0]), 0.1)
        return F.conv2d(y, *self._layers[1]).sigmoid()

    def _pooled(self, x: Tensor) -> Tensor:
        if self._key is None:
            return (x * self._waves).sum((2, 3), keepdim=True)
        weight = F.conv2d(x, *self._key).flatten(2).softmax(2)
        return (x.flatten(2) @ weight.transpose(1, 2)).unsqueeze(3)


class Network:
    """A generator that only paints. ``latents`` are z, (n, z_dim)."""

    classes = 1

    def __init__(self, arch: Architecture, tensors: Mapping[str, Tensor], device: str = "cpu") -> None:
        self.arch, self.device = arch, device
        self.z_dim = self.w_dim = arch.z_dim
        self.resolution = arch.resolution
        placed = {name: tensor.to(device) for name, tensor in tensors.items()}
        self._first = placed["first.weight"], placed["first.bias"][:, None, None]
        self._layers = [Enlarging(placed, str(number)) for number in range(len(arch.layers))]
        exciting = [number for number, layer in enumerate(arch.layers) if layer.excite != "none"]
        self._exciting = {number: Exciting(placed, f"{number}.excite") for number in exciting}
        self._out = placed["out.weight"], placed["out.bias"]

    def mapping(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """z (n, z_dim), which is a latent already."""
        return np.array(z, np.float32)

    @torch.inference_mode()
    def synthesis(self, latents: NDArray[np.float32] | Tensor) -> Tensor:
        """-> pictures (n, 3, resolution, resolution), float32, about -1..1 (not clipped)."""
        z = latents if isinstance(latents, Tensor) else torch.from_numpy(latents)
        return self.pictures(z.to(self.device, torch.float32))

    def pictures(self, z: Tensor) -> Tensor:
        """``synthesis`` of a tensor on the network's device, differentiable."""
        x = F.normalize(F.glu(started(z, self._first[0]) + self._first[1], 1), dim=1)
        x = x.contiguous(memory_format=torch.channels_last)
        factors: dict[int, Tensor] = {}
        for number, layer in enumerate(self._layers):
            x = layer(x)
            if number in self._exciting:
                factors[number + AHEAD] = self._exciting[number](x)
            if number in factors:
                x = x * factors[number]
        return three(F.conv2d(x, *self._out, padding=1), self.arch.colours) * 2 - 1
