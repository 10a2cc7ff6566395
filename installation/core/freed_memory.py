"""Memory that was freed goes back to the system.

Python keeps up to 2000 tuples of each length for later, which looks like growth for an hour. The C library of Linux
keeps more: after a start that is a tenth of what a show takes, and then every gap that is too small for the next
picture. Other systems' libraries give back by themselves.
"""

import ctypes
import gc
from collections.abc import Callable


def give_back() -> None:
    """Takes a millisecond or two, most of it without the interpreter's lock."""
    gc.collect()  # what was there before settle() is left out
    if trim := _malloc_trim():
        trim(0)


def _malloc_trim() -> Callable[[int], int] | None:
    """glibc's function; None where another C library is."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
