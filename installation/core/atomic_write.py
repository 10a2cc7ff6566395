"""Atomic file writes: a temporary file beside the old one is fsynced, then renamed over it.

Every OSError raised names the file that was to be written, so that one line can report it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from installation.core.errors import OptionError


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Adds this file's name to an OSError from the block that has none, as on a full disk."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, error.filename or str(path)) from None


def stage(path: Path, content: bytes | memoryview) -> Path:
    """Write `content` to a temporary file beside `path` and fsync it; the file returned is ready to be renamed. Raises
    OSError."""
    partial = path.with_name(path.name + ".partial")
    try:
        with naming(path), partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            partial.unlink()
        raise
    return partial


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically. Raises OSError."""
    partial = stage(path, content)
    try:
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def check_suffix(path: Path, suffix: str, what: str) -> None:
    """Raises OptionError where a file to write has another suffix."""
    if path.suffix != suffix:
        raise OptionError(f"{path}: the name of a {what} file ends with {suffix}.")


def check_place(path: Path) -> None:
    """Checks, before long work, that a file can be written there. Makes its folder. Raises OSError where it cannot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder, and a file is to be written", str(path))
    stage(path, b"").unlink()
