"""Adam as the runs use it, and its moments from a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from installation.training.loop.devices import Devices


def load_optimiser(
    optimiser: torch.optim.Optimizer, net: nn.Module, saved: dict[str, Any], names: Sequence[str]
) -> None:
    """The moments of a saved optimiser whose network had the parameters `names`, in that order; new ones begin empty.

    Learning rate and the like stay the optimiser's own.
    """
    order = {name: index for index, (name, _) in enumerate(net.named_parameters())}
    known = [name for name in names if name in order]  # not buffers
    moments = {order[known[index]]: moment for index, moment in saved["state"].items()}
    optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})


def gather(optimiser: torch.optim.Optimizer, devices: Devices) -> None:
    """Before a step: the gradients of the whole batch, as each device has those of its part."""
    weights = [p for group in optimiser.param_groups for p in group["params"]]
    devices.mean_([p.grad for p in weights if p.grad is not None])


def descend(optimiser: torch.optim.Optimizer, devices: Devices) -> None:
    """A step along the gradients of the whole batch, which are then forgotten."""
    gather(optimiser, devices)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
