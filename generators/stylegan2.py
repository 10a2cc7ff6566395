"""A StyleGAN2-type network that was trained by installation.training, painting from its W space."""

from typing import Literal

from installation.networks.style_generator import StyleConfig, StyleGenerator


class Config(StyleConfig):
    kind: Literal["stylegan2"] = "stylegan2"

    def open(self, device: str) -> "StyleGAN2":
        return StyleGAN2(self, device)


class StyleGAN2(StyleGenerator):
    """Latents are points of W, (w_dim,)."""
