"""Writing to disk beside the frames: a bounded queue, and a thread that writes what is in it."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")


class WriterThread(Generic[Item]):
    """Calls ``write`` for each item and at last ``end``, in a thread of its own; at most ``most`` items wait.

    An error of the kinds ``errors`` ends the recording and not the show: it is logged once, ``fault`` has it, and what
    comes later is dropped. ``left_out`` counts the items for which the queue had no room.
    """

    def __init__(
        self,
        path: Path,
        most: int,
        write: Callable[[Item], None],
        end: Callable[[], None],
        errors: tuple[type[Exception], ...],
    ) -> None:
        self.path = path
        self.fault: Exception | None = None
        self.left_out = 0
        self._write, self._end, self._errors = write, end, errors
        self._queue: queue.Queue[Item | None] = queue.Queue(most)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"write {path.name}", daemon=True)
        self._thread.start()

    def put(self, item: Item) -> None:
        """Never waits."""
        if self.fault is not None:
            return
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.left_out += 1

    def full(self) -> bool:
        return self._queue.full()

    def close(self, seconds: float) -> bool:
        """Waits ``seconds`` at most until all is written; a file that is not complete by then is logged. False where it
        was closed already."""
        if self._closed:
            return False
        self._closed = True
        until = time.monotonic() + seconds
        try:
            self._queue.put(None, timeout=seconds)
        except queue.Full:
            pass
        else:
            self._thread.join(max(0.0, until - time.monotonic()))
        if self._thread.is_alive():
            log.error("%s: could not be finished in %.0f s: its end is missing; check the disk", self.path, seconds)
        return True

    def _run(self) -> None:
        try:
            while (item := self._queue.get()) is not None:
                self._write(item)
            self._end()
        except self._errors as error:
            self.fault = error
            log.error("%s: the recording ends here (%s); the show goes on", self.path, error)
            while self._queue.get() is not None:
                pass
