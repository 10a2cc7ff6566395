"""The hyperparameters of training a VAE."""

from __future__ import annotations

from dataclasses import dataclass

from installation.training.loop.recipes import known_values
from installation.training.loop.schedule import Phase

FIGURES = ("nats", "kl", "bits", "error")
"""Running means over the training pictures as they are learnt from: log p(x | z) and KL in nats a picture, the bound in
bits per dimension, the mean absolute error in levels of 255."""
LOOKED_AT = 1024
"""Pictures that the distribution of latents is measured on; the bound, on an eighth of them."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run apart from the pictures. Counts are in pictures, not in steps."""

    stages: tuple[Phase, ...] = (Phase(64, 60), Phase(128, 100))
    batch: int = 16
    at_once: int | None = None
    """Most pictures on a device at a time. None: as fits."""
    learning_rate: float = 0.001
    beta: float = 1.0
    """Weight of the KL: 1 is the evidence lower bound."""
    warm_up: float = 20_000
    """Pictures over which beta rises from 0."""
    crop: float = 0.85
    """Side of the smallest window that is taken of a picture, as a share of its own; 1: always the whole."""
    fade: float = 4000
    average: float = 6000
    """Half-life of the networks' moving average; never more than a twentieth of what was seen."""
    seed: int = 0

    def beta_at(self, images: int) -> float:
        """Weight of the KL after so many pictures."""
        return self.beta * min(1.0, images / max(1.0, self.warm_up))

    @classmethod
    def read(cls, text: str) -> Recipe:
        """From the JSON in a checkpoint; what an older one does not have is as it was then: the default."""
        values = known_values(cls, text)
        return cls(**{**values, "stages": tuple(Phase(**stage) for stage in values["stages"])})
