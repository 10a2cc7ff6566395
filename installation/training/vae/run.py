"""Training a variational autoencoder (arXiv 1312.6114), growing as the GAN does.

The recipe, and why:

* **The evidence lower bound itself** (elbo.py), in nats: a Gaussian likelihood in an orthonormal basis whose variances
  are the likeliest ones (arXiv 2006.13202), so the balance against the KL is measured and not chosen; `beta` (Higgins
  et al., ICLR 2017) is a deliberate step away from it: above 1 the latents of real pictures lie closer together and
  say less, and what lies between them is painted better.
* **KL warm-up** (arXiv 1511.06349): beta rises from 0, so that the latents are put to use before they cost anything.
* **Closer crops**: a random window of each picture, a little smaller than it. A VAE learns a few thousand pictures by
  heart otherwise; a zoom and a shift are a real view of the same thing, so it does no harm that they are learnt too.
* **Growing** (arXiv 1710.10196) and **a moving average of both networks**, as for the GAN; Adam with beta1 0.9, a short
  rise of the learning rate and clipped gradients, as no layer normalises.

Every 32nd picture is held out: the bound on these says what the model knows of pictures that it has not seen. All
random numbers are thrown on the CPU by one generator, for the whole batch (see gan.py).
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from installation.core.errors import TrainingError
from installation.networks.vae import Architecture, Decoder, Encoder, read_architecture
from installation.training.dataset.pictures import Picture, contact_sheet, spread
from installation.training.dataset.supply import Supply, to_uint8
from installation.training.gan.recipe import Stage, continued, in_words, spans, stage_at
from installation.training.gan.run import load_optimiser, softened
from installation.training.loop.devices import GROUP, Devices
from installation.training.loop.run import Progress
from installation.training.vae.elbo import LEVELS, bands, best_variances, elbo, squared
from installation.training.vae.export import export as export
from installation.training.vae.recipe import LOOKED_AT, Recipe

Facts = dict[str, Any]

FIGURES = ("nats", "kl", "bits", "error")
"""Running means over the training pictures as they are learnt from: log p(x | z) and KL in nats a picture, the bound in
bits per dimension, the mean absolute error in levels of 255."""
MEMORY = 0.02
"""How fast the running means forget, per step."""
HELD = 32
"""Every so many pictures one is held out, where there are at least twice as many."""
UNUSED = 1.0
"""Nats of KL below which the latents say nothing."""
CLIP = 1.0
RISE = 4000
"""Pictures over which the learning rate rises to its value."""
VARIANCE_MEMORY = 2000
"""Half-life of the likelihood's variances, in pictures."""
PIXELS_AT_ONCE = 64 * 256 * 256
"""Pictures of this many pixels in all fit a device with 8 GB at once; a larger batch is learnt from in parts."""
SEEN = 64
PSI = 0.7


