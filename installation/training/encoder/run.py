"""Training an encoder against the frozen generator of a model file, so that a picture becomes a place in its space.

* On pictures that the generator painted, whose places are known: the error along each principal direction, weighed by
  how much is seen of it, while the picture is disturbed as a photograph would be.
* On some of them, and on real pictures where a folder is given: what the generator paints at the encoder's answer
  against the picture itself, traced back through the frozen generator. A real picture has no known place; there a
  Gaussian prior on the coordinates (the squared Mahalanobis distance) keeps the answer where the generator paints well,
  the compromise that arXiv 2102.02766 describes.
* A moving average of the weights is what is kept, so there is no schedule: a run may end at any minute and go on later.

Every random number of step n comes from (seed, n), so a resumed run in float32 is the same to the bit.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from installation.core.errors import TrainingError
from installation.networks.encoder import Architecture, Encoder, shrunk
from installation.training.encoder.frozen import Frozen
from installation.training.encoder.photographs import disturb
from installation.training.latent.models import PSI

Pictures = NDArray[np.uint8]
MODEL = "encoder"
"""What its checkpoint says it trains."""
SCALES = 4
"""Sizes that the picture loss looks at."""
HELD_OUT = 16
"""One real picture of so many is never learnt from: the error is measured on those."""
MEASURED = 128
"""Generated pictures that the error is measured on."""
HARDLY_SEEN = 0.05
"""The least weight of a direction, where the mean is 1: otherwise the answer drifts along those that show nothing."""
BLOCK, STEP = 0, 1
"""What a random number is for."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run apart from the pictures."""

    batch: int = 32
    """Generated pictures of a step."""
    painted: int = 2
    """How many of them are painted again and compared."""
    real: int = 6
    """Real pictures of a step, painted and compared; none without a folder."""
    every: int = 2
    """Pictures are compared at every so many steps: that costs more than all the rest."""
    first: int = 500
    """Steps before any are compared: places alone teach faster at the beginning."""
    pixels: float = 2.0
    """Weight of the picture loss; that of the places is 1."""
    prior: float = 0.05
    """Weight of the Mahalanobis distance where pictures are real."""
    psi: tuple[float, float] = (0.5, 1.0)
    """Truncation of the generated pictures, drawn evenly from this range."""
    block: int = 8
    """Steps that share generated pictures, disturbed anew each time: painting costs more than looking."""
    learning_rate: float = 1e-3
    average: float = 150
    """Half-life of the moving average, in steps; never more than a tenth of those made."""
    seed: int = 0


