"""StyleGAN3, configurations T and R, as NVIDIA's stylegan3 paints it (arXiv 2106.12423), in float32 on every layer.

A picture begins as waves in the plane, turned and moved by the style; each layer is a steered convolution and a leaky
ReLU at a higher sampling rate, between filters that keep it free of aliases. The tensors of a model file are, with
every constant factor multiplied in:

    input.freqs (channels, 2), input.phases (channels,), input.transform (3, 3), input.weight (channels, channels),
    input.affine.weight (4, w_dim), input.affine.bias (4,)
    0.weight .bias .style.weight .style.bias   of each layer; the last one gives the colours
    0.gain (1,)                                what its input is multiplied by
    0.up, 0.down (k,) or (k, k)                its filters, where it has any
    mapping.0.weight .bias, classes            see style_mapping.py
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt
from torch import Tensor

from installation.core.errors import ModelError
from installation.networks import winograd
from installation.networks.fitting import architecture, fitting
from installation.networks.in_place import clamped, multiplied
from installation.networks.model_file import network_of
from installation.networks.resampling import Resampling, prepared
from installation.networks.style_mapping import SQRT2, StyleMapping, mapping_shapes
from installation.networks.stylegan2_ada import three
from installation.networks.styles import Affines, Layered, Share, lerped, one_each, over

Shape = tuple[int, ...]
LONGEST_SIDE, LONGEST_INSIDE = 4096, 16384
"""Of a picture, and of what a layer makes on its way to it, in pixels."""
STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


class LayerOptions(BaseModel):
    """``pad`` is left, right, top, bottom after enlarging ``up`` times; the filters' sizes are empty without one."""

    model_config = STRICT
    width_in: PositiveInt = Field(le=8192)
    width_out: PositiveInt = Field(le=8192)
    kernel: int = Field(ge=1, le=7)
    up: int = Field(ge=1, le=16)
    down: int = Field(ge=1, le=16)
    up_taps: list[PositiveInt] = Field(max_length=2)
    down_taps: list[PositiveInt] = Field(max_length=2)
    pad: list[int] = Field(min_length=4, max_length=4)
    clamp: float | None = Field(gt=0)
    colours: bool
    """Whether it gives the colours: without demodulation and without an activation."""


class Waves(BaseModel):
    """The input: its width and height in samples, samples per unit of the plane, and the highest frequency that passes
    whole."""

    model_config = STRICT
    size: list[PositiveInt] = Field(min_length=2, max_length=2)
    rate: PositiveFloat = Field(allow_inf_nan=False)
    bandwidth: PositiveFloat


class Architecture(BaseModel):
    """What must be known to rebuild a network. ``widths``: what goes into the mapping and what each of its layers
    gives; ``size`` is the height and width of the pictures."""

    model_config = STRICT
    z_dim: int = Field(ge=0, le=8192)
    w_dim: PositiveInt = Field(le=8192)
    classes: int = Field(ge=0, le=1000)
    widths: list[PositiveInt] = Field(min_length=2, max_length=33)
    input: Waves
    layers: list[LayerOptions] = Field(min_length=1, max_length=64)
    scale: float
    size: list[PositiveInt] = Field(min_length=2, max_length=2)
    resolution: PositiveInt = Field(le=LONGEST_SIDE)


def read_architecture(options: Mapping[str, Any], name: object = "model") -> Architecture:
    """The architecture from a header. Raises ModelError with the first thing that is wrong."""
    arch = architecture(Architecture, options, name)
    if painted_size(arch) != tuple(arch.size) or max(arch.size) != arch.resolution or arch.widths[-1] != arch.w_dim:
        raise ModelError(f"{name}: header: architecture: its layers and its size or w_dim do not fit each other.")
    return arch


def painted_size(arch: Architecture) -> tuple[int, int]:
    """Height and width of what its layers paint; 0 and 0 where a layer makes more than LONGEST_INSIDE, or nothing."""
    *before, whole = inside(arch)
    for (height, width), layer in zip(before, arch.layers, strict=True):
        if not 0 < min(width, height) <= max(width, height) * layer.up <= LONGEST_INSIDE:
            return 0, 0
    return whole


def inside(arch: Architecture) -> list[tuple[int, int]]:
    """Height and width of what goes into each layer, and of what comes out of the last."""
    width, height = arch.input.size
    sizes = [(height, width)]
    for layer in arch.layers:
        width = resized(width, layer, layer.pad[0] + layer.pad[1], axis=-1)
        height = resized(height, layer, layer.pad[2] + layer.pad[3], axis=0)
        sizes.append((height, width))
    return sizes


