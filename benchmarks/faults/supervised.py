"""A real show under its supervisor, headless, that faults are done to from outside."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
import psutil

from benchmarks.faults.rows import TIMEOUT, wait_for
from installation.core.log_file import log_file
from installation.core.parts import ROOT

SETTLED = 0.5
"""Seconds without processor time after which a process on standby counts as ready."""

RUN = """
import sys
from pathlib import Path
from installation.core.log_file import keep_log
from installation.process import standby, supervisor
from installation.process.restarts import Rules
from installation.process.supervisor import Supervisor
supervisor.TELL_EVERY, standby.AFTER, standby.AGAIN = 0.0, 0.0, 0.0
folder = Path(sys.argv[1])
keep_log(folder, "supervisor", shared=True)
command = [sys.executable, "-m", "installation.app", *sys.argv[2:], "--state", str(folder), "--supervised"]
sys.exit(Supervisor(command, folder, rules=Rules(most=10**9, healthy=0.0)).run())
"""
"""The supervisor as it is, but for this: it tells of every fault, never goes into safe mode, always restarts at once,
and has its standby as soon as it can."""

HEAD = """
[show]
title = "Faults"
order = "votes"

[web]
port = {port}

[operator]
enabled = false

[[sensor]]
kind = "camera"
name = "door"
source = "visitors.avi"
"""

PIECE = """
[[piece]]
name = "{name}"
duration = "10 h"
generator = {{ kind = "plasma", palette = "{name}" }}
walk = {{ kind = "wander" }}
hang = "{hang}"

  [[piece.wire]]
  signal = "door.motion"
  control = "walk/speed"
"""

PIECES = (("umber", "wall"), ("verdigris", "bleed"), ("ultramarine", "wall"))


def film(path: Path) -> None:
    """Somebody who walks to and fro: a bright square before the dark."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (320, 240))
    for number in range(90):
        writer.write(picture(number / 90))
    writer.release()


def picture(way: float) -> Any:
    """One picture of it, ``way`` 0..1 through the film."""
    made = np.full((240, 320, 3), 40, np.uint8)
    left = int(120 + 110 * np.sin(way * 2 * np.pi))
    made[60:180, left : left + 60] = 220
    return made


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Show:
    """The supervised show; ``folder`` is empty. ``how`` are its options."""

    def __init__(self, folder: Path, *how: str, **environment: str) -> None:
        self.folder, self.port = folder / "state", free_port()
        film(folder / "visitors.avi")
        path = folder / "faults.toml"
        path.write_text(
            HEAD.format(port=self.port) + "".join(PIECE.format(name=name, hang=hang) for name, hang in PIECES)
        )
        line = [sys.executable, "-c", RUN, str(self.folder), str(path), *(how or ("--headless",)), "--size", "640x360"]
        self.process = subprocess.Popen(line, cwd=ROOT, stderr=subprocess.DEVNULL, env=os.environ | environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(TIMEOUT)
        finally:
            self.process.kill()

    # ------------------------------------------------------------ its log and processes

    def said(self, words: str) -> int:
        """How many lines of the log have these words."""
        path = log_file(self.folder)
        lines = path.read_text().splitlines() if path.exists() else []
        return sum(words in json.loads(line)["message"] for line in lines)

    def says(self, words: str, times: int) -> None:
        wait_for(lambda: self.said(words) >= times, words)

    def children(self) -> list[psutil.Process]:
        """The show's process and, where there is one, that on standby."""
        with suppress(psutil.NoSuchProcess):
            return sorted(psutil.Process(self.process.pid).children(), key=lambda child: child.create_time())
        return []

    def show(self) -> psutil.Process:
        return wait_for(self.children, "the show")[0]

    def beside(self, module: str) -> psutil.Process:
        """The process of the show that runs a module."""
        return wait_for(lambda: next(self.running(module), None), module)

    def running(self, module: str) -> Iterator[psutil.Process]:
        """The processes of the show that run a module; none where the show has just ended."""
        with suppress(psutil.NoSuchProcess, IndexError):
            for process in self.children()[0].children():
                if module in process.cmdline():
                    yield process

    def ready(self, starts: int = 1) -> None:
        """Waits until all pieces of that start hang, the page answers, and a standby waits."""
        self.says("is resident", starts * len(PIECES))
        wait_for(self.health, "the page", 0.05)
        before = -1.0
        while before < (now := wait_for(self._standby_spent, "a standby")):
            before = now
            time.sleep(SETTLED)

    def _standby_spent(self) -> float:
        """Processor time of the process on standby (s); 0 where there is none."""
        with suppress(psutil.NoSuchProcess, IndexError):
            return sum(self.children()[1].cpu_times()[:2])
        return 0.0

    # ------------------------------------------------------------ its page

    def health(self) -> dict[str, Any]:
        return health_at(self.port)


def health_at(port: int) -> dict[str, Any]:
    """Of /healthz; empty where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1.0) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))
    except (OSError, ValueError):
        return {}
