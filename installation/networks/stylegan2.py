"""A small StyleGAN2-type network that trains and paints on an ordinary CPU.

What is kept of StyleGAN2 (arXiv 1912.04958): a mapping network from a normal z to a style w, convolutions whose input
channels are scaled by the style and whose output is demodulated, a generator that adds up RGB skips from 4 px upwards,
and a residual discriminator with a minibatch standard deviation. What is changed, to be cheap:

* the style scales the activations and the demodulation scales the output, so one ordinary convolution serves the whole
  batch (the same function as per-sample weights, without the grouped convolution);
* the first convolution of a block runs before the upsampling, the discriminator's second after the downsampling
  (a quarter of the work), and the filters are 2x bilinear up and 2x2 mean down;
* no noise inputs: the same w always gives the same picture, and a walk through W has no boiling texture;
* it grows (arXiv 1710.10196): every resolution from 4 px up can be trained and painted alone.

Pictures are (n, 3, height, width), sRGB, -1..1. Styles are (n, w_dim), seeds (n, z_dim), both float32.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from installation.core.errors import ModelError
from installation.networks.model_file import check_shapes, network_of
from installation.networks.runtime import levels

SQRT2 = math.sqrt(2.0)


@dataclass(frozen=True)
class Architecture:
    """What must be known to rebuild a network. `channels` counts the feature maps at 4, 8, 16 ... `resolution` px."""

    resolution: int = 128
    z_dim: int = 256
    w_dim: int = 256
    channels: tuple[int, ...] = (256, 256, 256, 128, 64, 32)
    mapping_layers: int = 4

    @property
    def resolutions(self) -> tuple[int, ...]:
        return tuple(4 * 2**i for i in range(len(self.channels)))

    def at(self, resolution: int) -> Architecture:
        """The same network cut off at a lower resolution."""
        count = self.resolutions.index(resolution) + 1
        return Architecture(resolution, self.z_dim, self.w_dim, self.channels[:count], self.mapping_layers)


class EqualLinear(nn.Module):
    """A linear layer with equalised learning rate (arXiv 1710.10196): weights stay normal, scaled in use."""

    def __init__(self, wide_in: int, wide_out: int, bias: float = 0.0, lr_mult: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(wide_out, wide_in) / lr_mult)
        self.bias = nn.Parameter(torch.full((wide_out,), bias / lr_mult))
        self.scale, self.lr_mult = lr_mult / math.sqrt(wide_in), lr_mult

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.scale, self.bias * self.lr_mult)


class EqualConv(nn.Module):
    """A convolution with equalised learning rate, computed in the type of its input."""

    def __init__(self, wide_in: int, wide_out: int, kernel: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(wide_out, wide_in, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(wide_out)) if bias else None
        self.scale, self.padding = 1 / math.sqrt(wide_in * kernel**2), kernel // 2

    def forward(self, x: Tensor, gain: float = 1.0) -> Tensor:
        weight = (self.weight * (self.scale * gain)).to(x.dtype, memory_format=torch.channels_last)
        bias = None if self.bias is None else (self.bias * gain).to(x.dtype)
        return F.conv2d(x, weight, bias, padding=self.padding)


class MappingNetwork(nn.Module):
    """z (n, z_dim) -> w (n, w_dim)."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        wide = [arch.z_dim] + [arch.w_dim] * arch.mapping_layers
        self.layers = nn.ModuleList(EqualLinear(a, b, lr_mult=0.01) for a, b in pairwise(wide))

    def forward(self, z: Tensor) -> Tensor:
        x = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2) * SQRT2
        return x


class StyledConv(nn.Module):
    """A 3x3 convolution steered by w: scale the inputs, convolve, (upsample,) demodulate, add the bias, leaky ReLU."""

    def __init__(self, wide_in: int, wide_out: int, w_dim: int, up: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(wide_out, wide_in, 3, 3))
        self.bias = nn.Parameter(torch.zeros(wide_out))
        self.affine = EqualLinear(w_dim, wide_in, bias=1.0)
        self.scale, self.up = 1 / math.sqrt(wide_in * 9), up

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        style = self.affine(w)
        weight = self.weight * self.scale
        demod = (style.square() @ weight.square().sum((2, 3)).t() + 1e-8).rsqrt() * SQRT2
        x = x * style[:, :, None, None].to(x.dtype)
        x = F.conv2d(x, weight.to(x.dtype, memory_format=torch.channels_last), padding=1)
        if self.up:
            x = upsample(x)
        bias = (self.bias * SQRT2)[None, :, None, None].to(x.dtype)
        return F.leaky_relu_(torch.addcmul(bias, x, demod[:, :, None, None].to(x.dtype)), 0.2)


