"""Starts a process without waiting for ever: Popen returns when the new process begins its program, which one that a
signal has stopped before (SIGSTOP) never does.

In a small process another thread ends that one (see allow_watching). In the show's, which is large, Popen uses
vfork(2), so that all threads stand still with it: the show's supervisor notices, and ends both.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from installation.process.states import stat, stopped

LONGEST = 1.0
"""Seconds after which a new process that is stopped before its program begins is killed."""


def begin(command: Sequence[str], **how: Any) -> "subprocess.Popen[bytes]":
    """A process as by Popen with ``how``; it may have been killed in the meantime. Raises OSError where it does not
    start."""
    begun = threading.Event()
    threading.Thread(target=_watch, args=(begun,), name="beginning", daemon=True).start()
    try:
        return subprocess.Popen(command, **how)
    finally:
        begun.set()


def allow_watching() -> None:
    """To be called once, before ``begin``: the threads of this process go on while Popen waits, as it does not use
    vfork(2). Only worth while in a small process."""
    subprocess._USE_VFORK = False  # type: ignore[misc]  # documented in "Disabling use of vfork() or posix_spawn()"


def _watch(begun: threading.Event) -> None:
    while not begun.wait(LONGEST):
        for pid in _stopped_before():
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def _stopped_before() -> Iterator[int]:
    """Stopped processes that are still a copy of this one; Linux only."""
    line = _line("self")
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        if line and _line(folder.name) == line and stopped(pid) and stat(pid)[1] == str(os.getpid()):
            yield pid


def _line(pid: str) -> bytes:
    try:
        return Path("/proc", pid, "cmdline").read_bytes()
    except OSError:
        return b""
