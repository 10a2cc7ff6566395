"""A moving average of a network's weights, which is what is shown: steadier than the weights themselves."""

from __future__ import annotations

import copy

import torch
from torch import nn


class MovingAverage:
    """A copy of a network that follows it, with a half-life in pictures.

    ``ramp``: the half-life is never more than a twentieth of the pictures seen, so that early samples are not stale
    (arXiv 2006.06676). A network that was trained before is followed without it: the average would begin anew.
    """

    def __init__(self, net: nn.Module) -> None:
        self.net = copy.deepcopy(net).requires_grad_(False)

    def follow(self, net: nn.Module, weight: float) -> None:
        """Go towards the weights of `net` by a share `weight` (see `share_of`)."""
        torch._foreach_lerp_(list(self.net.parameters()), [p.data for p in net.parameters()], weight)


def share_of(batch: int, half_life: float, images: int, ramp: bool = True) -> float:
    """What a step of `batch` pictures counts in a mean with this half-life in pictures, after `images` of them."""
    if ramp:
        half_life = min(half_life, images * 0.05)
    return 1 - 0.5 ** (batch / max(1.0, half_life))
