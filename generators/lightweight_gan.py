"""A generator that lucidrains' lightweight-gan trained, converted."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from installation.networks.model_generator import ModelConfig, ModelGenerator
from installation.networks.style_generator import ELSEWHERE


class Config(ModelConfig):
    elsewhere: ClassVar[Mapping[str, str]] = ELSEWHERE
    kind: Literal["lightweight_gan"] = "lightweight_gan"

    def open(self, device: str) -> "LightweightGAN":
        return LightweightGAN(self, device)


class LightweightGAN(ModelGenerator):
    """Latents are z, (z_dim,)."""
