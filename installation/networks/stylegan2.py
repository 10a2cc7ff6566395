"""A StyleGAN2-type network as a model file holds it, and as it paints (in training: stylegan2_generator.py).

A file holds every weight with its constant factor multiplied in, and the fixed noise of version 2 with its strength
beside it: painting is always the same picture for the same w.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from installation.core.errors import ModelError
from installation.networks.fitting import fitting
from installation.networks.model_file import network_of
from installation.networks.runtime import levels
from installation.networks.stylegan2_generator import (
    FIRST,
    SQRT2,
    Architecture,
    EqualLinear,
    StyleGan2,
    convolve,
    enlarges,
    upsample,
)
from installation.networks.styles import Affines, FromConstant, over


def effective_tensors(generator: StyleGan2, resolution: int, fade: float = 1.0) -> dict[str, Tensor]:
    """What a model file holds: the generator cut off at `resolution`, every constant factor multiplied into its weights
    (and the fade of the topmost resolution, where it is still new)."""
    tensors = {name: (weight * factor).detach() for name, weight, factor in effective_weights(generator, resolution)}
    return tensors | {name: tensors[name] * fade for name in (f"{resolution}.rgb.weight", f"{resolution}.rgb.bias")}


def load_effective(generator: StyleGan2, tensors: Mapping[str, Tensor], resolution: int) -> None:
    """The way back: into the network in training, up to `resolution`; larger blocks stay as they are."""
    with torch.no_grad():
        for name, weight, factor in effective_weights(generator, resolution):
            weight.copy_(tensors[name] / factor)


def effective_weights(generator: StyleGan2, resolution: int) -> Iterator[tuple[str, Tensor, float]]:
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
            if hasattr(layer, "strength"):
                yield f"{size}.{part}.strength", layer.strength, 1.0
                yield f"{size}.{part}.noise", layer.noise, 1.0
        if size == resolution:
            return


def _linear(name: str, layer: nn.Module) -> Iterator[tuple[str, Tensor, float]]:
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
            if arch.noise and part != "rgb":
                shapes |= {f"{name}.strength": (1,), f"{name}.noise": (size, size)}
        before = after
    return shapes


def read_architecture(options: Mapping[str, Any], name: object = "model") -> Architecture:
    """The architecture from a header, checked field by field."""
    every = [f.name for f in fields(Architecture)]
    version = options.get("version", 1)
    if version not in (1, 2):
        raise ModelError(f"{name}: header: architecture version {version!r}; this program paints versions 1 and 2.")
    wanted = FIRST if "version" not in options else every
    if set(options) != set(wanted):
        raise ModelError(f"{name}: header: architecture has {sorted(options)}; expected {sorted(wanted)}.")
    channels = options["channels"]
    whole = [options[one] for one in FIRST if one != "channels"]
    whole += channels if isinstance(channels, list) and channels else [0]
    if not all(isinstance(n, int) and 0 < n <= 4096 for n in whole) or len(whole) > 20:
        raise ModelError(f"{name}: header: architecture {dict(options)} must be whole numbers from 1 to 4096.")
    check_form(options, name)
    arch = Architecture(**{**options, "channels": tuple(channels)})
    if arch.resolutions[-1] != arch.resolution:
        raise ModelError(
            f"{name}: header: {len(channels)} channel counts reach {arch.resolutions[-1]} px, "
            f"but resolution is {arch.resolution}."
        )
    return arch


def check_form(options: Mapping[str, Any], name: object) -> None:
    """Raises ModelError where what version 2 added is not what it must be."""
    fine = options.get("fine", 0)
    switches = (options.get("noise", False), options.get("replicate", False))
    if not all(isinstance(one, bool) for one in switches) or isinstance(fine, bool) or not isinstance(fine, int):
        raise ModelError(
            f"{name}: header: architecture {dict(options)}: expected true or false for noise and replicate, and a "
            "whole number of pixels for fine."
        )


def build(
    header: Mapping[str, Any], tensors: Mapping[str, NDArray[np.float32]], device: str = "cpu", name: object = "model"
) -> Network:
    """The network of a model that model_file.load_model has read from the file ``name``. Raises ModelError, with
    that name, if tensors do not fit."""
    arch = read_architecture(header["architecture"], name)
    return Network(arch, fitting(network_of(tensors), expected_shapes(arch), str(name)), device)


class PaintLayer:
    """A styled convolution with everything that does not depend on w worked out beforehand. Works in place: ``x`` is
    the caller's no more, as new memory for every step costs more than the step."""

    def __init__(self, tensors: Mapping[str, Tensor], name: str, arch: Architecture, device: str) -> None:
        size, _, part = name.partition(".")
        weight = tensors[f"{name}.weight"].to(device)
        self.weight = weight.contiguous(memory_format=torch.channels_last)
        self.squares = self.squared()
        self.bias = (tensors[f"{name}.bias"] * SQRT2).to(device)[None, :, None, None]
        self.up = enlarges(arch, int(size)) if part == "conv0" else "never"
        self.replicate, self.noise = arch.replicate, None
        if arch.noise:
            self.noise = (tensors[f"{name}.noise"] * (tensors[f"{name}.strength"] * SQRT2)).to(device)[None, None]

    def squared(self) -> Tensor:
        # the half brings the gain of the leaky ReLU
        return self.weight.contiguous().square().sum((2, 3)).t().contiguous() / 2

    def noisy(self, noise: Tensor) -> PaintLayer:
        """The layer with another noise, (1, 1, height, width)."""
        made = copy.copy(self)
        made.noise = noise
        return made

    def __call__(self, x: Tensor, style: Tensor) -> Tensor:
        demod = torch.mm(style * style, self.squares).add_(5e-9).rsqrt_()
        if self.up == "first":
            x = upsample(x)
        x = convolve(x.mul_(over(style, x)), self.weight, self.replicate)
        if self.up == "last":
            x = upsample(x)
        x = x.mul_(over(demod, x)).add_(self.bias)
        if self.noise is not None:
            x = x.add_(self.noise)
        return F.leaky_relu_(x, 0.2)


