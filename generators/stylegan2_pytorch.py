"""A StyleGAN2 that lucidrains' stylegan2-pytorch trained, converted."""

from typing import Literal

from installation.networks.model_generator import ModelConfig, ModelGenerator


class Config(ModelConfig):
    kind: Literal["stylegan2_pytorch"] = "stylegan2_pytorch"

    def open(self, device: str) -> "StyleGAN2Pytorch":
        return StyleGAN2Pytorch(self, device)


class StyleGAN2Pytorch(ModelGenerator):
    """Latents are points of W, (w_dim,)."""
