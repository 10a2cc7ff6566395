"""Python's objects in large pages of memory, where Linux gives them for the asking (6.1 and newer).

A frame touches some thousand small objects that lie all over the memory, after the drawing has emptied the processor's
caches. In pages of 2 MB, not of 4 kB, each is found a good deal sooner.
"""

import ctypes
import gc
import operator
import sys
import threading
from collections.abc import Callable, Iterable
from itertools import chain

import numpy as np

SIZE = 1 << 21
"""Bytes of a large page."""

COLLAPSE = 25
"""Linux' MADV_COLLAPSE: what lies in an area is moved to a large page, now."""

Collapse = Callable[[int], bool]
"""Moves the SIZE bytes from an address on to a large page; false where it cannot: not all of them are the heap's."""


def move() -> None:
    """Moves what there is, in a thread of its own: half a second for a show, in which nothing waits for a page for
    long. To be called once all is loaded, and before Python's search for garbage leaves it out."""
    collapse = _collapse()
    if collapse is not None:
        threading.Thread(target=lambda: moved(pages(), collapse), name="pages", daemon=True).start()


def pages() -> list[int]:
    """The addresses of the pages in which objects lie.

    The list of all objects must not outlive one call of C, in which no other thread runs: a tuple that another thread
    is about to fill would be held twice, and Python refuses to end it (SystemError). So it is made, read and dropped
    within that of numpy."""
    every = chain.from_iterable(map(operator.call, (gc.get_objects,)))
    places = np.fromiter(map(id, every), np.int64)
    return (np.unique(places // SIZE) * SIZE).tolist()


def moved(pages: Iterable[int], collapse: Collapse) -> int:
    """How many could be moved."""
    return sum(map(collapse, pages))


def _collapse() -> Collapse | None:
    if sys.platform != "linux":
        return None
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return lambda page: advise(page, SIZE, COLLAPSE) == 0
