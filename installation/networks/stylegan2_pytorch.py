"""StyleGAN2 as lucidrains' stylegan2-pytorch paints it.

What differs from NVIDIA's: the picture is enlarged between its neighbours (bilinear) before a convolution, a picture of
colours is also blurred, the first block begins with a plain convolution, one picture of noise serves every layer, and
activations are not made louder. Of each block the tensors are, from 0 on:

    const (1, channels, 4, 4), or first (w_dim, channels, 4, 4) where the style makes the start
    initial.weight .bias                                the plain convolution
    0.conv1.weight .style.weight .style.bias .bias      as is .conv2; the style's bias has the program's 1 in it
    0.conv1.noise (channels,)                           what the noise is multiplied by
    0.rgb.weight .style.weight .style.bias
    0.attention.*  0.after.*                            where there is attention (attention.py), and what follows it
    noise (resolution, resolution)                      constant, uniform in 0..1
    mapping.0.weight .bias                              see style_mapping.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt
from torch import Tensor

from installation.core.errors import ModelError
from installation.networks.attention import Attention, attention_shapes, channel_norm
from installation.networks.fitting import architecture, fitting
from installation.networks.model_file import network_of
from installation.networks.style_mapping import StyleMapping, mapping_shapes
from installation.networks.stylegan2_ada import three

Shape = tuple[int, ...]


class Architecture(BaseModel):
    """What must be known to rebuild a network. ``channels`` counts the feature maps of the blocks at 4, 8, 16 ... px,
    ``attention`` the width inside of each block's attention, 0 for none; ``steered``: the style makes the start."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    z_dim: PositiveInt = Field(le=8192)
    w_dim: PositiveInt = Field(le=8192)
    widths: list[PositiveInt] = Field(min_length=2, max_length=33)
    first: PositiveInt
    channels: list[PositiveInt] = Field(min_length=1, max_length=11)
    attention: list[int] = Field(min_length=1, max_length=11)
    colours: int = Field(ge=3, le=4)
    steered: bool
    resolution: PositiveInt = Field(le=4096)

    def blocks(self) -> Iterator[tuple[int, int, int]]:
        """Number, width in and width out of each block."""
        before = self.first
        for number, width in enumerate(self.channels):
            yield number, before, width
            before = width


def read_architecture(options: Mapping[str, Any], name: object = "model") -> Architecture:
    """The architecture from a header. Raises ModelError with the first thing that is wrong."""
    arch = architecture(Architecture, options, name)
    sizes = arch.resolution == 4 * 2 ** (len(arch.channels) - 1) and len(arch.attention) == len(arch.channels)
    if not sizes or arch.widths[-1] != arch.w_dim or arch.widths[0] != arch.z_dim:
        raise ModelError(f"{name}: header: architecture: its blocks and its resolution or w_dim do not fit each other.")
    return arch


def expected_shapes(arch: Architecture) -> dict[str, Shape]:
    """Name and shape of every tensor of the network."""
    first = arch.first
    shapes: dict[str, Shape] = {"initial.weight": (first, first, 3, 3), "initial.bias": (first,)}
    shapes |= {"first": (arch.w_dim, first, 4, 4)} if arch.steered else {"const": (1, first, 4, 4)}
    shapes |= {"noise": (arch.resolution, arch.resolution)}
    shapes |= mapping_shapes(arch.z_dim, arch.widths, 0)
    for number, before, width in arch.blocks():
        for name, wide_in in (("conv1", before), ("conv2", width)):
            shapes |= steered_shapes(f"{number}.{name}", wide_in, width, arch.w_dim, 3)
            shapes |= {f"{number}.{name}.noise": (width,), f"{number}.{name}.bias": (width,)}
        shapes |= steered_shapes(f"{number}.rgb", width, arch.colours, arch.w_dim, 1)
        if arch.attention[number]:
            shapes |= attention_shapes(f"{number}.attention", before, arch.attention[number], near=False)
            shapes |= after_shapes(f"{number}.after", before)
    return shapes


def steered_shapes(name: str, wide_in: int, wide_out: int, w_dim: int, kernel: int) -> dict[str, Shape]:
    return {
        f"{name}.weight": (wide_out, wide_in, kernel, kernel),
        f"{name}.style.weight": (wide_in, w_dim),
        f"{name}.style.bias": (wide_in,),
    }


def after_shapes(name: str, width: int) -> dict[str, Shape]:
    """Of the two layers behind an attention."""
    return {
        f"{name}.norm.gain": (1, width, 1, 1),
        f"{name}.norm.bias": (1, width, 1, 1),
        f"{name}.0.weight": (2 * width, width, 1, 1),
        f"{name}.0.bias": (2 * width,),
        f"{name}.1.weight": (width, 2 * width, 1, 1),
        f"{name}.1.bias": (width,),
    }


def build(
    header: Mapping[str, Any], tensors: Mapping[str, NDArray[np.float32]], device: str = "cpu", name: object = "model"
) -> Network:
    """The network of a model file named ``name``. Raises ModelError, with that name, if tensors do not fit."""
    arch = read_architecture(header["architecture"], name)
    return Network(arch, fitting(network_of(tensors), expected_shapes(arch), str(name)), device)


