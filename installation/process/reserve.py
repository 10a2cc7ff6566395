"""A second process that has imported all that it needs, and waits: a restart takes it at once."""

import logging
import math
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from installation.process.states import stopped

log = logging.getLogger(__name__)

AGAIN = 60.0
"""Seconds between two starts of a process that waits, where it ends by itself."""


class Process(Protocol):
    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""


Kind = TypeVar("Kind", bound=Process)


class Reserve(Generic[Kind]):
    """``prepare`` has one ``wait`` where there is none, ``take`` gives it away, or one that is started now.

    ``start`` raises OSError where none starts, ``end`` is to end one at once. ``after``: seconds that the process in
    use has to be well before another is started, whose imports take processor time. ``waiting`` is one that waits
    already. To be used by one thread, which lives as long as the processes (see core/pipe.py).
    """

    def __init__(
        self,
        start: Callable[[], Kind],
        end: Callable[[Kind], object],
        after: float,
        wait: Callable[[Kind], object] = lambda process: None,
        waiting: Kind | None = None,
    ) -> None:
        self.start, self.end, self.after, self.wait = start, end, after, wait
        self._waiting = waiting
        self._well: float | None = None
        self._next = -math.inf

    def prepare(self, well: bool, now: float) -> None:
        """To be called regularly (s) while there is a process in use, with whether that one is ``well``."""
        if not well:
            self._well = None
        elif self._well is None:
            self._well = now
        if self._well is not None and now >= max(self._well + self.after, self._next) and not self._waits():
            self._next = now + AGAIN
            self.close()
            try:
                self._waiting = self.start()
                self.wait(self._waiting)
            except OSError as error:
                log.info("no second process waits: %s", error)

    def take(self) -> tuple[Kind, bool]:
        """The process that waits, or a new one, and whether it is the former. Raises OSError where none starts."""
        process, self._well, self._next = self._waiting, None, -math.inf
        if process is None or not self._waits():
            self.close()
            return self.start(), False
        self._waiting = None
        return process, True

    def _waits(self) -> bool:
        return self._waiting is not None and self._waiting.poll() is None and not stopped(self._waiting.pid)

    def close(self) -> None:
        """Ends the process that waits."""
        process, self._waiting = self._waiting, None
        if process is not None:
            self.end(process)
