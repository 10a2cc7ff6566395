"""Training a variational autoencoder (arXiv 1312.6114), growing as the GAN does.

The recipe, and why:

* **The evidence lower bound itself** (elbo.py), in nats: a Gaussian likelihood in an orthonormal basis whose variances
  are the likeliest ones (arXiv 2006.13202), so the balance against the KL is measured and not chosen; `beta` (Higgins
  et al., ICLR 2017) is a deliberate step away from it: above 1 the latents of real pictures lie closer together and
  say less, and what lies between them is painted better.
* **KL warm-up** (arXiv 1511.06349): beta rises from 0, so that the latents are put to use before they cost anything.
* **Closer crops**: a random window of each picture, a little smaller than it. A VAE memorises a few thousand pictures
  otherwise; a zoom and a shift are a real view of the same thing, so it does no harm that they are learnt too.
* **Growing** (arXiv 1710.10196) and **a moving average of both networks**, as for the GAN; Adam with beta1 0.9, a short
  rise of the learning rate and clipped gradients, as no layer normalises.

Every 32nd picture is held out: the bound on these says how well the model describes pictures that it was not trained
on. All random numbers are drawn on the CPU by one generator, for the whole batch (see gan.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor

from installation.core.errors import TrainingError
from installation.networks.vae import Architecture, read_architecture
from installation.training.dataset.supply import Supply
from installation.training.loop.devices import Devices
from installation.training.loop.figures import RunningMeans
from installation.training.loop.numbers import Numbers
from installation.training.loop.optimisers import load_optimiser
from installation.training.loop.options import TrainOptions
from installation.training.loop.run import Progress
from installation.training.loop.samples import Samples
from installation.training.loop.schedule import Phase, Timetable, continued, in_words, softened
from installation.training.loop.windows import show
from installation.training.vae.architecture import architecture, effort
from installation.training.vae.export import export as export
from installation.training.vae.learner import Learner
from installation.training.vae.measures import Measures, held
from installation.training.vae.options import VaeOptions
from installation.training.vae.recipe import FIGURES, Recipe

Facts = dict[str, Any]

MEMORY = 0.02
"""How fast the running means decay, per step."""
UNUSED = 1.0
"""Nats of KL below which the latents say nothing."""
PIXELS_AT_ONCE = 64 * 256 * 256
"""Pictures of this many pixels in all fit a device with 8 GB at once; a larger batch is learnt from in parts."""


class Vae:
    """One training run of a VAE: networks, optimiser and progress. The methods of run.Run are the loop's."""

    model = "vae"

    def __init__(
        self, supply: Supply, arch: Architecture, recipe: Recipe, devices: Devices, facts: Facts | None = None
    ) -> None:
        """`facts` are the sources of the pictures and the options; they are written into the model's header."""
        torch.manual_seed(recipe.seed)  # the weights that a run begins with are the same on every device
        self.supply, self.arch, self.recipe, self.devices = supply, arch, recipe, devices
        self.facts, self.progress = dict(facts or {}), Progress()
        self.learner = Learner(arch, recipe, devices)
        self.figures = RunningMeans(FIGURES, [MEMORY] * len(FIGURES), devices.device)
        self.timetable = Timetable(recipe, lambda size: effort(arch, size), lambda: self.progress.images)
        self.numbers = Numbers(recipe.seed, recipe.batch, devices)
        self.measures = Measures(self.learner, supply, self.timetable.phase)
        self.shown = Samples(supply, self.timetable.phase, self.measures.painted, self.measures.sheet)

    # -- one step -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        resolution, fade = self.timetable.phase()
        real = softened(self.draw(resolution), fade)
        noise = self.numbers.normal(self.arch.latent)
        parts = self.numbers.parts(resolution, PIXELS_AT_ONCE, self.recipe.at_once)
        seen = self.learner.learn(real, noise, fade, self.recipe.beta_at(self.progress.images), parts)
        self.learner.descend(self.progress.images + self.recipe.batch)
        self.progress.steps += 1
        self.progress.images += self.recipe.batch
        self.devices.mean_([seen])
        self.learner.follow(seen, self.progress.images)
        self.figures.follow(seen[: len(FIGURES)], first=self.progress.steps == 1)

    def draw(self, resolution: int) -> Tensor:
        """This device's part of a batch of real pictures, (n, 3, r, r) in -1..1."""
        hand = self.numbers.hand(self.supply, resolution)
        hand[:, 0] += held(hand[:, 0], len(self.supply))  # in place of a picture that is held out, the one beside it
        return show(self.supply, hand, resolution, self.recipe.crop, self.numbers)

    # -- how it goes ----------------------------------------------------------------------------------------------

    def read(self) -> dict[str, float]:
        self.progress.figures = self.figures.read()
        return self.progress.figures

    def weights(self) -> list[Tensor]:
        return list(self.learner.net.parameters())

    def alarm(self) -> str | None:
        kl = self.progress.figures["kl"]
        if kl < UNUSED and self.progress.images > 2 * self.recipe.warm_up:
            return f"the latents are no longer used (KL {kl:.2f} nats): give a smaller --beta"
        return None

    # -- keeping --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        self.read()
        mean, covariance = self.measures.latents()
        return {
            "arch": json.dumps(asdict(self.arch)),
            "recipe": json.dumps(asdict(self.recipe)),
            "facts": json.dumps(self.facts, ensure_ascii=False),
            "net": self.learner.net.state_dict(),
            "ema": self.learner.average.net.state_dict(),
            "optimiser": self.learner.optimiser.state_dict(),
            "variances": self.learner.variances,
            "chance": self.numbers.state(),
            "supply": self.supply.state(),
            "means": self.figures.values,
            "latents": {"mean": mean, "covariance": covariance},
            "bound": json.dumps(self.measures.facts_now() if self.progress.steps else {}),
        }

    def load(self, state: dict[str, Any]) -> list[str]:
        """The networks may have grown since, the recipe may differ: its learning rate is the one in the options."""
        old = read_architecture(json.loads(state["arch"]))
        if self.arch.resolution < old.resolution or self.arch.at(old.resolution) != old:
            raise TrainingError(f"holds another network ({state['arch']}). Use another --work folder, or delete it.")
        self.progress = Progress.read(state["progress"])
        stages = continued(Recipe.read(state["recipe"]).stages, self.progress.images, self.recipe.stages)
        told = [] if stages == self.recipe.stages else [f"The schedule is now {in_words(stages)}."]
        if old != self.arch:
            told.append(f"The networks have grown from {old.resolution} px to {self.arch.resolution} px.")
        self.recipe = self.timetable.recipe = replace(self.recipe, stages=stages)
        learner = self.learner
        for name, net in (("net", learner.net), ("ema", learner.average.net)):
            net.load_state_dict(state[name], strict=old == self.arch)
        load_optimiser(learner.optimiser, learner.net, state["optimiser"], list(state["net"]))
        learner.variances = state["variances"].to(self.devices.device)
        self.figures.values.copy_(state["means"])
        told += self.numbers.load(state, self.recipe.seed + self.progress.images)
        return told + self.supply.load(state["supply"])


def begin(
    options: TrainOptions[VaeOptions],
    supply: Supply,
    devices: Devices,
    facts: Facts,
    kept: Mapping[str, Any] | None = None,
) -> Vae:
    """The run that the command's options ask for."""
    recipe = Recipe(
        stages=tuple(Phase(size, kimg) for size, kimg in options.stages),
        batch=options.batch,
        at_once=options.devices.batch_gpu,
        learning_rate=options.recipe.learning_rate or Recipe.learning_rate,
        beta=options.own.beta,
        crop=options.recipe.closest or Recipe.crop,
        seed=options.recipe.seed,
    )
    arch = architecture(recipe.stages[-1].resolution, options.width, options.own.latent)
    return Vae(supply, arch, recipe, devices, facts)
