"""Training an encoder, picture -> latent, against the frozen generator of a model file.

* On generated pictures, whose coordinates are known: the error along each principal direction, weighted by its
  visibility, on pictures augmented to look like photographs.
* On some of them, and on real pictures if a folder is given: the difference between the picture and the generator's
  output for the encoder's coordinates, backpropagated through the frozen generator. A real picture has no known
  coordinates; there a Gaussian prior (the squared Mahalanobis distance) keeps them where the generator paints well, the
  compromise that arXiv 2102.02766 describes.
* A moving average of the weights is what is kept, so there is no schedule: a run may end at any minute and go on later.

Every random number of step n comes from (seed, n), so a resumed run in float32 is the same to the bit.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from installation.core.errors import TrainingError
from installation.networks.encoder import Architecture, Encoder, shrunk
from installation.training.encoder.frozen import Frozen
from installation.training.encoder.measuring import errors
from installation.training.encoder.pairs import STEP, Pairs
from installation.training.encoder.photographs import disturb
from installation.training.encoder.pixels import Pictures, floats, picture_loss
from installation.training.encoder.recipe import Recipe

MODEL = "encoder"
"""The kind of network stated in its checkpoint."""
HARDLY_SEEN = 0.05
"""The least weight of a direction (the mean is 1): with less, coordinates drift along invisible directions."""


class Trainer:
    """One training run. `real` (n, resolution, resolution, 3) uint8 are real pictures to learn from as well."""

    def __init__(
        self,
        frozen: Frozen,
        arch: Architecture,
        recipe: Recipe,
        real: Pictures | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.frozen, self.recipe, self.dtype = frozen, recipe, dtype
        self.pairs = Pairs(frozen, recipe, real, dtype)
        self.encoder = Encoder(arch).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.encoder).requires_grad_(False)
        self.optimiser = torch.optim.Adam(self.encoder.parameters(), recipe.learning_rate, betas=(0.9, 0.98))
        self.visible = (frozen.gain.square() / frozen.gain.square().mean()).clamp(min=HARDLY_SEEN)
        self.steps, self.seconds = 0, 0.0
        self.losses: dict[str, float] = {}

    # -- learning -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        chance = self.pairs.chance(STEP, self.steps)
        compare = self.steps >= self.recipe.first and self.steps % self.recipe.every == 0
        loss = self.loss(chance, compare)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.encoder.parameters(), 5.0)
        self.optimiser.step()
        self.steps += 1
        keep = 0.5 ** (1 / min(self.recipe.average, self.steps / 10))
        for slow, fast in zip(self.average.parameters(), self.encoder.parameters(), strict=True):
            slow.lerp_(fast.detach(), 1 - keep)

    def loss(self, chance: torch.Generator, compare: bool) -> Tensor:
        recipe = self.recipe
        known, painted = self.pairs.generated(self.steps, chance)
        real = self.pairs.drawn(chance) if compare else painted[:0]
        pictures = torch.cat([painted, real])
        encoded = self.look(disturb(shrunk(floats(pictures), self.encoder.arch.size), chance))
        loss = (self.visible * (encoded[: len(known)] - known).square()).mean()
        self.losses["places"] = loss.item()
        if compare and recipe.painted + len(real):
            some = torch.cat([torch.arange(recipe.painted), torch.arange(len(known), len(pictures))])
            pixels = picture_loss(self.frozen.painted(encoded[some], self.dtype), floats(pictures[some]))
            self.losses["pixels"] = pixels.item()
            loss = loss + recipe.pixels * pixels
        if len(real):
            loss = loss + recipe.prior * encoded[len(known) :].square().mean()
        return loss

    def look(self, pictures: Tensor) -> Tensor:
        """The encoder's coordinates (n, k) of pictures (n, 3, size, size) in -1..1."""
        with torch.autocast("cpu", self.dtype, enabled=self.dtype is not torch.float32):
            return self.encoder(pictures.contiguous(memory_format=torch.channels_last)).float()

    def errors(self) -> dict[str, float | None]:
        """Errors of the encoder as it will be saved, in half precision, on pictures it was not trained on."""
        encoder = Encoder(self.average.arch)
        encoder.load_state_dict({name: torch.from_numpy(t).float() for name, t in self.tensors().items()})
        return errors(encoder, self.pairs, self.visible)

    # -- keeping --------------------------------------------------------------------------------------------------

    def tensors(self) -> dict[str, NDArray[np.float16]]:
        """What a model file holds as its group ``encoder``."""
        return {name: t.contiguous().numpy().astype(np.float16) for name, t in self.average.state_dict().items()}

    def state(self) -> dict[str, Any]:
        if not all(bool(torch.isfinite(p).all()) for p in self.encoder.parameters()):
            raise TrainingError(
                "the encoder's weights are no longer finite; the checkpoint before is kept. "
                "Run the same command with a lower --learning-rate: it goes on from there."
            )
        return {
            "belongs": self.belongs(),
            "steps": self.steps,
            "seconds": self.seconds,
            "encoder": self.encoder.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint. Raises TrainingError for one of another generator or encoder."""
        if state["belongs"] != self.belongs():
            raise TrainingError(
                "belongs to another generator, or to an encoder of another shape. "
                "Use another --work folder, or delete this one."
            )
        self.encoder.load_state_dict(state["encoder"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.optimiser.param_groups[0]["lr"] = self.recipe.learning_rate  # this command's, not the checkpoint's
        self.steps, self.seconds = state["steps"], state["seconds"]

    def belongs(self) -> str:
        return json.dumps([self.frozen.digest(), asdict(self.average.arch)])
