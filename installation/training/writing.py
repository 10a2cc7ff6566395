"""Files written whole or not at all: beside the old one, down to the disk, then renamed over it.

An OSError names the file that was to be written, whatever the system says of it: cli.py tells it in a line.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path


def stage(path: Path, content: bytes) -> Path:
    """Write `content` beside `path`, down to the disk; the file returned only waits to be renamed. Raises OSError."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise OSError(error.errno, error.strerror, error.filename or str(path)) from None
    return partial


def write_whole(path: Path, content: bytes) -> None:
    stage(path, content).replace(path)


def check_place(path: Path) -> None:
    """Before long work: that a file can be written there. Makes its folder. Raises OSError where it cannot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder, and a file is to be written", str(path))
    stage(path, b"").unlink()
