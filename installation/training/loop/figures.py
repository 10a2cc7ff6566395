"""Running means of a run's figures. They are stored on the device, and copied to the CPU only when needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


class RunningMeans:
    """Exponential running means, by name. ``memory``: how fast each decays, per step."""

    def __init__(self, names: Sequence[str], memory: Sequence[float], device: torch.device) -> None:
        self.names = tuple(names)
        self.values = torch.zeros(len(self.names), device=device)
        self.memory = torch.tensor(memory, device=device)

    def follow(self, seen: Tensor, first: bool = False) -> None:
        """Take in one step's figures; the first step's are taken whole."""
        self.values.lerp_(seen, torch.ones_like(self.memory) if first else self.memory)

    def read(self) -> dict[str, float]:
        """Waits for the device."""
        return dict(zip(self.names, self.values.tolist(), strict=True))

    def load(self, figures: Mapping[str, float]) -> None:
        """From what was read once; names that are not there stay as they are."""
        now = [figures.get(name, value) for name, value in self.read().items()]
        self.values.copy_(torch.tensor(now))
