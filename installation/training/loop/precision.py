"""Whether bfloat16 is the faster type on this processor, measured before a training begins.

A processor that multiplies bfloat16 natively is three times as fast with it, but kernels of single releases are slow:
conv2d in bfloat16 has been 4 to 16 times slower than in float32, for convolutions of each map on its own (depthwise)
with channels last among others (pytorch issue 183815). A second of timing decides, for either kind of convolution.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

ROUNDS = 5
MAPS, SIDE, PICTURES = 64, 32, 8


@dataclass(frozen=True)
class Precision:
    """`dtype` of the activations; `depthwise` is that of a convolution of each map on its own, None where it is the
    same; `told` is the result in words, empty if nothing was measured."""

    dtype: torch.dtype
    depthwise: torch.dtype | None = None
    told: str = ""


def faster(seconds: Callable[[torch.dtype, int], float] | None = None) -> Precision:
    """Choose between bfloat16 and float32. ``seconds(dtype, groups)`` times a convolution."""
    seconds = seconds or measured
    full, each = (seconds(torch.bfloat16, groups) / seconds(torch.float32, groups) for groups in (1, MAPS))
    if full >= 1:
        return Precision(
            torch.float32, told=f"bfloat16 is {full:.1f} times as slow as float32 here: learning in float32."
        )
    if each >= 1:
        told = f"bfloat16 is {each:.1f} times as slow as float32 in depthwise convolutions here: those in float32."
        return Precision(torch.bfloat16, torch.float32, told)
    return Precision(torch.bfloat16)


def measured(dtype: torch.dtype, groups: int) -> float:
    """Seconds of a 3x3 convolution with its gradient, the shortest of a few."""
    x = torch.randn(PICTURES, MAPS, SIDE, SIDE, dtype=dtype).to(memory_format=torch.channels_last)
    weight = torch.randn(MAPS, MAPS // groups, 3, 3, dtype=dtype).to(memory_format=torch.channels_last)
    x.requires_grad_(True)
    return min(once(x, weight, groups) for _ in range(ROUNDS + 1))


def once(x: torch.Tensor, weight: torch.Tensor, groups: int) -> float:
    begun = time.perf_counter()
    F.conv2d(x, weight, padding=1, groups=groups).sum().backward()
    return time.perf_counter() - begun
