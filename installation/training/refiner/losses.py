"""The loss functions of a refiner. Pictures are (n, 3, h, w) in -1..1."""

from __future__ import annotations

import math
import sys

import torch
import torch.nn.functional as F
from torch import Tensor

from installation.core.errors import MissingDependency
from installation.training.gan.projected import Eye
from installation.training.loop.devices import Devices

LOW = 8
"""Px of the painted picture over which it is averaged before it must be the real one."""
FINER = 4
"""The same of what is made of a picture that was averaged and worn, and not imagined: it tells this much."""
PERIOD = 8
"""Px: a lattice repeats itself within so many, as the network halves and enlarges its maps."""
AROUND = 5
"""Px across and down of the mean that a pixel is compared with."""
TAPS = 3
"""Depths of features that are compared: a 4th, 8th and 16th of the picture."""


def low_pass(painted: Tensor, real: Tensor, over: int = LOW) -> Tensor:
    """Mean absolute difference of the pictures averaged over so many px, 0 without any: light, colour and drawing stay;
    what is finer is left to the other losses, as the mean of all that it might be is a blur."""
    if not len(painted):
        return torch.zeros((), device=painted.device)
    return F.l1_loss(F.avg_pool2d(painted, over), F.avg_pool2d(real, over))


def lattice(painted: Tensor) -> Tensor:
    """Mean square of what all windows have in common at every PERIOD-th pixel, which is nothing in real pictures: a
    lattice of half a level, of which no discriminator takes notice, and a spectrum does."""
    fine = painted - F.avg_pool2d(F.pad(painted, (AROUND // 2,) * 4, mode="replicate"), AROUND, 1)
    return fine.unflatten(3, (-1, PERIOD)).unflatten(2, (-1, PERIOD)).mean((0, 2, 4)).square().mean()


def eye_for(weight: float, devices: Devices) -> Eye | None:
    """The network whose features are compared; None where they have no weight or, with a printed note, where it is not
    installed."""
    if not weight:
        return None
    try:
        return Eye(devices.device, devices.dtype, devices.depthwise, taps=TAPS)
    except MissingDependency as error:
        print(f"Without features: {error}", file=sys.stderr)
        return None


def unlike(eye: Eye | None, painted: Tensor, real: Tensor, most: int, chance: torch.Generator) -> Tensor:
    """The difference of features in a part of the pictures, anywhere, of ``most`` px at most; 0 without pictures, or
    without an eye."""
    side = min(most, painted.shape[-1])
    y, x = torch.randint(painted.shape[-1] - side + 1, (2,), generator=chance).tolist()
    if eye is None or not len(painted):
        return torch.zeros((), device=painted.device)
    return features(eye, *(picture[..., y : y + side, x : x + side] for picture in (painted, real)))


def features(eye: Eye, painted: Tensor, real: Tensor) -> Tensor:
    """Mean absolute difference of a frozen network's features at each depth, in units of the real ones' size
    (arXiv 1512.09300 takes the discriminator's own, arXiv 1603.08155 a trained network's)."""
    with torch.no_grad():
        wanted = eye(real)
    pairs = zip(eye(painted), wanted, strict=True)
    return torch.stack([F.l1_loss(mine, other) / other.abs().mean() for mine, other in pairs]).mean()


def judge_loss(real: list[Tensor], painted: list[Tensor]) -> Tensor:
    """Of the discriminator: logistic (arXiv 1406.2661), each size of patch counts alike."""
    losses = [F.softplus(-a).mean() + F.softplus(b).mean() for a, b in zip(real, painted, strict=True)]
    return torch.stack(losses).mean()


def painter_loss(painted: list[Tensor]) -> Tensor:
    """Of the refiner: non-saturating (same paper)."""
    return torch.stack([F.softplus(-score).mean() for score in painted]).mean()


def gradient_penalty(scores: list[Tensor], picture: Tensor) -> Tensor:
    """R1 (arXiv 1801.04406) of a discriminator of patches: the square of the gradient of each size's scores, summed
    over the picture, as if each patch were a picture (divided by the root of their number)."""
    total = torch.stack([score.sum() / math.sqrt(score.shape[1]) for score in scores]).sum()
    (gradient,) = torch.autograd.grad(total, picture, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean()
