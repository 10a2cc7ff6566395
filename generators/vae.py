"""A variational autoencoder that was trained by installation.training, painting from its latent space."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from installation.networks.model_generator import ModelConfig, ModelGenerator
from installation.networks.style_generator import OWN


class Config(ModelConfig):
    elsewhere: ClassVar[Mapping[str, str]] = dict.fromkeys(
        OWN, "a VAE cannot be bent, mixed, blended or tiled, as it has no styles; StyleGANs can"
    )

    kind: Literal["vae"] = "vae"
    psi: float = Field(1.0, ge=0.0, le=1.2, description="truncation psi: 0 is the mean picture, 1 the whole variety")

    def open(self, device: str) -> "VAE":
        return VAE(self, device)


class VAE(ModelGenerator):
    """Latents are spread about those of real pictures; ``latent`` draws from the Gaussian that fits these."""
