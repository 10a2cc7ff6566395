"""The hyperparameters of distilling."""

from __future__ import annotations

from dataclasses import dataclass

from installation.training.loop.recipes import known_values


@dataclass(frozen=True)
class Recipe:
    """Counts are in pictures, not in steps."""

    kimg: float = 400
    batch: int = 8
    learning_rate: float = 0.002
    rise: float = 2000
    """Pictures over which the learning rate rises to its value."""
    calm: float = 0.4
    wild: float = 1.1
    """Latents are truncated by a psi between these, as a show may ask for."""
    steered: float = 0.25
    """Share of the latents that are moved along a direction of the model, by up to ``steps`` steps."""
    steps: float = 3.0
    features: float = 0.1
    """Weight of the difference in the features of a pretrained network; 0: none."""
    looked_at: int = 128
    """Side of the part of a picture whose features are compared: they cost as much as the rest."""
    average: float = 10_000
    """Half-life of the moving average that is shown; never more than a twentieth of what was seen."""
    seed: int = 0

    @classmethod
    def read(cls, text: str) -> Recipe:
        """From the JSON in a checkpoint; what an older one does not have is the default."""
        return cls(**known_values(cls, text))
