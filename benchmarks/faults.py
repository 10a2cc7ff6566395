"""How long the wall waits for its picture after a fault: each fault is done to a real show, again and again.

    python -m benchmarks.faults [--times 20] [--only kill freeze] [--show rehearsal] [--csv faults.csv]

``kill`` and ``freeze`` are done to a supervised, headless show (SIGKILL, SIGSTOP), whose ports have to be free; told is
the time until its frame loop shows frames again, and until all its pieces are there again. Between two it plays for
three seconds. ``raise`` and ``hang`` are done to a generator inside a running loop, on the real clock: told is the
longest time between two frames that the loop gave out, whether one of them had no picture, and when the generator was
named as broken. Times are in seconds, and those of a busy machine: the load average is told.
"""

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from installation.core.log_file import log_file
from installation.core.parts import ROOT
from installation.options import parse
from installation.showfile.load import load

PROMISED = {"kill": 5.0, "freeze": 5.0, "raise": 0.1, "hang": 0.1}
"""Seconds to the picture."""

HEALTHY = 3.0
"""Seconds that the show plays before the next fault."""

TIMEOUT = 120.0

RUN = """
import sys
from pathlib import Path
from installation.core.log_file import keep_log
from installation.process.restarts import Rules
from installation.process.supervisor import Supervisor
from installation.process import supervisor
supervisor.TELL_EVERY = 0.0
folder = Path(sys.argv[1])
keep_log(folder, "supervisor", shared=True)
command = [sys.executable, "-m", "installation.app", *sys.argv[2:], "--state", str(folder), "--supervised"]
sys.exit(Supervisor(command, folder, rules=Rules(most=10**9, healthy=0.0)).run())
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One fault: what the wall waited for, in seconds."""

    fault: str
    seconds: float
    note: str = ""


class Show:
    """A supervised show that is told of every fault, however often they come."""

    def __init__(self, show: str, folder: Path) -> None:
        self.log = log_file(folder)
        line = [sys.executable, "-c", RUN, str(folder), show, "--headless", "--size", "640x360"]
        self.process = subprocess.Popen(line, cwd=ROOT, stderr=subprocess.DEVNULL)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def backs(self) -> int:
        return sum("the picture is back" in line["message"] for line in self.lines())

    def resident(self) -> int:
        return sum("is resident" in line["message"] for line in self.lines())

    def child(self) -> psutil.Process:
        return psutil.Process(self.process.pid).children()[0]


def processes(fault: str, show: str, times: int) -> Iterator[Row]:
    pieces = len(load(parse([show]).show).pieces)
    blow = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}[fault]
    with tempfile.TemporaryDirectory() as folder:
        running = Show(show, Path(folder))
        try:
            for number in range(times):
                wait_for(lambda resident=(number + 1) * pieces: running.resident() >= resident)
                time.sleep(HEALTHY)
                began = time.monotonic()
                os.kill(running.child().pid, blow)
                wait_for(lambda backs=number: running.backs() > backs)
                took = time.monotonic() - began
                wait_for(lambda resident=(number + 2) * pieces: running.resident() >= resident)
                yield Row(fault, took, f"all pieces after {time.monotonic() - began:.1f} s")
        finally:
            running.process.send_signal(signal.SIGTERM)
            running.process.wait(TIMEOUT)


def wait_for(true: Callable[[], Any]) -> Any:
    ends = time.monotonic() + TIMEOUT
    while not (value := true()):
        if time.monotonic() > ends:
            raise TimeoutError(f"waited {TIMEOUT:.0f} s in vain")
        time.sleep(0.02)
    return value


# ---------------------------------------------------------------- faults of a generator


def generators(fault: str, times: int) -> Iterator[Row]:
    for _ in range(times):
        yield one_generator(fault)


def one_generator(fault: str) -> Row:
    """A loop at 30 frames a second whose first piece's generator breaks after a second."""
    from installation.core.clock import RealClock
    from installation.core.commands import NOTHING
    from installation.core.signals import Board
    from installation.engine.loop import Loop
    from installation.engine.painter import Hung, Painter
    from installation.run import stand_in

    clock, show, board = RealClock(), load(ROOT / "shows" / "rehearsal.toml"), Board()
    board.declare(show.signals())
    painter, broken = Painter(clock.now), threading.Event()
    loop = Loop(show, board, painter, clock, 1.0 / 30.0, lambda: NOTHING)
    for index in range(len(show.pieces)):
        sound = stand_in()
        generator = Breaking(sound.generator, fault, broken) if index == loop.decider.first else sound.generator
        painter.hang(index, Hung(generator, sound.walk))
    painter.start()
    try:
        return measured(fault, loop, painter, broken)
    finally:
        painter.stop(0.1)


def measured(fault: str, loop: Any, painter: Any, broken: threading.Event) -> Row:
    shown = longest = 0.0
    empty, named, began = 0, None, None
    ends = time.monotonic() + TIMEOUT
    while time.monotonic() < ends:
        view, now = loop.tick(), time.monotonic()
        painter.watch(now)
        if began is None and view.current.later is not None:
            began = now
        if began is not None and now - began > 1.0 and not broken.is_set():
            broken.set()
            shown, hit = now, now
        if broken.is_set():
            longest, shown = max(longest, now - shown), now
            empty += view.current.later is None and view.current.earlier is None
            if painter.broken:
                named = now - hit
                break
        time.sleep(1.0 / 30.0)
    return Row(fault, longest, f"{empty} empty frames, named after {named or TIMEOUT:.2f} s")


class Breaking:
    """A generator that paints until it is told to break."""

    def __init__(self, sound: Any, fault: str, broken: threading.Event) -> None:
        self.sound, self.fault, self.broken = sound, fault, broken
        self.space = sound.space

    def latent(self, seed: int) -> Any:
        return self.sound.latent(seed)

    def paint(self, latent: Any, controls: Any) -> Any:
        if self.broken.is_set():
            if self.fault == "raise":
                raise RuntimeError("broken on purpose")
            time.sleep(TIMEOUT)
        return self.sound.paint(latent, controls)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--times", type=int, default=20)
    options.add_argument("--only", nargs="+", choices=PROMISED, default=list(PROMISED))
    options.add_argument("--show", default="rehearsal")
    options.add_argument("--csv", type=Path)
    asked = options.parse_args()
    rows: list[Row] = []
    print(f"{'fault':8} {'times':>5} {'p50':>6} {'p99':>6} {'worst':>6} {'promised':>8}   last")
    for fault in asked.only:
        doing = (
            processes(fault, asked.show, asked.times) if fault in ("kill", "freeze") else generators(fault, asked.times)
        )
        measured = list(doing)
        rows += measured
        seconds = [row.seconds for row in measured]
        half, most = np.percentile(seconds, (50, 99))
        worst, promised = max(seconds), PROMISED[fault]
        print(
            f"{fault:8} {len(measured):5} {half:6.2f} {most:6.2f} {worst:6.2f} {promised:8.2f}   {measured[-1].note}",
            flush=True,
        )
    if asked.csv:
        with asked.csv.open("w", newline="") as file:
            csv.writer(file).writerows(
                [("fault", "seconds", "note"), *((row.fault, row.seconds, row.note) for row in rows)]
            )
    print(f"load average while it ran: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
