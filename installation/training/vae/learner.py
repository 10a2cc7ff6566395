"""A VAE's networks as they learn: what they make of pictures, a step along the bound, and their moving average."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from installation.networks.vae import Architecture, Decoder, VaeEncoder
from installation.training.loop.average import MovingAverage, share_of
from installation.training.loop.devices import Devices
from installation.training.loop.optimisers import gather
from installation.training.vae.elbo import LEVELS, bands, best_variances, elbo, squared
from installation.training.vae.recipe import FIGURES, Recipe

CLIP = 1.0
"""Longest step of the gradient."""
RISE = 4000
"""Pictures over which the learning rate rises to its value."""
VARIANCE_MEMORY = 2000
"""Half-life of the likelihood's variances, in pictures."""


class Learner:
    """Encoder and decoder with their optimiser, moving average, and the likelihood's variances."""

    def __init__(self, arch: Architecture, recipe: Recipe, devices: Devices) -> None:
        self.arch, self.recipe, self.devices = arch, recipe, devices
        self.net = nn.ModuleDict({"encoder": VaeEncoder(arch), "decoder": Decoder(arch)}).to(devices.device)
        self.average = MovingAverage(self.net)
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99), fused=True)
        self.variances = torch.zeros(0, device=devices.device)

    def learn(
        self, real: Tensor, noise: Tensor, fade: float, beta: float, parts: Iterable[tuple[slice, float]]
    ) -> Tensor:
        """Add the gradients of a batch; returns its figures and its likeliest variances."""
        if len(self.variances) != len(squared(bands(real[:1]))[0]):  # the first step, or the first of a new size
            self.variances = self.measured(real, noise, fade)
        return torch.stack([self.learn_part(real[part], noise[part], fade, beta, w) for part, w in parts]).sum(0)

    def learn_part(self, real: Tensor, noise: Tensor, fade: float, beta: float, weight: float) -> Tensor:
        """Some pictures, which are `weight` of the batch; returns their share of its figures and of its variances."""
        mean, log_variance, painted = self.through(self.net, real, noise, fade)
        bound = elbo(real, painted, mean, log_variance, self.variances)
        (bound.loss(beta) * weight).backward()
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

    def descend(self, images: int) -> None:
        """A step along the gradients of the whole batch: each device has those of its part."""
        gather(self.optimiser, self.devices)
        torch.nn.utils.clip_grad_norm_(list(self.net.parameters()), CLIP)
        self.optimiser.param_groups[0]["lr"] = self.recipe.learning_rate * min(1.0, images / RISE)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    def follow(self, seen: Tensor, images: int) -> None:
        """The moving averages, of the weights and of the variances, take in a step."""
        batch, recipe = self.recipe.batch, self.recipe
        self.average.follow(self.net, share_of(batch, recipe.average, images))
        self.variances = self.variances.lerp(seen[len(FIGURES) :], share_of(batch, VARIANCE_MEMORY, images))
