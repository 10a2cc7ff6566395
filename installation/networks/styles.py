"""The styles of a network's layers, and what lies between the layers of two networks of one architecture."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, Self

import torch
import torch.nn.functional as F
from torch import Tensor

Styles = Sequence[Tensor]
"""(n, channels) for every layer, in the order in which they paint."""

Share = Callable[[str], float]
"""How much of the other network a layer of that name has, 0..1."""


class Layer(Protocol):
    """A styled convolution: features (n, c, h, w) and a style (n, c) -> features. It may change what it is given."""

    def __call__(self, x: Tensor, style: Tensor) -> Tensor: ...


def one_each(style: Tensor, x: Tensor) -> bool:
    """Whether there is one style (n, c) for each picture of the features (n, c, h, w). While a network is traced there
    is: a tiled one is not compiled."""
    return torch.jit.is_tracing() or len(style) == len(x)


def over(style: Tensor, x: Tensor) -> Tensor:
    """Styles (n, c) as features (n, c, h, w) are multiplied by them: (n, c, 1, 1). Of several styles for one picture
    each has its part of the width, and between their middles it goes over into the next: (1, c, 1, w)."""
    if one_each(style, x):
        return style[:, :, None, None]
    line = style.t()[None, :, None, :]
    return F.interpolate(line, (1, x.shape[3]), mode="bilinear", align_corners=False)


class Affines:
    """w -> the styles of all layers, in one product of matrices."""

    def __init__(self, tensors: Mapping[str, Tensor], names: Sequence[str], device: str) -> None:
        self.names = tuple(names)
        self.weight = torch.cat([tensors[f"{name}.style.weight"] for name in names]).to(device)
        self.bias = torch.cat([tensors[f"{name}.style.bias"] for name in names]).to(device)
        self.widths = [len(tensors[f"{name}.style.bias"]) for name in names]

    def __call__(self, w: Tensor) -> Styles:
        """``w`` is (n, w_dim), or (n, layers, w_dim) with one for each layer."""
        if w.ndim == 2:
            return torch.addmm(self.bias, w, self.weight.t()).split(self.widths, 1)
        rows = zip(self.bias.split(self.widths), w.unbind(1), self.weight.split(self.widths), strict=True)
        return [torch.addmm(bias, own, weight.t()) for bias, own, weight in rows]

    def between(self, other: Affines, share: Share) -> Affines:
        """Those of the layers in which ``share`` of the other network is."""
        made, rows = copy.copy(self), [share(name) for name in self.names]
        shares = torch.tensor(rows).repeat_interleave(torch.tensor(self.widths)).to(self.weight)
        made.weight = torch.lerp(self.weight, other.weight, shares[:, None])
        made.bias = torch.lerp(self.bias, other.bias, shares)
        return made


class Layered:
    """A network of styled ``layers``, by name. Their styles are ``affines``."""

    layers: dict[str, Layer]
    affines: Affines
    across = 1
    """So many styles are side by side in one picture."""

    def with_layers(self, change: Callable[[str, Layer], Layer]) -> Self:
        """The same network with other layers, made of the name and the layer that is there."""
        made = copy.copy(self)
        made.layers = {name: change(name, layer) for name, layer in self.layers.items()}
        return made

    def between(self, other: Self, share: Share) -> Self:
        """The network of whose layers ``share`` is the other's; the mapping is this one's."""
        made = copy.copy(self)
        made.affines = self.affines.between(other.affines, share)
        made.layers = {name: between(layer, other.layers[name], share(name)) for name, layer in self.layers.items()}
        return made


class FromConstant(Layered):
    """One that begins with a constant, ``const`` (1, channels, height, width), and makes colours of the features of
    each size: ``rgb`` are the weights (channels, 3) and biases."""

    const: Tensor
    rgb: dict[int, tuple[Tensor, Tensor]]

    def begun(self, styles: int) -> Tensor:
        """The features that so many styles begin with."""
        return self.const.repeat(styles // self.across, 1, 1, 1).contiguous(memory_format=torch.channels_last)

    def coloured(self, x: Tensor, style: Tensor, size: int) -> Tensor:
        """Features -> colours: a 1x1 convolution without demodulation is a product of matrices."""
        weight, bias = self.rgb[size]
        if one_each(style, x):
            weight = style[:, :, None] * weight
        else:
            x = x * over(style, x)
        colours = torch.matmul(x.permute(0, 2, 3, 1).flatten(1, 2), weight).add_(bias)
        return colours.unflatten(1, tuple(x.shape[2:])).permute(0, 3, 1, 2)

    def tiled(self, across: int, down: int) -> Self:
        """The network that begins with its constant so many times side by side and one above another."""
        made = self.with_layers(lambda name, layer: tiled(layer, across, down))
        made.across = across
        made.const = self.const.repeat(1, 1, down, across).contiguous(memory_format=torch.channels_last)
        return made

    def between(self, other: Self, share: Share) -> Self:
        made = super().between(other, share)
        made.const = lerped(self.const, other.const, share("4.conv1"))
        made.rgb = {
            size: (lerped(weight, other.rgb[size][0], part), lerped(bias, other.rgb[size][1], part))
            for size, (weight, bias) in self.rgb.items()
            for part in [share(f"{size}.rgb")]
        }
        return made


def lerped(one: Tensor, other: Tensor, share: float) -> Tensor:
    """Without any work at both ends."""
    if share in (0.0, 1.0):
        return other if share else one
    return torch.lerp(one, other, share)


def between(one: Any, other: Any, share: float) -> Any:
    """The layer whose weights, and all else that it has of its own, lie between those of two layers of one kind. Their
    ``squares``, which demodulate, are worked out anew: ``squared()``."""
    if share in (0.0, 1.0):
        return other if share else one
    made = copy.copy(one)
    for name, value in vars(one).items():
        if isinstance(value, Tensor) and name != "squares":
            setattr(made, name, torch.lerp(value, getattr(other, name), share))
        elif type(value) is float:
            setattr(made, name, value + share * (getattr(other, name) - value))
    made.squares = made.squared()
    return made


def tiled(layer: Any, across: int, down: int) -> Any:
    """A layer whose noise goes on for a larger picture: its own in the first tile, another of its strength beyond."""
    if layer.noise is None:
        return layer
    height, width = layer.noise.shape[2:]
    source = torch.Generator().manual_seed(height * across + down)
    noise = torch.randn(1, 1, height * down, width * across, generator=source).to(layer.noise)
    noise *= layer.noise.square().mean().sqrt()
    noise[:, :, :height, :width] = layer.noise
    return layer.noisy(noise)
