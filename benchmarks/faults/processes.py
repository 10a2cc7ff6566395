"""Faults of processes: what is killed or stopped of a supervised show, and when its picture or its page is back."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil

from benchmarks.faults.rows import Fault, Row, wait_for
from benchmarks.faults.supervised import PIECES, Show

BACK = "the picture is back"


@contextmanager
def running() -> Iterator[Show]:
    with tempfile.TemporaryDirectory() as folder, Show(Path(folder)) as show:
        yield show


def hits(fault: str, number: int, prepared: bool, count: int) -> Iterator[Row]:
    """Sends a signal to the show's process; ``prepared``: with a process on standby. The piece has to be the same."""
    with running() as show:
        show.ready()
        for times in range(1, count + 1):
            show.ready(times) if prepared else show.says("is resident", times * len(PIECES))
            if not prepared:
                end_standby(show)
            began = time.monotonic()
            show.show().send_signal(number)
            wait_for(partial(_back, show, times), "the picture")
            yield Row(fault, time.monotonic() - began, fine=show.said("it is started again") == times)


def _back(show: Show, times: int) -> bool:
    return show.said(BACK) >= times


def end_standby(show: Show) -> None:
    """Ends the process on standby, as if a show were killed again before there is another."""
    for waiting in show.children()[1:]:
        waiting.kill()


def noticed(count: int) -> Iterator[Row]:
    with running() as show:
        for times in range(1, count + 1):
            show.ready(times)
            began = time.monotonic()
            show.show().suspend()
            show.says("stood still", times)
            yield Row("freeze noticed", time.monotonic() - began)


def pages(fault: str, number: int, count: int) -> Iterator[Row]:
    """Sends a signal to the web process: until another one answers. The show's process has to be the same."""
    with running() as show:
        show.ready()
        before = show.show().pid
        for _ in range(count):
            page = show.beside("installation.web")
            wait_for(show.health, "the page", 0.05)
            began = time.monotonic()
            page.send_signal(number)
            wait_for(lambda page=page: not lives(page), "its end")
            wait_for(show.health, "the page", 0.05)
            yield Row(fault, time.monotonic() - began, fine=show.show().pid == before)


def orphans(count: int) -> Iterator[Row]:
    """Kills the supervisor: until nothing of the show is left."""
    for _ in range(count):
        with running() as show:
            show.ready()
            left = psutil.Process(show.process.pid).children(recursive=True)
            began = time.monotonic()
            show.process.kill()
            wait_for(lambda left=left: not any(map(lives, left)), "the end of all processes")
            yield Row("supervisor killed", time.monotonic() - began, f"{len(left)} processes")


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def full_disks(count: int) -> Iterator[Row]:
    """No process of the show can make a file longer for two seconds: the picture goes on. Until health is good again
    once there is room."""
    with running() as show:
        show.ready()
        for _ in range(count):
            ours = [show.show(), *show.show().children(recursive=True)]
            limited(ours, 0)
            first = frames(show)
            wait_for(lambda: "cannot" in str(show.health()), "a word about the disk", 0.05)
            time.sleep(2.0)
            shown = frames(show) - first
            limited(ours, None)
            began = time.monotonic()
            wait_for(lambda: "cannot" not in str(show.health()), "the end of it", 0.05)
            yield Row("disk full", time.monotonic() - began, f"{shown} frames meanwhile", fine=shown > 20)


def limited(processes: list[psutil.Process], size: int | None) -> None:
    """Has every file that they write be of so many bytes at most; Linux only."""
    for process in processes:
        process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY if size is None else size, psutil.RLIM_INFINITY))


def frames(show: Show) -> int:
    health = wait_for(show.health, "the page", 0.05)
    return int(health["show"]["frames"])


def displays(count: int) -> Iterator[Row]:
    """The X server dies, and is there again after two seconds: from then on until the picture is back on it."""
    if not shutil.which("Xvfb"):
        return
    server, name = screen(":97"), ":97"
    with tempfile.TemporaryDirectory() as folder:
        how = {"DISPLAY": name, "SDL_VIDEODRIVER": "x11"}
        with Show(Path(folder), "--windowed", **how) as show:
            for times in range(1, count + 1):
                show.says("is resident", times * len(PIECES))
                server.kill()
                server.wait()
                time.sleep(2.0)
                server = screen(name)
                began = time.monotonic()
                wait_for(lambda times=times: show.said("is resident") > times * len(PIECES), "the picture")
                yield Row("display", time.monotonic() - began)
    server.kill()


def screen(name: str) -> "subprocess.Popen[bytes]":
    server = subprocess.Popen(["Xvfb", name, "-screen", "0", "800x600x24"], stderr=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists(f"/tmp/.X11-unix/X{name[1:]}"), "the X server")
    return server


FAULTS: dict[str, Fault] = {
    "kill": Fault("the show is killed (SIGKILL)", 5.0, partial(hits, "kill", signal.SIGKILL, True)),
    "kill again": Fault(
        "it is killed again before there is a standby", 5.0, partial(hits, "kill again", signal.SIGKILL, False)
    ),
    "freeze": Fault("the show stands still (SIGSTOP)", 5.0, partial(hits, "freeze", signal.SIGSTOP, True)),
    "freeze again": Fault(
        "it stands still again before there is a standby", 5.0, partial(hits, "freeze again", signal.SIGSTOP, False)
    ),
    "freeze noticed": Fault("until that is noticed and it is killed", 3.0, noticed),
    "web killed": Fault(
        "the web process is killed: its page is back", 5.0, partial(pages, "web killed", signal.SIGKILL)
    ),
    "web frozen": Fault(
        "the web process stands still: its page is back", 5.0, partial(pages, "web frozen", signal.SIGSTOP)
    ),
    "supervisor killed": Fault("the supervisor is killed: nothing of it is left", 10.0, orphans),
    "disk full": Fault("the disk is full, then not: health is good again", 5.0, full_disks),
    "display": Fault("the screen is unplugged, then there: the picture is back", 10.0, displays),
}

Injection = Callable[[int], Iterator[Row]]
