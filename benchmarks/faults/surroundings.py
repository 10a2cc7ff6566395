"""Faults of what a show needs around it: a disk that is full or read-only, the machine's clock, the screen."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil

from benchmarks.faults.rows import Fault, Row, wait_for
from benchmarks.faults.supervised import Place, Show
from benchmarks.voter import vote

WHILE = 2.0
"""Seconds that a disk takes nothing, or a screen is away."""

# ---------------------------------------------------------------- the disk


@contextmanager
def full(show: Show) -> Iterator[None]:
    """No process of the show can make a file longer; Linux only."""
    ours = [show.show(), *show.show().children(recursive=True)]
    limited(ours, 0)
    try:
        yield
    finally:
        limited(ours, None)


def limited(processes: list[psutil.Process], size: int | None) -> None:
    """Has every file that they write be of so many bytes at most."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY if size is None else size, psutil.RLIM_INFINITY))


@contextmanager
def read_only(show: Show) -> Iterator[None]:
    """Nothing in the state folder can be changed, made or removed; for root alone, on ext4 and others."""
    set_immutable(show.folder, True)
    try:
        yield
    finally:
        set_immutable(show.folder, False)


def set_immutable(folder: Path, immutable: bool) -> bool:
    """Whether that worked."""
    word = "+i" if immutable else "-i"
    line = ["chattr", "-R", word, str(folder)]
    return bool(shutil.which("chattr")) and not subprocess.run(line, stderr=subprocess.DEVNULL).returncode


def can_be_read_only() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        works = set_immutable(Path(folder), True)
        set_immutable(Path(folder), False)
        return works


def disks(
    fault: str, ruined: Callable[[Show], AbstractContextManager[None]], place: Place, count: int
) -> Iterator[Row]:
    """Nothing can be written for two seconds: the picture goes on, the page offers no vote or refuses it, and health
    tells. Until health is good again, and votes are taken, once it can."""
    if ruined is read_only and not can_be_read_only():
        return
    show = place.show
    for _ in range(count):
        show.ready()
        wait_for(lambda: vote(show.port)[0] == 303, "a vote")
        ended = show.ended()
        with ruined(show):
            first = frames(show)
            wait_for(lambda: unwritten(show), "a word about the disk", 0.05)
            time.sleep(WHILE)
            status, _ = vote(show.port)
            shown = frames(show) - first
        began = time.monotonic()
        wait_for(lambda: show.health() and not unwritten(show), "the end of it", 0.05)
        wait_for(lambda: vote(show.port)[0] == 303, "a vote")
        fine = shown > 20 and status in (0, 503) and show.ended() == ended
        note = f"{shown} frames meanwhile; a vote {'was answered with 503' if status else 'was not offered'}"
        yield Row(fault, time.monotonic() - began, note, fine)


def unwritten(show: Show) -> list[str]:
    """What health says of files that cannot be written; not that a process was started again because of that, which it
    tells for a while."""
    health = show.health()
    told = (*health.get("reasons", ()), *health.get("notes", ()))
    return [line for line in told if "cannot be" in line and "started again" not in line]


def frames(show: Show) -> int:
    return int(show.details()["frames"])


# ---------------------------------------------------------------- the clock

SCHEDULE = """
[schedule]
timezone = "UTC"
open = ["00:00-24:00"]

[[programme]]
name = "even"
cue = "light"

[[programme]]
name = "odd"
when = [{hours}]
cue = "dim"

[[cue]]
name = "light"
set = {{ "stage/brightness" = 1.0 }}

[[cue]]
name = "dim"
set = {{ "stage/brightness" = 0.5 }}
""".format(hours=", ".join(f'"{hour:02}:00-{hour + 1:02}:00"' for hour in range(1, 24, 2)))
"""Another programme each hour, with its light."""

CLOCK = """
from datetime import timedelta
from installation import run

class Set(run.RealClock):
    def civil(self):
        with open({file!r}) as file:
            return super().civil() + timedelta(seconds=int(file.read()))

run.RealClock = Set
"""
"""The show's calendar, so many seconds later than it is."""


def clocks(place: Place, count: int) -> Iterator[Row]:
    """The clock that the show reads is set an hour forwards, then back, and so on: until the light of that hour's
    programme is there. Nothing may end, the piece stays, and the picture goes on."""
    with tempfile.TemporaryDirectory() as folder:
        file, begin = Path(folder, "clock"), noon()
        set_clock(file, begin)
        (inside := Path(folder, "show")).mkdir()
        with Show(inside, more=SCHEDULE, before=CLOCK.format(file=str(file))) as show:
            show.ready()
            for number in range(count):
                yield clock_step(show, file, begin, 1 - number % 2)


def clock_step(show: Show, file: Path, begin: int, hours: int) -> Row:
    light = 0.5 if hours else 1.0
    before, first, ended = show.details()["piece"], frames(show), show.ended()
    set_clock(file, begin + 3600 * hours)
    began = time.monotonic()
    wait_for(lambda: abs(show.details()["controls"]["/stage/brightness"][0] - light) < 0.01, "the light of that hour")
    took = time.monotonic() - began
    time.sleep(1.0)
    shown = frames(show) - first
    fine = shown > 5 and show.details()["piece"] == before and show.ended() == ended
    return Row("clock", took, f"{hours:+d} h; {shown} frames meanwhile", fine)


def noon() -> int:
    """Seconds from now to half past twelve (UTC): an hour of the even programme, and no full hour near."""
    return int(12.5 * 3600 - time.time() % 86_400)


def set_clock(file: Path, seconds: int) -> None:
    """So many seconds later than it is."""
    new = file.with_suffix(".new")
    new.write_text(str(seconds))
    new.replace(file)


# ---------------------------------------------------------------- the screen


def displays(place: Place, count: int) -> Iterator[Row]:
    """The X server dies, and is there again after two seconds: from then on until the picture is back on it."""
    if not shutil.which("Xvfb"):
        return
    name = ":97"
    server = screen(name)
    try:
        with tempfile.TemporaryDirectory() as folder:
            how = {"DISPLAY": name, "SDL_VIDEODRIVER": "x11"}
            with Show(Path(folder), "--windowed", **how) as show:
                for _ in range(count):
                    show.hangs()
                    ended = show.ended()
                    server.kill()
                    server.wait()
                    wait_for(lambda ended=ended: show.ended() > ended, "a word about it")
                    time.sleep(WHILE)
                    server = screen(name)
                    began = time.monotonic()
                    show.hangs()
                    yield Row("display", time.monotonic() - began)
    finally:
        server.kill()
        server.wait()


def screen(name: str) -> "subprocess.Popen[bytes]":
    server = subprocess.Popen(["Xvfb", name, "-screen", "0", "800x600x24"], stderr=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists(f"/tmp/.X11-unix/X{name[1:]}"), "the X server")
    return server


FAULTS: dict[str, Fault] = {
    "disk full": Fault(
        "the disk is full, then not: health is good again, votes count", 5.0, partial(disks, "disk full", full), 5.0
    ),
    "disk read-only": Fault(
        "the disk is read-only, then not: the same", 5.0, partial(disks, "disk read-only", read_only), 5.0
    ),
    "clock": Fault("the clock jumps an hour, forwards or back: that hour's light", 2.0, clocks, 2.5),
    "display": Fault("the screen is unplugged, then there: the picture is back", 10.0, displays, 8.0),
}
