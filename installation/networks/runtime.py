"""A runtime is a network made ready to paint one picture at a time on one device; this is the plain one.

A network is given as its ``Synthesis``: latents (n, dim) float32 -> pictures (n, 3, height, width), about -1..1. It
runs without gradients and must not keep its output, which is modified in place.
"""

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from installation.core.contracts import Latent, Pixels

Synthesis = Callable[[Tensor], Tensor]


class Split(NamedTuple):
    """A synthesis in two: ``before`` takes latents without their last number, ``last`` the pictures (n, 3, h, w) of
    that, -1..1, and the number (n,), and needs little precision, as it adds little."""

    before: Synthesis
    last: Callable[[Tensor, Tensor], Tensor]


REUSED = 4
"""After so many paints a picture's array is painted into again, as Generator.paint permits."""

SHORT = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}


class Runtime(Protocol):
    """Paints for one piece, in one thread at a time, as its memory is reused."""

    name: str

    def paint(self, latent: Latent) -> Pixels:
        """One latent (dim,) float32 -> its picture; the array is reused REUSED paints later."""


def levels(synthesis: Synthesis, latent: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """One latent (1, dim) -> one picture (height, width, 3), uint8 sRGB, on the latent's device. Expensive operations
    are computed in ``dtype``, as chosen by torch's autocast."""
    with torch.autocast(latent.device.type, dtype, enabled=dtype != torch.float32, cache_enabled=False):
        picture = synthesis(latent)[0]
    return picture.float().mul_(127.5).add_(128.0).clamp_(0, 255).permute(1, 2, 0).to(torch.uint8)


def ring(shape: tuple[int, ...], pinned: bool = False) -> Iterator[tuple[Tensor, Pixels]]:
    """Memory for pictures, by turns and without end, each as a tensor and as the array that it is. ``pinned`` memory
    can be written by a GPU while the processor does something else."""
    slots = [torch.empty(shape, dtype=torch.uint8, pin_memory=pinned) for _ in range(REUSED)]
    return cycle([(slot, slot.numpy()) for slot in slots])


class Eager:
    """Plain torch, on any device. The only wait for a GPU is the download."""

    @torch.inference_mode()
    def __init__(
        self, synthesis: Synthesis, latents: Latent, device: str = "cpu", dtype: torch.dtype = torch.float32
    ) -> None:
        """``latents`` (n, dim): the first is painted, for the size of the pictures."""
        self.name = f"eager {SHORT[dtype]}"
        self._synthesis, self._device, self._dtype = synthesis, device, dtype
        self._slots = ring(self._levels(latents[0]).shape)

    @torch.inference_mode()
    def paint(self, latent: Latent) -> Pixels:
        slot, pixels = next(self._slots)
        slot.copy_(self._levels(latent))
        return pixels

    def _levels(self, latent: Latent) -> Tensor:
        on_device = torch.from_numpy(np.asarray(latent, np.float32)).to(self._device)
        return levels(self._synthesis, on_device[None], self._dtype)
