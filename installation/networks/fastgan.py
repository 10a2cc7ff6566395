"""The generator of FastGAN (arXiv 2101.04775), and its form in Projected GAN (arXiv 2111.01007), as it paints once it
is trained.

It has no mapping network: a latent is z itself, of a network with classes z and the embedding of the class. Spectral
normalisation and the statistics of batch normalisation are multiplied into the convolutions; its noise is constant.
Blocks are named by the size of what they paint: 8, 16 ... The tensors are:

    first.weight (z_dim, 2 * width, 4, 4), first.bias
    8.0.weight (2 * width, before, 3, 3), 8.0.bias      after an enlargement; 8.1.* is a second one, not in every block
    8.0.noise (8, 8), 8.0.loud (2 * width,)             constant noise, and what it is multiplied by in each channel
    8.0.gain.weight .bias  8.0.shift.weight .bias       of a network with classes: from the class's embedding
    64.excite.0.weight (width, before, 4, 4)            of which the channels' factors are made, from what the block of
    64.excite.1.weight (width, width, 1, 1)             a sixteenth of the size painted
    out.weight (colours, width, 3, 3), out.bias
    classes (classes, embedding)                        of a network with classes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt
from torch import Tensor

from installation.core.errors import ModelError
from installation.networks.fitting import architecture, fitting
from installation.networks.model_file import network_of
from installation.networks.style_mapping import normal
from installation.networks.stylegan2_ada import three
from installation.networks.stylegan2_pytorch import started

Shape = tuple[int, ...]
STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)
POOLED = 4
"""Pixels: to which a picture is reduced before factors are made of it."""


class Block(BaseModel):
    """``width`` are its channels; ``noisy`` its convolutions, one or two: whether noise is added behind them; whether
    another block's picture ``excites`` it."""

    model_config = STRICT
    width: PositiveInt
    noisy: list[bool] = Field(min_length=1, max_length=2)
    excites: bool


class Architecture(BaseModel):
    """What must be known to rebuild a network. ``first`` are the channels at 4 px; ``embedding`` numbers tell a class;
    ``normal``: z is brought to mean square 1; ``bounded``: pictures end in a tanh."""

    model_config = STRICT
    z_dim: PositiveInt = Field(le=8192)
    classes: int = Field(ge=0, le=1000)
    embedding: int = Field(ge=0, le=8192)
    first: PositiveInt
    blocks: list[Block] = Field(min_length=1, max_length=10)
    normal: bool
    bounded: bool
    colours: int = Field(ge=1, le=4)
    resolution: PositiveInt = Field(le=4096)

    def size(self, number: int) -> int:
        """Of what a block paints; they count from 0."""
        return 8 * 2**number


def read_architecture(options: Mapping[str, Any], name: object = "model") -> Architecture:
    """The architecture from a header. Raises ModelError with the first thing that is wrong."""
    arch = architecture(Architecture, options, name)
    if arch.resolution != arch.size(len(arch.blocks) - 1) or bool(arch.classes) != bool(arch.embedding):
        raise ModelError(f"{name}: header: architecture: its blocks and its resolution or classes do not fit.")
    if any(block.excites for block in arch.blocks[:3]):
        raise ModelError(f"{name}: header: architecture.blocks: the first three have no block that could excite them.")
    return arch


def expected_shapes(arch: Architecture) -> dict[str, Shape]:
    """Name and shape of every tensor of the network."""
    before = arch.first
    widths = [before, *(block.width for block in arch.blocks)]
    shapes: dict[str, Shape] = {"first.weight": (arch.z_dim, 2 * before, 4, 4), "first.bias": (2 * before,)}
    for number, block in enumerate(arch.blocks):
        size, width = arch.size(number), block.width
        for layer, noisy in enumerate(block.noisy):
            shapes |= layer_shapes(f"{size}.{layer}", before, width, arch.embedding, size if noisy else 0)
            before = width
        if block.excites:
            shapes[f"{size}.excite.0.weight"] = (width, widths[number - 3], POOLED, POOLED)
            shapes[f"{size}.excite.1.weight"] = (width, width, 1, 1)
    shapes |= {"out.weight": (arch.colours, before, 3, 3), "out.bias": (arch.colours,)}
    return shapes | ({"classes": (arch.classes, arch.embedding)} if arch.classes else {})


def layer_shapes(name: str, before: int, width: int, embedding: int, noise: int) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {f"{name}.weight": (2 * width, before, 3, 3), f"{name}.bias": (2 * width,)}
    if noise:
        shapes |= {f"{name}.noise": (noise, noise), f"{name}.loud": (2 * width,)}
    for part in ("gain", "shift") if embedding else ():
        shapes |= {f"{name}.{part}.weight": (2 * width, embedding), f"{name}.{part}.bias": (2 * width,)}
    return shapes


