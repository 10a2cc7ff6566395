"""StyleGAN2 as NVIDIA's stylegan2-ada-pytorch and the networks like it paint it (arXiv 1912.04958, 2006.06676).

The same function, not the same steps: the style scales the activations and the demodulation the output, so that one
ordinary convolution serves every picture. Computed in float32 on every layer. The noise is constant, as walks need.

Of each block the tensors are, with every constant factor multiplied in (block 4 is the first, whatever its shape):

    const                        (1, channels, height, width)
    8.conv0.weight .bias .style.weight .style.bias      enlarges twice; not in the first block
    8.conv1.weight ...
    8.conv1.noise                (height, width) added to every channel, where there is noise
    8.rgb.weight ...             in every block for `skip`, in the last one else
    8.skip.weight                for `resnet`
    filter                       (k,) or (k, k), by which pictures are enlarged
    mapping.0.weight .bias, classes     see style_mapping.py
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt
from torch import Tensor

from installation.core.errors import ModelError
from installation.networks import winograd
from installation.networks.fitting import architecture, fitting
from installation.networks.in_place import clamped, multiplied
from installation.networks.model_file import network_of
from installation.networks.resampling import prepared, resample
from installation.networks.style_mapping import SQRT2, StyleMapping, mapping_shapes
from installation.networks.styles import Affines, FromConstant, Share, lerped, over

Shape = tuple[int, ...]
KERNEL = 3


class Architecture(BaseModel):
    """What must be known to rebuild a network. ``channels`` counts the feature maps of each block, ``start`` is the
    first one's height and width, ``widths`` what goes into the mapping and what each of its layers gives."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    z_dim: int = Field(ge=0, le=8192)
    w_dim: PositiveInt = Field(le=8192)
    classes: int = Field(ge=0, le=1000)
    widths: list[PositiveInt] = Field(min_length=2, max_length=33)
    channels: list[PositiveInt] = Field(min_length=1, max_length=11)
    start: list[PositiveInt] = Field(min_length=2, max_length=2)
    colours: int = Field(ge=1, le=4)
    join: Literal["skip", "resnet", "orig"]
    noise: bool
    clamp: float | None = Field(gt=0)
    taps: list[PositiveInt] = Field(min_length=1, max_length=2)
    resolution: PositiveInt = Field(le=4096)

    @property
    def blocks(self) -> list[int]:
        """The blocks' names: 4, 8, 16 ..."""
        return [4 * 2**index for index in range(len(self.channels))]

    def size(self, block: int) -> tuple[int, int]:
        """Height and width of a block's pictures."""
        return self.start[0] * block // 4, self.start[1] * block // 4

    def has_rgb(self, block: int) -> bool:
        return self.join == "skip" or block == self.blocks[-1]

    def layers(self) -> Iterator[tuple[str, int, int, int]]:
        """Name, block, width in and width out of every layer that has a style, in the order in which they paint."""
        for block, (before, after) in zip(self.blocks, pairwise([self.channels[0], *self.channels]), strict=True):
            if block > 4:
                yield f"{block}.conv0", block, before, after
            yield f"{block}.conv1", block, after, after
            if self.has_rgb(block):
                yield f"{block}.rgb", block, after, self.colours


def read_architecture(options: Mapping[str, Any], name: object = "model") -> Architecture:
    """The architecture from a header. Raises ModelError with the first thing that is wrong."""
    arch = architecture(Architecture, options, name)
    if max(arch.size(arch.blocks[-1])) != arch.resolution or arch.widths[-1] != arch.w_dim:
        raise ModelError(f"{name}: header: architecture: its blocks and its resolution or w_dim do not fit each other.")
    return arch