class Vae:
    """One training run of a VAE: networks, optimiser and progress. The methods of run.Run are the loop's."""

    model = "vae"

    def __init__(
        self, supply: Supply, arch: Architecture, recipe: Recipe, devices: Devices, facts: Facts | None = None
    ) -> None:
        """`facts` say where the pictures came from and what was asked for; they end up in the model's header."""
        torch.manual_seed(recipe.seed)  # the weights that a run begins with are the same on every device
        self.supply, self.arch, self.recipe, self.devices = supply, arch, recipe, devices
        self.facts = dict(facts or {})
        self.mine = devices.part(recipe.batch)
        self.progress = Progress()
        self.net = nn.ModuleDict({"encoder": Encoder(arch), "decoder": Decoder(arch)}).to(devices.device)
        self.ema = copy.deepcopy(self.net).requires_grad_(False)
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99), fused=True)
        self.means = torch.zeros(len(FIGURES), device=devices.device)
        self.variances = torch.zeros(0, device=devices.device)
        self.chance = torch.Generator().manual_seed(recipe.seed)

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

    def beta(self) -> float:
        return self.recipe.beta * min(1.0, self.progress.images / max(1.0, self.recipe.warm_up))

    # -- one step -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        resolution, fade = self.place()
        real = softened(self.draw(resolution), fade)
        noise = torch.randn(self.recipe.batch, self.arch.latent, generator=self.chance)
        noise = noise[self.mine].to(self.devices.device, non_blocking=True)
        if len(self.variances) != len(squared(bands(real[:1]))[0]):  # the first step, or the first of a new size
            self.variances = self.measured(real, noise, fade)
        seen = torch.stack([self.learn(real[part], noise[part], fade, w) for part, w in self.parts(resolution)]).sum(0)
        self.descend()
        self.progress.steps += 1
        self.progress.images += self.recipe.batch
        self.average()
        self.remember(seen)

    def learn(self, real: Tensor, noise: Tensor, fade: float, weight: float) -> Tensor:
        """Add the gradients of some pictures, which are `weight` of the batch; returns their share of its figures and
        of its variances."""
        mean, log_variance, painted = self.through(self.net, real, noise, fade)
        bound = elbo(real, painted, mean, log_variance, self.variances)
        (bound.loss(self.beta()) * weight).backward()
        with torch.no_grad():
            error = (painted.clamp(-1, 1) - real).abs().mean() * LEVELS
            figures = torch.stack([bound.reconstruction, bound.kl, bound.bits, error])
            return torch.cat([figures, bound.variances]) * weight

    def through(self, net: nn.ModuleDict, real: Tensor, noise: Tensor, fade: float) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and log variance of the posteriors of pictures, and what is painted of a draw from each."""
        mean, log_variance = net["encoder"](real, fade, self.devices.dtype)
        z = mean + noise * (log_variance / 2).exp()  # the reparameterisation of arXiv 1312.6114
        return mean, log_variance, net["decoder"](z, real.shape[-1], fade, self.devices.dtype)

    @torch.no_grad()
    def measured(self, real: Tensor, noise: Tensor, fade: float) -> Tensor:
        """The likeliest variances for the networks as they are."""
        painted = self.through(self.net, real, noise, fade)[2]
        variances = best_variances(*squared(bands((real - painted) * LEVELS)))
        self.devices.mean_([variances])
        return variances

    def draw(self, resolution: int) -> Tensor:
        """This device's part of a batch of real pictures, (n, 3, r, r) in -1..1."""
        hand = self.supply.deal(self.recipe.batch, resolution, self.chance)
        dice = torch.rand(self.recipe.batch, 3, generator=self.chance)[self.mine].to(self.devices.device)
        hand = hand[self.mine]
        hand[:, 0] += self.held(hand[:, 0])  # in place of a picture that is held out, the one beside it
        finer = 2 * resolution if 2 * resolution in self.supply.pyramid and self.recipe.crop < 1 else resolution
        return cropped(self.supply.show(hand, finer, self.devices.device), dice, self.recipe.crop, resolution)

    def held(self, index: Tensor) -> Tensor:
        """1 for the pictures that are held out, else 0."""
        return (index % HELD == 0).long() * (len(self.supply) >= 2 * HELD) * (index + 1 < len(self.supply))

    def parts(self, resolution: int) -> Iterator[tuple[slice, float]]:
        """This device's part of a batch, cut into what it takes at once: (pictures, share of the whole)."""
        n = self.mine.stop - self.mine.start
        most = self.recipe.at_once or max(GROUP, PIXELS_AT_ONCE // resolution**2)
        for start in range(0, n, most):
            stop = min(n, start + most)
            yield slice(start, stop), (stop - start) / n

    def descend(self) -> None:
        """A step along the gradients of the whole batch: each device has those of its part."""
        weights = list(self.net.parameters())
        self.devices.mean_([p.grad for p in weights if p.grad is not None])
        torch.nn.utils.clip_grad_norm_(weights, CLIP)
        rise = min(1.0, (self.progress.images + self.recipe.batch) / RISE)
        self.optimiser.param_groups[0]["lr"] = self.recipe.learning_rate * rise
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    def average(self) -> None:
        weights = [p.data for p in self.net.parameters()]
        torch._foreach_lerp_(list(self.ema.parameters()), weights, self.forgetting(self.recipe.average))

    def forgetting(self, half_life: float) -> float:
        """What a step counts in a mean with this half-life in pictures; never more than a twentieth of what was seen,
        so that a mean is of its time from the beginning."""
        return 1 - 0.5 ** (self.recipe.batch / max(1.0, min(half_life, self.progress.images * 0.05)))

    def remember(self, seen: Tensor) -> None:
        self.devices.mean_([seen])
        figures, variances = seen[: len(FIGURES)], seen[len(FIGURES) :]
        self.means.lerp_(figures, 1.0 if self.progress.steps == 1 else MEMORY)
        self.variances = self.variances.lerp(variances, self.forgetting(VARIANCE_MEMORY))

    # -- how it goes ----------------------------------------------------------------------------------------------

    def read(self) -> dict[str, float]:
        self.progress.figures = dict(zip(FIGURES, self.means.tolist(), strict=True))
        return self.progress.figures

    def weights(self) -> list[Tensor]:
        return list(self.net.parameters())

    def alarm(self) -> str | None:
        kl = self.progress.figures["kl"]
        if kl < UNUSED and self.progress.images > 2 * self.recipe.warm_up:
            return f"the latents are no longer used (KL {kl:.2f} nats): give a smaller --beta"
        return None

    def samples(self) -> Picture:
        return self.painted(SEEN, 1.0)

    def reals(self) -> Picture:
        return self.supply.evenly(self.place()[0], SEEN)

    @torch.inference_mode()
    def sheet(self) -> Picture:
        """Two rows of real pictures, each above what it becomes, then samples."""
        real = self.supply.evenly(self.place()[0], 12)
        again = self.paint(self.posterior(real)[0])
        halves = zip(np.array_split(real, 2), np.array_split(again, 2), strict=True)
        rows = [some for both in halves for some in both]
        return contact_sheet(np.concatenate([*rows, self.painted(12, PSI)]))

    def painted(self, count: int, psi: float) -> Picture:
        """(count, r, r, 3) by the averaged decoder at the present resolution, always from the same seeds."""
        mean, covariance = self.latents()
        z = torch.randn(SEEN, self.arch.latent, generator=torch.Generator().manual_seed(1))[:count]
        variance, directions = torch.linalg.eigh(covariance)
        return self.paint(mean + psi * z * variance.clamp_min(0).sqrt() @ directions.T)

    @torch.inference_mode()
    def paint(self, latents: Tensor) -> Picture:
        resolution, fade = self.place()
        few = latents.to(self.devices.device).split(GROUP)
        return np.concatenate([to_uint8(self.ema["decoder"](z, resolution, fade)) for z in few])

    def latents(self) -> tuple[Tensor, Tensor]:
        """Mean (latent,) and covariance (latent, latent) of the averaged encoder's means for real pictures."""
        means, _ = self.posterior(self.supply.evenly(self.place()[0], LOOKED_AT))
        return means.mean(0), torch.cov(means.T)

    @torch.inference_mode()
    def posterior(self, pictures: Picture) -> tuple[Tensor, Tensor]:
        """Means and log variances of the averaged encoder for pictures (n, r, r, 3), each (n, latent), on the CPU."""
        _, fade = self.place()
        some = (self.as_shown(few) for few in np.array_split(pictures, -(-len(pictures) // SEEN)))
        found = [self.ema["encoder"](few, fade, self.devices.dtype) for few in some]
        return torch.cat([mean for mean, _ in found]).cpu(), torch.cat([log for _, log in found]).cpu()

    def as_shown(self, pictures: Picture) -> Tensor:
        """(n, r, r, 3) uint8 -> (n, 3, r, r) in -1..1 on the device."""
        return torch.from_numpy(pictures).to(self.devices.device).permute(0, 3, 1, 2).float() / 127.5 - 1

    # -- what is measured of the averaged networks ----------------------------------------------------------------

    def facts_now(self) -> dict[str, Any]:
        """The bound on training pictures and on those that are held out, by the averaged networks, whole and not
        mirrored; for the model's header."""
        index = torch.arange(len(self.supply))
        away = self.held(index).bool()
        groups = {"training": index[~away], "held_out": index[away]}
        return {name: self.bound(some) for name, some in groups.items() if len(some)}

    @torch.inference_mode()
    def bound(self, index: Tensor) -> dict[str, float]:
        """Means over an eighth of LOOKED_AT of the pictures named, evenly chosen: nats, KL, bits per dimension (with
        the likelihood's running variances), and the mean absolute error in levels of what their means become."""
        resolution, fade = self.place()
        index = index[torch.from_numpy(spread(len(index), LOOKED_AT // 8))]
        noise = torch.randn(len(index), self.arch.latent, generator=torch.Generator().manual_seed(3))
        sums = torch.zeros(len(FIGURES))
        for some, draw in zip(index.split(GROUP), noise.split(GROUP), strict=True):
            real = self.as_shown(self.supply.pyramid[resolution][some].numpy())
            mean, log_variance, painted = self.through(self.ema, real, draw.to(real.device), fade)
            found = elbo(real, painted, mean, log_variance, self.variances)
            again = self.ema["decoder"](mean, resolution, fade, self.devices.dtype)
            error = (again.clamp(-1, 1) - real).abs().mean() * LEVELS
            sums += torch.stack([found.reconstruction, found.kl, found.bits, error]).cpu() * (len(some) / len(index))
        return {"pictures": len(index), **{n: round(float(v), 4) for n, v in zip(FIGURES, sums, strict=True)}}

    # -- keeping --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        self.read()
        mean, covariance = self.latents()
        return {
            "arch": json.dumps(asdict(self.arch)),
            "recipe": json.dumps(asdict(self.recipe)),
            "facts": json.dumps(self.facts, ensure_ascii=False),
            "net": self.net.state_dict(),
            "ema": self.ema.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "variances": self.variances,
            "chance": self.chance.get_state(),
            "supply": self.supply.state(),
            "means": self.means,
            "latents": {"mean": mean, "covariance": covariance},
            "bound": json.dumps(self.facts_now() if self.progress.steps else {}),
        }

    def load(self, state: dict[str, Any]) -> list[str]:
        """The networks may have grown since, the recipe may differ: its learning rate is the one asked for."""
        old = read_architecture(json.loads(state["arch"]))
        if self.arch.resolution < old.resolution or self.arch.at(old.resolution) != old:
            raise TrainingError(f"holds another network ({state['arch']}). Use another --work folder, or delete it.")
        self.progress = Progress.read(state["progress"])
        stages = continued(Recipe.read(state["recipe"]).stages, self.progress.images, self.recipe.stages)
        told = [] if stages == self.recipe.stages else [f"The schedule is now {in_words(stages)}."]
        if old != self.arch:
            told.append(f"The networks have grown from {old.resolution} px to {self.arch.resolution} px.")
        self.recipe = replace(self.recipe, stages=stages)
        for name in ("net", "ema"):
            getattr(self, name).load_state_dict(state[name], strict=old == self.arch)
        load_optimiser(self.optimiser, self.net, state["optimiser"], list(state["net"]))
        self.means.copy_(state["means"])
        self.variances = state["variances"].to(self.devices.device)
        self.chance.set_state(state["chance"])
        return told + self.supply.load(state["supply"])


def begin(arguments: argparse.Namespace, supply: Supply, devices: Devices, facts: Facts) -> Vae:
    """The run that the command's options ask for."""
    recipe = Recipe(
        stages=tuple(Stage(size, kimg) for size, kimg in arguments.stages),
        batch=arguments.batch,
        at_once=arguments.batch_gpu,
        learning_rate=arguments.learning_rate or Recipe.learning_rate,
        beta=arguments.beta,
        crop=arguments.closest,
        seed=arguments.seed,
    )
    arch = architecture(recipe.stages[-1].resolution, arguments.width, arguments.latent)
    return Vae(supply, arch, recipe, devices, facts)


def architecture(resolution: int, width: int = 256, latent: int = 64) -> Architecture:
    """For a picture size: up to `width` feature maps up to 8 px, then half as many at each doubling, at least 16; the
    encoder has at most half of that. What a VAE paints is smooth, so most of its work is at few pixels."""
    sizes = [4 * 2**i for i in range(resolution.bit_length() - 2)]
    channels = tuple(min(width, max(16, width * 8 // size)) for size in sizes)
    return Architecture(resolution, latent, channels, tuple(max(16, min(c, width // 2)) for c in channels))


def effort(arch: Architecture, resolution: int) -> float:
    """What a step costs for each picture at a resolution: multiplications of one pass through both, about."""
    arch = arch.at(resolution)
    decoder, encoder = (
        sum(9 * (b * b + a * b / 4) * r * r for a, b, r in zip((wide[0], *wide), wide, arch.resolutions, strict=False))
        for wide in (arch.channels, arch.encoder_channels)
    )
    return decoder + encoder


def cropped(picture: Tensor, dice: Tensor, smallest: float, size: int) -> Tensor:
    """A window of each picture (n, 3, h, h) -> (n, 3, size, size); h is `size` or twice that.

    `dice` (n, 3), uniform in 0..1, say how large the window is, from `smallest` to 1 of the picture, and where.
    """
    n, height = len(picture), picture.shape[-1]
    if smallest < 1:
        side = smallest + (1 - smallest) * dice[:, :1]
        middle = (2 * dice[:, 1:] - 1) * (1 - side)
        window = torch.cat(
            [side, torch.zeros_like(side), middle[:, :1], torch.zeros_like(side), side, middle[:, 1:]], 1
        )
        grid = F.affine_grid(window.unflatten(1, (2, 3)), [n, 3, height, height], align_corners=False)
        picture = F.grid_sample(picture, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return F.avg_pool2d(picture, height // size)
