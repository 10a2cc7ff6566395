"""A process and all that it starts, which end together.

On POSIX the process leads a session of its own, which its children stay in whatever process groups they make. On
Windows it is in a job object that ends with its last handle, so with this process.
"""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from installation.core.parts import ROOT
from installation.core.pipe import Message, encode
from installation.core.starved import waited
from installation.process.beginning import begin

TICK = 0.1
"""Seconds between two looks whether a process has ended."""

LEAST = 0.01
"""Seconds of each that count on the busiest machine, too."""


def environment() -> dict[str, str]:
    """Of a process that runs modules of ours."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}


class ProcessTree:
    """Starts ``command`` with pipes for stdin and stdout; its stderr is ours. Raises OSError where it does not start.

    To be called by the main thread, on Linux: a thread's end would count as the parent's (see core/pipe.py).
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.process = begin(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._job = _job(self.process)

    @property
    def pid(self) -> int:
        return self.process.pid

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self.process.poll()

    def send(self, message: Message) -> None:
        """Writes a message to its pipe; does nothing where it has ended."""
        stdin = self.process.stdin
        assert stdin is not None
        with suppress(OSError):
            stdin.write(encode(message))
            stdin.flush()

    def signal(self, number: int) -> None:
        """Sends a signal to the process alone; does nothing where it has ended."""
        with suppress(OSError):
            self.process.send_signal(number)

    def end(self, grace: float) -> int:
        """Waits ``grace`` seconds for the process to end, besides those in which others had the processors, then kills
        it; then kills the processes that it started. Returns its exit code."""
        starved = waited(self.pid)
        while (code := self._wait(min(TICK, max(0.0, grace)))) is None and grace > 0.0:
            before, starved = starved, waited(self.pid)
            grace -= max(LEAST, TICK - (starved - before))
        if code is None:
            self.process.kill()
            code = self.process.wait()
        self._sweep()
        return code

    def _wait(self, seconds: float) -> int | None:
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def _sweep(self) -> None:
        if self._job is not None:
            self._job.close()
            return
        for pid in members(self.process.pid):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def members(session: int) -> list[int]:
    """The processes of a session, by its leader's number; none on Windows, which has no sessions."""
    if os.name != "posix":
        return []
    pids = []
    for pid in _pids():
        with suppress(OSError):
            if os.getsid(pid) == session:
                pids.append(pid)
    return pids


def _pids() -> list[int]:
    if os.path.isdir("/proc/self"):
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    import psutil  # where there is no /proc: imported only when a show has ended

    return list(psutil.pids())


def _job(process: "subprocess.Popen[bytes]") -> Any:
    """The job object that holds the process, on Windows."""
    if os.name != "nt":
        return None
    return import_module("installation.process.job_object").JobObject(process)
