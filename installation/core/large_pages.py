"""Python's objects in large pages of memory, where Linux gives them for the asking (6.1 and newer).

A frame touches some thousand small objects that lie all over the memory, after the drawing has emptied the processor's
caches. In pages of 2 MB, not of 4 kB, each is found a good deal sooner.
"""

import ctypes
import gc
import sys
import threading
from collections.abc import Callable, Iterable

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
        threading.Thread(target=moved, args=(gc.get_objects(), collapse), name="pages", daemon=True).start()


def moved(objects: Iterable[object], collapse: Collapse) -> int:
    """How many pages could be moved, of those in which objects lie."""
    return sum(map(collapse, {id(one) // SIZE * SIZE for one in objects}))


def _collapse() -> Collapse | None:
    if sys.platform != "linux":
        return None
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return lambda page: advise(page, SIZE, COLLAPSE) == 0
