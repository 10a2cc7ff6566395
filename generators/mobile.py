"""A small network that was taught to paint as a larger one does (``distil``), from the same latents."""

from typing import Literal

from installation.networks.model_generator import ModelConfig, ModelGenerator


class Config(ModelConfig):
    kind: Literal["mobile"] = "mobile"

    def open(self, device: str) -> "Mobile":
        return Mobile(self, device)


class Mobile(ModelGenerator):
    """Latents are those of the network that it was taught by."""
