"""A small network that paints what a larger one does at the same latents: mobile blocks, for a processor without help.

A 3x3 convolution of each map on its own, then a 1x1 convolution across the maps (MobileNets, arXiv 1704.04861), beside
a way past both: at equal widths an eighth of the work of a full 3x3 convolution. The latent scales and shifts what each
1x1 convolution gives. Widths halve where sizes double, so that every layer costs alike; the largest size is half of the
picture's, whose pixels are shuffled out of it (arXiv 1609.05158).

    centre (latent,), reach (1,)         what a latent is moved and divided by
    trunk.0 .1 .weight .bias             what is told of a latent: (told,)
    start.weight .bias                   told -> the maps at 4 px
    steer.weight .bias                   told -> scale and shift of every layer, one after another
    block.8.enter.weight                 1x1, before the maps are doubled
    block.8.layer.0.each.weight  .across.weight
    block.8.rgb.weight .bias             what the size adds to the picture
    out.each.weight  out.across.weight .bias              what the finest pixels are shuffled out of
    mapping.0.weight .bias, classes      of what it was taught by, where that has them (see style_mapping.py)

Its seeds, and so its latents, are those of the network that it was taught by. Pictures are (n, 3, side, side), sRGB,
-1..1.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt
from torch import Tensor, nn

from installation.core.errors import ModelError
from installation.networks.fitting import architecture, fitting
from installation.networks.model_file import Shapes, group_of, network_of
from installation.networks.style_mapping import StyleMapping, mapping_shapes
from installation.networks.tone import enlarged

SMALLEST = 4
SLOPE = 0.2
TOLD = 256
"""Numbers that steer the layers."""
FINEST = 2
"""Each way, the pixels shuffled out of one place."""


class Architecture(BaseModel):
    """What must be known to rebuild a network. ``channels`` are the maps at 4, 8, 16 ... px, half the picture's side at
    last, ``layers`` the blocks at each size. ``widths`` are those of the mapping network, empty where a latent is z
    itself, or z spread (``spread``) as the model file's facts of the latent space say."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    resolution: PositiveInt = Field(le=4096)
    z_dim: PositiveInt = Field(le=8192)
    latent: PositiveInt = Field(le=8192)
    channels: list[PositiveInt] = Field(min_length=1, max_length=11)
    layers: int = Field(ge=1, le=8)
    classes: int = Field(0, ge=0, le=1000)
    widths: list[PositiveInt] = Field([], max_length=33)
    spread: bool = False

    @property
    def sizes(self) -> list[int]:
        return [SMALLEST * 2**number for number in range(len(self.channels))]


def read_architecture(options: Mapping[str, Any], name: object = "model") -> Architecture:
    """The architecture from a header. Raises ModelError with the first thing that is wrong."""
    arch = architecture(Architecture, options, name)
    if arch.resolution != FINEST * arch.sizes[-1]:
        raise ModelError(f"{name}: header: architecture: its channels do not reach {arch.resolution} px.")
    if (arch.classes and not arch.widths) or (arch.widths and arch.spread):
        raise ModelError(f"{name}: header: architecture: its mapping, classes and spread do not fit together.")
    return arch


def build(
    header: Mapping[str, Any], tensors: Mapping[str, NDArray[np.float32]], device: str = "cpu", name: object = "model"
) -> Network:
    """The network of a model file named ``name``. Raises ModelError, with that name, if tensors do not fit."""
    arch = read_architecture(header["architecture"], name)
    fitted = fitting(network_of(tensors), expected_shapes(arch), str(name))
    return Network(arch, fitted, group_of(tensors, "latent"), device)


def expected_shapes(arch: Architecture) -> Shapes:
    """Name and shape of every tensor of the network."""
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in Painter(arch).state_dict().items()}
    return shapes | (mapping_shapes(arch.z_dim, arch.widths, arch.classes) if arch.widths else {})


class Each(nn.Module):
    """A 3x3 convolution of each map on its own."""

    narrow: torch.dtype | None = None
    """The type in which it is computed where that is not its input's (see training/loop/precision.py)."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.wide = wide
        self.weight = nn.Parameter(torch.randn(wide, 1, 3, 3) / 3)

    def forward(self, x: Tensor) -> Tensor:
        if self.narrow is None or x.dtype == self.narrow:
            return F.conv2d(x, self.weight, padding=1, groups=self.wide)
        with torch.autocast(x.device.type, enabled=False):
            return F.conv2d(x.to(self.narrow), self.weight, padding=1, groups=self.wide).to(x.dtype)


class Across(nn.Module):
    """A 1x1 convolution across the maps."""

    def __init__(self, wide: int, wide_out: int, gain: float = 1.0, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(wide_out, wide, 1, 1) * (gain / wide**0.5))
        self.bias = nn.Parameter(torch.zeros(wide_out)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, self.bias)


class Layer(nn.Module):
    """Features (n, c, h, w), the scale and shift (n, c) of each map -> features of the same form."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.each, self.across = Each(wide), Across(wide, wide)

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        y = self.each(x)
        if torch.is_grad_enabled() or torch.jit.is_tracing() or len(x) > 1:
            y = self.across(y)
            y = y * scale[:, :, None, None].to(y.dtype) + shift[:, :, None, None].to(y.dtype)
            return x + F.leaky_relu(y, SLOPE)
        # Of one picture the scale belongs to the few weights rather than to the many features.
        y = F.conv2d(y, self.across.weight * scale[0][:, None, None, None], shift[0])
        return F.leaky_relu_(y, SLOPE).add_(x)


