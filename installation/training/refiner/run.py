"""Training a refiner on pairs: what a VAE paints of a picture, and the picture (see pairs.py).

The recipe, and why:

* **Supervised, so cheap**: pix2pix (arXiv 1611.07004) learns from 400 pairs; light, colour and drawing are the VAE's,
  and only the paint is learnt. VAE/GAN (arXiv 1512.09300) joins the two in one training; here the VAE stays as it is,
  and so do its walks, directions, encoder and a curator's choice.
* **Three losses**: the averaged picture must be the real one (it holds every face in place), the features of a network
  that has seen photographs must be alike (eyes become eyes), and a discriminator of patches must not tell which one was
  painted (paint instead of blur). As in a VAE/GAN it sees the picture alone (recipe.py says why), and so it can judge
  samples of the prior, which hang in a show, as well as reconstructions.
* **Logistic loss with lazy R1** (arXiv 1801.04406, 1912.04958), which keeps the discriminator from chasing single
  pixels; it comes in over the first thousand pictures, when contours are there already.
* **One painted batch for both steps**: the discriminator learns from it, then the refiner.
* **A moving average** of the refiner is what is shown and exported.

All random numbers are thrown on the CPU by one generator: a checkpoint goes on bit for bit.
"""

from __future__ import annotations

import copy
import json
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor

from installation.core.errors import TrainingError
from installation.networks.refiner import SCALE, Architecture, Refiner, enlarged, read_architecture
from installation.training.dataset.pictures import Picture
from installation.training.dataset.supply import to_uint8
from installation.training.gan.projected import Eye
from installation.training.loop.devices import Devices
from installation.training.loop.run import Progress
from installation.training.refiner.export import export as export
from installation.training.refiner.judge import Judge
from installation.training.refiner.losses import features, gradient_penalty, judge_loss, low_pass, painter_loss
from installation.training.refiner.pairs import Pairs, PairSupply
from installation.training.refiner.recipe import Recipe

Facts = dict[str, Any]

MODEL = "refiner"
FIGURES = ("low", "feat", "loss_g", "loss_d", "sure")
"""Running means: difference of the averaged pictures in levels of 255, of the features, both losses, and how often the
real picture scores above the painted one, 0..1."""
MEMORY = 0.02
"""How fast the running means forget, per step."""
LEVELS = 127.5
RUNAWAY = 50.0
"""A loss beyond this does not come back."""
SHOWN = 8
"""Pictures in a row of the sheet."""
SEEN = 64
AT_ONCE = 8


