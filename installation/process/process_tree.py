"""A process with all that it starts: none of it outlives the others.

On POSIX the process leads a session of its own, which its children stay in whatever process groups they make. On
Windows it is in a job object that ends with its last handle, so with this process.
"""

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from installation.core.parts import ROOT


class ProcessTree:
    """Starts ``command`` with pipes for stdin and stdout; its stderr is ours. Raises OSError where it does not start.

    To be called by the main thread, on Linux: a thread's end would count as the parent's (see heartbeat.py).
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))},
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._job = _job(self.process)

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal(self, number: int) -> None:
        """To the process alone; nothing where it has gone."""
        with suppress(OSError):
            self.process.send_signal(number)

    def end(self, grace: float) -> int:
        """Gives the process ``grace`` seconds to go, then kills it; then kills what it left behind. Its exit code."""
        try:
            code = self.process.wait(grace)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._sweep()
        return code

    def _sweep(self) -> None:
        if self._job is not None:
            self._job.close()
            return
        import signal

        for pid in members(self.process.pid):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def members(session: int) -> list[int]:
    """The processes of a session, by its leader's number; none on Windows, which has no sessions."""
    if os.name != "posix":
        return []
    found = []
    for pid in _pids():
        with suppress(OSError):
            if os.getsid(pid) == session:
                found.append(pid)
    return found


def _pids() -> list[int]:
    if os.path.isdir("/proc/self"):
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    import psutil  # where there is no such folder: loaded when a show dies, and not before

    return list(psutil.pids())


def _job(process: "subprocess.Popen[bytes]") -> Any:
    """The job object that holds the process, on Windows."""
    if os.name != "nt":
        return None
    return import_module("installation.process.job_object").JobObject(process)