def expected_shapes(arch: Architecture) -> dict[str, Shape]:
    """Name and shape of every tensor of the network."""
    shapes: dict[str, Shape] = {"const": (1, arch.channels[0], *arch.start), "filter": tuple(arch.taps)}
    shapes |= mapping_shapes(arch.z_dim, arch.widths, arch.classes)
    for name, block, wide_in, wide_out in arch.layers():
        kernel = 1 if name.endswith("rgb") else KERNEL
        shapes |= {f"{name}.weight": (wide_out, wide_in, kernel, kernel), f"{name}.bias": (wide_out,)}
        shapes |= {f"{name}.style.weight": (wide_in, arch.w_dim), f"{name}.style.bias": (wide_in,)}
        if arch.noise and not name.endswith("rgb"):
            shapes[f"{name}.noise"] = arch.size(block)
        if arch.join == "resnet" and name.endswith("conv0"):
            shapes[f"{block}.skip.weight"] = (wide_out, wide_in, 1, 1)
    return shapes


def build(
    header: Mapping[str, Any], tensors: Mapping[str, NDArray[np.float32]], device: str = "cpu", name: object = "model"
) -> Network:
    """The network of a model file named ``name``. Raises ModelError, with that name, if tensors do not fit."""
    arch = read_architecture(header["architecture"], name)
    return Network(arch, fitting(network_of(tensors), expected_shapes(arch), str(name)), device)


