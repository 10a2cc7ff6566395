"""Whether a show grows: months of it in two hours, and the slopes of its memory, threads, handles and files.

    python -m benchmarks.soak [--minutes 120] [--day 240] [--csv soak.csv] [--docs]

A real show, headless: a day of its schedule passes in ``--day`` seconds, a piece changes every two, and all the while
OSC messages come, visitors vote and look, and a film of somebody walks before the camera. Every few seconds the
processes are looked at. The first quarter is warm-up, and of a shorter run its first half, up to ten minutes: so long
the web process remembers why each control was where it was. Of the rest a straight line is fitted, whose slope is told
per hour of the run, with its standard error, and per day of the schedule. ``late`` are frames that came more than half
an interval late, in percent. Files are those beside the days' records, of which the newest 90 are kept. ``--docs``
writes the table of the documentation.
"""

import argparse
import csv
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import psutil
from pythonosc.udp_client import SimpleUDPClient

from benchmarks.faults.rows import TIMEOUT, wait_for
from benchmarks.faults.supervised import free_port, health_at
from benchmarks.faults.table import document
from benchmarks.first_light import machine
from benchmarks.shows import Piece, write_show
from benchmarks.voter import vote
from installation.core.folders import REPORTS
from installation.core.parts import ROOT
from installation.days.files import RECORDS

PAGE = ROOT / "docs/running-an-exhibition.md"

EVERY = 5.0
"""Seconds between two looks at the processes."""

WARM_UP, REMEMBERED, MOST = 0.25, 600.0 / 3600.0, 0.5
"""What does not count: this share of the run, or the hours for which the web process remembers what moved the controls,
up to the other share."""

WEB, SENSORS = "installation.web", "installation.process.sensors"
"""What runs beside the show, in a process each, and has another one waiting."""

RUN = """
import sys, time
from datetime import datetime, timedelta
from installation import app, run
from installation.core.clock import RealClock
began, first, factor = datetime.now().astimezone(), time.monotonic(), float(sys.argv[1])

class Fast(RealClock):
    def civil(self):
        return (began + timedelta(seconds=factor * (time.monotonic() - first))).astimezone()

run.RealClock = Fast
sys.exit(app.main(sys.argv[2:]))
"""
"""The app, whose calendar runs ``factor`` times as fast."""

SCHEDULE = """
[schedule]
open = ["Mon-Sun 00:00-24:00"]

[[programme]]
name = "day"
cue = "light"

[[programme]]
name = "late"
when = ["17:00-22:00"]
pieces = ["umber", "reverie"]
order = "shuffle"
cue = "dim"

[[cue]]
name = "light"
fade = "2 s"
set = { "stage/brightness" = 1.0 }

[[cue]]
name = "dim"
fade = "2 s"
set = { "stage/brightness" = 0.6 }
"""

PIECES = (
    Piece("umber", '{ kind = "plasma", palette = "umber" }', "wall"),
    Piece("verdigris", '{ kind = "plasma", palette = "verdigris", width = 320, height = 180 }', "bleed"),
    Piece("reverie", f'{{ kind = "vae", model = "{ROOT}/shows/models/portraits.safetensors" }}', "wall"),
)


@dataclass(frozen=True, slots=True)
class Look:
    """What was there ``hours`` after the start: MiB of the show's process, of those of the web, of the sensors, and of
    all; of all together the threads and handles; files of the state folder, frames and late frames since the start,
    votes."""

    hours: float
    memory: float
    memory_of_web: float
    memory_of_sensors: float
    memory_of_all: float
    threads: int
    handles: int
    files: int
    late: int
    frames: int
    votes: int


class Crowd:
    """Operators and visitors, until ``done``."""

    def __init__(self, web: int, osc: int) -> None:
        self.web, self.osc, self.done = web, osc, threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._steer, self._vote)]
        for thread in self._threads:
            thread.start()

    def _steer(self) -> None:
        number = 0
        with SimpleUDPClient("127.0.0.1", self.osc) as surface:
            while not self.done.wait(0.05):
                number += 1
                surface.send_message("/walk/speed", number % 40 / 10)
                surface.send_message("/stage/label", number % 3 / 2)
                surface.send_message("/nothing/here", "unknown")

    def _vote(self) -> None:
        while not self.done.wait(0.3):
            vote(self.web)

    def stop(self) -> None:
        self.done.set()
        for thread in self._threads:
            thread.join()


def looks(minutes: float, day: float) -> Iterator[Look]:
    """Runs the show for so long, and looks."""
    with tempfile.TemporaryDirectory() as name:
        folder, web, osc = Path(name), free_port(), free_port()
        show = folder / "soak.toml"
        write_show(show, web, PIECES, "1.5 s", osc, SCHEDULE)
        line = [sys.executable, "-c", RUN, str(86400.0 / day), str(show), "--headless", "--size", "640x360"]
        process = subprocess.Popen([*line, "--state", str(folder / "state")], cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: health_at(web).get("ok"), "health", 0.1)
            crowd, began = Crowd(web, osc), time.monotonic()
            try:
                while (gone := time.monotonic() - began) < 60.0 * minutes:
                    yield look(gone, psutil.Process(process.pid), folder / "state", health_at(web))
                    time.sleep(EVERY)
            finally:
                crowd.stop()
        finally:
            process.terminate()
            process.wait(TIMEOUT)


