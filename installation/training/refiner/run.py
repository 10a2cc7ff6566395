"""Training a refiner on pairs: what a model paints of a picture, and the picture (see pairs.py).

The recipe, and why:

* **Supervised, so cheap**: pix2pix (arXiv 1611.07004) learns from 400 pairs; light, colour and drawing are the
  model's, and only the paint is learnt. VAE/GAN (arXiv 1512.09300) joins the two in one training; here the model stays,
  and so do its walks, directions, encoder and a curator's choice.
* **Four losses**: the averaged picture must equal the real one (which keeps the drawing), the features of a pretrained
  network must be alike (which gives correct eyes), and two discriminators must not separate painted from real (which
  gives brushwork instead of blur): one of patches, and one on the features of the pretrained network. As in a VAE/GAN
  they are given the picture alone (recipe.py says why), and so they can judge samples of the model, which hang in
  a show.
* **The discriminator on features does most of it**: it knows textures from the first step. In nine minutes of a core it
  gave a refiner hair, collars and contours that the discriminator of patches alone had not given in hours.
* **Logistic loss with lazy R1** (arXiv 1801.04406, 1912.04958), which keeps the discriminator from reacting to
  single pixels; it is introduced over the first thousands of pictures, when contours are there already.
* **One painted batch for both steps**: the discriminator learns from it, then the refiner.
* **A moving average** of the refiner is what is shown and exported.

All random numbers are drawn on the CPU by one generator: a resumed run is the same bit for bit.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor

from installation.core.errors import TrainingError
from installation.networks.refiner import Architecture, read_architecture
from installation.training.gan.projected import Eye
from installation.training.loop.devices import Devices
from installation.training.loop.run import Progress
from installation.training.loop.schedule import OneSize
from installation.training.refiner.export import export as export
from installation.training.refiner.learner import Learner
from installation.training.refiner.pairs import PairSupply
from installation.training.refiner.projection import Projection
from installation.training.refiner.recipe import Recipe
from installation.training.refiner.shown import Shown

Facts = dict[str, Any]

MODEL = "refiner"
FIGURES = ("low", "feat", "loss_g", "loss_d", "sure", "loss_p")
"""Running means: difference of the averaged pictures in levels of 255, of the features, both losses, how often the
real picture scores above the painted one, 0..1, and the loss of the discriminator on features, 2 at chance."""
MEMORY = 0.02
"""How fast the running means decay, per step."""
RUNAWAY = 50.0
"""A loss beyond this does not recover."""


class Refining:
    """One training run of a refiner. The methods of run.Run are the loop's."""

    model = MODEL

    def __init__(
        self,
        pairs: PairSupply,
        recipe: Recipe,
        devices: Devices,
        eye: Eye | None = None,
        projection: Projection | None = None,
        facts: Facts | None = None,
        channels: tuple[int, ...] = Architecture.channels,
    ) -> None:
        """``eye`` gives the features that are compared, ``projection`` is the discriminator on them; without, their
        losses are left out. ``facts`` are the
        sources of the pictures and the options; they are written into the model's header."""
        torch.manual_seed(recipe.seed)  # the weights that a run begins with are the same everywhere
        self.pairs, self.recipe, self.devices = pairs, recipe, devices
        self.facts = dict(facts or {})
        cleaning = pairs.soft.cleaning
        self.arch = Architecture(
            pairs.side, channels, recipe.clean, notches=cleaning.notches.shape[1] if cleaning else 0
        )
        self.progress = Progress()
        self.timetable = OneSize(pairs.large, int(recipe.kimg * 1000), lambda: self.progress.images)
        self.learner = Learner(self.arch, recipe, devices, eye, projection)
        if cleaning:
            self.learner.take_away(cleaning)
        self.shown = Shown(pairs, self.learner.ema)
        self.means = torch.zeros(len(FIGURES), device=devices.device)

    # -- one step -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        learner, progress = self.learner, self.progress
        pairs = self.pairs.deal(learner.chance, self.devices.device)
        seen = learner.learn(pairs, progress.steps, progress.images)
        progress.steps += 1
        progress.images += self.recipe.batch
        learner.average(progress.images)
        self.means.lerp_(seen, 1.0 if progress.steps == 1 else MEMORY)

    # -- how it goes ----------------------------------------------------------------------------------------------

    def read(self) -> dict[str, float]:
        self.progress.figures = dict(zip(FIGURES, self.means.tolist(), strict=True))
        return self.progress.figures

    def weights(self) -> list[Tensor]:
        return [*self.learner.g.parameters(), *self.learner.d.parameters()]

    def alarm(self) -> str | None:
        figures = self.progress.figures
        worst = max(("loss_g", "loss_d"), key=lambda name: figures[name])
        return f"{worst} has run away to {figures[worst]:.0f}" if figures[worst] > RUNAWAY else None

    # -- keeping --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        self.read()
        return {
            "arch": json.dumps(self.arch.header()),
            "recipe": json.dumps(asdict(self.recipe)),
            "facts": json.dumps({**self.facts, "features": self.learner.sees_features}, ensure_ascii=False),
            **self.learner.state(),
            "supply": self.pairs.state(),
            "means": self.means,
        }

    def load(self, state: dict[str, Any]) -> list[str]:
        """The recipe may differ from the checkpoint's: the one in the options is used."""
        self._fits(read_architecture(json.loads(state["arch"])))
        if model_of(json.loads(state["facts"])) != model_of(self.facts):
            raise TrainingError("was begun on another model. Use another --work folder, or delete it.")
        self.progress = Progress.read(state["progress"])
        self.learner.load(state)
        self.means.copy_(state["means"])
        return self.pairs.load(state["supply"])

    def _fits(self, begun: Architecture) -> None:
        """Raises TrainingError where the checkpoint's refiner is another."""
        if begun == self.arch:
            return
        if begun != replace(self.arch, clean=begun.clean, notches=begun.notches):
            told = json.dumps(begun.header())
            raise TrainingError(f"holds another network ({told}). Use another --work folder, or delete it.")
        if begun.clean != self.arch.clean:
            raise TrainingError(f"was begun with --clean {begun.clean:g}. Give that, or another --work folder.")
        raise TrainingError(
            "was begun by an older version, with other notches. Export its model, and go on from that with "
            "--start-from MODEL in another --work folder."
        )


def model_of(facts: Facts) -> str | None:
    """The digest of the model that is refined; an older version says it under another name."""
    digest: str | None = facts.get("model", facts.get("vae"))
    return digest