class Trainer:
    """One training run. `real` (n, resolution, resolution, 3) uint8; `facts` end up in the model's header."""

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
        pictures = torch.zeros(0, 3, 1, 1, dtype=torch.uint8) if real is None else channels_first(real)
        held = torch.arange(len(pictures)) % HELD_OUT == 0
        self.real, self.held = pictures[~held], pictures[held]
        self.encoder = Encoder(arch).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.encoder).requires_grad_(False)
        self.optimiser = torch.optim.Adam(self.encoder.parameters(), recipe.learning_rate, betas=(0.9, 0.98))
        self.visible = (frozen.gain.square() / frozen.gain.square().mean()).clamp(min=HARDLY_SEEN)
        self.steps, self.seconds = 0, 0.0
        self.losses: dict[str, float] = {}
        self._block: tuple[int, Tensor, Tensor] | None = None

    # -- learning -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        chance = self.chance(STEP, self.steps)
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
        known, painted = self.generated(chance)
        real = self.drawn(chance) if compare else painted[:0]
        pictures = torch.cat([painted, real])
        found = self.look(self.encoder, disturb(self.small(pictures), chance))
        loss = (self.visible * (found[: len(known)] - known).square()).mean()
        self.losses["places"] = loss.item()
        if compare and recipe.painted + len(real):
            some = torch.cat([torch.arange(recipe.painted), torch.arange(len(known), len(pictures))])
            pixels = picture_loss(self.frozen.paint(found[some], self.dtype), floats(pictures[some]))
            self.losses["pixels"] = pixels.item()
            loss = loss + recipe.pixels * pixels
        if len(real):
            loss = loss + recipe.prior * found[len(known) :].square().mean()
        return loss

    def look(self, encoder: Encoder, pictures: Tensor) -> Tensor:
        with torch.autocast("cpu", self.dtype, enabled=self.dtype is not torch.float32):
            return encoder(pictures.contiguous(memory_format=torch.channels_last)).float()

    def small(self, pictures: Tensor) -> Tensor:
        return shrunk(floats(pictures), self.encoder.arch.size)

    def generated(self, chance: torch.Generator) -> tuple[Tensor, Tensor]:
        """Coordinates (batch, k) and their pictures (batch, 3, r, r) uint8, drawn from the block at hand."""
        number = self.steps // self.recipe.block
        if self._block is None or self._block[0] != number:
            self._block = (number, *self.painted(self.chance(BLOCK, number), 2 * self.recipe.batch, self.recipe.psi))
        _, known, pictures = self._block
        index = torch.randperm(len(known), generator=chance)[: self.recipe.batch]
        return known[index], pictures[index]

    @torch.no_grad()
    def painted(self, chance: torch.Generator, count: int, psi: tuple[float, float]) -> tuple[Tensor, Tensor]:
        low, high = psi
        known = self.frozen.draw(count, chance) * (low + (high - low) * torch.rand(count, 1, generator=chance))
        return known, levels(torch.cat([self.frozen.paint(some, self.dtype) for some in known.split(16)]))

    def drawn(self, chance: torch.Generator) -> Tensor:
        """Real pictures, half of them mirrored; none where there are none."""
        if not len(self.real):
            return torch.zeros(0, 3, self.frozen.resolution, self.frozen.resolution, dtype=torch.uint8)
        x = self.real[torch.randint(len(self.real), (self.recipe.real,), generator=chance)]
        return torch.where(torch.rand(len(x), 1, 1, 1, generator=chance) < 0.5, x, x.flip(3))

    def chance(self, what: int, number: int) -> torch.Generator:
        seed = np.random.default_rng((self.recipe.seed, what, number)).integers(2**62)
        return torch.Generator().manual_seed(int(seed))

    # -- measuring ------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def errors(self) -> dict[str, float | None]:
        """Of the encoder as it will be kept, in half precision, on pictures it has not learnt from."""
        encoder = Encoder(self.average.arch)
        encoder.load_state_dict({name: torch.from_numpy(t).float() for name, t in self.tensors().items()})
        known, pictures = self.painted(torch.Generator().manual_seed(1), MEASURED, (PSI, PSI))
        missed = (encoder(self.small(pictures)) - known).square()
        weighed = [self.visible * miss for miss in (missed, known.square())]
        return {
            "w_rms": round(float(missed.mean().sqrt()), 4),
            "w_rms_seen": round(float(weighed[0].mean().sqrt()), 4),
            "w_rms_seen_of_mean": round(float(weighed[1].mean().sqrt()), 4),
            "pixels_mae_generated": self.pixel_error(encoder, pictures),
            "pixels_mae_generated_of_mean": self.pixel_error(None, pictures),
            "pixels_mae_real": self.pixel_error(encoder, self.held),
            "pixels_mae_real_of_mean": self.pixel_error(None, self.held),
        }

    def pixel_error(self, encoder: Encoder | None, pictures: Tensor) -> float | None:
        """Mean |difference| in levels of 255; without an encoder, of the mean picture."""
        if not len(pictures):
            return None
        missed = []
        for some in pictures.split(16):
            found = encoder(self.small(some)) if encoder else torch.zeros(len(some), len(self.frozen.std))
            missed.append((levels(self.frozen.paint(found)).float() - some.float()).abs().mean((1, 2, 3)))
        return round(float(torch.cat(missed).mean()), 2)

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


def channels_first(pictures: Pictures) -> Tensor:
    """(n, h, w, 3) -> (n, 3, h, w)."""
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))


def floats(pictures: Tensor) -> Tensor:
    """uint8 -> -1..1."""
    return pictures.float() / 127.5 - 1


def levels(painted: Tensor) -> Tensor:
    """-1..1 -> uint8."""
    return (painted * 127.5 + 127.5).clamp(0, 255).round().to(torch.uint8)


def picture_loss(painted: Tensor, wanted: Tensor) -> Tensor:
    """Mean |difference| of pictures (n, 3, h, w), and of their gradients, over SCALES sizes: the whole, a half ..."""
    found: list[Tensor] = []
    missed = painted - wanted
    while len(found) < SCALES and missed.shape[-1] > 1:
        found.append(missed.abs().mean() + missed.diff(dim=2).abs().mean() + missed.diff(dim=3).abs().mean())
        missed = F.avg_pool2d(missed, 2)
    return torch.stack(found).mean()