def resized(size: int, layer: LayerOptions, pad: int, axis: int) -> int:
    """What a layer makes of a length: the convolution lets it grow, filters shorten it."""
    lost = sum(taps[axis] - 1 for taps in (layer.up_taps, layer.down_taps) if taps)
    return -(-((size + layer.kernel - 1) * layer.up + pad - lost) // layer.down)


def expected_shapes(arch: Architecture) -> dict[str, Shape]:
    """Name and shape of every tensor of the network."""
    channels = arch.layers[0].width_in
    shapes: dict[str, Shape] = {
        "input.freqs": (channels, 2),
        "input.phases": (channels,),
        "input.transform": (3, 3),
        "input.weight": (channels, channels),
        "input.affine.weight": (4, arch.w_dim),
        "input.affine.bias": (4,),
    }
    shapes |= mapping_shapes(arch.z_dim, arch.widths, arch.classes)
    for number, layer in enumerate(arch.layers):
        kernel = (layer.kernel, layer.kernel)
        shapes |= {f"{number}.weight": (layer.width_out, layer.width_in, *kernel), f"{number}.bias": (layer.width_out,)}
        shapes |= {f"{number}.style.weight": (layer.width_in, arch.w_dim), f"{number}.style.bias": (layer.width_in,)}
        shapes[f"{number}.gain"] = (1,)
        filters = {"up": tuple(layer.up_taps), "down": tuple(layer.down_taps)}
        shapes |= {f"{number}.{name}": taps for name, taps in filters.items() if taps}
    return shapes


def build(
    header: Mapping[str, Any], tensors: Mapping[str, NDArray[np.float32]], device: str = "cpu", name: object = "model"
) -> Network:
    """The network of a model file named ``name``. Raises ModelError, with that name, if tensors do not fit."""
    arch = read_architecture(header["architecture"], name)
    return Network(arch, fitting(network_of(tensors), expected_shapes(arch), str(name)), device)


class Input:
    """The waves in the plane (n, channels, height, width), turned and moved as a style says."""

    def __init__(self, waves: Waves, tensors: Mapping[str, Tensor]) -> None:
        self.waves = waves
        self.freqs, self.phases = tensors["input.freqs"], tensors["input.phases"]
        self.transform = tensors["input.transform"]
        self.affine = tensors["input.affine.weight"], tensors["input.affine.bias"]
        self.weight = tensors["input.weight"].t().contiguous()
        self.grid = grid(waves).to(self.freqs.device)

    def __call__(self, w: Tensor) -> Tensor:
        freqs, phases = self.steered(w)
        reach = self.waves.rate / 2 - self.waves.bandwidth
        strength = (1 - (freqs.norm(dim=2) - self.waves.bandwidth) / reach).clamp_(0, 1)
        x = torch.matmul(self.grid, freqs.transpose(1, 2)) + phases[:, None]
        x = x.mul_(2 * math.pi).sin_().mul_(strength[:, None])
        x = torch.matmul(x, self.weight)
        width, height = self.waves.size
        return x.transpose(1, 2).unflatten(2, (height, width))

    def moved(self, transform: Tensor) -> Input:
        """The waves of a picture of which each place shows what was at ``transform`` (3, 3) of it."""
        made = copy.copy(self)
        made.transform = torch.matmul(self.transform, transform.to(self.transform))
        return made

    def tiled(self, across: int, down: int) -> Input:
        """A plane so many times as wide and high as that of a picture, with margins as wide as before."""
        made, rate = copy.copy(self), round(self.waves.rate)
        size = [self.waves.size[0] + (across - 1) * rate, self.waves.size[1] + (down - 1) * rate]
        made.waves = self.waves.model_copy(update={"size": size})
        made.grid = grid(made.waves).to(self.grid)
        return made

    def between(self, other: Input, share: float) -> Input:
        made = copy.copy(self)
        for name in ("freqs", "phases", "transform", "weight"):
            setattr(made, name, lerped(getattr(self, name), getattr(other, name), share))
        made.affine = lerped(self.affine[0], other.affine[0], share), lerped(self.affine[1], other.affine[1], share)
        return made

    def steered(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """Frequencies (n, channels, 2) and phases (n, channels) after turning, then moving, then the file's own
        transform."""
        transform = torch.addmm(self.affine[1], w, self.affine[0].t())
        transform = transform / transform[:, :2].norm(dim=1, keepdim=True)
        cos, sin, right, down = transform.unbind(1)
        one, none = torch.ones_like(cos), torch.zeros_like(cos)
        rotation = torch.stack([cos, -sin, none, sin, cos, none, none, none, one], 1).unflatten(1, (3, 3))
        movement = torch.stack([one, none, -right, none, one, -down, none, none, one], 1).unflatten(1, (3, 3))
        whole = torch.matmul(torch.matmul(rotation, movement), self.transform)
        phases = self.phases + torch.matmul(self.freqs, whole[:, :2, 2:]).squeeze(2)
        return torch.matmul(self.freqs, whole[:, :2, :2]), phases


def grid(waves: Waves) -> Tensor:
    """(height * width, 2): where the samples are in the plane, x and y, the middle of the picture at 0."""
    width, height = waves.size
    x = (torch.arange(width) * 2 + 1 - width) / (2 * waves.rate)
    y = (torch.arange(height) * 2 + 1 - height) / (2 * waves.rate)
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)], 2).flatten(0, 1)