def build(
    header: Mapping[str, Any], tensors: Mapping[str, NDArray[np.float32]], device: str = "cpu", name: object = "model"
) -> Network:
    """The network of a model file named ``name``. Raises ModelError, with that name, if tensors do not fit."""
    arch = read_architecture(header["architecture"], name)
    return Network(arch, fitting(network_of(tensors), expected_shapes(arch), str(name)), device)


class Gated:
    """A convolution, its noise, what a class makes of it, and a gate: half of the channels says how much of the other
    half passes."""

    def __init__(self, tensors: Mapping[str, Tensor], name: str) -> None:
        self._weight = tensors[f"{name}.weight"].contiguous(memory_format=torch.channels_last)
        self._bias = tensors[f"{name}.bias"]
        noise, loud = tensors.get(f"{name}.noise"), tensors.get(f"{name}.loud")
        self._noise = None if noise is None or loud is None else noise * loud[:, None, None]
        known = f"{name}.gain.weight" in tensors
        self._class = [[tensors[f"{name}.{part}.{what}"] for what in ("bias", "weight")] for part in PARTS if known]

    def __call__(self, x: Tensor, embedding: Tensor) -> Tensor:
        x = F.conv2d(x, self._weight, self._bias, padding=1)
        if self._noise is not None:
            x = x + self._noise
        if self._class:
            gain, shift = (torch.addmm(bias, embedding, weight.t())[:, :, None, None] for bias, weight in self._class)
            x = x * gain + shift
        return F.glu(x, 1)


PARTS = ("gain", "shift")


class Exciting:
    """The factors (n, channels, 1, 1), 0..1, of a later block."""

    def __init__(self, tensors: Mapping[str, Tensor], name: str) -> None:
        self._layers = [tensors[f"{name}.{number}.weight"] for number in (0, 1)]

    def __call__(self, x: Tensor) -> Tensor:
        y = F.silu(F.conv2d(F.avg_pool2d(x, x.shape[2] // POOLED), self._layers[0]))
        return F.conv2d(y, self._layers[1]).sigmoid()


class Network:
    """A generator that only paints. ``latents`` are z, (n, z_dim); of a network with classes, for each z and its
    embedding, (n, classes * (z_dim + embedding)), of which the first class is painted."""

    def __init__(self, arch: Architecture, tensors: Mapping[str, Tensor], device: str = "cpu") -> None:
        self.arch, self.device = arch, device
        self.z_dim, self.w_dim = arch.z_dim, arch.z_dim + arch.embedding
        self.classes, self.resolution = max(1, arch.classes), arch.resolution
        self._embeddings = tensors["classes"].numpy() if arch.classes else np.zeros((1, 0), np.float32)
        placed = {name: tensor.to(device) for name, tensor in tensors.items()}
        self._first = placed["first.weight"], placed["first.bias"][:, None, None]
        sizes = [arch.size(number) for number in range(len(arch.blocks))]
        self._blocks = [
            [Gated(placed, f"{size}.{layer}") for layer in range(len(block.noisy))]
            for size, block in zip(sizes, arch.blocks, strict=True)
        ]
        exciting = [number for number, block in enumerate(arch.blocks) if block.excites]
        self._exciting = {number: Exciting(placed, f"{sizes[number]}.excite") for number in exciting}
        self._out = placed["out.weight"], placed["out.bias"]

    def mapping(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """z (n, z_dim) -> latents."""
        z = np.asarray(z, np.float32)
        rows = [np.broadcast_to(one, (len(z), len(one))) for one in self._embeddings]
        return np.concatenate([part for row in rows for part in (z, row)], 1)

    @torch.inference_mode()
    def synthesis(self, latents: NDArray[np.float32] | Tensor) -> Tensor:
        """-> pictures (n, 3, resolution, resolution), float32, about -1..1 (not clipped)."""
        latent = latents if isinstance(latents, Tensor) else torch.from_numpy(latents)
        return self.pictures(latent.to(self.device, torch.float32))

    def pictures(self, latents: Tensor) -> Tensor:
        """``synthesis`` of a tensor on the network's device, differentiable."""
        z, embedding = latents[:, : self.w_dim].split([self.z_dim, self.arch.embedding], 1)
        z = normal(z) if self.arch.normal else z
        x = F.glu(started(z, self._first[0]) + self._first[1], 1)
        painted = [x.contiguous(memory_format=torch.channels_last)]
        for number, layers in enumerate(self._blocks):
            x = F.interpolate(painted[-1], scale_factor=2, mode="nearest")
            for layer in layers:
                x = layer(x, embedding)
            if number in self._exciting:
                x = x * self._exciting[number](painted[number - 3])
            painted.append(x)
        picture = F.conv2d(painted[-1], *self._out, padding=1)
        return three(picture.tanh() if self.arch.bounded else picture, self.arch.colours)
