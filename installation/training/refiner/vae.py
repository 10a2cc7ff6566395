"""The VAE of a model file for the refiner's training: frozen; its pictures are soft."""

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

AT_ONCE = 32

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
    """Raises TrainingError for a model that is no VAE, or one without its encoder."""
    if model.header["kind"] != "vae":
        raise TrainingError(
            f"{model.path}: a model of kind {model.header['kind']}; a refiner is trained for a VAE. First: "
            "train FOLDER --model vae --out MODEL"
        )
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
