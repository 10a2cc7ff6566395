"""A real show under its supervisor, headless, that faults are done to from outside."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil

from benchmarks.faults.rows import TIMEOUT, wait_for
from benchmarks.shows import PLASMAS, write_show
from installation.core.log_file import log_file
from installation.core.parts import ROOT

SETTLED = 0.5
"""Seconds without processor time after which processes that wait count as ready."""

BESIDE = ("installation.web", "installation.process.sensors")
"""What runs beside the show, in a process each, and has another one waiting."""

ENDED, BACK = "it is started again", "the picture is back"

SHOW = """
from installation.process import child, reserve
child.HEALTHY, child.SPARE_AFTER, reserve.AGAIN = 0.0, 2.0, 0.0
from installation import app
{before}
app.program()
"""
"""The show as it is, but for this: processes beside it are always restarted at once, and have their spare ones soon.
``before`` is done before it starts."""

RUN = """
import sys
from pathlib import Path
from installation.core.log_file import keep_log
from installation.process import beginning, reserve, supervisor
from installation.process.restarts import Rules
from installation.process.supervisor import Supervisor
supervisor.TELL_EVERY, supervisor.STANDBY_AFTER, reserve.AGAIN = 0.0, 0.0, 0.0
beginning.allow_watching()
folder = Path(sys.argv[1])
keep_log(folder, "supervisor", shared=True)
command = [sys.executable, "-c", sys.argv[2], *sys.argv[3:], "--state", str(folder), "--supervised"]
sys.exit(Supervisor(command, folder, rules=Rules(most=10**9, healthy=0.0)).run())
"""
"""The supervisor as it is, but for this: it tells of every fault, never goes into safe mode, always restarts at once,
and has its standby as soon as it can."""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Log:
    """The messages of a show's log, each read once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._messages: list[str] = []
        self._at = 0

    def read(self) -> list[str]:
        """All so far, the oldest first."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self._at)
                whole = file.read().rpartition(b"\n")[0]
            lines = whole.splitlines()
            self._at += len(whole) + bool(lines)
            self._messages += [json.loads(line)["message"] for line in lines]
        return self._messages


class Show:
    """The supervised show; ``folder`` is empty. ``how`` are its options, ``more`` tables of its file, ``before`` is
    done in its process before it starts."""

    def __init__(self, folder: Path, *how: str, more: str = "", before: str = "", **environment: str) -> None:
        self.folder, self.port = folder / "state", free_port()
        self.log = Log(log_file(self.folder))
        path = folder / "faults.toml"
        write_show(path, self.port, PLASMAS, "10 h", more=more)
        line = [sys.executable, "-c", RUN, str(self.folder), SHOW.format(before=before), str(path)]
        line += [*(how or ("--headless",)), "--size", "640x360"]
        self.process = subprocess.Popen(line, cwd=ROOT, stderr=subprocess.DEVNULL, env=os.environ | environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(TIMEOUT)
        finally:
            self.process.kill()

    # ------------------------------------------------------------ its log

    def said(self, words: str) -> int:
        """How many lines of the log have these words."""
        return sum(words in message for message in self.log.read())

    def says(self, words: str, times: int) -> None:
        wait_for(lambda: self.said(words) >= times, words)

    def ended(self) -> int:
        """How many of its lives have ended."""
        return len(self._ends())

    def _ends(self) -> list[int]:
        """Where the log tells that the show itself has ended."""
        said = enumerate(self.log.read())
        return [at for at, message in said if message.startswith("the show ") and ENDED in message]

    def hangs(self) -> None:
        """Waits until all pieces of this life hang, and the page answers."""
        wait_for(self._all_hang, "all pieces")
        wait_for(self.health, "the page")

    def _all_hang(self) -> bool:
        last = max(self._ends(), default=0)
        return sum("is resident" in message for message in self.log.read()[last:]) >= len(PLASMAS)

    # ------------------------------------------------------------ its processes

    def children(self) -> list[psutil.Process]:
        """The show's process and, where there is one, that on standby."""
        return _children(self.process.pid)

    def show(self) -> psutil.Process:
        return wait_for(self.children, "the show")[0]

    def beside(self, module: str) -> psutil.Process:
        """The process of the show that runs a module."""
        return wait_for(lambda: self.running(module), module)[0]

    def running(self, module: str) -> list[psutil.Process]:
        """The processes of the show that run a module, and after it the spare ones; none where the show has ended."""
        shows = self.children()[:1]
        return [process for show in shows for process in _children(show.pid) if module in _words(process)]

    def ready(self) -> None:
        """Waits until all pieces hang, the page answers, and a standby and spare processes wait."""
        self.hangs()
        before = -1.0
        while before < (now := wait_for(self._waiting_spent, "processes that wait", 0.1)):
            before = now
            time.sleep(SETTLED)

    def _waiting_spent(self) -> float:
        """Processor time of all processes that wait (s); 0 where some are missing."""
        waiting = [self.children()[1:2], *(self.running(module)[1:2] for module in BESIDE)]
        with suppress(psutil.NoSuchProcess):
            return sum(sum(process.cpu_times()[:2]) for (process,) in waiting) if all(waiting) else 0.0
        return 0.0

    # ------------------------------------------------------------ its page

    def health(self) -> dict[str, Any]:
        return health_at(self.port)

    def details(self) -> dict[str, Any]:
        """What /healthz tells of the show."""
        return dict(wait_for(lambda: self.health().get("show"), "the show's health"))


class Place:
    """Where faults are done: one running show for most of them, which is started when it is first asked for."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._show: Show | None = None

    @property
    def show(self) -> Show:
        if self._show is None:
            self._folder = tempfile.TemporaryDirectory()
            self._show = Show(Path(self._folder.name))
        return self._show

    def leave(self) -> None:
        """Ends it; the next fault gets a new one."""
        if self._show is not None and self._folder is not None:
            self._show.__exit__()
            self._folder.cleanup()
        self._show = self._folder = None


def _children(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return sorted(psutil.Process(pid).children(), key=lambda child: child.create_time())
    return []


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return list(process.cmdline())
    return []


def health_at(port: int) -> dict[str, Any]:
    """Of /healthz; empty where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1.0) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))
    except (OSError, ValueError):
        return {}
