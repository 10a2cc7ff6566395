"""Measures of a VAE's averaged networks: the distribution of real pictures' latents, the bound, the sheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from installation.training.dataset.pictures import Picture, contact_sheet, spread
from installation.training.dataset.supply import Supply
from installation.training.loop.devices import GROUP
from installation.training.loop.samples import PSI, SEEN, in_groups, seeds
from installation.training.vae.elbo import LEVELS, elbo
from installation.training.vae.learner import Learner
from installation.training.vae.recipe import FIGURES, LOOKED_AT

HELD = 32
"""Every so many pictures one is held out, where there are at least twice as many."""


def held(index: Tensor, count: int) -> Tensor:
    """1 for the pictures, of `count`, that are held out, else 0."""
    return (index % HELD == 0).long() * (count >= 2 * HELD) * (index + 1 < count)


class Measures:
    """Of the averaged networks of a learner, at the size that `phase()` says."""

    def __init__(self, learner: Learner, supply: Supply, phase: Callable[[], tuple[int, float]]) -> None:
        self.learner, self.supply, self.phase = learner, supply, phase

    @torch.inference_mode()
    def sheet(self) -> Picture:
        """Two rows of real pictures, each above what it becomes, then samples."""
        real = self.supply.evenly(self.phase()[0], 12)
        again = self.paint(self.posterior(real)[0])
        halves = zip(np.array_split(real, 2), np.array_split(again, 2), strict=True)
        rows = [some for both in halves for some in both]
        return contact_sheet(np.concatenate([*rows, self.painted(12, PSI)]))

    def painted(self, count: int, psi: float) -> Picture:
        """(count, r, r, 3) by the averaged decoder at the present resolution, always from the same seeds."""
        mean, covariance = self.latents()
        z = seeds(count, self.learner.arch.latent, 1)
        variance, directions = torch.linalg.eigh(covariance)
        return self.paint(mean + psi * z * variance.clamp_min(0).sqrt() @ directions.T)

    @torch.inference_mode()
    def paint(self, latents: Tensor) -> Picture:
        """Latents (n, latent) -> (n, r, r, 3)."""
        resolution, fade = self.phase()
        decoder = self.learner.average.net["decoder"]
        return in_groups(lambda z: decoder(z, resolution, fade), latents.to(self.learner.devices.device))

    def latents(self) -> tuple[Tensor, Tensor]:
        """Mean (latent,) and covariance (latent, latent) of the averaged encoder's means for real pictures."""
        means, _ = self.posterior(self.supply.evenly(self.phase()[0], LOOKED_AT))
        return means.mean(0), torch.cov(means.T)

    @torch.inference_mode()
    def posterior(self, pictures: Picture) -> tuple[Tensor, Tensor]:
        """Means and log variances of the averaged encoder for pictures (n, r, r, 3), each (n, latent), on the CPU."""
        _, fade = self.phase()
        some = (self.as_shown(few) for few in np.array_split(pictures, -(-len(pictures) // SEEN)))
        posteriors = [self.learner.average.net["encoder"](few, fade, self.learner.devices.dtype) for few in some]
        return torch.cat([mean for mean, _ in posteriors]).cpu(), torch.cat([log for _, log in posteriors]).cpu()

    def as_shown(self, pictures: Picture) -> Tensor:
        """(n, r, r, 3) uint8 -> (n, 3, r, r) in -1..1 on the device."""
        return torch.from_numpy(pictures).to(self.learner.devices.device).permute(0, 3, 1, 2).float() / 127.5 - 1

    def facts_now(self) -> dict[str, Any]:
        """The bound on training pictures and on those that are held out, by the averaged networks, whole and not
        mirrored; for the model's header."""
        index = torch.arange(len(self.supply))
        away = held(index, len(self.supply)).bool()
        groups = {"training": index[~away], "held_out": index[away]}
        return {name: self.bound(some) for name, some in groups.items() if len(some)}

    @torch.inference_mode()
    def bound(self, index: Tensor) -> dict[str, float]:
        """Means over an eighth of LOOKED_AT of the pictures named, evenly chosen: nats, KL, bits per dimension (with
        the likelihood's running variances), and the mean absolute error in levels of what their means become."""
        resolution, fade = self.phase()
        index = index[torch.from_numpy(spread(len(index), LOOKED_AT // 8))]
        noise = torch.randn(len(index), self.learner.arch.latent, generator=torch.Generator().manual_seed(3))
        sums = torch.zeros(len(FIGURES))
        for some, draw in zip(index.split(GROUP), noise.split(GROUP), strict=True):
            real = self.as_shown(self.supply.pyramid[resolution][some].numpy())
            mean, log_variance, painted = self.learner.through(
                self.learner.average.net, real, draw.to(real.device), fade
            )
            bound = elbo(real, painted, mean, log_variance, self.learner.variances)
            again = self.learner.average.net["decoder"](mean, resolution, fade, self.learner.devices.dtype)
            error = (again.clamp(-1, 1) - real).abs().mean() * LEVELS
            sums += torch.stack([bound.reconstruction, bound.kl, bound.bits, error]).cpu() * (len(some) / len(index))
        return {"pictures": len(index), **{n: round(float(v), 4) for n, v in zip(FIGURES, sums, strict=True)}}
