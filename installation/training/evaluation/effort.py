"""The sample sizes of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Sample sizes."""

    samples: int = 500
    """Pictures compared with as many real ones."""
    rate: float = 30.0
    """Frames a second at which the walks are judged."""
    frames: int = 200
    """Frames of a long walk that are searched for training pictures, besides the samples and the loop."""
    rebuilt: int = 200
    """Pictures that are encoded and painted again."""
    examined: int = 256
    """Pictures, and as many real ones twice, whose surface, eyes and features are looked at."""


THOROUGH = Effort()
QUICK = Effort(samples=128, rate=5.0, frames=64, rebuilt=32, examined=64)