class Refining:
    """One training run of a refiner. The methods of run.Run are the loop's."""

    model = MODEL

    def __init__(
        self,
        pairs: PairSupply,
        recipe: Recipe,
        devices: Devices,
        eye: Eye | None,
        facts: Facts | None = None,
        channels: tuple[int, ...] = Architecture.channels,
    ) -> None:
        """``eye`` gives the features that are compared; without, that loss is left out. ``facts`` say where the
        pictures came from and what was asked for; they end up in the model's header."""
        torch.manual_seed(recipe.seed)  # the weights that a run begins with are the same everywhere
        self.pairs, self.recipe, self.devices, self.eye = pairs, recipe, devices, eye
        self.facts = dict(facts or {})
        self.arch = Architecture(pairs.side, channels)
        self.progress = Progress()
        self.g, self.d = Refiner(self.arch).to(devices.device), Judge(recipe.conditional).to(devices.device)
        self.ema = copy.deepcopy(self.g).requires_grad_(False)
        lazy = recipe.r1_every / (recipe.r1_every + 1)
        self.opt_g = torch.optim.Adam(self.g.parameters(), recipe.learning_rate, (0.5, 0.99), fused=True)
        self.opt_d = torch.optim.Adam(self.d.parameters(), recipe.learning_rate * lazy, (0.0, 0.99**lazy), fused=True)
        self.means = torch.zeros(len(FIGURES), device=devices.device)
        self.chance = torch.Generator().manual_seed(recipe.seed)

    # -- where in the schedule ------------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        return int(self.recipe.kimg * 1000)

    def place(self) -> tuple[int, float]:
        return self.pairs.large, 1.0

    def left(self) -> float:
        return max(0.0, self.total - self.progress.images)

    # -- one step -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        recipe, device = self.recipe, self.devices.device
        pairs = self.pairs.deal(self.chance, device)
        grain = [g.to(device) for g in self.g.grains(recipe.batch, recipe.window, self.chance)]
        painted = pairs.judged(self.g(pairs.soft, grain))
        real = pairs.judged(pairs.real)
        seen = torch.cat([self.paint_better(pairs, painted, real), self.judge_better(pairs, painted.detach(), real)])
        self.progress.steps += 1
        self.progress.images += recipe.batch
        self.average()
        self.means.lerp_(seen, 1.0 if self.progress.steps == 1 else MEMORY)

    def paint_better(self, pairs: Pairs, painted: Tensor, real: Tensor) -> Tensor:
        """The refiner's step; returns its figures."""
        recipe = self.recipe
        plain = pairs.judged(enlarged(pairs.soft))
        low = low_pass(painted, torch.where(pairs.known[:, None, None, None], real, plain))
        found = self.unlike(painted[pairs.known], real[pairs.known])
        self.d.requires_grad_(False)
        loss = painter_loss(self.d(painted, pairs.soft))
        self.d.requires_grad_(True)
        rise = min(1.0, self.progress.images / max(1.0, recipe.rise))
        (recipe.low_pass * low + recipe.features * found + recipe.adversarial * rise * loss).backward()
        self.opt_g.step()
        self.opt_g.zero_grad(set_to_none=True)
        return torch.stack([low * LEVELS, found, loss]).detach()

    def unlike(self, painted: Tensor, real: Tensor) -> Tensor:
        """The difference of features in a part of the pictures, anywhere; 0 without pictures, or without an eye."""
        side = min(SCALE * self.recipe.looked_at, painted.shape[-1])
        y, x = torch.randint(painted.shape[-1] - side + 1, (2,), generator=self.chance).tolist()
        if self.eye is None or not len(painted):
            return torch.zeros((), device=painted.device)
        return features(self.eye, *(picture[..., y : y + side, x : x + side] for picture in (painted, real)))

    def judge_better(self, pairs: Pairs, painted: Tensor, real: Tensor) -> Tensor:
        """The discriminator's step; returns its figures."""
        recipe, lazy = self.recipe, self.progress.steps % self.recipe.r1_every == 0
        real = real.requires_grad_(lazy)
        scores, others = self.d(real, pairs.soft), self.d(painted, pairs.soft)
        loss = judge_loss(scores, others)
        penalty = gradient_penalty(scores, real) * (recipe.r1 / 2 * recipe.r1_every) if lazy else 0.0
        (loss + penalty).backward()
        self.opt_d.step()
        self.opt_d.zero_grad(set_to_none=True)
        sure = torch.stack([(a > b).float().mean() for a, b in zip(scores, others, strict=True)]).mean()
        return torch.stack([loss, sure]).detach()

    def average(self) -> None:
        half_life = max(1.0, min(self.recipe.average, self.progress.images * 0.1))
        share = 1 - 0.5 ** (self.recipe.batch / half_life)
        torch._foreach_lerp_(list(self.ema.parameters()), [p.data for p in self.g.parameters()], share)

    # -- how it goes ----------------------------------------------------------------------------------------------

    def read(self) -> dict[str, float]:
        self.progress.figures = dict(zip(FIGURES, self.means.tolist(), strict=True))
        return self.progress.figures

    def weights(self) -> list[Tensor]:
        return [*self.g.parameters(), *self.d.parameters()]

    def alarm(self) -> str | None:
        figures = self.progress.figures
        worst = max(("loss_g", "loss_d"), key=lambda name: figures[name])
        return f"{worst} has run away to {figures[worst]:.0f}" if figures[worst] > RUNAWAY else None

    def samples(self) -> Picture:
        return to_uint8(self.refined(self.seeds(SEEN)))

    def reals(self) -> Picture:
        return self.pairs.supply.evenly(self.pairs.large, SEEN)

    def seeds(self, count: int) -> Tensor:
        """Soft pictures of the prior, always the same."""
        noise = torch.randn(SEEN, len(self.pairs.vae.axes), generator=torch.Generator().manual_seed(1))
        return self.pairs.vae.paint(self.pairs.vae.seeds(noise[:count]))

    @torch.inference_mode()
    def refined(self, soft: Tensor) -> Tensor:
        """By the averaged refiner, with its fixed grain."""
        return torch.cat([self.ema(some) for some in soft.split(AT_ONCE)])

    def held_out(self, count: int) -> Tensor:
        """Indices of pictures that are not learnt from, fine ones first; of any where none are held out."""
        held = self.pairs.held()
        away = (held if held.any() else torch.ones_like(held)).nonzero()[:, 0]
        order = torch.argsort(self.pairs.fine[away].float(), descending=True, stable=True)
        return away[order][:count]

    @torch.inference_mode()
    def sheet(self) -> Picture:
        """Held-out pictures: plain enlargement of the VAE's reconstruction, painted, real; then two rows of samples,
        each above what is painted on it."""
        soft, real = self.pairs.known(self.held_out(SHOWN))
        seeds = self.seeds(2 * SHOWN)
        some = [enlarged(soft), self.refined(soft), real]
        for row in seeds.split(SHOWN):
            some += [enlarged(row), self.refined(row)]
        return rows([to_uint8(row) for row in some])

    # -- keeping --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        self.read()
        return {
            "arch": json.dumps(self.arch.header()),
            "recipe": json.dumps(asdict(self.recipe)),
            "facts": json.dumps({**self.facts, "features": self.eye is not None}, ensure_ascii=False),
            "g": self.g.state_dict(),
            "d": self.d.state_dict(),
            "ema": self.ema.state_dict(),
            "opt_g": self.opt_g.state_dict(),
            "opt_d": self.opt_d.state_dict(),
            "chance": self.chance.get_state(),
            "supply": self.pairs.state(),
            "means": self.means,
        }

    def load(self, state: dict[str, Any]) -> list[str]:
        """The recipe may differ: what is asked for now counts."""
        if read_architecture(json.loads(state["arch"])) != self.arch:
            raise TrainingError(f"holds another network ({state['arch']}). Use another --work folder, or delete it.")
        if json.loads(state["facts"]).get("vae") != self.facts.get("vae"):
            raise TrainingError("was begun on another VAE. Use another --work folder, or delete it.")
        self.progress = Progress.read(state["progress"])
        for name in ("g", "d", "ema", "opt_g", "opt_d"):
            getattr(self, name).load_state_dict(state[name])
        for optimiser, fresh in ((self.opt_g, 1.0), (self.opt_d, self.recipe.r1_every / (self.recipe.r1_every + 1))):
            optimiser.param_groups[0]["lr"] = self.recipe.learning_rate * fresh
        self.means.copy_(state["means"])
        self.chance.set_state(state["chance"])
        return self.pairs.load(state["supply"])


def rows(pictures: list[Picture]) -> Picture:
    """One picture of rows of equally many."""
    return np.concatenate([np.concatenate(list(row), 1) for row in pictures])
