"""A StyleGAN3, of configuration T or R, that was trained elsewhere and converted."""

from typing import Literal

from installation.networks.style_generator import StyleConfig, StyleGenerator


class Config(StyleConfig):
    kind: Literal["stylegan3"] = "stylegan3"

    def open(self, device: str) -> "StyleGAN3":
        return StyleGAN3(self, device)


class StyleGAN3(StyleGenerator):
    """Latents are points of W, (w_dim,); with classes one point of W for each, concatenated."""
