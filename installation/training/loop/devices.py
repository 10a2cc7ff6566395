"""Where a run computes: one processor, one GPU, or several of either, through Lightning Fabric.

Several devices are several processes that each hold the whole network. All draw the same random numbers for the whole
batch and each takes its own part of it; gradients and running figures are averaged over the processes. So the weights
are the same on every device, and the result is that of one device, up to the order of sums. The gradients are averaged
here and not by DistributedDataParallel's hooks, as those do not support two alternately trained networks, blocks that
are not yet in use, or the second derivative of a gradient penalty.
"""

from __future__ import annotations

import ctypes
import logging
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from installation.core.errors import TrainingError
from installation.training.loop.precision import Precision, faster

if TYPE_CHECKING:
    from lightning_fabric import Fabric

GROUP = 4
"""A process's part of a batch is a multiple of this: the discriminator compares pictures in groups (see _stylegan2)."""


@dataclass
class Devices:
    """The devices of a run, for one of its processes."""

    fabric: Fabric
    threads: int
    """Processor threads of this process."""
    dtype: torch.dtype = torch.float32
    """Type of the activations."""
    depthwise: torch.dtype | None = None
    """Type that a convolution of each map on its own is computed in, where that is faster than `dtype`; else None."""

    @property
    def device(self) -> torch.device:
        return self.fabric.device

    @property
    def count(self) -> int:
        return self.fabric.world_size

    @property
    def first(self) -> bool:
        """Whether this is the process that prints, saves and draws."""
        return bool(self.fabric.global_rank == 0)

    def cast(self) -> torch.autocast:
        """In it convolutions and products of matrices are computed in ``dtype``; weights and sums stay in float32."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def part(self, batch: int) -> slice:
        """This process's part of a batch. Raises TrainingError where it cannot be shared out in whole groups."""
        if batch % (self.count * GROUP):
            raise TrainingError(
                f"--batch {batch} cannot be shared by {self.count} devices in groups of {GROUP}. "
                f"Give --batch {math.ceil(batch / self.count / GROUP) * self.count * GROUP}."
            )
        share = batch // self.count
        return slice(self.fabric.global_rank * share, (self.fabric.global_rank + 1) * share)

    def mean_(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by their mean over the processes, all in one message."""
        if self.count == 1 or not tensors:
            return
        whole = self.sum_(torch.cat([tensor.flatten() for tensor in tensors])) / self.count
        for tensor, mean in zip(tensors, whole.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(mean.view_as(tensor))

    def agree(self, number: int) -> int:
        """The first process's number, on every process. Waits for the others."""
        if self.count == 1:
            return number
        mine = torch.tensor(number if self.first else 0, device=self.device)
        return int(self.sum_(mine))

    def sum_(self, tensor: Tensor) -> Tensor:
        """Replace a tensor by its sum over the processes. Fabric's own all_reduce would wait for all GPUs first.

        Raises TrainingError where another process has ended.
        """
        try:
            torch.distributed.all_reduce(tensor)
        except RuntimeError:
            raise TrainingError(
                f"process {self.fabric.global_rank} of {self.count} has lost another one, which may say why above. "
                "The checkpoint is whole: the same command goes on from it."
            ) from None
        return tensor

    def check_alike(self, tensors: Sequence[Tensor]) -> None:
        """Raises TrainingError where weights are no longer the same on every process."""
        if self.count == 1:
            return
        mark = torch.stack([tensor.detach().float().sum() for tensor in tensors]).sum()
        marks = torch.zeros(self.count, device=self.device)
        marks[self.fabric.global_rank] = mark
        self.sum_(marks)
        if bool((marks != marks[0]).any()):
            raise TrainingError(
                "the devices no longer hold the same weights. The same command goes on from the checkpoint."
            )


@contextmanager
def open_devices(
    device: str = "auto", count: int = 1, threads: int | None = None, precision: str = "auto"
) -> Iterator[Devices]:
    """Begin `count` processes on `device` (auto, cpu, cuda, mps); everything after this runs in each of them.

    Raises TrainingError where there is no such device, or not as many.
    """
    from lightning_fabric import Fabric  # here: it takes seconds to load

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    kind = choose(device)
    check(kind, count)
    keep_memory()
    fabric = Fabric(accelerator=kind, devices=count, strategy="ddp" if count > 1 else "auto", precision="32-true")
    fabric.launch()
    mine = max(1, int(threads or os.cpu_count() or 1) // count)
    torch.set_num_threads(mine)
    chosen = precision_of(precision, fabric.device)
    try:
        yield agreed(Devices(fabric, mine), chosen)
    finally:
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def choose(device: str) -> str:
    """auto: CUDA, then Apple's MPS, then the processor."""
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def check(kind: str, count: int) -> None:
    there = {"cpu": count, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}[kind]
    if not there:
        raise TrainingError(f"--device {kind}: this computer, or its build of torch, has none. Use --device auto.")
    if count > there:
        raise TrainingError(f"--devices {count}: there {'is' if there == 1 else 'are'} {there} of {kind}.")


def precision_of(asked: str, device: torch.device) -> Precision:
    """The precision in the options; on auto the faster of what the device has natively (see precision.py). A graphics
    card that has bfloat16 is faster with it, and is not timed: it does a small convolution in less time than it takes
    to begin one."""
    if not bf16(asked, device.type):
        return Precision(torch.float32)
    return faster() if asked == "auto" and device.type == "cpu" else Precision(torch.bfloat16)


def agreed(devices: Devices, mine: Precision) -> Devices:
    """Devices with the precision chosen by the first process, which prints why. Timings differ between processes."""
    dtypes = (torch.float32, torch.bfloat16)
    depthwise = mine.depthwise or mine.dtype
    number = devices.agree(dtypes.index(mine.dtype) * 2 + dtypes.index(depthwise))
    devices.dtype, depthwise = dtypes[number // 2], dtypes[number % 2]
    devices.depthwise = None if depthwise == devices.dtype else depthwise
    if mine.told and devices.first:
        print(mine.told)
    return devices


def bf16(precision: str, kind: str) -> bool:
    """Whether to use bfloat16: if requested; on auto if the device multiplies it natively. float16 is never used."""
    if precision != "auto":
        return precision == "bf16"
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return kind == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and processor_has_bf16()


def processor_has_bf16() -> bool:
    """Elsewhere it is emulated, at many times the work."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def keep_memory() -> None:
    """Tell glibc to keep freed memory: the page faults of giving it back cost a third of the speed at 128 px."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return  # another C library: nothing to tune
    for option, value in ((-1, 2**31 - 1), (-2, 2**28), (-4, 0)):  # M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX
        mallopt(option, value)