def look(gone: float, process: psutil.Process, state: Path, health: dict[str, object]) -> Look:
    family = [process, *process.children(recursive=True)]
    there = [one for one in map(_reading, family) if one is not None]
    show = health.get("show")
    details = show if isinstance(show, dict) else {}
    return Look(
        hours=gone / 3600.0,
        memory=there[0].memory,
        memory_of_web=sum(one.memory for one in there if WEB in one.words),
        memory_of_sensors=sum(one.memory for one in there if SENSORS in one.words),
        memory_of_all=sum(one.memory for one in there),
        threads=sum(one.threads for one in there),
        handles=sum(one.handles for one in there),
        files=kept(state),
        late=int(details.get("late", 0)),
        frames=int(details.get("frames", 0)),
        votes=int(details.get("votes", 0)),
    )


class Reading(NamedTuple):
    """Of one process: its command line, its memory (MiB), how many threads and open handles it has."""

    words: list[str]
    memory: float
    threads: int
    handles: int


def _reading(process: psutil.Process) -> Reading | None:
    """None for one that has ended meanwhile."""
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess), process.oneshot():
        handles = process.num_fds() if hasattr(process, "num_fds") else process.num_handles()
        memory = process.memory_info().rss / 2**20
        return Reading(list(process.cmdline()), memory, process.num_threads(), int(handles))
    return None


def kept(state: Path) -> int:
    """How many files a show keeps, but for the days' records and pages."""
    days = (state / RECORDS, state / REPORTS)
    return sum(1 for one in state.rglob("*") if one.parent not in days and one.is_file())


def slope(hours: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """Of a straight line through the values (least squares), per hour, and its standard error. Memory goes up and down
    in steps that last for many looks, so what is left beside the line counts as a process with the correlation that it
    has from one look to the next (autoregressive of the first order): as fewer looks than there are."""
    x, y = np.asarray(hours) - np.mean(hours), np.asarray(values, float) - np.mean(values)
    spread = float((x * x).sum()) or 1.0  # of one look alone nothing rises
    rise = float((x * y).sum()) / spread
    beside = y - rise * x
    left = float((beside**2).sum())
    alike = float((beside[1:] * beside[:-1]).sum()) / left if left > 0.0 else 0.0
    alike = min(max(alike, 0.0), LIKEST)
    return rise, (left / max(1, len(x) - 2) / spread * (1.0 + alike) / (1.0 - alike)) ** 0.5


LIKEST = 0.99
"""The highest correlation that is reckoned with."""

NAMES = {
    "memory": ("memory of the show, MiB", 1.0),
    "memory_of_web": ("memory of the web process and the one that waits, MiB", 1.0),
    "memory_of_sensors": ("memory of the sensors' processes, MiB", 1.0),
    "memory_of_all": ("memory of all its processes, MiB", 1.0),
    "threads": ("threads", 0.0),
    "handles": ("open handles", 0.0),
    "files": ("files it keeps, but for the days' records", 0.0),
}
"""What is told, and the slope an hour that is promised at most."""


def table(seen: Sequence[Look], day: float = 240.0) -> Iterator[str]:
    """The rows of the table, of all but the warm-up; a ``day`` of the schedule took so many seconds."""
    steady = [one for one in seen if one.hours >= warm_up(seen[-1].hours)]
    hours = [one.hours for one in steady]
    yield "| what | first | last | an hour of the run | a day of the schedule | promised an hour | kept |"
    yield f"|{7 * ' --- |'}"
    for name, (words, promised) in NAMES.items():
        values = [float(getattr(one, name)) for one in steady]
        rise, error = slope(hours, values)
        kept = "yes" if promised == 0 and no_more(values) else verdict(rise, error, promised)
        ends, daily = f"{values[0]:.1f} | {values[-1]:.1f}", f"{rise * day / 3600.0:+.3f}"
        yield f"| {words} | {ends} | {rise:+.2f} ± {error:.2f} | {daily} | {promised:g} | {kept} |"
    late, frames = steady[-1].late - steady[0].late, steady[-1].frames - steady[0].frames
    share = f"{late / max(1, frames):.2%} of them"
    yield f"| late frames | | {late} of {frames} | {share} | | 1 % | {_kept(late, frames)} |"


def warm_up(hours: float) -> float:
    """How many hours of a run do not count."""
    return max(WARM_UP * hours, min(REMEMBERED, MOST * hours))


def no_more(counts: Sequence[float]) -> bool:
    """Whether things that are counted are in the last fifth as few as in the first, in the median: one that comes and
    goes tilts a slope."""
    fifth = max(1, len(counts) // 5)
    return median(counts[-fifth:]) <= median(counts[:fifth])


def verdict(rise: float, error: float, promised: float) -> str:
    """Whether a slope is at most what is promised, where two standard errors do not leave that open."""
    if rise + 2.0 * error <= promised:
        return "yes"
    return "NO" if rise - 2.0 * error > promised else "too short to tell"


def _kept(late: int, frames: int) -> str:
    return "yes" if late <= 0.01 * frames else "NO"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=120.0)
    options.add_argument("--day", type=float, default=240.0, help="seconds that a day of the schedule takes")
    options.add_argument("--csv", type=Path)
    options.add_argument("--docs", action="store_true", help="the table of docs")
    asked = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the show that was begun ends, too
    seen = list(looks(asked.minutes, asked.day))
    if asked.csv:
        with asked.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Look)])
            writer.writeheader()
            writer.writerows(map(asdict, seen))
    told = "\n".join(table(seen, asked.day))
    days, votes, load = asked.minutes * 60.0 / asked.day, seen[-1].votes, os.getloadavg()[0]
    command = f"python -m benchmarks.soak --minutes {asked.minutes:g} --day {asked.day:g}"
    line = f"`{command}` on {machine()}; load average {load:.1f} at the end; "
    how = f"{line}{days:.1f} days of the schedule, {votes} votes."
    print(f"{how}\n\n{told}")
    if asked.docs:
        document(PAGE, told, how, "benchmarks.soak")


if __name__ == "__main__":
    main()
