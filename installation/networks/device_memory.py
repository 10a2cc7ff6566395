"""What to do where a graphics card's memory is full."""

import gc
import logging
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

log = logging.getLogger(__name__)

Made = TypeVar("Made")


def is_full(error: BaseException) -> bool:
    """Whether an error says that a device's memory is full: CUDA has a class for it, MPS a sentence."""
    return isinstance(error, torch.OutOfMemoryError) or "backend out of memory" in str(error)


def free(device: str) -> None:
    """Gives memory that nothing uses any more back to the device."""
    gc.collect()
    if device == "cuda" and torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif device == "mps" and torch.backends.mps.is_available():
        torch.mps.empty_cache()


def with_less(device: str, name: str, attempt: Callable[[str], Made]) -> Made:
    """What ``attempt`` returns on the device, once its memory is freed; or on the processor where it is still full.
    ``name`` is what it is for, in the log. Raises what the last attempt raises."""
    for place in _places(device):
        free(device)
        try:
            made = attempt(place)
        except RuntimeError as error:
            if place == "cpu" or not is_full(error):
                raise
            continue
        log.warning("%s: the memory of %s was full; it is painted plainly on %s from here on", name, device, place)
        return made
    raise RuntimeError(f"found no device beside {device}")


def _places(device: str) -> Iterator[str]:
    yield device
    if device != "cpu":
        yield "cpu"
