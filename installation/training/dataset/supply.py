"""The training pictures at every size, sampled without replacement in each epoch.

A *hand* (n, 2) int64 is a batch: index of the picture, and 1 if it is mirrored. Hands are drawn for the whole batch,
independent of the number of devices, so that the order of the pictures is the same on one device and on eight.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from installation.core.errors import TrainingError
from installation.training.dataset.pictures import Picture, spread

SMALLEST = 4
CHUNK = 256
"""Pictures reduced at a time: float copies of all of them would not fit into memory."""


class Supply:
    """Square pictures (n, size, size, 3) uint8 and their means over 2x2, 4x4 ... pixels.

    `detail` (n,) says how many pixels of real detail a picture holds along its side: one with half of what a resolution
    shows is dealt half as often there. Without it all are dealt equally often.
    """

    def __init__(self, pictures: Picture, detail: NDArray[np.float64] | None = None) -> None:
        size = pictures.shape[1]
        if size < SMALLEST or size & (size - 1):
            raise TrainingError(f"the pictures are {size} px wide; a size is a power of two such as 64 or 128.")
        self.pyramid = shrink(torch.from_numpy(np.ascontiguousarray(pictures)))
        self.detail = None if detail is None else torch.from_numpy(np.asarray(detail, np.float64))
        self.order = torch.empty(0, dtype=torch.int64)

    def __len__(self) -> int:
        return len(self.pyramid[SMALLEST])

    def deal(self, count: int, resolution: int, chance: torch.Generator) -> Tensor:
        """The next hand (count, 2); half of the pictures are mirrored."""
        while len(self.order) < count:
            self.order = torch.cat([self.order, self.round(resolution, chance)])
        index, self.order = self.order[:count], self.order[count:]
        return torch.stack([index, torch.randint(2, (count,), generator=chance)], 1)

    def round(self, resolution: int, chance: torch.Generator) -> Tensor:
        """As many pictures as there are, shuffled: each once, or with `detail`, in proportion to its weight
        (systematic sampling: its share of the round, rounded up or down)."""
        count = len(self)
        index = torch.arange(count)
        if self.detail is not None:
            deserved = (self.detail / resolution).clamp(0.01, 1).cumsum(0)
            marks = deserved / deserved[-1] * count + torch.rand((), generator=chance, dtype=torch.float64)
            index = index.repeat_interleave(marks.floor().long().diff(prepend=torch.zeros(1, dtype=torch.int64)))
        return index[torch.randperm(len(index), generator=chance)]

    def show(self, hand: Tensor, resolution: int, device: torch.device | str = "cpu") -> Tensor:
        """The pictures of a hand, (n, 3, r, r) float32 in -1..1, on the device."""
        picture = self.pyramid[resolution][hand[:, 0]].to(device, non_blocking=True).permute(0, 3, 1, 2)
        picture = picture.float() / 127.5 - 1
        mirrored = hand[:, 1].to(device)[:, None, None, None].bool()
        return torch.where(mirrored, picture.flip(3), picture).contiguous()

    def evenly(self, resolution: int, count: int) -> Picture:
        """Up to `count` pictures (n, r, r, 3) uint8, always the same."""
        return self.pyramid[resolution][torch.from_numpy(spread(len(self), count))].numpy()

    def state(self) -> dict[str, Any]:
        return {"pictures": len(self), "order": self.order}

    def load(self, state: dict[str, Any]) -> list[str]:
        """Restores the state of a checkpoint; with another number of pictures, starts anew and returns a note."""
        if state["pictures"] != len(self):
            return [f"{len(self)} pictures where there were {state['pictures']}: they are dealt afresh."]
        self.order = state["order"]
        return []


def shrink(pictures: Tensor) -> dict[int, Tensor]:
    """{resolution: (n, r, r, 3) uint8} from the full size down to 4 px, each by averaging the full size."""
    n, size = pictures.shape[:2]
    sizes = [size >> i for i in range(1, (size // SMALLEST).bit_length())]
    pyramid = {size: pictures} | {r: torch.empty((n, r, r, 3), dtype=torch.uint8) for r in sizes}
    for start in range(0, n, CHUNK):
        x = pictures[start : start + CHUNK].float()
        for r in sizes:
            x = x.unflatten(2, (r, 2)).unflatten(1, (r, 2)).mean((2, 4))
            pyramid[r][start : start + CHUNK] = x.round().to(torch.uint8)
    return pyramid


def to_uint8(painted: Tensor) -> Picture:
    """(n, 3, h, w) in -1..1 -> (n, h, w, 3) uint8, on the CPU."""
    levels = (painted.float() * 127.5 + 127.5).clamp_(0, 255).round_().to(torch.uint8)
    return np.ascontiguousarray(levels.permute(0, 2, 3, 1).cpu().numpy())
