"""A second discriminator of a refiner, on the features of a pretrained network (Projected GANs, arXiv 2111.01007).

Its features know textures from the first step, where a discriminator that begins from nothing must first learn them.
That it degrades faces does no harm here: drawing, light and colour are held by the other losses.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from installation.training.gan.losses import loss_d, loss_g
from installation.training.gan.projected import Eye, Projected
from installation.training.loop.devices import Devices
from installation.training.refiner.losses import eye_for
from installation.training.refiner.recipe import Recipe

RATE = 2.0
"""Its learning rate, in times the refiner's."""


class Projection:
    """The discriminator with its optimiser. Raises MissingDependency where the network's weights are not installed."""

    def __init__(self, recipe: Recipe, devices: Devices) -> None:
        self.net = Projected(devices.device, devices.dtype, devices.depthwise).to(devices.device)
        rate = recipe.learning_rate * RATE
        self.optimiser = torch.optim.Adam(self.net.parameters(), rate, (0.0, 0.99), fused=True)
        self.optimiser.register_step_post_hook(lambda *_: self.net.settle())

    def hear(self, painted: Tensor) -> Tensor:
        """The refiner's loss; the discriminator does not learn from it."""
        self.net.requires_grad_(False)
        loss = loss_g(self.net(painted), None, "hinge")
        self.net.requires_grad_(True)
        return loss

    def learn(self, real: Tensor, painted: Tensor) -> Tensor:
        """A step; returns the loss, 2 at chance."""
        scores, others = self.net(torch.cat([real, painted])).chunk(2)
        loss = loss_d(scores, others, "hinge")
        loss.backward()
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return loss.detach()

    def state(self) -> dict[str, Any]:
        return {"net": self.net.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """The learning rate stays this run's."""
        rate = self.optimiser.param_groups[0]["lr"]
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.optimiser.param_groups[0]["lr"] = rate


def feature_networks(recipe: Recipe, devices: Devices) -> tuple[Eye | None, Projection | None]:
    """The network whose features are compared, and the discriminator on them: each None where it has no weight or, with
    a printed note, where the network is not installed."""
    eye = eye_for(recipe.features or recipe.projected, devices)
    if eye is None:
        return None, None
    torch.manual_seed(recipe.seed)  # the weights that it begins with are the same everywhere
    return eye if recipe.features else None, Projection(recipe, devices) if recipe.projected else None
