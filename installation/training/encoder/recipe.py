"""The hyperparameters of training an encoder."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """The hyperparameters of a run."""

    batch: int = 32
    """Generated pictures of a step."""
    painted: int = 2
    """How many of them are painted from the encoder's output and compared."""
    real: int = 6
    """Real pictures of a step, painted and compared; none without a folder."""
    every: int = 2
    """Steps between comparisons of pictures, which cost more than all the rest."""
    first: int = 500
    """Steps before any are compared: the loss on coordinates alone trains faster at the beginning."""
    pixels: float = 2.0
    """Weight of the picture loss; that of the coordinates is 1."""
    prior: float = 0.05
    """Weight of the Mahalanobis distance where pictures are real."""
    psi: tuple[float, float] = (0.5, 1.0)
    """Truncation of the generated pictures, drawn evenly from this range."""
    block: int = 8
    """Steps that share generated pictures, augmented anew each time: painting costs more than encoding."""
    learning_rate: float = 1e-3
    average: float = 150
    """Half-life of the moving average, in steps; never more than a tenth of those made."""
    seed: int = 0
