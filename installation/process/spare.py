"""A second process of a child (see child.py) that has imported all that it needs, and waits: a restart takes it."""

import logging
import math
import os
import subprocess
from collections.abc import Sequence

from installation.process.process_tree import environment
from installation.process.states import stopped

log = logging.getLogger(__name__)

AFTER = 15.0
"""Seconds that a child has to run before a spare one is started, whose imports take processor time."""

AGAIN = 60.0
"""Seconds between two starts of a spare process that ends by itself."""


def start(argv: Sequence[str]) -> "subprocess.Popen[bytes]":
    """A process with pipes for stdin, stdout and stderr. Raises OSError where it does not start."""
    return subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        # Ctrl-C in the terminal is handled by the parent alone
        process_group=0 if os.name == "posix" else None,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


class Spare:
    """``prepare`` starts one where there is none, ``take`` gives it away. To be used by one thread, which lives as long
    as the processes (see core/pipe.py)."""

    def __init__(self, argv: Sequence[str]) -> None:
        self.argv = list(argv)
        self._popen: subprocess.Popen[bytes] | None = None
        self._next = -math.inf

    def prepare(self, lived: float, now: float) -> None:
        """To be called regularly (s) while the child runs, which has ``lived`` so long."""
        if lived >= AFTER and now >= self._next and not self._waits():
            self._next = now + AGAIN
            self.close()
            try:
                self._popen = start(self.argv)
            except OSError as error:
                log.info("no spare process waits: %s", error)

    def take(self) -> "subprocess.Popen[bytes]":
        """The process that waits, or a new one. Raises OSError where none starts."""
        popen, self._next = self._popen, -math.inf
        if popen is None or not self._waits():
            self.close()
            return start(self.argv)
        self._popen = None
        return popen

    def _waits(self) -> bool:
        return self._popen is not None and self._popen.poll() is None and not stopped(self._popen.pid)

    def close(self) -> None:
        """Ends the process that waits."""
        popen, self._popen = self._popen, None
        if popen is not None:
            popen.kill()
            popen.communicate()