class Block(nn.Module):
    """One size: twice the one before, then its layers. ``before`` is None at the smallest."""

    def __init__(self, before: int | None, wide: int, layers: int) -> None:
        super().__init__()
        self.enter = None if before is None else Across(before, wide)
        self.layer = nn.ModuleList(Layer(wide) for _ in range(layers))
        self.rgb = Across(wide, 3, 0.1, bias=True)

    def forward(self, x: Tensor, steer: Tensor) -> Tensor:
        if self.enter is not None:
            x = F.interpolate(self.enter(x), scale_factor=2, mode="nearest")
        parts = steer.chunk(2 * len(self.layer), 1)
        for layer, scale, shift in zip(self.layer, parts[::2], parts[1::2], strict=True):
            x = layer(x, scale, shift)
        return x


class Finest(nn.Module):
    """Features (n, c, h, w) -> what is added to the picture, (n, 3, 2h, 2w)."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.each, self.across = Each(wide), Across(wide, 3 * FINEST**2, 0.1, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.across(self.each(x)).float(), FINEST)


class Painter(nn.Module):
    """Latents (n, latent) -> pictures, differentiable."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        self.arch = arch
        self.register_buffer("centre", torch.zeros(arch.latent))
        self.register_buffer("reach", torch.ones(1))
        self.trunk = nn.ModuleList([nn.Linear(arch.latent, TOLD), nn.Linear(TOLD, TOLD)])
        self.start = nn.Linear(TOLD, arch.channels[0] * SMALLEST**2)
        self.split = [2 * arch.layers * wide for wide in arch.channels]
        self.steer = nn.Linear(TOLD, sum(self.split))
        wide = zip(arch.sizes, pairwise([None, *arch.channels]), strict=True)
        self.block = nn.ModuleDict({str(size): Block(a, b or 0, arch.layers) for size, (a, b) in wide})
        self.out = Finest(arch.channels[-1])
        rest = [n for c in arch.channels for _ in range(arch.layers) for n in (0.5, 0.0) for _ in range(c)]
        if self.steer.bias.device.type != "meta":
            self.steer.bias.data.copy_(torch.tensor(rest))

    def forward(self, latents: Tensor) -> Tensor:
        told = (latents - self.centre) / self.reach
        for linear in self.trunk:
            told = F.leaky_relu(linear(told), SLOPE)
        x = self.start(told).unflatten(1, (-1, SMALLEST, SMALLEST)).contiguous(memory_format=torch.channels_last)
        picture: Tensor | None = None
        for block, steer in zip(self.block.values(), self.steer(told).float().split(self.split, 1), strict=True):
            x = block(x, steer)
            new = block.rgb(x).float()  # sums of sizes stay exact where convolutions are not
            picture = new if picture is None else enlarged(picture) + new
        assert picture is not None
        return enlarged(picture) + self.out(x)


class Network:
    """A network that only paints. ``facts`` are the model file's of its latent space.

    ``mapping`` runs on the CPU in float32, so that a seed gives the same latent on every device."""

    def __init__(
        self,
        arch: Architecture,
        tensors: Mapping[str, Tensor],
        facts: Mapping[str, NDArray[np.float32]],
        device: str = "cpu",
    ) -> None:
        self.arch, self.device, self.resolution = arch, device, arch.resolution
        self.z_dim, self.classes = arch.z_dim, max(1, arch.classes)
        self._styles = StyleMapping(tensors, len(arch.widths) - 1) if arch.widths else None
        self._facts = facts
        self._painter = Painter(arch).requires_grad_(False)
        self._painter.load_state_dict({name: tensors[name] for name in self._painter.state_dict()})
        self._painter.to(device, memory_format=torch.channels_last)

    def mapping(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """z (n, z_dim) standard normal -> latents (n, classes * latent)."""
        z = np.array(z, np.float32)
        if self._styles is not None:
            return self._styles(z)
        if not self.arch.spread:
            return z
        axes = self._facts["basis"] * self._facts["std"][:, None]
        return (self._facts["mean"] + z @ axes).astype(np.float32, copy=False)

    @torch.inference_mode()
    def synthesis(self, latents: NDArray[np.float32] | Tensor) -> Tensor:
        """Latents (n, latent) -> pictures (n, 3, resolution, resolution), float32, about -1..1 (not clipped)."""
        latent = latents if isinstance(latents, Tensor) else torch.from_numpy(latents)
        painted: Tensor = self._painter(latent.to(self.device, torch.float32))
        return painted

    def pictures(self, latents: Tensor) -> Tensor:
        """``synthesis`` of a tensor on the network's device, differentiable."""
        painted: Tensor = self._painter(latents)
        return painted
