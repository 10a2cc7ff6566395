"""A small StyleGAN2-type network that trains and paints on an ordinary CPU.

What is kept of StyleGAN2 (arXiv 1912.04958): a mapping network from a normal z to a style w, convolutions whose input
channels are scaled by the style and whose output is demodulated, and a generator that adds up RGB skips from 4 px
upwards. (The discriminator is training/gan/discriminator.py.) What is changed, to be cheap:

* the style scales the activations and the demodulation scales the output, so one ordinary convolution serves the whole
  batch (the same function as per-sample weights, without the grouped convolution);
* the first convolution of a block runs before the upsampling (a quarter of the work) where the architecture does not
  say otherwise, and the upsampling is 2x bilinear;
* it grows (arXiv 1710.10196): every resolution from 4 px up can be trained and painted alone.

Version 1 of the architecture had no noise, padded with zeros and enlarged last everywhere, so its texture depended on
the position in the picture: threads at fixed positions, and a frame. Version 2 has what StyleGAN2 has instead: noise
behind each 3x3 convolution, of a learnt strength; the border repeated as padding; at the largest sizes both
convolutions at the fine grid. The noise is random in training. A model file holds fixed noise, so the same w always
gives the same picture, and the texture does not flicker in a walk through W.

Pictures are (n, 3, height, width), sRGB, -1..1. Styles are (n, w_dim), seeds (n, z_dim), both float32.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SQRT2 = math.sqrt(2.0)
Up = Literal["never", "first", "last"]


@dataclass(frozen=True)
class Architecture:
    """What must be known to rebuild a network. `channels` counts the feature maps at 4, 8, 16 ... `resolution` px."""

    resolution: int = 128
    z_dim: int = 256
    w_dim: int = 256
    channels: tuple[int, ...] = (256, 256, 256, 128, 64, 32)
    mapping_layers: int = 4
    version: int = 1
    """1 or 2: says for the discriminator, too, which form it has (training/gan/discriminator.py)."""
    noise: bool = False
    """Noise is added behind each 3x3 convolution."""
    replicate: bool = False
    """3x3 convolutions find the border repeated beyond it, and not zeros."""
    fine: int = 0
    """Pixels: from this size on a block enlarges first and then convolves twice; 0: nowhere."""

    @property
    def resolutions(self) -> tuple[int, ...]:
        return tuple(4 * 2**i for i in range(len(self.channels)))

    def at(self, resolution: int) -> Architecture:
        """The same network cut off at a lower resolution."""
        count = self.resolutions.index(resolution) + 1
        return replace(self, resolution=resolution, channels=self.channels[:count])

    def noises(self, resolution: int) -> int:
        """Random numbers that a picture of this size takes: one for each pixel of each 3x3 convolution."""
        return sum((1 if size == 4 else 2) * size**2 for size in self.at(resolution).resolutions) if self.noise else 0

    def header(self) -> dict[str, Any]:
        """As a model file's header holds it; of version 1 without what came later."""
        return {
            n: list(v) if isinstance(v, tuple) else v for n, v in asdict(self).items() if self.version > 1 or n in FIRST
        }


