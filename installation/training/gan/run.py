"""Training a StyleGAN2-type network, growing from 32 px to at most 1024 px.

The recipe, and why (benchmarks/recipes.py compares the first two and the third at equal time):

* **Non-saturating loss with lazy R1** (arXiv 1801.04406, 1912.04958): a second derivative at every 16th step only.
* **or the relativistic pairing loss with R1 and R2** (R3GAN, arXiv 2501.05441): both at every step.
* **or a discriminator that sees through a trained eye**, with the hinge loss (Projected GANs, arXiv 2111.01007).
* **DiffAugment with an adaptive share** (arXiv 2006.10738, 2006.06676): a thousand pictures are not enough without.
* **Growing** (arXiv 1710.10196): the budget is first spent where a picture costs little; new sizes are faded in.
* **A moving average of the generator** with a ramp, so early samples are not stale (arXiv 2006.06676).
* **Equalised learning rate, Adam with beta1 0** (arXiv 1710.10196, 1912.04958).
* Activations in bfloat16 and channels last where the device multiplies bfloat16 natively; losses, styles and the
  discriminator's end stay in float32.

All random numbers are thrown on the CPU by one generator, for the whole batch: what is learnt depends neither on the
number of devices nor on how many pictures a device takes at once, and a checkpoint goes on bit for bit.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from installation.core.errors import TrainingError
from installation.networks.model_file import load_model, network_of
from installation.networks.stylegan2 import Architecture, Discriminator, Generator, load_effective, read_architecture
from installation.training.dataset.pictures import Picture, contact_sheet
from installation.training.dataset.supply import Supply, to_uint8
from installation.training.gan.augment import MAX_SHARE, augment, throw
from installation.training.gan.export import export as export
from installation.training.gan.projected import Projected
from installation.training.gan.recipe import Recipe, Stage, continued, in_words, spans, stage_at
from installation.training.loop.devices import GROUP, Devices
from installation.training.loop.run import Progress

Facts = dict[str, Any]

FIGURES = ("share", "sure", "loss_d", "loss_g")
"""Probability of each augmentation; running means of: how often the real picture scores above the other (or above 0),
as -1..1; the losses. They live on the device, and are read when somebody looks."""
FIRST_SHARE = 0.3
MEMORY = (0.05, 0.02, 0.02)
"""How fast the running means forget, per step."""
RUNAWAY = 50.0
"""A loss beyond this does not come back; a healthy one stays below 5."""
HOPELESS = 12.0
"""The generator's loss where it hardly feels the discriminator any more: what it paints scores e**-12."""
PIXELS_AT_ONCE = 16 * 256 * 256
"""Pictures of this many pixels in all fit a device with 8 GB at once; a larger batch is learnt from in parts."""
SEEN = 64
"""Samples that the collapse watch and the real pictures' spread are measured on; fewer of 512 px and more."""
PROJECTED_RATE = 0.0002
"""Learning rate of a projected discriminator, which has little to learn (same paper)."""
HEAD_START = 3000
"""Pictures that a new discriminator sees before a generator that was trained before learns from it."""
PSI = 0.7
MOVED = 1500
"""Fits what two cores learn from at 32, 64 and 128 px: 55, 33 and 18 pictures a second."""


