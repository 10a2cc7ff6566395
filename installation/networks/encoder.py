"""The encoder of a model: from a picture to its latent of the generator, in one pass.

A residual network that halves the picture at each block, as a discriminator does, with group normalisation
(arXiv 1803.08494); its output is the latent in standard deviations along the principal directions of the latent space
(`latent.*` of the model file). Its tensors are the group ``encoder`` of a model file, and the header's
``encoder.architecture`` says what must be known to rebuild it. It is trained by installation.training.encoder.run.

A network that encodes by itself, a VAE's, has ``encode(image) -> latent``, which is used instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from installation.core.contracts import Latent, Pixels
from installation.core.errors import ModelError
from installation.core.invocation import program
from installation.networks.fitting import fitting
from installation.networks.model_file import Header, Shapes, Tensors, group_of, load_model

GROUPS = 8
"""Groups of feature maps that are normalised together; every width is a multiple."""
SMALLEST = 4
"""Pixels where the encoder ends."""


@dataclass(frozen=True)
class Architecture:
    """What must be known to rebuild an encoder. Its input is `size` px; `channels` counts the feature maps at half of
    that and on down to 4 px; `narrow` is their number before the final linear layer; `directions` is the length of the
    output."""

    size: int = 64
    directions: int = 256
    channels: tuple[int, ...] = (48, 96, 192, 256)
    narrow: int = 128

    @classmethod
    def fitting(cls, resolution: int, directions: int) -> Architecture:
        """For a generator's pictures: 64 px show the composition, and 128 px take twice the time."""
        size = min(resolution, cls.size)
        return cls(size, directions, cls.channels[: (size // SMALLEST).bit_length() - 1])


class Block(nn.Module):
    """A residual block that halves the picture first, where that is cheap."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, wide_in)
        self.conv0 = nn.Conv2d(wide_in, wide_out, 3, padding=1)
        self.conv1 = nn.Conv2d(wide_out, wide_out, 3, padding=1)
        self.skip = nn.Conv2d(wide_in, wide_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(x, 2)
        y = self.conv0(F.leaky_relu(self.norm(x), 0.2))
        return self.conv1(F.leaky_relu(y, 0.2)) + self.skip(x)


class Encoder(nn.Module):
    """Pictures (n, 3, size, size), sRGB, -1..1 -> coordinates (n, directions), about normal."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        self.arch = arch
        self.entrance = nn.Conv2d(3, arch.channels[0], 4, stride=2, padding=1)
        self.blocks = nn.Sequential(*(Block(a, b) for a, b in pairwise(arch.channels)))
        self.narrow = nn.Conv2d(arch.channels[-1], arch.narrow, 1)
        self.out = nn.Linear(arch.narrow * 16, arch.directions)

    def forward(self, picture: Tensor) -> Tensor:
        x = self.blocks(self.entrance(picture))
        x = F.leaky_relu(self.narrow(F.leaky_relu(x, 0.2)), 0.2)
        return self.out(x.flatten(1))


# -- the use of it ----------------------------------------------------------------------------------------------------

Encode = Callable[[Pixels], Latent]
"""An image (height, width, 3) uint8 of any size -> the latent that the network paints it from. Of one that is not
square the middle is taken."""


def build(header: Header, tensors: Tensors, device: str, name: object) -> Encode:
    """The encoder of a model that model_file.load_model has read from the file ``name``. Raises ModelError where it has
    none, or one that does not fit."""
    group, facts = group_of(tensors, "encoder"), group_of(tensors, "latent")
    entry = header.get("encoder")
    arch = read_architecture(entry.get("architecture") if isinstance(entry, dict) else None, name)
    encoder = Encoder(arch).requires_grad_(False)
    encoder.load_state_dict(fitting(group, expected_shapes(arch), f"{name}: encoder"))
    encoder.to(device)
    steps = facts["std"][: arch.directions, None] * facts["basis"][: arch.directions]

    @torch.inference_mode()
    def encode(image: Pixels) -> Latent:
        offset: Latent = encoder(shrunk(square(image).to(device), arch.size))[0].cpu().numpy()
        return facts["mean"] + offset @ steps

    return encode


@lru_cache(maxsize=4)
def opened(model: Path, changed: int, device: str, network: Any) -> Encode:
    """The encoder of a model file, read when it is first asked for. ``changed`` is the file's time of change (ns)."""
    return encoder_of(network, *load_model(model), device, model)


def encoder_of(network: Any, header: Header, tensors: Tensors, device: str, name: object) -> Encode:
    """The encoder in a model file, whatever its kind; ``network`` is what paints it. Raises ModelError."""
    if not group_of(tensors, "encoder"):
        raise ModelError(f"{name}: has no encoder. Train one: {program()} encoder {name}")
    if hasattr(network, "encode"):
        own: Encode = network.encode
        return own
    return build(header, tensors, device, name)


def shrunk(pictures: Tensor, size: int) -> Tensor:
    """(n, 3, s, s) -> (n, 3, size, size): the mean over the area where it becomes smaller, so that nothing aliases."""
    if pictures.shape[-1] == size:
        return pictures
    if pictures.shape[-1] > size:
        return F.interpolate(pictures, size=(size, size), mode="area")
    return F.interpolate(pictures, size=(size, size), mode="bilinear", align_corners=False)


def square(image: Pixels) -> Tensor:
    """The largest square in the middle of an image (h, w, 3) uint8 of any size, as (1, 3, s, s) float32 in -1..1.

    Raises ValueError for an array of another kind."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(f"an image is (height, width, 3) uint8 sRGB, not {image.shape} {image.dtype}")
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    middle = torch.from_numpy(image[top : top + side, left : left + side].copy())  # an image may be read-only
    return middle.permute(2, 0, 1)[None].float() / 127.5 - 1


def expected_shapes(arch: Architecture) -> Shapes:
    """Name and shape of every tensor of the group ``encoder``."""
    with torch.device("meta"):
        return {name: tuple(tensor.shape) for name, tensor in Encoder(arch).state_dict().items()}


def read_architecture(options: Mapping[str, Any] | None, name: object = "model") -> Architecture:
    """The architecture from a header's ``encoder.architecture``, checked field by field."""
    wanted = {f.name for f in fields(Architecture)}
    if not isinstance(options, dict) or set(options) != wanted:
        found = sorted(options) if isinstance(options, dict) else options
        raise ModelError(f"{name}: header: encoder.architecture has {found}; expected {sorted(wanted)}.")
    channels = options["channels"]
    whole = [options["size"], options["directions"], options["narrow"]]
    whole += channels if isinstance(channels, list) and channels else [0]
    if not all(isinstance(n, int) and 0 < n <= 4096 for n in whole) or len(whole) > 20:
        raise ModelError(f"{name}: header: encoder.architecture {options} must be whole numbers from 1 to 4096.")
    arch = Architecture(**{**options, "channels": tuple(channels)})
    if arch.size != SMALLEST * 2 ** len(channels) or any(n % GROUPS for n in channels):
        raise ModelError(
            f"{name}: header: encoder.architecture: {len(channels)} channel counts, multiples of {GROUPS}, halve "
            f"{SMALLEST * 2 ** len(channels)} px to {SMALLEST}; found {options['size']} px and {channels}."
        )
    return arch
