"""What decides a training of an encoder apart from the pictures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run apart from the pictures."""

    batch: int = 32
    """Generated pictures of a step."""
    painted: int = 2
    """How many of them are painted again and compared."""
    real: int = 6
    """Real pictures of a step, painted and compared; none without a folder."""
    every: int = 2
    """Pictures are compared at every so many steps: that costs more than all the rest."""
    first: int = 500
    """Steps before any are compared: places alone teach faster at the beginning."""
    pixels: float = 2.0
    """Weight of the picture loss; that of the places is 1."""
    prior: float = 0.05
    """Weight of the Mahalanobis distance where pictures are real."""
    psi: tuple[float, float] = (0.5, 1.0)
    """Truncation of the generated pictures, drawn evenly from this range."""
    block: int = 8
    """Steps that share generated pictures, disturbed anew each time: painting costs more than looking."""
    learning_rate: float = 1e-3
    average: float = 150
    """Half-life of the moving average, in steps; never more than a tenth of those made."""
    seed: int = 0
