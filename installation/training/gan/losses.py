"""The loss functions. Scores are (n, k), the higher the more real; every loss is a mean over pictures.

* **Non-saturating loss with lazy R1** (arXiv 1406.2661, 1801.04406, 1912.04958): a second derivative at every 16th
  step.
* **or the relativistic pairing loss with R1 and R2** (R3GAN, arXiv 2501.05441): both at every step.
* **LeCam regularisation** (arXiv 2104.03310) of the first: real scores are held near what fakes have scored of late and
  the other way round, so that a discriminator of few pictures does not become too sure of them.
* **The hinge loss** for a discriminator on the features of a pretrained network (Projected GANs, arXiv 2111.01007).
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Loss = Literal["non-saturating", "relativistic", "hinge"]


def loss_d(real: Tensor, fake: Tensor, loss: Loss) -> Tensor:
    """Of the discriminator: real scores above 0 and others below (beyond 1, which is far enough, where it is the
    hinge), or each real one above the other beside it."""
    if loss == "relativistic":
        return F.softplus(fake - real).mean()
    if loss == "hinge":
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def loss_g(fake: Tensor, real: Tensor | None, loss: Loss) -> Tensor:
    """Of the generator. `real`: scores of the real pictures beside it, for the relativistic loss alone."""
    if loss == "relativistic":
        assert real is not None
        return F.softplus(real - fake).mean()
    return -fake.mean() if loss == "hinge" else F.softplus(-fake).mean()


def lecam(real: Tensor, fake: Tensor, history: Tensor) -> Tensor:
    """`history` (2,): running means of real and of fake scores, without a gradient."""
    real_mean, fake_mean = history
    return F.relu(real - fake_mean).square().mean() + F.relu(real_mean - fake).square().mean()


def penalty(scores: Tensor, seen: Tensor, r1: float) -> Tensor:
    """gamma/2 * |d score / d picture|^2 with gamma = r1 * pixels of the picture (arXiv 1801.04406)."""
    (slope,) = torch.autograd.grad(scores.sum(), seen, create_graph=True)
    gamma = r1 * seen.shape[-1] * seen.shape[-2]
    return slope.float().square().sum((1, 2, 3)).mean() * (gamma / 2)