class StyledConv:
    """A 3x3 convolution steered by a style, with its noise and activation."""

    def __init__(self, tensors: Mapping[str, Tensor], name: str, noise: Tensor) -> None:
        self.weight = tensors[f"{name}.weight"].contiguous(memory_format=torch.channels_last)
        self.squares = self.weight.square().sum((2, 3)).t().contiguous()
        self.bias = tensors[f"{name}.bias"][None, :, None, None]
        self.loud = tensors[f"{name}.noise"][None, :, None, None]
        self.noise = noise

    def __call__(self, x: Tensor, style: Tensor) -> Tensor:
        demodulation = torch.mm(style * style, self.squares).add_(1e-8).rsqrt_()
        x = F.conv2d(x * style[:, :, None, None], self.weight, padding=1)
        x = x.mul_(demodulation[:, :, None, None]).add_(self.bias)
        noise = self.noise[: x.shape[2], : x.shape[3]]
        return F.leaky_relu_(x.add_(self.loud * noise), 0.2)


class After:
    """What follows an attention: two 1x1 convolutions."""

    def __init__(self, tensors: Mapping[str, Tensor], name: str) -> None:
        self._norm = tensors[f"{name}.norm.gain"], tensors[f"{name}.norm.bias"]
        self._layers = [(tensors[f"{name}.{number}.weight"], tensors[f"{name}.{number}.bias"]) for number in (0, 1)]

    def __call__(self, x: Tensor) -> Tensor:
        y = F.leaky_relu_(F.conv2d(channel_norm(x, *self._norm), *self._layers[0]), 0.2)
        return F.conv2d(y, *self._layers[1])


class Network:
    """A generator that only paints. ``latents`` are styles, (n, w_dim)."""

    classes = 1

    def __init__(self, arch: Architecture, tensors: Mapping[str, Tensor], device: str = "cpu") -> None:
        self.arch, self.device = arch, device
        self.z_dim, self.w_dim, self.resolution = arch.z_dim, arch.w_dim, arch.resolution
        self.mapping = StyleMapping(tensors, len(arch.widths) - 1)
        placed = {name: tensor.to(device) for name, tensor in tensors.items() if not name.startswith("mapping.")}
        self._start = placed["first" if arch.steered else "const"]
        self._initial = placed["initial.weight"], placed["initial.bias"]
        if not arch.steered:
            self._start = F.conv2d(self._start, *self._initial, padding=1)
        numbers = range(len(arch.channels))
        names = [f"{number}.{part}" for number in numbers for part in ("conv1", "conv2", "rgb")]
        self._affine = torch.cat([placed[f"{name}.style.weight"] for name in names])
        self._affine_bias = torch.cat([placed[f"{name}.style.bias"] for name in names])
        self._widths = [len(placed[f"{name}.style.bias"]) for name in names]
        self._convs = {name: StyledConv(placed, name, placed["noise"]) for name in names if "conv" in name}
        self._rgb = {number: placed[f"{number}.rgb.weight"][:, :, 0, 0].t() for number in numbers}
        some = [number for number in numbers if arch.attention[number]]
        self._attention = {
            number: (Attention(placed, f"{number}.attention"), After(placed, f"{number}.after")) for number in some
        }

    @torch.inference_mode()
    def synthesis(self, latents: NDArray[np.float32] | Tensor) -> Tensor:
        """-> pictures (n, 3, resolution, resolution), float32, about -1..1 (not clipped)."""
        w = latents if isinstance(latents, Tensor) else torch.from_numpy(latents)
        return self.pictures(w.to(self.device, torch.float32))

    def pictures(self, w: Tensor) -> Tensor:
        """``synthesis`` of a tensor on the network's device, differentiable."""
        styles = iter(torch.addmm(self._affine_bias, w, self._affine.t()).split(self._widths, 1))
        x = self._begun(w).contiguous(memory_format=torch.channels_last)
        picture: Tensor | None = None
        for number in range(len(self.arch.channels)):
            x = self._attended(x, number)
            x = enlarged(x) if number else x
            x = self._convs[f"{number}.conv1"](x, next(styles))
            x = self._convs[f"{number}.conv2"](x, next(styles))
            new = coloured(x, next(styles), self._rgb[number])
            picture = new if picture is None else blurred(enlarged(picture)) + new
        assert picture is not None
        return three(picture, self.arch.colours) * 2 - 1

    def _begun(self, w: Tensor) -> Tensor:
        """What the first block takes; without a style it is the same for every picture."""
        if self.arch.steered:
            return F.conv2d(started(w, self._start), *self._initial, padding=1)
        return self._start.repeat(w.shape[0], 1, 1, 1)

    def _attended(self, x: Tensor, number: int) -> Tensor:
        for layer in self._attention.get(number, ()):
            x = x + layer(x)
        return x


def started(latents: Tensor, weight: Tensor) -> Tensor:
    """Latents (n, dim) by a weight (dim, channels, height, width): the picture that a network without a constant begins
    with."""
    return torch.mm(latents, weight.flatten(1)).unflatten(1, tuple(weight.shape[1:]))


def coloured(x: Tensor, style: Tensor, weight: Tensor) -> Tensor:
    """Features -> colours: a 1x1 convolution without demodulation is a product of matrices."""
    colours = torch.matmul(x.permute(0, 2, 3, 1).flatten(1, 2), style[:, :, None] * weight)
    return colours.unflatten(1, tuple(x.shape[2:])).permute(0, 3, 1, 2)


def enlarged(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def blurred(x: Tensor) -> Tensor:
    """By (1, 2, 1) / 4 along both axes, the border mirrored."""
    x = F.pad(x, (1, 1, 1, 1), mode="reflect")
    x = (x[:, :, :-2] + x[:, :, 2:]) * 0.25 + x[:, :, 1:-1] * 0.5
    return (x[..., :-2] + x[..., 2:]) * 0.25 + x[..., 1:-1] * 0.5
