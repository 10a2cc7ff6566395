"""A StyleGAN2 that lucidrains' stylegan2-pytorch trained, converted."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from installation.networks.model_generator import ModelConfig, ModelGenerator
from installation.networks.style_generator import ELSEWHERE


class Config(ModelConfig):
    elsewhere: ClassVar[Mapping[str, str]] = ELSEWHERE
    kind: Literal["stylegan2_pytorch"] = "stylegan2_pytorch"

    def open(self, device: str) -> "StyleGAN2Pytorch":
        return StyleGAN2Pytorch(self, device)


class StyleGAN2Pytorch(ModelGenerator):
    """Latents are points of W, (w_dim,)."""
