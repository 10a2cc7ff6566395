"""From seeds to styles, as StyleGAN2-ADA and StyleGAN3 do it, with classes or without.

A network with classes has a style for each: a latent is then all of them side by side, (classes * w_dim,), so
that a latent on a walk holds for every class, and classes can be changed and mixed during the walk.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

SQRT2 = math.sqrt(2.0)
Floats = NDArray[np.float32]


def mapping_shapes(z_dim: int, widths: Sequence[int], classes: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors. ``widths``: what goes into the first layer, and what each layer gives."""
    shapes: dict[str, tuple[int, ...]] = {}
    for index, (wide_in, wide_out) in enumerate(pairwise(widths)):
        shapes |= {f"mapping.{index}.weight": (wide_out, wide_in), f"mapping.{index}.bias": (wide_out,)}
    return shapes | ({"classes": (classes, widths[0] - z_dim)} if classes else {})


class StyleMapping:
    """Runs on the CPU in float32, so that a seed gives the same latent on every device. ``classes`` of the tensors is
    what the embedding of each class is once it is normalised."""

    def __init__(self, tensors: Mapping[str, Tensor], layers: int) -> None:
        self.layers = [
            (tensors[f"mapping.{i}.weight"] * SQRT2, tensors[f"mapping.{i}.bias"] * SQRT2) for i in range(layers)
        ]
        self.classes = tensors.get("classes")

    @torch.inference_mode()
    def __call__(self, z: Floats) -> Floats:
        """z (n, z_dim) standard normal -> styles (n, w_dim), or (n, classes * w_dim), not truncated."""
        x = normal(torch.from_numpy(np.ascontiguousarray(z, np.float32)))
        if self.classes is None:
            return self.run(x)
        return np.concatenate([self.run(torch.cat([x, one.expand(len(x), -1)], 1)) for one in self.classes], axis=1)

    def run(self, x: Tensor) -> Floats:
        for weight, bias in self.layers:
            x = F.leaky_relu_(F.linear(x, weight, bias), 0.2)
        w: Floats = x.numpy()
        return w


def normal(x: Tensor) -> Tensor:
    """Rows of mean square 1."""
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()
