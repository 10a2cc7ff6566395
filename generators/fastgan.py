"""A FastGAN, or a Projected GAN of its form, that was trained elsewhere and converted."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from installation.networks.model_generator import ModelConfig, ModelGenerator
from installation.networks.style_generator import ELSEWHERE


class Config(ModelConfig):
    elsewhere: ClassVar[Mapping[str, str]] = ELSEWHERE
    kind: Literal["fastgan"] = "fastgan"

    def open(self, device: str) -> "FastGAN":
        return FastGAN(self, device)


class FastGAN(ModelGenerator):
    """Latents are z, (z_dim,); with classes z and the class's embedding, for each, concatenated."""
