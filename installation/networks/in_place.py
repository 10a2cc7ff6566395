"""Steps that are done in place where nothing is differentiated, as while a show paints, and else beside what was."""

from __future__ import annotations

import torch
from torch import Tensor


def multiplied(x: Tensor, factor: Tensor | float) -> Tensor:
    return x * factor if torch.is_grad_enabled() else x.mul_(factor)


def clamped(x: Tensor, most: float | None) -> Tensor:
    """Within -most..most; None bounds nothing."""
    if most is None:
        return x
    return x.clamp(-most, most) if torch.is_grad_enabled() else x.clamp_(-most, most)
