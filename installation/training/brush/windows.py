"""What a brush learns on: windows, a half of the side of what a model paints, refined fully.

Of the size that a brush paints there are no pictures: it is twice that of the largest that the model has learnt from.
But paint looks alike at any scale, as a stroke is broad in one picture and narrow in the next. So the brush learns to
go from a half of a picture's pixels to all of them, and goes on from all to twice as many. The soft pictures are those
averaged down to a half and blurred (refiner/network.py); a share of them are windows of what the model itself paints,
at the scale at which a show has them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from installation.networks.amounts import fully
from installation.networks.refined import side_of
from installation.networks.refiner import SCALE
from installation.training.latent.models import OpenModel, open_model, shown_psi
from installation.training.refiner.network import SMALLEST, Source, Tick, unfit
from installation.training.refiner.pairs import taken


@dataclass(frozen=True)
class Windows(Source):
    """Of each sample a window at any position."""

    @property
    def side(self) -> int:
        return side_of(self.network) // SCALE

    def sample(self, psi: Tensor | float, count: int, chance: torch.Generator, tick: Tick = lambda _: None) -> Tensor:
        whole = super().sample(psi, count, chance, tick)
        corners = torch.randint(self.side + 1, (count, 2), generator=chance)
        return taken(whole, corners, self.side)

    def synthesis(self, latents: Tensor) -> Tensor:
        painted: Tensor = self.network.synthesis(fully(self.network, latents.numpy()))
        return painted


def windows(model: OpenModel, device: torch.device) -> Windows:
    """Raises TrainingError for a network whose pictures are too small, not square, or cannot be halved."""
    opened = model if device.type == "cpu" else open_model(model.path, device.type)
    one = Windows(opened.network, torch.from_numpy(model.space.mean), shown_psi(model), device)
    height, width = Source.sample(one, 1.0, 1, torch.Generator()).shape[2:]
    if height != width or height & (height - 1) or height < SCALE * SMALLEST:
        raise unfit(model, width, height, "a brush", SCALE * SMALLEST)
    return one
