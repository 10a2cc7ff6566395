"""Attention over the places of a picture, as lucidrains' networks have it: linear in their number (arXiv 1812.01243),
and full among each place's nearest neighbours.

Tensors, named as here behind a prefix: ``norm.gain``, ``norm.bias`` (1, width, 1, 1), ``query`` (inner, width, 1, 1),
``around`` (width, 1, 3, 3), ``pair`` (2 * inner, width, 1, 1), ``out.weight`` and ``out.bias``; of the near attention
``near.query`` and ``near.pair``. ``inner`` is a multiple of HEAD.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

HEAD = 64
"""The width of a head, which neither program lets one change."""
NEAR = 3
"""Pixels: a place's neighbours are a square of this edge."""

Shapes = dict[str, tuple[int, ...]]


def attention_shapes(name: str, width: int, inner: int, near: bool) -> Shapes:
    """Names and shapes of an attention's tensors. ``near``: it looks at neighbours, too."""
    shapes: Shapes = {
        f"{name}.norm.gain": (1, width, 1, 1),
        f"{name}.norm.bias": (1, width, 1, 1),
        f"{name}.query": (inner, width, 1, 1),
        f"{name}.around": (width, 1, 3, 3),
        f"{name}.pair": (2 * inner, width, 1, 1),
        f"{name}.out.weight": (width, 2 * inner if near else inner, 1, 1),
        f"{name}.out.bias": (width,),
    }
    if near:
        shapes |= {f"{name}.near.query": (inner, width, 1, 1), f"{name}.near.pair": (2 * inner, width, 1, 1)}
    return shapes


class Attention:
    """(n, width, height, width) -> the same shape; the caller adds what went in."""

    def __init__(self, tensors: Mapping[str, Tensor], name: str) -> None:
        self._held = {
            key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")
        }

    def __call__(self, x: Tensor) -> Tensor:
        held = self._held
        x = channel_norm(x, held["norm.gain"], held["norm.bias"])
        found = F.gelu(self._far(x))
        if "near.query" in held:
            found = torch.cat([found, self._near(x)], 1)
        return F.conv2d(found, held["out.weight"], held["out.bias"])

    def _far(self, x: Tensor) -> Tensor:
        held = self._held
        around = F.conv2d(x, held["around"], padding=1, groups=x.shape[1])
        key, value = heads(F.conv2d(around, held["pair"])).chunk(2, 1)
        query = heads(F.conv2d(x, held["query"])).softmax(2) * HEAD**-0.5
        context = key.softmax(3) @ value.transpose(2, 3)
        return (context.transpose(2, 3) @ query).flatten(1, 2).unflatten(2, tuple(x.shape[2:]))

    def _near(self, x: Tensor) -> Tensor:
        held = self._held
        query = heads(F.conv2d(x, held["near.query"])) * HEAD**-0.5
        both = F.unfold(F.conv2d(x, held["near.pair"]), NEAR, padding=NEAR // 2)
        key, value = both.unflatten(1, (-1, HEAD, NEAR**2)).chunk(2, 1)  # (n, heads, HEAD, neighbours, places)
        weight = (query[:, :, :, None] * key).sum(2, keepdim=True).softmax(3)
        return (weight * value).sum(3).flatten(1, 2).unflatten(2, tuple(x.shape[2:]))


def heads(x: Tensor) -> Tensor:
    """(n, heads * HEAD, height, width) -> (n, heads, HEAD, places)."""
    return x.flatten(2).unflatten(1, (-1, HEAD))


def channel_norm(x: Tensor, gain: Tensor, bias: Tensor) -> Tensor:
    """Mean 0 and variance 1 over the channels of each place, then ``gain`` and ``bias``."""
    variance, mean = torch.var_mean(x, 1, keepdim=True, correction=0)
    return (x - mean) * (variance + 1e-5).rsqrt() * gain + bias