class StyledConv:
    """A 3x3 convolution steered by a style, with all that does not depend on it worked out beforehand.

    Works in place where nothing is differentiated: ``x`` is the caller's no more. ``gain`` is that of the activation
    and of the branch that it is in.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        name: str,
        taps: Tensor,
        clamp: float | None,
        gain: float,
        size: tuple[int, int],
    ) -> None:
        weight = tensors[f"{name}.weight"]
        self.up = name.endswith("conv0")
        kernel = weight.transpose(0, 1) if self.up else weight
        self.weight = kernel.contiguous(memory_format=torch.channels_last)
        quick = not self.up and winograd.pays(weight, *size)
        self.quick = winograd.transformed(weight) if quick else None
        self.gain, self.least = gain, 1e-8 / gain**2
        self.squares = self.squared()
        self.flat = self.bias = (tensors[f"{name}.bias"] * gain)[None, :, None, None]
        self.noise: Tensor | None = None
        if f"{name}.noise" in tensors:
            self.noise = (tensors[f"{name}.noise"] * gain)[None, None]
            self.bias = like_features(self.flat + self.noise)
        self.clamp = None if clamp is None else clamp * gain / SQRT2
        self.taps = prepared(taps, 4.0)
        self.pad = [pixels - cut for pixels, cut in zip(enlarging(taps), (1, 0, 1, 0), strict=True)]

    def squared(self) -> Tensor:
        weight = self.weight.transpose(0, 1) if self.up else self.weight
        return weight.contiguous().square().sum((2, 3)).t().contiguous() / self.gain**2

    def noisy(self, noise: Tensor) -> StyledConv:
        """The layer with another noise, (1, 1, height, width)."""
        made = copy.copy(self)
        made.noise, made.bias = noise, like_features(self.flat + noise)
        return made

    def __call__(self, x: Tensor, style: Tensor) -> Tensor:
        demodulation = torch.mm(style * style, self.squares).add_(self.least).rsqrt_()
        if self.quick is not None and winograd.usable(x):
            x = winograd.convolved(x, over(style, x), self.quick, over(demodulation, x))
        else:
            x = self._convolved(multiplied(x, over(style, x)))
            x = x.mul_(over(demodulation, x))
        return clamped(F.leaky_relu_(x.add_(self.bias), 0.2), self.clamp)

    def _convolved(self, x: Tensor) -> Tensor:
        if self.up:
            return resample(F.conv_transpose2d(x, self.weight, stride=2), self.taps, pad=self.pad)
        return F.conv2d(x, self.weight, padding=1)


def like_features(bias: Tensor) -> Tensor:
    """In the layout of the features that it is added to: in another one that takes many times as long."""
    return bias.contiguous(memory_format=torch.channels_last)


def enlarging(taps: Tensor) -> list[int]:
    """The padding with which a filter enlarges twice and keeps the middle: left, right, top, bottom."""
    width, height = taps.shape[-1], taps.shape[0]
    return [(width + 1) // 2, (width - 2) // 2, (height + 1) // 2, (height - 2) // 2]


class Network(FromConstant):
    """A generator that only paints. ``latents`` are styles, (n, w_dim); of a network with classes (n, classes * w_dim),
    of which the first class is painted."""

    def __init__(self, arch: Architecture, tensors: Mapping[str, Tensor], device: str = "cpu") -> None:
        self.arch, self.device = arch, device
        self.z_dim, self.w_dim, self.classes, self.resolution = (
            arch.z_dim,
            arch.w_dim,
            max(1, arch.classes),
            arch.resolution,
        )
        self.mapping = StyleMapping(tensors, len(arch.widths) - 1)
        placed = {name: tensor.to(device) for name, tensor in tensors.items() if not name.startswith("mapping.")}
        names = [name for name, *_ in arch.layers()]
        self.affines = Affines(placed, names, device)
        self.const = placed["const"].contiguous(memory_format=torch.channels_last)
        self._taps, self._pad = prepared(placed["filter"], 4.0), enlarging(placed["filter"])
        self.layers = {
            name: StyledConv(placed, name, placed["filter"], arch.clamp, self._gain(name), arch.size(block))
            for name, block, *_ in arch.layers()
            if not name.endswith("rgb")
        }
        self.rgb = {
            block: (placed[f"{block}.rgb.weight"][:, :, 0, 0].t(), placed[f"{block}.rgb.bias"])
            for block in arch.blocks
            if arch.has_rgb(block)
        }
        self._skip = {block: placed.get(f"{block}.skip.weight") for block in arch.blocks}

    def _gain(self, name: str) -> float:
        """Where two branches meet, each brings half of the variance."""
        return 1.0 if self.arch.join == "resnet" and name.endswith("conv1") and not name.startswith("4.") else SQRT2

    @torch.inference_mode()
    def synthesis(self, latents: NDArray[np.float32] | Tensor) -> Tensor:
        """-> pictures (n, 3, height, width), float32, about -1..1 (not clipped). ``latents`` may be (n, layers, w_dim),
        with one for each of ``affines.names``."""
        w = latents if isinstance(latents, Tensor) else torch.from_numpy(latents)
        return self.pictures(w.to(self.device, torch.float32))

    def pictures(self, latents: Tensor) -> Tensor:
        """``synthesis`` of a tensor on the network's device, differentiable."""
        w = latents[..., : self.w_dim]
        styles = iter(self.affines(w))
        x = self.begun(w.shape[0])
        picture: Tensor | None = None
        for block in self.arch.blocks:
            x = self._block(x, block, styles)
            if picture is not None:
                picture = resample(picture, self._taps, up=2, pad=self._pad)
            if block in self.rgb:
                new = clamped(self.coloured(x, next(styles), block), self.arch.clamp)
                picture = new if picture is None else picture.add_(new)
        assert picture is not None
        return three(picture, self.arch.colours)

    def between(self, other: Network, share: Share) -> Network:
        """The filter is this one's, too."""
        made = super().between(other, share)
        made._skip = {
            block: None if weight is None else lerped(weight, other._skip[block], share(f"{block}.conv0"))
            for block, weight in self._skip.items()
        }
        return made

    def _block(self, x: Tensor, block: int, styles: Iterator[Tensor]) -> Tensor:
        if block == 4:
            return self.layers["4.conv1"](x, next(styles))
        beside = self._beside(x, block)  # first: the convolutions work in place
        x = self.layers[f"{block}.conv0"](x, next(styles))
        x = self.layers[f"{block}.conv1"](x, next(styles))
        return x if beside is None else beside.add_(x)

    def _beside(self, x: Tensor, block: int) -> Tensor | None:
        """The branch that goes past the convolutions of a block."""
        weight = self._skip[block]
        if weight is None:
            return None
        y = resample(F.conv2d(x, weight), self._taps, up=2, pad=self._pad).mul_(SQRT2 / 2)
        return clamped(y, None if self.arch.clamp is None else self.arch.clamp * SQRT2 / 2)


def three(picture: Tensor, colours: int) -> Tensor:
    """(n, colours, h, w) as red, green and blue: grey is repeated, an alpha channel is ignored."""
    return picture[:, :1].repeat(1, 3, 1, 1) if colours < 3 else picture[:, :3]
