"""The two networks of a refiner's training, each with its optimiser: one step for both, on the same painted batch."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from installation.core.errors import TrainingError
from installation.networks.refiner import NOT_LEARNT, SCALE, Architecture, Refiner
from installation.networks.tone import enlarged
from installation.training.gan.projected import Eye
from installation.training.loop.devices import Devices
from installation.training.refiner.even import even_out
from installation.training.refiner.judge import Judge
from installation.training.refiner.losses import (
    FINER,
    gradient_penalty,
    judge_loss,
    lattice,
    low_pass,
    painter_loss,
    unlike,
)
from installation.training.refiner.pairs import Pairs
from installation.training.refiner.projection import Projection
from installation.training.refiner.recipe import Recipe
from installation.training.refiner.soft import Cleaning

LEVELS = 127.5
STATE = ("g", "d", "ema", "opt_g", "opt_d")


class Learner:
    """``g`` is the refiner, ``d`` the discriminator, ``ema`` the moving average of ``g`` that is shown. ``eye`` gives
    the features that are compared, ``projection`` is the discriminator on them; without, their losses are left out."""

    def __init__(
        self, arch: Architecture, recipe: Recipe, devices: Devices, eye: Eye | None, projection: Projection | None
    ) -> None:
        self.recipe, self.devices, self.eye, self.projection = recipe, devices, eye, projection
        self.device = devices.device
        self.g, self.d = Refiner(arch).to(self.device), Judge(recipe.conditional).to(self.device)
        self.ema = copy.deepcopy(self.g).requires_grad_(False)
        rates = self.rates()
        self.opt_g = torch.optim.Adam(self.g.parameters(), rates["opt_g"], (0.5, 0.99), fused=True)
        lazy = self.lazy
        self.opt_d = torch.optim.Adam(self.d.parameters(), rates["opt_d"], (0.0, 0.99**lazy), fused=True)
        self.chance = torch.Generator().manual_seed(recipe.seed)

    def begin_from(self, refiner: Refiner) -> None:
        """With what one of the same form has learnt, and its grain where that is of the same size; what pictures are
        cleaned of stays."""
        for mine in (self.g, self.ema):
            own, learnt = mine.state_dict(), refiner.state_dict()
            fits = (name for name in learnt if name not in NOT_LEARNT and learnt[name].shape == own[name].shape)
            mine.load_state_dict(own | {name: learnt[name] for name in fits})

    def take_away(self, cleaning: Cleaning) -> None:
        """From all that the network paints in a show."""
        for mine in (self.g, self.ema):
            mine.get_buffer("pattern").copy_(cleaning.pattern)
            if mine.arch.notches:
                mine.get_buffer("notches").copy_(cleaning.notches)

    @property
    def sees_features(self) -> bool:
        """Whether it learns by a network that was trained on photographs."""
        return bool(self.eye or self.projection)

    @property
    def lazy(self) -> float:
        """What a penalty at every few steps takes from the discriminator's rate (arXiv 1912.04958)."""
        return self.recipe.r1_every / (self.recipe.r1_every + 1)

    def rates(self) -> dict[str, float]:
        rate = self.recipe.learning_rate
        return {"opt_g": rate, "opt_d": rate * self.recipe.judge_rate * self.lazy}

    def learn(self, pairs: Pairs, steps: int, images: int) -> Tensor:
        """One step after so many, and after so many pictures. Returns the figures, in the order of run.FIGURES."""
        grain = [g.to(self.device) for g in self.g.grains(self.recipe.batch, self.recipe.window, self.chance)]
        with self.devices.cast():
            painted = self.g(pairs.soft, grain)
        painted = pairs.judged(painted.float())
        real = pairs.judged(pairs.real)
        lazy = steps % self.recipe.r1_every == 0
        return torch.cat(
            [self.paint_better(pairs, painted, real, images), self.judge_better(pairs, painted.detach(), real, lazy)]
        )

    def paint_better(self, pairs: Pairs, painted: Tensor, real: Tensor, images: int) -> Tensor:
        """The refiner's step; returns its figures."""
        recipe = self.recipe
        plain = pairs.judged(enlarged(pairs.soft))
        low = low_pass(painted, torch.where(pairs.known[:, None, None, None], real, plain))
        known, most = pairs.known, SCALE * recipe.looked_at
        worn = low_pass(painted[known], real[known], FINER) if recipe.finer else low
        untaught = low_pass(painted[pairs.lesson], real[pairs.lesson], 1)
        apart = unlike(self.eye, painted[known], real[known], most, self.chance)
        self.d.requires_grad_(False)
        loss = painter_loss(self.scores(painted, pairs))
        self.d.requires_grad_(True)
        rise = min(1.0, images / max(1.0, recipe.rise))
        textured = self.projection.hear(painted) if self.projection else loss.new_zeros(())
        even = recipe.even * lattice(painted)
        nearness = recipe.low_pass * low + recipe.finer * worn + recipe.lesson * untaught
        nearness = nearness + recipe.features * apart + even
        (nearness + rise * (recipe.adversarial * loss + recipe.projected * textured)).backward()
        self.opt_g.step()
        even_out(self.g.out)
        self.opt_g.zero_grad(set_to_none=True)
        return torch.stack([low * LEVELS, apart, loss]).detach()

    def scores(self, picture: Tensor, pairs: Pairs) -> list[Tensor]:
        with self.devices.cast():
            scores = self.d(picture, pairs.soft)
        return [score.float() for score in scores]

    def judge_better(self, pairs: Pairs, painted: Tensor, real: Tensor, lazy: bool) -> Tensor:
        """The discriminator's step; returns its figures."""
        recipe = self.recipe
        real = real.requires_grad_(lazy)
        scores, others = self.scores(real, pairs), self.scores(painted, pairs)
        loss = judge_loss(scores, others)
        penalty = gradient_penalty(scores, real) * (recipe.r1 / 2 * recipe.r1_every) if lazy else 0.0
        (loss + penalty).backward()
        self.opt_d.step()
        self.opt_d.zero_grad(set_to_none=True)
        apart = self.projection.learn(real.detach(), painted) if self.projection else loss.new_zeros(())
        sure = torch.stack([(a > b).float().mean() for a, b in zip(scores, others, strict=True)]).mean()
        return torch.stack([loss, sure, apart]).detach()

    def average(self, images: int) -> None:
        """Moves the average on, after so many pictures."""
        half_life = max(1.0, min(self.recipe.average, images * 0.1))
        share = 1 - 0.5 ** (self.recipe.batch / half_life)
        torch._foreach_lerp_(list(self.ema.parameters()), [p.data for p in self.g.parameters()], share)

    def state(self) -> dict[str, Any]:
        kept = {name: getattr(self, name).state_dict() for name in STATE} | {"chance": self.chance.get_state()}
        return kept | ({"projection": self.projection.state()} if self.projection else {})

    def load(self, state: dict[str, Any]) -> None:
        """The learning rate is this recipe's, not the checkpoint's. Raises TrainingError for a checkpoint of a version
        whose discriminator was another."""
        if state["d"]["entrance.weight"].shape != self.d.entrance.weight.shape:
            raise TrainingError(
                "was begun by an older version, with another discriminator. Export its model, and go on from that with "
                "--start-from MODEL in another --work folder."
            )
        for name in STATE:
            getattr(self, name).load_state_dict(state[name])
        for name, rate in self.rates().items():
            getattr(self, name).param_groups[0]["lr"] = rate
        if self.projection and "projection" in state:
            self.projection.load(state["projection"])
        self.chance.set_state(state["chance"])