class Network(FromConstant):
    """A generator that only paints. Same pictures as `StyleGan2`, faster at one picture a time.

    `mapping` runs on the CPU in float32, so that a seed gives the same latent on every device.
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
        self.affines = Affines(tensors, names, device)
        self.layers = {name: PaintLayer(tensors, name, arch, device) for name in names if not name.endswith("rgb")}
        self.rgb = {
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
        """w (n, w_dim), or (n, layers, w_dim) for each of ``affines.names`` -> pictures (n, 3, resolution, resolution),
        float32, about -1..1 (not clipped)."""
        latents = (w if isinstance(w, Tensor) else torch.from_numpy(w)).to(self.device, torch.float32)
        styles = iter(self.affines(latents))
        x = self.begun(latents.shape[0])
        rgb: Tensor | None = None
        for size in self.arch.resolutions:
            for part in ("conv1",) if size == 4 else ("conv0", "conv1"):
                x = self.layers[f"{size}.{part}"](x, next(styles))
            new = self.coloured(x, next(styles), size)
            rgb = new if rgb is None else upsample(rgb).add_(new)
        assert rgb is not None
        return rgb

    @torch.inference_mode()
    def paint(self, w: NDArray[np.float32]) -> NDArray[np.uint8]:
        """One w (w_dim,) -> one picture (height, width, 3), uint8 sRGB, on the CPU, contiguous. It is a new array;
        installation/networks/runtime.py paints faster."""
        if w.shape != (self.w_dim,):
            raise ValueError(f"one place in W has shape ({self.w_dim},), not {w.shape}")
        latent = torch.from_numpy(w)[None].to(self.device)
        return np.ascontiguousarray(levels(self.synthesis, latent).cpu().numpy())
