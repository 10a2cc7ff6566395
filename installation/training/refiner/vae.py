"""The soft pictures of a VAE: what it makes of a picture, and samples of the prior.

A soft picture is painted from a draw of the posterior and not from its mean, and half of them are blurred a little:
samples of the prior are a little less precise than reconstructions, and the refiner has to paint on these.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from installation.core.errors import TrainingError
from installation.networks.fitting import as_tensors
from installation.networks.model_file import Tensors, check_shapes, group_of, network_of
from installation.networks.vae import Architecture, Decoder, VaeEncoder, read_architecture
from installation.training.latent.models import OpenModel
from installation.training.refiner.recipe import Recipe
from installation.training.refiner.soft import Cleaning, blurred

AT_ONCE = 32
SEEDS = 64
"""Samples that are drawn at a time of those that are always the same."""

Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class SoftPainter:
    """Encoder and decoder of a VAE, without gradients."""

    arch: Architecture
    encoder: VaeEncoder
    decoder: Decoder
    mean: Tensor
    """(latent,) of real pictures."""
    axes: Tensor
    """(k, latent): what seeds are spread along, in standard deviations."""

    @torch.no_grad()
    def posterior(self, pictures: Tensor) -> Tensor:
        """Pictures (n, r, r, 3) uint8 of the VAE's size -> mean and standard deviation of each latent, (n, 2, latent)
        on the CPU."""
        posteriors = []
        for some in pictures.split(AT_ONCE):
            some = some.to(self.mean.device).permute(0, 3, 1, 2).float() / 127.5 - 1
            mean, log_variance = self.encoder(some)
            posteriors.append(torch.stack([mean, (log_variance / 2).exp()], 1).cpu())
        return torch.cat(posteriors)

    def seeds(self, noise: Tensor) -> Tensor:
        """Standard normal noise (n, k) -> latents (n, latent) as seeds of a show name them."""
        return self.mean + noise.to(self.mean.device) @ self.axes

    @torch.no_grad()
    def paint(self, latents: Tensor) -> Tensor:
        """(n, latent) -> soft pictures (n, 3, r, r), clipped to -1..1 as a screen does."""
        painted = [self.decoder(some, self.arch.resolution) for some in latents.to(self.mean.device).split(AT_ONCE)]
        return torch.cat(painted).clamp_(-1, 1)


def soft_painter(model: OpenModel, device: torch.device) -> SoftPainter:
    """Raises TrainingError for one without its encoder."""
    arch, encoder = read_architecture(model.header["architecture"], model.path), group_of(model.tensors, "encoder")
    if not encoder:
        raise TrainingError(f"{model.path}: holds no encoder; export it again from its checkpoint.")
    space = model.space
    axes = torch.from_numpy(space.basis * space.std[:, None])
    return SoftPainter(
        arch,
        ready(VaeEncoder(arch), encoder, device, model.path),
        ready(Decoder(arch), network_of(model.tensors), device, model.path),
        torch.from_numpy(space.mean).to(device),
        axes.to(device),
    )


def ready(net: Net, tensors: Tensors, device: torch.device, path: Path) -> Net:
    """With its weights, frozen, on the device. Raises ModelError where they do not fit."""
    check_shapes(path, tensors, {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()})
    net.load_state_dict(as_tensors(tensors))
    return net.to(device).requires_grad_(False)


class Reconstructions:
    """What a VAE makes of pictures, and samples of its prior."""

    cleaning: Cleaning | None = None

    def __init__(self, vae: SoftPainter, recipe: Recipe) -> None:
        self.vae, self.recipe = vae, recipe
        self.side, self.device = vae.arch.resolution, vae.mean.device
        self.posterior = torch.empty(0)

    def learn(self, small: Tensor) -> None:
        """The posteriors of all pictures, as they are and mirrored."""
        self.posterior = torch.stack([self.vae.posterior(small), self.vae.posterior(small.flip(2))], 1)

    def dealt(self, hand: Tensor, _real: Tensor, known: Tensor, chance: torch.Generator) -> tuple[Tensor, Tensor]:
        latents = torch.where(known[:, None], self.drawn(hand, chance), self.seeds(len(hand), chance))
        return self.vae.paint(latents), torch.ones_like(known)

    def drawn(self, hand: Tensor, chance: torch.Generator) -> Tensor:
        """Latents (n, latent) from the posteriors of the pictures of a hand."""
        mean, deviation = self.posterior[hand[:, 0], hand[:, 1]].unbind(1)
        return mean + deviation * torch.randn(mean.shape, generator=chance)

    def seeds(self, count: int, chance: torch.Generator) -> Tensor:
        """So many latents, as seeds of a show name them."""
        return self.vae.seeds(torch.randn(count, len(self.vae.axes), generator=chance)).cpu()

    def worn(self, soft: Tensor, _own: Tensor, chance: torch.Generator) -> Tensor:
        """Half of them are blurred."""
        return blurred(soft, self.recipe.blur * (2 * torch.rand(len(soft), generator=chance) - 1).clamp_min(0))

    def shown(self, index: Tensor, _real: Tensor) -> Tensor:
        return self.vae.paint(self.posterior[index, 0, 0])

    def samples(self, count: int) -> Tensor:
        return self.vae.paint(self.seeds(SEEDS, torch.Generator().manual_seed(1))[:count])
