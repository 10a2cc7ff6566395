"""A small variational autoencoder (arXiv 1312.6114) that trains and paints on an ordinary CPU.

The encoder is a residual network that halves the picture down to 4 px and ends in a mean and a log variance for each
latent. The decoder starts from the latent at 4 px and doubles; at every size a residual convolution is steered by the
latent (a scale and a shift for each feature map), and its RGB is added to that of the size below. No layer normalises
over a batch, so a picture never depends on the others of its batch. Both ends grow: every size from 4 px up can be
trained and painted alone, and a new one is faded in.

Pictures are (n, 3, height, width), sRGB, -1..1. Latents are (n, latent) float32, standard normal a priori.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from installation.core.errors import ModelError
from installation.networks.encoder import shrunk, square
from installation.networks.fitting import fitting
from installation.networks.model_file import Shapes, group_of, network_of
from installation.networks.runtime import levels

SLOPE = 0.2
"""The slope of the leaky ReLU below zero."""
GAIN = math.sqrt(2 / (1 + SLOPE**2))
"""What keeps the variance through a layer that ends in it."""
SMALLEST = 4
"""Pixels where the decoder begins and the encoder ends."""
LOG_VARIANCE = (-12.0, 4.0)
"""Bounds of the posterior's log variance: far beyond what is learned, so that its exponential is always finite."""


@dataclass(frozen=True)
class Architecture:
    """What must be known to rebuild a network. ``channels`` (decoder) and ``encoder_channels`` count the feature maps
    at 4, 8, 16 ... ``resolution`` px."""

    resolution: int = 128
    latent: int = 64
    channels: tuple[int, ...] = (256, 256, 128, 64, 32, 16)
    encoder_channels: tuple[int, ...] = (128, 128, 128, 64, 32, 16)

    @property
    def resolutions(self) -> tuple[int, ...]:
        return tuple(SMALLEST * 2**i for i in range(len(self.channels)))

    def at(self, resolution: int) -> Architecture:
        """The same network cut off at a lower resolution."""
        count = self.resolutions.index(resolution) + 1
        return Architecture(resolution, self.latent, self.channels[:count], self.encoder_channels[:count])


def draw(weight: Tensor, std: float) -> None:
    """Begin with normal numbers. Not where only shapes are asked for: torch would load its compiler for that, a second
    of a show's start."""
    if not weight.is_meta:
        nn.init.normal_(weight, std=std)


