"""A StyleGAN2-type network that was trained by installation.training, painting from its W space."""

from typing import Literal

from installation.networks.model_generator import ModelConfig, ModelGenerator


class Config(ModelConfig):
    kind: Literal["stylegan2"] = "stylegan2"

    def open(self, device: str) -> "StyleGAN2":
        return StyleGAN2(self, device)


class StyleGAN2(ModelGenerator):
    """Latents are points of W, (w_dim,)."""
