"""What a refiner's last convolution must not paint, whose maps are shuffled into blocks of four pixels: a comb.

Where its feature maps are even, no pixel of a block may be brighter than the others; where they rise evenly, down or
across, what is painted must rise evenly, too, within blocks as from one to the next. Else rows or columns stand out by
turns, all over the picture, by a fifth of a level: a discriminator takes no notice, and a spectrum does.
"""

from __future__ import annotations

import torch
from torch import Tensor

from installation.networks.refiner import SCALE, Conv

APART = 1 / SCALE
"""How far two pixels of a block are from each other, in pixels before the shuffling."""


@torch.no_grad()
def even_out(last: Conv) -> None:
    """Takes the comb from its weights; the rest of them stays."""
    weights, biases = (each.unflatten(0, (-1, SCALE, SCALE)) for each in (last.weight, last.bias))
    answers = weights.sum((-2, -1), keepdim=True)
    usual = answers.mean((1, 2), keepdim=True)
    weights -= (answers - usual) / weights[0, 0, 0, 0].numel()
    biases.copy_(biases.mean((1, 2), keepdim=True).expand_as(biases))
    for rows in (weights, weights.transpose(1, 2).transpose(-2, -1)):  # and columns
        _rise(rows, usual)


def _rise(weights: Tensor, usual: Tensor) -> None:
    """Of the upper and the lower pixels of blocks (colours, SCALE, SCALE, maps, down, across): how much more the lower
    ones answer to maps that rise by 1 a pixel is made what a picture rises by from the ones to the others."""
    down = torch.arange(weights.shape[-2], device=weights.device) - weights.shape[-2] // 2
    ramp = down[:, None].expand(weights.shape[-2:]).to(weights)
    upper, lower = (weights[:, row] for row in range(SCALE))
    apart = (lower - upper).mean(1)
    lacks = APART * usual[:, 0, 0] - (apart * ramp).sum((-2, -1), keepdim=True)
    change = (lacks / 2 * ramp / ramp.square().sum())[:, None]
    upper -= change
    lower += change
