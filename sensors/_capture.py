"""Pictures with their times: from a live camera as they come, from a film when each is due, from a still without end.

Only the device is handled here; pictures are analysed in _seeing.py.
"""

import math
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from installation.core.errors import DeviceError
from sensors._camera_source import Source, find_device, is_address, trouble_with
from sensors._video_devices import devices, nodes

Picture = NDArray[np.uint8]
"""(height, width, 3), BGR; of some cameras (height, width) or (height, width, 1), grey."""

FASTEST = 1 / 38
"""Seconds between two pictures at least: a camera of 60 is looked at 30 times a second, one of 30 may be unsteady."""
OPENING, READING = 5000, 4000
"""Milliseconds that a camera on the network may take to answer, and to give its next picture."""
FROZEN = 10.0
"""Seconds of the very same picture after which a camera counts as frozen: every working one has noise."""
STILL = 0.25
"""Seconds between two looks at a still."""


class Shot(NamedTuple):
    """``time`` in seconds of a clock that only rises. ``seam``: nothing before it was of the same film's run."""

    time: float
    picture: Picture
    seam: bool = False


class Wish(Protocol):
    """What is asked of a camera: (width, height) in pixels, pictures a second, four letters; None leaves it open."""

    @property
    def resolution(self) -> tuple[int, int] | None: ...
    @property
    def fps(self) -> float | None: ...
    @property
    def format(self) -> str | None: ...


@dataclass(slots=True)
class Memory:
    """State kept over several openings of a camera: when its last picture came, and what it froze at (seconds)."""

    last: float | None = None
    frozen_since: float | None = None
    frozen_at: bytes = b""

    def ago(self, now: float) -> str:
        return "no picture yet" if self.last is None else f"last picture {in_words(now - self.last)} ago"


def in_words(seconds: float) -> str:
    """``40 s``, ``3 min`` or ``2 h``."""
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 7200.0 else f"{seconds / 3600.0:.0f} h"


def open_capture(source: Source, wish: Wish) -> Any:
    """OpenCV's capture of a source, its first picture grabbed. Raises DeviceError where there is none."""
    import cv2

    cv2.setNumThreads(1)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # the DeviceError has the reason
    if isinstance(source, Path):
        capture = cv2.VideoCapture(str(source))
    elif is_address(source):
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPENING, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READING]
        capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, limits)
    else:
        capture = _open_device(source, wish)
    if capture.isOpened() and capture.grab():
        return capture
    capture.release()
    raise DeviceError(trouble_with(source, nodes(), sys.platform == "linux"))


def _open_device(source: int | str, wish: Wish) -> Any:
    import cv2

    linux = sys.platform == "linux"
    capture = cv2.VideoCapture(find_device(source, devices(), linux), cv2.CAP_V4L2 if linux else cv2.CAP_ANY)
    if wish.format:
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*wish.format))
    width, height = wish.resolution or (640, 480)
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
    if wish.fps:
        capture.set(cv2.CAP_PROP_FPS, wish.fps)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest picture, not the oldest in the buffer
    return capture


class Live:
    """A camera. ``pictures`` raises DeviceError when it stops giving any, or freezes."""

    def __init__(self, source: Source, wish: Wish, memory: Memory) -> None:
        self.memory = memory
        try:
            self.capture = open_capture(source, wish)
        except DeviceError as error:
            raise DeviceError(f"{error}; {memory.ago(time.monotonic())}") from error

    def pictures(self, stop: threading.Event) -> Iterator[Shot]:
        last = -math.inf
        while not stop.is_set():
            if not self.capture.grab():
                raise DeviceError(f"has stopped giving pictures, is it still plugged in? {self._ago()}")
            now = time.monotonic()
            if now - last < FASTEST:
                continue
            good, picture = self.capture.retrieve()
            if good:
                self._remember(picture, now)
                seam, last = last == -math.inf, now
                yield Shot(now, picture, seam)

    def _ago(self) -> str:
        return self.memory.ago(time.monotonic())

    def _remember(self, picture: Picture, now: float) -> None:
        """Raises DeviceError while the picture is the very one that it has been for long."""
        memory, sample = self.memory, picture[::7, ::7].tobytes()
        if sample != memory.frozen_at or memory.frozen_since is None:
            memory.last = memory.frozen_since = now
            memory.frozen_at = sample
        elif now - memory.frozen_since > FROZEN:
            raise DeviceError(
                f"has given the very same picture for {in_words(now - memory.frozen_since)}: it is frozen or covered; "
                "unplug it and plug it in again"
            )

    def close(self) -> None:
        self.capture.release()


class Film:
    """A film, which repeats, each picture at the time that the file gives it; or a still."""

    def __init__(self, source: Path, wish: Wish) -> None:
        import cv2

        self.source, self.wish = source, wish
        self.capture = open_capture(source, wish)
        rate = self.capture.get(cv2.CAP_PROP_FPS)
        self.interval = 1.0 / rate if 1.0 <= rate <= 240.0 else 1 / 30

    def pictures(self, stop: threading.Event) -> Iterator[Shot]:
        """Pictures that cannot be analysed in time are skipped; a delay of more than a second shifts the film's
        clock."""
        begin, last, seam, clock = time.monotonic(), -math.inf, True, time.monotonic
        while not stop.is_set():
            end = 0.0
            for position in self._grabbed():
                begin = max(begin, clock() - 1.0 - position)
                due, end = begin + position, position
                if stop.wait(max(0.0, due - clock())):
                    return
                if due - last >= FASTEST and (picture := self._retrieve()) is not None:
                    yield Shot(due, picture, seam)
                    last, seam = due, False
            is_still = end == 0.0
            begin += STILL if is_still else end + self.interval
            seam = not is_still
            self._rewind()

    def _grabbed(self) -> Iterator[float]:
        """The position (s) of each picture of a run while it is the one grabbed, rising; opening grabbed the first."""
        import cv2

        position = 0.0
        yield position
        while self.capture.grab():
            told = self.capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
            position = told if position < told < position + 60.0 else position + self.interval
            yield position

    def _retrieve(self) -> Picture | None:
        good, picture = self.capture.retrieve()
        return picture if good else None

    def _rewind(self) -> None:
        self.capture.release()
        self.capture = open_capture(self.source, self.wish)

    def close(self) -> None:
        self.capture.release()


def open_pictures(source: Source, wish: Wish, memory: Memory) -> Film | Live:
    """Opens a source. Raises DeviceError where it gives no picture."""
    return Film(source, wish) if isinstance(source, Path) else Live(source, wish, memory)