class Conv(nn.Conv2d):
    """A convolution of odd size that keeps the picture's size, computed in the type of its input."""

    def __init__(self, wide_in: int, wide_out: int, kernel: int, gain: float = GAIN) -> None:
        super().__init__(wide_in, wide_out, kernel, padding=kernel // 2)
        draw(self.weight, gain / math.sqrt(wide_in * kernel**2))
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight.to(x.dtype, memory_format=torch.channels_last)
        return F.conv2d(x, weight, self.bias.to(x.dtype), padding=self.padding)


class Linear(nn.Linear):
    def __init__(self, wide_in: int, wide_out: int, gain: float, bias: float = 0.0) -> None:
        super().__init__(wide_in, wide_out)
        draw(self.weight, gain / math.sqrt(wide_in))
        nn.init.constant_(self.bias, bias)


# -- picture -> latent ------------------------------------------------------------------------------------------------


class EncoderBlock(nn.Module):
    """A residual block that halves the picture; each branch leaves with half the variance."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.conv0 = Conv(wide_in, wide_in, 3)
        self.conv1 = Conv(wide_in, wide_out, 3, gain=math.sqrt(0.5))
        self.skip = Conv(wide_in, wide_out, 1, gain=math.sqrt(0.5))

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.conv0(F.leaky_relu(x, SLOPE)), SLOPE)
        return self.conv1(F.avg_pool2d(y, 2)) + self.skip(F.avg_pool2d(x, 2))


class VaeEncoder(nn.Module):
    """Picture -> mean and log variance of the posterior over latents, both (n, latent).

    The picture enters at every size, so that a larger one can be added without a loss (``fade`` 0..1 lets it in)."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        self.arch = arch
        wide = arch.encoder_channels
        self.entrance = nn.ModuleDict(
            {str(size): Conv(3, c, 1, gain=1.0) for size, c in zip(arch.resolutions, wide, strict=True)}
        )
        self.block = nn.ModuleDict(
            {str(size): EncoderBlock(b, a) for size, (a, b) in zip(arch.resolutions[1:], pairwise(wide), strict=True)}
        )
        self.out = Linear(wide[0] * 16, 2 * arch.latent, gain=0.5)

    def forward(self, picture: Tensor, fade: float = 1.0, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
        picture = picture.to(dtype, memory_format=torch.channels_last)
        x, top = self.entrance[str(picture.shape[-1])](picture), picture.shape[-1]
        while picture.shape[-1] > SMALLEST:
            size, picture = picture.shape[-1], F.avg_pool2d(picture, 2)
            x = self.block[str(size)](x)
            x = (x * fade if size == top and fade < 1 else x) + self.entrance[str(size // 2)](picture)
        mean, log_variance = self.out(F.leaky_relu(x, SLOPE).float().flatten(1)).chunk(2, 1)
        return mean, log_variance.clamp(*LOG_VARIANCE)


# -- latent -> picture ------------------------------------------------------------------------------------------------


class DecoderBlock(nn.Module):
    """One size of the decoder: double (except at 4 px), then a residual convolution; both are steered by the latent."""

    def __init__(self, wide_in: int, wide_out: int, latent: int, first: bool) -> None:
        super().__init__()
        self.conv0 = None if first else Conv(wide_in, wide_out, 3, gain=1.0)
        self.conv1 = Conv(wide_out, wide_out, 3)
        self.rgb = Conv(wide_out, 3, 1, gain=0.3)
        self.steer = Linear(latent, 4 * wide_out, gain=0.2)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        scale0, shift0, scale1, shift1 = self.steer(z).to(x.dtype)[:, :, None, None].chunk(4, 1)
        if self.conv0 is not None:
            x = upsample(self.conv0(x))
        x = F.leaky_relu(x * (1 + scale0) + shift0, SLOPE)
        return x + F.leaky_relu(self.conv1(x) * (0.5 + scale1) + shift1, SLOPE)


class Decoder(nn.Module):
    """Latent -> mean of the picture, in training. ``fade`` (0..1) blends the topmost size in while it is new."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        self.arch = arch
        self.start = Linear(arch.latent, arch.channels[0] * 16, gain=1.0)
        wide = (arch.channels[0], *arch.channels)
        self.block = nn.ModuleDict(
            {
                str(size): DecoderBlock(a, b, arch.latent, first=size == SMALLEST)
                for size, (a, b) in zip(arch.resolutions, pairwise(wide), strict=True)
            }
        )

    def forward(self, z: Tensor, resolution: int, fade: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
        x = self.start(z).to(dtype).unflatten(1, (-1, SMALLEST, SMALLEST)).contiguous(memory_format=torch.channels_last)
        picture: Tensor | None = None
        for size in self.arch.resolutions:
            block = self.block[str(size)]
            x = block(x, z)
            new = block.rgb(x).float()
            picture = new if picture is None else upsample(picture) + (new * fade if size == resolution else new)
            if size == resolution:
                break
        assert picture is not None
        return picture


def upsample(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


# -- painting ---------------------------------------------------------------------------------------------------------


def decoder_tensors(decoder: Decoder, resolution: int, fade: float = 1.0) -> dict[str, Tensor]:
    """What a model file holds as its network: the decoder cut off at ``resolution``, the fade multiplied in."""
    return _cut(decoder, resolution, fade, ("rgb",))


def encoder_tensors(encoder: VaeEncoder, resolution: int, fade: float = 1.0) -> dict[str, Tensor]:
    """What a model file holds as its group ``encoder``."""
    return _cut(encoder, resolution, fade, ("conv1", "skip"))


def _cut(module: nn.Module, resolution: int, fade: float, faded: tuple[str, ...]) -> dict[str, Tensor]:
    """The tensors of a module up to a size; those that the topmost block leaves by are scaled by the fade."""
    cut = {}
    for name, tensor in module.state_dict().items():
        part, _, rest = name.partition(".")
        size, _, layer = rest.partition(".")
        if part in ("block", "entrance") and int(size) > resolution:
            continue
        fading = part == "block" and int(size) == resolution and layer.partition(".")[0] in faded
        cut[name] = tensor.detach() * fade if fading else tensor.detach()
    return cut


def expected_shapes(arch: Architecture) -> Shapes:
    """Name and shape of every tensor of the decoder in a model file."""
    return _shapes(Decoder, arch)


def encoder_shapes(arch: Architecture) -> Shapes:
    """Name and shape of every tensor of the group ``encoder``."""
    return _shapes(VaeEncoder, arch)


def _shapes(kind: type[nn.Module], arch: Architecture) -> Shapes:
    with torch.device("meta"):
        return {name: tuple(tensor.shape) for name, tensor in kind(arch).state_dict().items()}


def read_architecture(options: Mapping[str, Any], name: object = "model") -> Architecture:
    """The architecture from a header, checked field by field."""
    wanted = {f.name for f in fields(Architecture)}
    if set(options) != wanted:
        raise ModelError(f"{name}: header: architecture has {sorted(options)}; expected {sorted(wanted)}.")
    lists = [options["channels"], options["encoder_channels"]]
    whole = [options["resolution"], options["latent"]]
    whole += [n for wide in lists for n in (wide if isinstance(wide, list) and wide else [0])]
    if not all(isinstance(n, int) and 0 < n <= 4096 for n in whole) or len(whole) > 40:
        raise ModelError(f"{name}: header: architecture {dict(options)} must be whole numbers from 1 to 4096.")
    arch = Architecture(whole[0], whole[1], *map(tuple, lists))
    if not len(lists[0]) == len(lists[1]) or arch.resolutions[-1] != arch.resolution:
        raise ModelError(
            f"{name}: header: {len(lists[0])} and {len(lists[1])} channel counts reach {arch.resolutions[-1]} px, "
            f"but resolution is {arch.resolution}."
        )
    return arch


def build(
    header: Mapping[str, Any], tensors: Mapping[str, NDArray[np.float32]], device: str = "cpu", name: object = "model"
) -> Network:
    """The network of a model that model_file.load_model has read from the file ``name``. Raises ModelError, with
    that name, if tensors do not fit."""
    arch = read_architecture(header["architecture"], name)
    decoder = fitting(network_of(tensors), expected_shapes(arch), str(name))
    arrays = group_of(tensors, "encoder")
    encoder = fitting(arrays, encoder_shapes(arch), f"{name}: encoder") if arrays else {}
    return Network(arch, decoder, encoder, group_of(tensors, "latent"), device)


class PaintBlock:
    """One size of the decoder, for painting: all that does not depend on the latent is computed beforehand."""

    def __init__(self, tensors: Mapping[str, Tensor], size: int, device: str) -> None:
        def ready(name: str) -> Tensor:
            tensor = tensors[f"block.{size}.{name}"].to(device)
            return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor

        self.conv0 = None if size == SMALLEST else (ready("conv0.weight"), ready("conv0.bias"))
        self.conv1 = (ready("conv1.weight"), ready("conv1.bias"))
        self.rgb = (ready("rgb.weight"), ready("rgb.bias"))

    def __call__(self, x: Tensor, steer: Tensor) -> Tensor:
        scale0, shift0, scale1, shift1 = steer[:, :, None, None].chunk(4, 1)
        if self.conv0 is None:
            x = x.mul_(scale0).add_(shift0)
        else:  # steered before it is doubled, at a quarter of the work: doubling keeps sums and constants
            x = upsample(F.conv2d(x, *self.conv0, padding=1).mul_(scale0).add_(shift0))
        x = F.leaky_relu_(x, SLOPE)
        y = F.conv2d(x, *self.conv1, padding=1).mul_(scale1).add_(shift1)
        return x.add_(F.leaky_relu_(y, SLOPE))


class Network:
    """A decoder that only paints, with the encoder and the facts of its latent space where the file has them.

    ``mapping`` runs on the CPU in float32, so that a seed gives the same latent on every device.
    """

    def __init__(
        self,
        arch: Architecture,
        decoder: Mapping[str, Tensor],
        encoder: Mapping[str, Tensor] | None = None,
        facts: Mapping[str, NDArray[np.float32]] | None = None,
        device: str = "cpu",
    ) -> None:
        """``facts`` are mean, basis and std of the latents of real pictures; without, they are standard normal."""
        self.arch, self.device, self.resolution = arch, device, arch.resolution
        self._mean, self._axes = np.zeros(arch.latent, np.float32), np.eye(arch.latent, dtype=np.float32)
        if facts:
            self._mean, self._axes = facts["mean"], facts["basis"] * facts["std"][:, None]
        self.z_dim = len(self._axes)
        self._start, self._start_bias = (tensor.to(device) for tensor in channels_last(decoder, arch.channels[0]))
        blocks = [f"block.{size}.steer" for size in arch.resolutions]
        rest = [b for c in arch.channels for b in (1.0, 0.0, 0.5, 0.0) for _ in range(c)]
        self._steer = torch.cat([decoder[f"{name}.weight"] for name in blocks]).t().contiguous().to(device)
        self._steer_bias = (torch.cat([decoder[f"{name}.bias"] for name in blocks]) + torch.tensor(rest)).to(device)
        self._blocks = [PaintBlock(decoder, size, device) for size in arch.resolutions]
        self._encoder: VaeEncoder | None = None
        if encoder:
            self._encoder = VaeEncoder(arch).to(device).requires_grad_(False)
            self._encoder.load_state_dict(encoder)

    def mapping(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """z (n, z_dim) standard normal -> latents (n, latent), spread as those of real pictures."""
        return (self._mean + np.asarray(z, np.float32) @ self._axes).astype(np.float32, copy=False)

    @torch.inference_mode()
    def synthesis(self, latents: NDArray[np.float32] | Tensor) -> Tensor:
        """Latents (n, latent) -> pictures (n, 3, resolution, resolution), float32, about -1..1 (not clipped)."""
        z = (latents if isinstance(latents, Tensor) else torch.from_numpy(latents)).to(self.device, torch.float32)
        steer = torch.addmm(self._steer_bias, z, self._steer).split([4 * c for c in self.arch.channels], 1)
        x = torch.addmm(self._start_bias, z, self._start).unflatten(1, (SMALLEST, SMALLEST, -1)).permute(0, 3, 1, 2)
        picture: Tensor | None = None
        for block, amounts in zip(self._blocks, steer, strict=True):
            x = block(x, amounts)
            new = F.conv2d(x, *block.rgb).float()  # sums of sizes stay exact where convolutions are not
            picture = new if picture is None else upsample(picture).add_(new)
        assert picture is not None
        return picture

    @torch.inference_mode()
    def paint(self, latent: NDArray[np.float32]) -> NDArray[np.uint8]:
        """One latent (latent,) -> one picture (height, width, 3), uint8 sRGB, on the CPU, contiguous. It is a new
        array; installation/networks/runtime.py paints faster."""
        if latent.shape != (self.arch.latent,):
            raise ValueError(f"one latent has shape ({self.arch.latent},), not {latent.shape}")
        batch = torch.from_numpy(latent)[None].to(self.device)
        return np.ascontiguousarray(levels(self.synthesis, batch).cpu().numpy())

    @torch.inference_mode()
    def encode(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """A picture (height, width, 3) uint8 sRGB of any size -> the mean of its posterior, (latent,). Of one that is
        not square the middle is taken. Raises ModelError where the model file holds no encoder."""
        if self._encoder is None:
            raise ModelError("this model has no encoder; export it again from its checkpoint.")
        mean, _ = self._encoder(shrunk(square(picture).to(self.device), self.resolution))
        latent: NDArray[np.float32] = mean[0].cpu().numpy()
        return latent


def channels_last(decoder: Mapping[str, Tensor], channels: int) -> tuple[Tensor, Tensor]:
    """Weight (latent, 16 * channels) and bias of the first layer, whose answer then lies in memory as (4, 4, channels),
    as convolutions like it."""
    weight = decoder["start.weight"].unflatten(0, (channels, SMALLEST, SMALLEST)).permute(1, 2, 0, 3).flatten(0, 2)
    bias = decoder["start.bias"].unflatten(0, (channels, SMALLEST, SMALLEST)).permute(1, 2, 0).flatten()
    return weight.t().contiguous(), bias.contiguous()
