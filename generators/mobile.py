"""A small network that was taught to paint as a larger one does (``distil``), from the same latents."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from installation.networks.model_generator import ModelConfig, ModelGenerator
from installation.networks.style_generator import ELSEWHERE


class Config(ModelConfig):
    elsewhere: ClassVar[Mapping[str, str]] = ELSEWHERE
    kind: Literal["mobile"] = "mobile"

    def open(self, device: str) -> "Mobile":
        return Mobile(self, device)


class Mobile(ModelGenerator):
    """Latents are those of the network that it was taught by."""
