"""Distilling: a small network learns to paint what a larger one paints at the same latents (arXiv 1503.02531).

No pictures are needed: the teacher paints one for each latent that is drawn, and each is learnt from once, so nothing
is learnt by heart. Latents are drawn as a show asks for them: of seeds, truncated by any psi, some moved along a
direction.

The losses are the mean absolute difference at four sizes, which keeps drawing and colour, and that of a pretrained
network's features (arXiv 1603.08155), which keeps it from blurring what is fine. There is no discriminator: what is
asked of a student is its teacher's picture and no other. A moving average of the student is what is shown.

All random numbers are drawn on the CPU by one generator: a resumed run is the same bit for bit.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from installation.core.errors import TrainingError
from installation.networks.mobile import Architecture, Each, Painter, read_architecture
from installation.training.dataset.pictures import Picture
from installation.training.dataset.supply import to_uint8
from installation.training.distil.export import export as export
from installation.training.distil.losses import pyramid
from installation.training.distil.recipe import Recipe
from installation.training.distil.teacher import Teacher
from installation.training.gan.projected import Eye
from installation.training.loop.average import MovingAverage, share_of
from installation.training.loop.devices import Devices
from installation.training.loop.figures import RunningMeans
from installation.training.loop.run import Progress
from installation.training.loop.schedule import OneSize
from installation.training.refiner.losses import unlike
from installation.training.refiner.shown import rows

Facts = dict[str, Any]

MODEL = "distil"
FIGURES = ("off", "feat")
"""Running means: difference of the pictures in levels of 255, and of their features."""
MEMORY, LEVELS = 0.02, 127.5
SEEN, SHOWN, AT_ONCE = 32, 8, 8
"""Samples that are looked at, those in a row of the sheet, and those painted at once."""


class Distilling:
    """One training run of a student. The methods of run.Run are the loop's."""

    model = MODEL

    def __init__(
        self, teacher: Teacher, arch: Architecture, recipe: Recipe, devices: Devices, eye: Eye | None, facts: Facts
    ) -> None:
        """``eye`` gives the features that are compared; without, that loss is left out. ``facts`` are written into the
        model's header; ``teacher`` in them is the digest of its file."""
        torch.manual_seed(recipe.seed)  # the weights that a run begins with are the same everywhere
        self.teacher, self.arch, self.recipe, self.devices, self.eye = teacher, arch, recipe, devices, eye
        self.facts, self.progress = dict(facts), Progress()
        self.net = begun(arch, teacher, devices)
        self.average = MovingAverage(self.net)
        self.optimiser = torch.optim.Adam(self.net.parameters(), recipe.learning_rate, (0.9, 0.99), fused=True)
        self.chance = torch.Generator().manual_seed(recipe.seed)
        self.figures = RunningMeans(FIGURES, [MEMORY] * len(FIGURES), devices.device)
        self.timetable = OneSize(teacher.side, int(recipe.kimg * 1000), lambda: self.progress.images)
        self.shown = Shown(teacher, self.average.net, devices.device)

    # -- one step -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        recipe, progress = self.recipe, self.progress
        latents = self.teacher.drawn(recipe, self.chance)
        wanted = self.teacher.paint(latents)
        with self.devices.cast():
            painted = self.net(latents.to(self.devices.device))
        off, apart = pyramid(painted, wanted), unlike(self.eye, painted, wanted, recipe.looked_at, self.chance)
        (off.sum() + recipe.features * apart).backward()
        self.optimiser.param_groups[0]["lr"] = recipe.learning_rate * min(1.0, (progress.images + 1) / recipe.rise)
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        progress.steps += 1
        progress.images += recipe.batch
        self.average.follow(self.net, share_of(recipe.batch, recipe.average, progress.images))
        self.figures.follow(torch.stack([off[0] * LEVELS, apart]).detach(), first=progress.steps == 1)

    # -- how it goes ----------------------------------------------------------------------------------------------

    def read(self) -> dict[str, float]:
        self.progress.figures = self.figures.read()
        return self.progress.figures

    def weights(self) -> list[Tensor]:
        return list(self.net.parameters())

    def alarm(self) -> str | None:
        off = self.progress.figures["off"]
        return f"its pictures are {off:.0f} levels of 255 off its teacher's" if off > LEVELS else None

    # -- keeping --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        self.read()
        return {
            "arch": json.dumps(self.arch.model_dump()),
            "recipe": json.dumps(asdict(self.recipe)),
            "facts": json.dumps({**self.facts, "features": self.eye is not None}, ensure_ascii=False),
            "net": self.net.state_dict(),
            "ema": self.average.net.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "chance": self.chance.get_state(),
            "means": self.figures.values,
        }

    def load(self, state: dict[str, Any]) -> list[str]:
        """The recipe may differ from the checkpoint's: the one in the options is used."""
        if read_architecture(json.loads(state["arch"])) != self.arch:
            raise TrainingError(f"holds another network ({state['arch']}). Use another --work folder, or delete it.")
        if json.loads(state["facts"])["teacher"] != self.facts["teacher"]:
            raise TrainingError("was begun on another model. Use another --work folder, or delete it.")
        self.progress = Progress.read(state["progress"])
        self.net.load_state_dict(state["net"])
        self.average.net.load_state_dict(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.chance.set_state(state["chance"])
        self.figures.values.copy_(state["means"])
        return []


def begun(arch: Architecture, teacher: Teacher, devices: Devices) -> Painter:
    """An untrained student, which takes its teacher's latents about their mean and by their spread."""
    net = Painter(arch)
    some = teacher.some(1000, torch.Generator().manual_seed(0))
    net.centre.copy_(some.mean(0))
    net.reach.copy_(some.std(0).square().mean().sqrt().clamp_min(1e-6))
    for layer in net.modules():
        if isinstance(layer, Each):
            layer.narrow = devices.depthwise
    return net.to(devices.device, memory_format=torch.channels_last)


class Shown:
    """``net`` is the averaged student, which goes on learning."""

    def __init__(self, teacher: Teacher, net: Painter, device: torch.device) -> None:
        self.teacher, self.net, self.device = teacher, net, device
        self.latents = teacher.some(SEEN, torch.Generator().manual_seed(1))

    @torch.inference_mode()
    def samples(self) -> Picture:
        parts = [self.net(some.to(self.device)) for some in self.latents.split(AT_ONCE)]
        return np.concatenate([to_uint8(part) for part in parts])

    def reals(self) -> Picture:
        """What the teacher paints there."""
        return self._wanted

    @cached_property
    def _wanted(self) -> Picture:
        return to_uint8(self.teacher.paint(self.latents))

    def sheet(self) -> Picture:
        """Rows by turns: the teacher's, the student's."""
        pairs = zip(np.split(self.reals(), SEEN // SHOWN), np.split(self.samples(), SEEN // SHOWN), strict=True)
        return rows([row for pair in pairs for row in pair])
