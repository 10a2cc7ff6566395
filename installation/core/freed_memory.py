"""Memory that was freed goes back to the system.

The C library of Linux keeps it for what comes: after a start that is a tenth of what a show takes, and later every gap
that is too small for the next picture. Other systems' libraries give back by themselves.
"""

import ctypes
from collections.abc import Callable


def give_back() -> None:
    """Takes a millisecond or two, without the interpreter's lock."""
    if trim := _malloc_trim():
        trim(0)


def _malloc_trim() -> Callable[[int], int] | None:
    """glibc's function; None where another C library is."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
