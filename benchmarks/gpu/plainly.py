"""Errors in one line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from installation.core.errors import VernissageError


@contextmanager
def plainly() -> Iterator[None]:
    """Ends the program where something is wrong with what it was given: exit status 1, and why."""
    try:
        yield
    except VernissageError as error:
        sys.exit(f"error: {error}")
