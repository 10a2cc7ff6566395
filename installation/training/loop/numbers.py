"""The random numbers of a run, and how a batch is cut up.

All are drawn on the CPU by one generator, for the whole batch: the result depends neither on the number of devices nor
on how many pictures a device takes at once, and a run resumed from a checkpoint is the same bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from installation.training.dataset.supply import Supply
from installation.training.loop.devices import GROUP, Devices

HIGHEST = 2**62
"""Below this, the numbers that name a picture's own noise."""


class Numbers:
    """Each call draws for the whole batch and returns this device's part, on the device."""

    def __init__(self, seed: int, batch: int, devices: Devices) -> None:
        self.batch, self.device = batch, devices.device
        self.mine = devices.part(batch)
        self.chance = torch.Generator().manual_seed(seed)

    def normal(self, width: int) -> Tensor:
        """(part of the batch, width), standard normal."""
        return self._part(torch.randn(self.batch, width, generator=self.chance))

    def uniform(self, width: int) -> Tensor:
        """(part of the batch, width) in 0..1."""
        return self._part(torch.rand(self.batch, width, generator=self.chance))

    def names(self) -> Tensor:
        """(part of the batch,) int64, on the processor: what `noise` is made of."""
        return torch.randint(HIGHEST, (self.batch,), generator=self.chance)[self.mine]

    def hand(self, supply: Supply, resolution: int) -> Tensor:
        """The next pictures, as Supply deals them."""
        return supply.deal(self.batch, resolution, self.chance)[self.mine]

    def _part(self, whole: Tensor) -> Tensor:
        return whole[self.mine].to(self.device, non_blocking=True)

    def parts(self, resolution: int, pixels: int, at_once: int | None) -> Iterator[tuple[slice, float]]:
        """This device's part of a batch, cut into what it takes at once: (pictures, share of the whole). `pixels` of
        all pictures together fit a device, unless `at_once` says how many pictures do."""
        n = self.mine.stop - self.mine.start
        most = at_once or max(GROUP, pixels // resolution**2 // GROUP * GROUP)
        for start in range(0, n, most):
            stop = min(n, start + most)
            yield slice(start, stop), (stop - start) / n

    def state(self) -> Tensor:
        return self.chance.get_state()

    def load(self, state: dict[str, Any], begin_anew: int) -> list[str]:
        """From a checkpoint; a very old one has none, then from the seed `begin_anew`. Returns what is worth
        telling."""
        if "chance" not in state:
            self.chance.manual_seed(begin_anew)
            return ["The checkpoint is an older one, without the state of its random numbers: they begin anew."]
        self.chance.set_state(state["chance"])
        return []


def noise(names: Tensor, count: int, device: torch.device) -> Tensor:
    """(n, count) standard normal on the device, the same for the same names (n,) on the same kind of device."""
    chance = torch.Generator(device)
    made = torch.empty(len(names), count, device=device)
    for row, name in zip(made, names.tolist(), strict=True):
        row.normal_(generator=chance.manual_seed(name))
    return made