FIRST = ("resolution", "z_dim", "w_dim", "channels", "mapping_layers")
"""What a header says of an architecture of version 1."""


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
    """A 3x3 convolution steered by w: (enlarge,) scale the inputs, convolve, (enlarge,) demodulate, add noise and bias,
    leaky ReLU. `size` is that of what comes out; `up` says when it is enlarged."""

    def __init__(self, wide_in: int, wide_out: int, arch: Architecture, size: int, up: Up = "never") -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(wide_out, wide_in, 3, 3))
        self.bias = nn.Parameter(torch.zeros(wide_out))
        self.affine = EqualLinear(arch.w_dim, wide_in, bias=1.0)
        self.scale, self.up, self.replicate = 1 / math.sqrt(wide_in * 9), up, arch.replicate
        if arch.noise:
            self.strength = nn.Parameter(torch.zeros(1))
            self.register_buffer("noise", torch.randn(size, size))

    def forward(self, x: Tensor, w: Tensor, noise: Tensor | None = None) -> Tensor:
        """`noise` (n, size, size), for each picture; without it there is the fixed one, if any."""
        style = self.affine(w)
        weight = self.weight * self.scale
        demod = (style.square() @ weight.square().sum((2, 3)).t() + 1e-8).rsqrt() * SQRT2
        if self.up == "first":
            x = upsample(x)
        x = x * style[:, :, None, None].to(x.dtype)
        x = convolve(x, weight.to(x.dtype, memory_format=torch.channels_last), self.replicate)
        if self.up == "last":
            x = upsample(x)
        bias = (self.bias * SQRT2)[None, :, None, None].to(x.dtype)
        x = torch.addcmul(bias, x, demod[:, :, None, None].to(x.dtype))
        if hasattr(self, "strength"):
            noise = self.noise[None] if noise is None else noise
            x = x.add_((noise * (self.strength * SQRT2))[:, None].to(x.dtype))
        return F.leaky_relu_(x, 0.2)


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

    def __init__(self, wide_in: int, wide_out: int, arch: Architecture, size: int) -> None:
        super().__init__()
        up = enlarges(arch, size)
        self.conv0 = None if size == 4 else StyledConv(wide_in, wide_out, arch, size, up)
        self.conv1 = StyledConv(wide_out, wide_out, arch, size)
        self.rgb = ToRGB(wide_out, arch.w_dim)

    def forward(self, x: Tensor, w: Tensor, noise: Sequence[Tensor] = ()) -> Tensor:
        """`noise`: of each of its convolutions; empty for the fixed one."""
        if self.conv0 is not None:
            x = self.conv0(x, w, *noise[:1])
        return self.conv1(x, w, *noise[-1:])


class StyleGan2(nn.Module):
    """z -> w -> picture, in training. `fade` (0..1) blends the topmost resolution in while it is new."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        self.arch = arch
        self.mapping = MappingNetwork(arch)
        self.const = nn.Parameter(torch.randn(1, arch.channels[0], 4, 4))
        wide = pairwise((arch.channels[0], *arch.channels))
        self.blocks = nn.ModuleList(
            SynthesisBlock(a, b, arch, size) for (a, b), size in zip(wide, arch.resolutions, strict=True)
        )

    def synthesis(
        self,
        w: Tensor,
        resolution: int,
        fade: float = 1.0,
        dtype: torch.dtype = torch.float32,
        noise: Tensor | None = None,
    ) -> Tensor:
        """`w` (n, w_dim), or (n, blocks, w_dim) for a style of its own in each block; `noise` (n, noises(resolution)),
        normal, or None for the fixed one."""
        x = self.const.to(dtype, memory_format=torch.channels_last).expand(len(w), -1, -1, -1)
        rgb: Tensor | None = None
        noises = iter(() if noise is None else self.shared_out(noise, resolution))
        for index, (size, block) in enumerate(zip(self.arch.resolutions, self.blocks, strict=True)):
            style = w[:, index] if w.ndim == 3 else w
            x = block(x, style, next(noises, ()))
            new = block.rgb(x, style)
            rgb = new if rgb is None else upsample(rgb) + (new * fade if size == resolution else new)
            if size == resolution:
                break
        assert rgb is not None
        return rgb

    def shared_out(self, noise: Tensor, resolution: int) -> Iterator[Sequence[Tensor]]:
        """Noise (n, noises(resolution)) in the shapes of each block's convolutions."""
        for size in self.arch.at(resolution).resolutions:
            count = (1 if size == 4 else 2) * size**2
            yield noise[:, :count].unflatten(1, (-1, size, size)).unbind(1)
            noise = noise[:, count:]

    def forward(self, z: Tensor, resolution: int, fade: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
        return self.synthesis(self.mapping(z), resolution, fade, dtype)


def enlarges(arch: Architecture, size: int) -> Up:
    """When a block enlarges what comes into it."""
    if size == 4:
        return "never"
    return "first" if 0 < arch.fine <= size else "last"


def convolve(x: Tensor, weight: Tensor, replicate: bool) -> Tensor:
    """3x3, the size stays."""
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), weight) if replicate else F.conv2d(x, weight, padding=1)


def upsample(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