class Steered:
    """One layer."""

    def __init__(self, layer: LayerOptions, tensors: Mapping[str, Tensor], number: int, size: tuple[int, int]) -> None:
        """``size`` is the height and width of what comes in."""
        self.layer = layer
        weight = tensors[f"{number}.weight"]
        if not layer.colours:
            weight = weight * weight.square().mean((1, 2, 3), keepdim=True).rsqrt()
        self.weight = weight.contiguous(memory_format=torch.channels_last)
        height, width = (side + layer.kernel - 1 for side in size)
        self.quick = winograd.transformed(weight) if winograd.pays(weight, height, width) else None
        self.squares = self.squared()
        self.bias, self.gain = tensors[f"{number}.bias"][None, :, None, None], float(tensors[f"{number}.gain"])
        up, down = tensors.get(f"{number}.up"), tensors.get(f"{number}.down")
        self.up = None if up is None else prepared(up, float(layer.up**2))
        self.down = None if down is None else prepared(down)
        self.slope, self.loud = (1.0, 1.0) if layer.colours else (0.2, SQRT2)

    def squared(self) -> Tensor:
        return self.weight.contiguous().square().sum((2, 3)).t().contiguous()

    def __call__(self, x: Tensor, style: Tensor) -> Tensor:
        x = self.convolved(x, style).add_(self.bias)
        layer = self.layer
        return Resampling(self.up, layer.up, layer.pad, self.down, layer.down).around(self.activated, x)

    def activated(self, x: Tensor) -> Tensor:
        if self.slope != 1.0:
            x = multiplied(F.leaky_relu_(x, self.slope), self.loud)
        return clamped(x, self.layer.clamp)

    def convolved(self, x: Tensor, style: Tensor) -> Tensor:
        padding = self.layer.kernel - 1
        if self.layer.colours:
            return F.conv2d(x * over(style * self.gain, x), self.weight, padding=padding)
        style = style * style.square().mean(1, keepdim=True).rsqrt()
        demodulation = torch.mm(style * style, self.squares).add_(1e-8).rsqrt_() * self.gain
        if self.quick is not None and one_each(style, x) and winograd.usable(x):
            return winograd.convolved(x, over(style, x), self.quick, over(demodulation, x), padding)
        x = F.conv2d(x * over(style, x), self.weight, padding=padding)
        return x.mul_(over(demodulation, x))


class Network(Layered):
    """A generator that only paints. ``latents`` are styles, (n, w_dim); of a network with classes (n, classes * w_dim),
    of which the first class is painted."""

    def __init__(self, arch: Architecture, tensors: Mapping[str, Tensor], device: str = "cpu") -> None:
        self.arch, self.device = arch, device
        self.z_dim, self.w_dim = arch.z_dim, arch.w_dim
        self.classes, self.resolution = max(1, arch.classes), arch.resolution
        self.mapping = StyleMapping(tensors, len(arch.widths) - 1)
        placed = {name: tensor.to(device) for name, tensor in tensors.items() if not name.startswith("mapping.")}
        self.input = Input(arch.input, placed)
        sizes = inside(arch)
        self.layers = {
            str(number): Steered(layer, placed, number, sizes[number]) for number, layer in enumerate(arch.layers)
        }
        self.affines = Affines(placed, tuple(self.layers), device)

    @torch.inference_mode()
    def synthesis(self, latents: NDArray[np.float32] | Tensor) -> Tensor:
        """-> pictures (n, 3, height, width), float32, about -1..1 (not clipped). ``latents`` may be (n, layers, w_dim),
        with one for each of ``affines.names``; the first is the input's, too."""
        w = latents if isinstance(latents, Tensor) else torch.from_numpy(latents)
        return self.pictures(w.to(self.device, torch.float32))

    def pictures(self, latents: Tensor) -> Tensor:
        """``synthesis`` of a tensor on the network's device, differentiable."""
        w = latents[..., : self.w_dim]
        x = self.input(self.whole(w if w.ndim == 2 else w[:, 0]))
        for layer, style in zip(self.layers.values(), self.affines(w), strict=True):
            x = layer(x, style)
        return three(x * self.arch.scale, self.arch.layers[-1].width_out)

    def whole(self, w: Tensor) -> Tensor:
        """The styles that turn and move whole pictures: of those beside one another the mean."""
        return w if self.across == 1 else w.unflatten(0, (-1, self.across)).mean(1)

    def tiled(self, across: int, down: int) -> Network:
        """The network whose waves go on for so many widths and heights of its picture, the middle in the middle."""
        made = copy.copy(self)
        made.input, made.across = self.input.tiled(across, down), across
        return made

    def between(self, other: Network, share: Share) -> Network:
        """The weights are those that are normalised for each output, as the demodulation undoes any other scale."""
        made = super().between(other, share)
        made.input = self.input.between(other.input, share("0"))
        return made
