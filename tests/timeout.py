"""How long a test waits for what others do. It is long: a deadline finds what hangs, not what is slow on a busy day."""

import time
from collections.abc import Callable
from typing import TypeVar

TIMEOUT = 60.0
"""Seconds; a test may take ten times that (pyproject.toml)."""

Found = TypeVar("Found")


def until(true: Callable[[], Found], what: str = "it") -> Found:
    """What ``true`` returns as soon as that is true."""
    ends = time.monotonic() + TIMEOUT
    while not (value := true()):
        assert time.monotonic() < ends, f"{what} did not come true in {TIMEOUT:.0f} s"
        time.sleep(0.005)
    return value