class Gan:
    """One training run of a GAN: networks, optimisers and progress. The methods of run.Run are the loop's."""

    model = "gan"

    def __init__(
        self, supply: Supply, arch: Architecture, recipe: Recipe, devices: Devices, facts: Facts | None = None
    ) -> None:
        """`facts` say where the pictures came from and what was asked for; they end up in the model's header."""
        torch.manual_seed(recipe.seed)  # the weights that a run begins with are the same on every device
        self.supply, self.arch, self.recipe, self.devices = supply, arch, recipe, devices
        self.facts = dict(facts or {})
        self.mine = devices.part(recipe.batch)
        self.progress = Progress()
        self.g, self.d = Generator(arch).to(devices.device), discriminator(arch, recipe, devices).to(devices.device)
        self.ema = copy.deepcopy(self.g).requires_grad_(False)
        lazy = recipe.r1_every / (recipe.r1_every + 1) if recipe.loss == "non-saturating" else 1.0
        rate_d = PROJECTED_RATE if recipe.loss == "projected" else recipe.learning_rate * lazy
        self.opt_g = adam(self.g, recipe.learning_rate)
        self.opt_d = adam(self.d, rate_d, 0.99**lazy)
        if isinstance(self.d, Projected):
            self.opt_d.register_step_post_hook(lambda *_: self.d.settle())
        self.means = torch.tensor([FIRST_SHARE if recipe.augment else 0.0, 0.0, 0.0, 0.0], device=devices.device)
        self.chance = torch.Generator().manual_seed(recipe.seed)

    def start_from(self, path: Path) -> None:
        """The generator of a model file, which may be smaller; the discriminator learns first, so that it finds nothing
        to spoil. Raises ModelError, or TrainingError where the model does not fit."""
        header, tensors = load_model(path, "stylegan2")
        old = read_architecture(header["architecture"], path)
        if not grown_from(old, self.arch):
            raise TrainingError(
                f"--start-from {path}: {old.resolution} px with {list(old.channels)} feature maps; this run has "
                f"{self.arch.resolution} px with {list(self.arch.channels)}. Give --width {old.w_dim} and "
                f"--stages that reach {old.resolution} px."
            )
        weights = {name: torch.from_numpy(tensor) for name, tensor in network_of(tensors).items()}
        for net in (self.g, self.ema):
            load_effective(net, weights, old.resolution)
        self.recipe = replace(self.recipe, head_start=HEAD_START)
        self.facts["started_from"] = {"images": header["training"].get("images"), "ledger": header["ledger_sha256"]}

    # -- where in the schedule ------------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        return int(sum(stage.kimg for stage in self.recipe.stages) * 1000)

    def place(self) -> tuple[int, float]:
        return stage_at(self.recipe, self.progress.images)

    def left(self) -> float:
        now = effort(self.arch, self.place()[0])
        ahead = ((stage, end - max(start, self.progress.images)) for stage, start, end in spans(self.recipe.stages))
        return sum(max(0.0, images) * effort(self.arch, stage.resolution) / now for stage, images in ahead)

    # -- one step -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One discriminator step, one generator step, every r1_every-th a gradient penalty."""
        resolution, fade = self.place()
        hand = self.supply.deal(self.recipe.batch, resolution, self.chance)[self.mine]
        real = softened(self.supply.show(hand, resolution, self.devices.device), fade)
        sure, loss_d = self.step_d(real, resolution, fade)
        if self.recipe.loss == "non-saturating" and self.progress.steps % self.recipe.r1_every == 0:
            self.step_r1(real, fade)
        resting = self.progress.images < self.recipe.head_start
        loss_g = self.means[3] if resting else self.step_g(real, resolution, fade)
        self.progress.steps += 1
        self.progress.images += self.recipe.batch
        self.average()
        self.adapt(torch.stack([sure, loss_d, loss_g]))

    def step_d(self, real: Tensor, resolution: int, fade: float) -> tuple[Tensor, Tensor]:
        """Returns how sure it is of the real pictures, -1..1, and its loss, both means over this device's part."""
        z, dice, others = self.seeds(), self.dice(), self.dice()
        relativistic = self.recipe.loss == "relativistic"
        seen = []
        for part, weight in self.parts(resolution):
            with torch.no_grad():
                fake = self.paint(z[part], resolution, fade)
            both = torch.cat([self.alter(real[part], dice[part]), self.alter(fake, others[part])])
            both.requires_grad_(relativistic)
            score_real, score_fake = (scores := self.score(both, fade)).chunk(2)
            loss = loss_d(score_real, score_fake, self.recipe.loss)
            sure = (score_real - score_fake if relativistic else score_real).detach().sign().mean()
            seen.append(torch.stack([sure, loss.detach()]) * weight)
            if relativistic:  # the mean over twice as many pictures is half of R1 + R2
                loss = loss + 2 * self.penalty(scores, both)
            (loss * weight).backward()
        self.descend(self.opt_d)
        sure, loss = torch.stack(seen).sum(0)
        return sure, loss

    def step_r1(self, real: Tensor, fade: float) -> None:
        """The penalty times r1_every, because it is rare (arXiv 1912.04958)."""
        dice = self.dice()
        for part, weight in self.parts(real.shape[-1]):
            seen = self.alter(real[part], dice[part]).requires_grad_(True)
            (self.penalty(self.score(seen, fade), seen) * (weight * self.recipe.r1_every)).backward()
        self.descend(self.opt_d)

    def penalty(self, scores: Tensor, seen: Tensor) -> Tensor:
        """gamma/2 * |d score / d picture|^2, the mean over the pictures (arXiv 1801.04406)."""
        (slope,) = torch.autograd.grad(scores.sum(), seen, create_graph=True)
        gamma = self.recipe.r1 * seen.shape[-1] ** 2
        return slope.float().square().sum((1, 2, 3)).mean() * (gamma / 2)

    def step_g(self, real: Tensor, resolution: int, fade: float) -> Tensor:
        """Returns its loss, a mean over this device's part."""
        z, dice = self.seeds(), self.dice()
        relativistic = self.recipe.loss == "relativistic"
        others = self.dice() if relativistic else dice
        self.d.requires_grad_(False)
        seen = []
        for part, weight in self.parts(resolution):
            score = self.score(self.alter(self.paint(z[part], resolution, fade), dice[part]), fade)
            if relativistic:
                score = score - self.score(self.alter(real[part], others[part]), fade)
            loss = (-score if self.recipe.loss == "projected" else F.softplus(-score)).mean() * weight
            loss.backward()
            seen.append(loss.detach())
        self.d.requires_grad_(True)
        self.descend(self.opt_g)
        return torch.stack(seen).sum()

    # -- parts of a step ------------------------------------------------------------------------------------------

    def seeds(self) -> Tensor:
        """This device's part of a batch of z, (n, z_dim)."""
        z = torch.randn(self.recipe.batch, self.arch.z_dim, generator=self.chance)
        return z[self.mine].to(self.devices.device, non_blocking=True)

    def dice(self) -> Tensor:
        return throw(self.recipe.batch, self.chance)[self.mine].to(self.devices.device, non_blocking=True)

    def parts(self, resolution: int) -> Iterator[tuple[slice, float]]:
        """This device's part of a batch, cut into what it takes at once: (pictures, share of the whole)."""
        n = self.mine.stop - self.mine.start
        most = self.recipe.at_once or max(GROUP, PIXELS_AT_ONCE // resolution**2 // GROUP * GROUP)
        for start in range(0, n, most):
            stop = min(n, start + most)
            yield slice(start, stop), (stop - start) / n

    def paint(self, z: Tensor, resolution: int, fade: float) -> Tensor:
        return self.g(z, resolution, fade, self.devices.dtype)

    def score(self, pictures: Tensor, fade: float) -> Tensor:
        return self.d(pictures, fade, self.devices.dtype)

    def alter(self, pictures: Tensor, dice: Tensor) -> Tensor:
        return augment(pictures, self.means[0], dice) if self.recipe.augment else pictures

    def descend(self, optimiser: torch.optim.Optimizer) -> None:
        """A step along the gradients of the whole batch: each device has those of its part."""
        weights = [p for group in optimiser.param_groups for p in group["params"]]
        self.devices.mean_([p.grad for p in weights if p.grad is not None])
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    def average(self) -> None:
        half_life = max(1.0, min(self.recipe.average, self.progress.images * 0.05))
        weight = 1 - 0.5 ** (self.recipe.batch / half_life)
        torch._foreach_lerp_(list(self.ema.parameters()), [p.data for p in self.g.parameters()], weight)

    def adapt(self, seen: Tensor) -> None:
        """Augment more when the discriminator is sure of the real pictures, less when it is not (arXiv 2006.06676)."""
        self.devices.mean_([seen])
        share, means = self.means[:1], self.means[1:]
        means.lerp_(seen, torch.tensor(MEMORY, device=seen.device))
        if self.recipe.augment:
            share += (means[0] - self.recipe.share_target).sign() * (self.recipe.batch / self.recipe.share_speed)
            share.clamp_(0, MAX_SHARE)

    # -- how it goes ----------------------------------------------------------------------------------------------

    def read(self) -> dict[str, float]:
        self.progress.figures = dict(zip(FIGURES, self.means.tolist(), strict=True))
        return self.progress.figures

    def weights(self) -> list[Tensor]:
        return [*self.g.parameters(), *self.d.parameters()]

    def alarm(self) -> str | None:
        figures = self.progress.figures
        loss_d, loss_g = figures["loss_d"], figures["loss_g"]
        if max(abs(loss_d), abs(loss_g)) > RUNAWAY:
            return f"the losses have run away to {loss_d:.3g} and {loss_g:.3g}"
        if loss_g > HOPELESS:
            return f"the discriminator cannot be fooled any more (losses {loss_d:.3g} and {loss_g:.3g})"
        return None

    def samples(self) -> Picture:
        return self.painted(self.seen(), 1.0)

    def reals(self) -> Picture:
        return self.supply.evenly(self.place()[0], self.seen())

    def sheet(self) -> Picture:
        return contact_sheet(self.painted(min(36, self.seen()), PSI))

    def seen(self) -> int:
        return SEEN if self.place()[0] < 512 else SEEN // 4

    @torch.inference_mode()
    def painted(self, count: int, psi: float) -> Picture:
        """(count, r, r, 3) by the averaged generator at the present resolution, always from the same seeds."""
        resolution, fade = self.place()
        w = self.ema.mapping(self.fixed(count, 1))
        if psi != 1:
            w = torch.lerp(self.ema.mapping(self.fixed(2000, 2)).mean(0), w, psi)
        return np.concatenate([to_uint8(self.ema.synthesis(few, resolution, fade)) for few in w.split(GROUP)])

    def fixed(self, count: int, seed: int) -> Tensor:
        z = torch.randn(max(count, SEEN), self.arch.z_dim, generator=torch.Generator().manual_seed(seed))
        return z[:count].to(self.devices.device)

    # -- keeping --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        self.read()
        return {
            "arch": json.dumps(asdict(self.arch)),
            "recipe": json.dumps(asdict(self.recipe)),
            "facts": json.dumps(self.facts, ensure_ascii=False),
            "g": self.g.state_dict(),
            "d": self.d.state_dict(),
            "ema": self.ema.state_dict(),
            "opt_g": self.opt_g.state_dict(),
            "opt_d": self.opt_d.state_dict(),
            "chance": self.chance.get_state(),
            "supply": self.supply.state(),
        }

    def load(self, state: dict[str, Any]) -> list[str]:
        """The network may have grown since, the recipe may differ: its learning rate is the one that was asked for."""
        old = json.loads(state["arch"])
        old = Architecture(**{**old, "channels": tuple(old["channels"])})
        if not grown_from(old, self.arch):
            raise TrainingError(f"holds another network ({state['arch']}). Use another --work folder, or delete it.")
        self.progress = Progress.read(state["progress"])
        past, known = Recipe.read(state["recipe"]), json.loads(state.get("facts", "{}"))
        stages = continued(past.stages, self.progress.images, self.recipe.stages)
        told = [] if stages == self.recipe.stages else [f"The schedule is now {in_words(stages)}."]
        self.recipe = replace(self.recipe, stages=stages, head_start=past.head_start)
        if "started_from" in known:
            self.facts["started_from"] = known["started_from"]
        if old != self.arch:
            told.append(f"The network has grown from {old.resolution} px to {self.arch.resolution} px.")
        for name in ("g", "d", "ema"):
            getattr(self, name).load_state_dict(state[name], strict=old == self.arch)
        for net, optimiser in (("g", self.opt_g), ("d", self.opt_d)):
            load_optimiser(optimiser, getattr(self, net), state[f"opt_{net}"], list(state[net]))
        self.load_figures()
        return told + self.load_chance(state)

    def load_figures(self) -> None:
        figures = self.progress.figures
        now = [figures.get(name, float(mean)) for name, mean in zip(FIGURES, self.means, strict=True)]
        self.means.copy_(torch.tensor(now))
        if not self.recipe.augment:
            self.means[0] = 0.0

    def load_chance(self, state: dict[str, Any]) -> list[str]:
        if "chance" not in state:
            self.chance.manual_seed(self.recipe.seed + self.progress.images)
            return ["The checkpoint is an older one, without the state of its random numbers: they begin anew."]
        self.chance.set_state(state["chance"])
        return self.supply.load(state["supply"])


def begin(arguments: argparse.Namespace, supply: Supply, devices: Devices, facts: Facts) -> Gan:
    """The run that the command's options ask for."""
    recipe = Recipe(
        stages=tuple(Stage(size, kimg) for size, kimg in arguments.stages),
        batch=arguments.batch,
        at_once=arguments.batch_gpu,
        learning_rate=arguments.learning_rate or Recipe.learning_rate,
        loss=arguments.loss,
        r1=arguments.r1,
        augment=arguments.augment,
        seed=arguments.seed,
    )
    run = Gan(supply, architecture(recipe.stages[-1].resolution, arguments.width), recipe, devices, facts)
    if arguments.start_from:
        run.start_from(arguments.start_from)
    return run


def architecture(resolution: int, width: int = 256) -> Architecture:
    """For a picture size: `width` feature maps up to 16 px, then half as many at each doubling, at least 32 up to
    256 px and 16 beyond, where a map of one picture takes megabytes."""
    sizes = [4 * 2**i for i in range(resolution.bit_length() - 2)]
    channels = tuple(min(width, max(32 if size <= 256 else 16, width * 16 // size)) for size in sizes)
    return Architecture(resolution=resolution, z_dim=width, w_dim=width, channels=channels)


def effort(arch: Architecture, resolution: int) -> float:
    """What learning from one picture costs at a resolution, in any unit: the multiplications of both networks' blocks,
    and MOVED more for each activation, which has to be moved as well."""
    sizes = arch.at(resolution).resolutions
    blocks = zip((arch.channels[0], *arch.channels), arch.channels, sizes, strict=False)
    return float(sum((9 * b * b + 9 * a * b / 4 + MOVED * b) * size**2 for a, b, size in blocks))


def grown_from(old: Architecture, now: Architecture) -> bool:
    """Whether `now` is `old`, or `old` with blocks added on top."""
    return now.resolution >= old.resolution and now.at(old.resolution) == old


def load_optimiser(
    optimiser: torch.optim.Optimizer, net: nn.Module, saved: dict[str, Any], names: Sequence[str]
) -> None:
    """The moments of a saved optimiser whose network had the parameters `names`, in that order; new ones begin empty.

    Learning rate and the like stay the optimiser's own.
    """
    place = {name: index for index, (name, _) in enumerate(net.named_parameters())}
    known = [name for name in names if name in place]  # not buffers
    moments = {place[known[index]]: moment for index, moment in saved["state"].items()}
    optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})


def adam(net: nn.Module, rate: float, beta2: float = 0.99) -> torch.optim.Adam:
    return torch.optim.Adam(net.parameters(), lr=rate, betas=(0.0, beta2), fused=True)


def discriminator(arch: Architecture, recipe: Recipe, devices: Devices) -> nn.Module:
    if recipe.loss == "projected":
        return Projected(devices.device, devices.dtype)
    return Discriminator(arch)


def loss_d(real: Tensor, fake: Tensor, loss: str) -> Tensor:
    """Of scores (n, k): real ones above 0 and others below (beyond 1, which is far enough, where it is the hinge), or
    each real one above the other beside it."""
    if loss == "relativistic":
        return F.softplus(fake - real).mean()
    if loss == "projected":
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def softened(real: Tensor, fade: float) -> Tensor:
    """Real pictures as far as the newest resolution is blended in."""
    if fade >= 1:
        return real
    soft = F.interpolate(F.avg_pool2d(real, 2), scale_factor=2, mode="bilinear", align_corners=False)
    return torch.lerp(soft, real, fade)
