"""A generator that lucidrains' lightweight-gan trained, converted."""

from typing import Literal

from installation.networks.model_generator import ModelConfig, ModelGenerator


class Config(ModelConfig):
    kind: Literal["lightweight_gan"] = "lightweight_gan"

    def open(self, device: str) -> "LightweightGAN":
        return LightweightGAN(self, device)


class LightweightGAN(ModelGenerator):
    """Latents are z, (z_dim,)."""
