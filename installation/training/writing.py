"""Files written whole or not at all: beside the old one, down to the disk, then renamed over it."""

from __future__ import annotations

import os
from pathlib import Path


def stage(path: Path, content: bytes) -> Path:
    """Write `content` beside `path`, down to the disk; the file returned only waits to be renamed. Raises OSError."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    return partial


def write_whole(path: Path, content: bytes) -> None:
    stage(path, content).replace(path)
