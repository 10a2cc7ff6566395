"""What a camera has measured of its room, kept over restarts in a file of the show's state folder.

It holds the noise of the picture, the shake of the camera, and how restless each pixel of the small picture is:
all thresholds are computed from these. No picture is in it. It is written after a minute in which nobody was there and
nothing was new.
"""

import io
import logging
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.core.atomic_write import write_whole

log = logging.getLogger(__name__)

LARGEST = 16 * 2**20
"""Bytes of the file at most."""
FINEST = 255.0 / 65535.0
"""Levels of brightness in one step of the file's 16 bits."""
FIRST, EVERY, CALM = 60.0, 600.0, 60.0
"""Seconds until the first writing and between two, and for which the room must have been empty and unchanged."""

Levels = NDArray[np.float32]
"""(height, width) in levels of brightness, 0..255."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """``view`` names what was looked at: with another source, region, width, mirror or rotation it does not apply.
    ``moves`` and ``spread`` are how much each pixel changes from one picture to the next, and from the empty room;
    ``noise`` in levels, ``shake`` in pixels; ``age`` says how long all of it was measured (s)."""

    view: str
    moves: Levels
    spread: Levels
    noise: float
    shake: float
    age: float


def read(path: Path, view: str) -> Calibration | None:
    """What was kept of that view; None where nothing was. A damaged file is reported and ignored."""
    try:
        with path.open("rb") as file:
            kept = np.load(io.BytesIO(file.read(LARGEST)), allow_pickle=False)
        return _checked(kept) if str(kept["view"]) == view else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        log.warning("%s cannot be read (%s); the camera learns the room anew", path, error)
        return None


def _checked(kept: Any) -> Calibration:
    maps = [kept[name].astype(np.float32) * np.float32(FINEST) for name in ("moves", "spread")]
    numbers = [float(kept[name]) for name in ("noise", "shake", "age")]
    if len({one.shape for one in maps}) != 1 or maps[0].ndim != 2:
        raise ValueError("found arrays that are not one picture's")
    if not all(0.0 <= number < 1e9 for number in numbers):
        raise ValueError("found numbers out of range")
    return Calibration(str(kept["view"]), *maps, *numbers)


def write(path: Path, calibration: Calibration) -> None:
    """Writes it whole or not at all; where that fails it is reported, and the next start learns anew."""
    fine = {
        name: np.round(np.clip(getattr(calibration, name), 0.0, 255.0) / FINEST).astype(np.uint16)
        for name in ("moves", "spread")
    }
    file = io.BytesIO()
    numbers = {name: getattr(calibration, name) for name in ("view", "noise", "shake", "age")}
    np.savez_compressed(file, **fine, **numbers)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, file.getvalue())
    except OSError as error:
        log.warning("%s cannot be written (%s); the next start learns the room anew", path, error.strerror or error)


class Keeper:
    """Writes a calibration now and then, in a thread of its own: a slow disk delays no picture."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._due: float | None = None
        self._thread: threading.Thread | None = None

    def due(self, now: float, calm: float) -> bool:
        """Whether one is to be written at ``now``, when the room has been empty and unchanged for ``calm`` (s)."""
        if self._due is None:
            self._due = now + FIRST
        return self.path is not None and now >= self._due and calm >= CALM

    def keep(self, calibration: Calibration, now: float) -> None:
        if self.path is None or (self._thread and self._thread.is_alive()):
            return
        self._due = now + EVERY
        self._thread = threading.Thread(target=write, args=(self.path, calibration), name="calibration", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Waits for what is being written, for a second."""
        if self._thread:
            self._thread.join(1.0)
