"""A StyleGAN2 that was trained elsewhere and converted: by stylegan2-ada-pytorch or a program like it."""

from typing import Literal

from installation.networks.style_generator import StyleConfig, StyleGenerator


class Config(StyleConfig):
    kind: Literal["stylegan2_ada"] = "stylegan2_ada"

    def open(self, device: str) -> "StyleGAN2ADA":
        return StyleGAN2ADA(self, device)


class StyleGAN2ADA(StyleGenerator):
    """Latents are points of W, (w_dim,); with classes one point of W for each, concatenated."""