class ToRGB(nn.Module):
    """Features -> RGB by a styled 1x1 convolution without demodulation."""

    def __init__(self, wide_in: int, w_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, wide_in, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))
        self.affine = EqualLinear(w_dim, wide_in, bias=1.0)
        self.scale = 1 / math.sqrt(wide_in)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        style = (self.affine(w) * self.scale)[:, :, None, None]
        return F.conv2d(x * style.to(x.dtype), self.weight.to(x.dtype)).float() + self.bias[None, :, None, None]


class SynthesisBlock(nn.Module):
    """One resolution of the generator: a convolution and 2x up (except at 4 px), a second convolution, RGB."""

    def __init__(self, wide_in: int, wide_out: int, w_dim: int, first: bool) -> None:
        super().__init__()
        self.conv0 = None if first else StyledConv(wide_in, wide_out, w_dim, up=True)
        self.conv1 = StyledConv(wide_out, wide_out, w_dim)
        self.rgb = ToRGB(wide_out, w_dim)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        return self.conv1(x if self.conv0 is None else self.conv0(x, w), w)


class Generator(nn.Module):
    """z -> w -> picture: the training form. `fade` (0..1) blends the topmost resolution in while it is new."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        self.arch = arch
        self.mapping = MappingNetwork(arch)
        self.const = nn.Parameter(torch.randn(1, arch.channels[0], 4, 4))
        wide = (arch.channels[0], *arch.channels)
        self.blocks = nn.ModuleList(
            SynthesisBlock(a, b, arch.w_dim, first=i == 0) for i, (a, b) in enumerate(pairwise(wide))
        )

    def synthesis(self, w: Tensor, resolution: int, fade: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
        x = self.const.to(dtype, memory_format=torch.channels_last).expand(len(w), -1, -1, -1)
        rgb: Tensor | None = None
        for size, block in zip(self.arch.resolutions, self.blocks, strict=True):
            x = block(x, w)
            new = block.rgb(x, w)
            rgb = new if rgb is None else upsample(rgb) + (new * fade if size == resolution else new)
            if size == resolution:
                break
        assert rgb is not None
        return rgb

    def forward(self, z: Tensor, resolution: int, fade: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
        return self.synthesis(self.mapping(z), resolution, fade, dtype)


class DiscriminatorBlock(nn.Module):
    """A residual block that halves the picture."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.conv0 = EqualConv(wide_in, wide_in, 3)
        self.conv1 = EqualConv(wide_in, wide_out, 3)
        self.skip = EqualConv(wide_in, wide_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.conv0(x, gain=SQRT2), 0.2)
        # each branch leaves with variance 1/2, so that their sum keeps variance 1
        y = F.leaky_relu(self.conv1(F.avg_pool2d(y, 2)), 0.2)
        return y + self.skip(F.avg_pool2d(x, 2), gain=1 / SQRT2)


