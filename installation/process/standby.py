"""A second process of the show that has imported what a show needs, and waits: a restart takes it at once."""

import logging
import math
from collections.abc import Sequence
from contextlib import suppress

from installation.process.heartbeat import STANDBY
from installation.process.process_tree import ProcessTree
from installation.process.states import stopped

log = logging.getLogger(__name__)

AFTER = 10.0
"""Seconds that a show goes on with all its pieces before a standby is started, whose imports take processor time."""

AGAIN = 60.0
"""Seconds between two starts of a standby that ends by itself."""


class Standby:
    """``prepare`` starts one where there is none, ``take`` gives it away. To be used by the main thread (see
    ProcessTree)."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = list(command)
        self._tree: ProcessTree | None = None
        self._settled: float | None = None
        self._next = -math.inf

    def prepare(self, settled: bool, now: float) -> None:
        """To be called regularly (s) while a show runs; ``settled``: all its pieces hang."""
        if not settled:
            self._settled = None
        elif self._settled is None:
            self._settled = now
        elif now - self._settled >= AFTER and now >= self._next and not self._waits():
            self._next = now + AGAIN
            self.close()
            with suppress(OSError):  # no room for a second process: a restart starts one, and tells why it cannot
                self._tree = ProcessTree(self.command)
                self._tree.send(STANDBY)

    def take(self) -> tuple[ProcessTree, bool]:
        """The process that waits, or a new one, and whether it is the former. Raises OSError where none starts."""
        tree, self._settled, self._next = self._tree, None, -math.inf
        if not self._waits() or tree is None:
            self.close()
            return ProcessTree(self.command), False
        self._tree = None
        return tree, True

    def _waits(self) -> bool:
        return self._tree is not None and self._tree.process.poll() is None and not stopped(self._tree.pid)

    def close(self) -> None:
        """Ends the process that waits."""
        tree, self._tree = self._tree, None
        if tree is not None:
            tree.process.kill()
            tree.end(0.0)