class Discriminator(nn.Module):
    """Picture (n, 3, h, w) -> score (n, 1); n must be a multiple of the minibatch group, 4."""

    def __init__(self, arch: Architecture, group: int = 4) -> None:
        super().__init__()
        self.arch, self.group = arch, group
        wide = arch.channels
        self.from_rgb = nn.ModuleList(EqualConv(3, c, 1) for c in wide)
        self.blocks = nn.ModuleList(DiscriminatorBlock(b, a) for a, b in pairwise(wide))
        self.conv = EqualConv(wide[0] + 1, wide[0], 3)
        self.dense = EqualLinear(wide[0] * 16, wide[0])
        self.out = EqualLinear(wide[0], 1)

    def forward(self, picture: Tensor, fade: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
        top = self.arch.resolutions.index(picture.shape[-1])
        x = self.entrance(picture, top, dtype)
        for level in range(top, 0, -1):
            x = self.blocks[level - 1](x)
            if level == top and fade < 1:
                x = x * fade + self.entrance(F.avg_pool2d(picture, 2), top - 1, dtype) * (1 - fade)
        x = self.deviation(x.float())
        x = F.leaky_relu(self.conv(x, gain=SQRT2), 0.2)
        x = F.leaky_relu(self.dense(x.flatten(1)), 0.2) * SQRT2
        return self.out(x)

    def entrance(self, picture: Tensor, level: int, dtype: torch.dtype) -> Tensor:
        x = picture.to(dtype, memory_format=torch.channels_last)
        return F.leaky_relu(self.from_rgb[level](x, gain=SQRT2), 0.2)

    def deviation(self, x: Tensor) -> Tensor:
        """Append one map: how much the pictures of each group of neighbours differ (so a collapse shows)."""
        n, c, h, w = x.shape
        groups = x.reshape(n // self.group, self.group, c, h, w)
        deviation = (groups.var(1, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
        plane = deviation.repeat_interleave(self.group)[:, None, None, None].expand(n, 1, h, w)
        return torch.cat([x, plane], 1)


def upsample(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


# -- the painting form ------------------------------------------------------------------------------------------------

LATENT = ("mean", "basis", "std", "gain")
"""Measured facts about W that travel with a model, as tensors latent.mean ... (see training/gan/export.py)."""


def effective_tensors(generator: Generator, resolution: int, fade: float = 1.0) -> dict[str, Tensor]:
    """What a model file holds: the generator cut off at `resolution`, every constant factor multiplied into its weights
    (and the fade of the topmost resolution, where it is still new)."""
    tensors = {name: (weight * factor).detach() for name, weight, factor in effective_weights(generator, resolution)}
    return tensors | {name: tensors[name] * fade for name in (f"{resolution}.rgb.weight", f"{resolution}.rgb.bias")}


def load_effective(generator: Generator, tensors: Mapping[str, Tensor], resolution: int) -> None:
    """The way back: into the training form, up to `resolution`; larger blocks stay as they are."""
    with torch.no_grad():
        for name, weight, factor in effective_weights(generator, resolution):
            weight.copy_(tensors[name] / factor)


def effective_weights(generator: Generator, resolution: int) -> Iterator[tuple[str, nn.Parameter, float]]:
    """(name in a model file, weight, its constant factor) up to `resolution`."""
    yield "const", generator.const, 1.0
    for index, layer in enumerate(generator.mapping.layers):
        yield from _linear(f"mapping.{index}", layer)
    for size, block in zip(generator.arch.resolutions, generator.blocks, strict=True):
        for part in ("conv0", "conv1", "rgb"):
            layer = getattr(block, part)
            if layer is not None:
                yield f"{size}.{part}.weight", layer.weight, layer.scale
                yield f"{size}.{part}.bias", layer.bias, 1.0
                yield from _linear(f"{size}.{part}.style", layer.affine)
        if size == resolution:
            return


def _linear(name: str, layer: nn.Module) -> Iterator[tuple[str, nn.Parameter, float]]:
    assert isinstance(layer, EqualLinear)
    yield f"{name}.weight", layer.weight, layer.scale
    yield f"{name}.bias", layer.bias, layer.lr_mult


def expected_shapes(arch: Architecture) -> dict[str, tuple[int, ...]]:
    """Name and shape of every network tensor in a model file of this architecture (without latent.*)."""
    shapes: dict[str, tuple[int, ...]] = {"const": (1, arch.channels[0], 4, 4)}
    wide = arch.z_dim
    for index in range(arch.mapping_layers):
        shapes |= {f"mapping.{index}.weight": (arch.w_dim, wide), f"mapping.{index}.bias": (arch.w_dim,)}
        wide = arch.w_dim
    before = arch.channels[0]
    for size, after in zip(arch.resolutions, arch.channels, strict=True):
        layers = [("conv1", after, after, 3), ("rgb", after, 3, 1)]
        for part, wide_in, wide_out, kernel in layers if size == 4 else [("conv0", before, after, 3), *layers]:
            name = f"{size}.{part}"
            shapes |= {f"{name}.weight": (wide_out, wide_in, kernel, kernel), f"{name}.bias": (wide_out,)}
            shapes |= {f"{name}.style.weight": (wide_in, arch.w_dim), f"{name}.style.bias": (wide_in,)}
        before = after
    return shapes


def read_architecture(options: Mapping[str, Any], name: object = "model") -> Architecture:
    """The architecture from a header, checked field by field."""
    wanted = {f.name for f in fields(Architecture)}
    if set(options) != wanted:
        raise ModelError(f"{name}: header: architecture has {sorted(options)}; expected {sorted(wanted)}.")
    channels = options["channels"]
    whole = [options[name] for name in sorted(wanted - {"channels"})]
    whole += channels if isinstance(channels, list) else [0]
    if not all(isinstance(n, int) and 0 < n <= 4096 for n in whole) or len(whole) > 20:
        raise ModelError(f"{name}: header: architecture {dict(options)} must be whole numbers from 1 to 4096.")
    arch = Architecture(**{**options, "channels": tuple(channels)})
    if arch.resolutions[-1] != arch.resolution:
        raise ModelError(
            f"{name}: header: {len(channels)} channel counts reach {arch.resolutions[-1]} px, "
            f"but resolution is {arch.resolution}."
        )
    return arch


def build(
    header: Mapping[str, Any], tensors: Mapping[str, NDArray[np.float32]], device: str = "cpu", name: object = "model"
) -> Network:
    """The painting form of a model that checkpoint.load_model has read from the file ``name``. Raises ModelError, with
    that name, if tensors do not fit."""
    arch = read_architecture(header["architecture"], name)
    network = network_of(tensors)
    check_shapes(str(name), network, expected_shapes(arch))
    return Network(arch, {key: torch.from_numpy(np.asarray(t, np.float32)) for key, t in network.items()}, device)


class PaintLayer:
    """A styled convolution with everything that does not depend on w worked out beforehand. Works in place: ``x`` is
    the caller's no more, as new memory for every step costs more than the step."""

    def __init__(self, tensors: Mapping[str, Tensor], name: str, device: str) -> None:
        weight = tensors[f"{name}.weight"].to(device)
        self.weight = weight.contiguous(memory_format=torch.channels_last)
        self.squares = weight.square().sum((2, 3)).t().contiguous() / 2  # the half brings the gain of the leaky ReLU
        self.bias = (tensors[f"{name}.bias"] * SQRT2).to(device)[None, :, None, None]
        self.up = name.endswith("conv0")

    def __call__(self, x: Tensor, style: Tensor) -> Tensor:
        demod = torch.mm(style * style, self.squares).add_(5e-9).rsqrt_()
        x = F.conv2d(x.mul_(style[:, :, None, None]), self.weight, padding=1)
        if self.up:
            x = upsample(x)
        return F.leaky_relu_(x.mul_(demod[:, :, None, None]).add_(self.bias), 0.2)


class Network:
    """A generator that only paints. Same pictures as `Generator`, faster at one picture a time.

    `mapping` runs on the CPU in float32, so that a seed names the same place on every device.
    """

    def __init__(self, arch: Architecture, tensors: Mapping[str, Tensor], device: str = "cpu") -> None:
        self.arch, self.device = arch, device
        self.z_dim, self.w_dim, self.resolution = arch.z_dim, arch.w_dim, arch.resolution
        self._mapping = [
            (tensors[f"mapping.{i}.weight"] * SQRT2, tensors[f"mapping.{i}.bias"] * SQRT2)
            for i in range(arch.mapping_layers)
        ]
        self.const = tensors["const"].to(device).contiguous(memory_format=torch.channels_last)
        names = [
            f"{size}.{part}"
            for size in arch.resolutions
            for part in ("conv0", "conv1", "rgb")
            if size > 4 or part != "conv0"
        ]
        self._affine = torch.cat([tensors[f"{name}.style.weight"] for name in names]).to(device)
        self._affine_bias = torch.cat([tensors[f"{name}.style.bias"] for name in names]).to(device)
        self._widths = [len(tensors[f"{name}.style.bias"]) for name in names]
        self._layers = {name: PaintLayer(tensors, name, device) for name in names if not name.endswith("rgb")}
        self._rgb = {
            size: (tensors[f"{size}.rgb.weight"][:, :, 0, 0].t().to(device), tensors[f"{size}.rgb.bias"].to(device))
            for size in arch.resolutions
        }

    @torch.inference_mode()
    def mapping(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """z (n, z_dim) standard normal -> w (n, w_dim), not truncated."""
        x = torch.from_numpy(np.ascontiguousarray(z, np.float32))
        x = x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for weight, bias in self._mapping:
            x = F.leaky_relu_(F.linear(x, weight, bias), 0.2)
        return x.numpy()

    @torch.inference_mode()
    def synthesis(self, w: NDArray[np.float32] | Tensor) -> Tensor:
        """w (n, w_dim) -> pictures (n, 3, resolution, resolution), float32, about -1..1 (not clipped)."""
        places = (w if isinstance(w, Tensor) else torch.from_numpy(w)).to(self.device, torch.float32)
        styles = iter(torch.addmm(self._affine_bias, places, self._affine.t()).split(self._widths, 1))
        x = self.const.repeat(places.shape[0], 1, 1, 1).contiguous(memory_format=torch.channels_last)
        rgb: Tensor | None = None
        for size in self.arch.resolutions:
            for part in ("conv1",) if size == 4 else ("conv0", "conv1"):
                x = self._layers[f"{size}.{part}"](x, next(styles))
            weight, bias = self._rgb[size]
            steered = next(styles)[:, :, None] * weight  # (n, channels, 3): a 1x1 convolution is a product of matrices
            new = torch.matmul(x.permute(0, 2, 3, 1).flatten(1, 2), steered).add_(bias)
            new = new.unflatten(1, (size, size)).permute(0, 3, 1, 2)
            rgb = new if rgb is None else upsample(rgb).add_(new)
        assert rgb is not None
        return rgb

    @torch.inference_mode()
    def paint(self, w: NDArray[np.float32]) -> NDArray[np.uint8]:
        """One w (w_dim,) -> one picture (height, width, 3), uint8 sRGB, on the CPU, contiguous. It is a new array;
        installation/networks/runtime.py paints faster."""
        if w.shape != (self.w_dim,):
            raise ValueError(f"one place in W has shape ({self.w_dim},), not {w.shape}")
        place = torch.from_numpy(w)[None].to(self.device)
        return np.ascontiguousarray(levels(self.synthesis, place).cpu().numpy())
