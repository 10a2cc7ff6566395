"""Faults of processes: what is killed or stopped of a supervised show, and when its picture or its page is back."""

import signal
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil

from benchmarks.faults.rows import Fault, Row, wait_for
from benchmarks.faults.supervised import BACK, Place, Show


def hits(fault: str, number: int, prepared: bool, place: Place, count: int) -> Iterator[Row]:
    """Sends a signal to the show's process; ``prepared``: with a process on standby. Where it stands still, also told
    is when that was noticed."""
    show = place.show
    for _ in range(count):
        show.ready() if prepared else show.hangs()
        if not prepared:
            end_standby(show)
        piece, ended, back = show.details()["piece"], show.ended(), show.said(BACK)
        began = time.monotonic()
        show.show().send_signal(number)
        wait_for(lambda ended=ended: show.ended() > ended, "a word about it")
        if number == signal.SIGSTOP and prepared:
            yield Row("freeze noticed", time.monotonic() - began)
        wait_for(lambda back=back: show.said(BACK) > back, "the picture")
        took = time.monotonic() - began
        fine = show.ended() == ended + 1 and show.details()["piece"] == piece
        yield Row(fault, took, "" if fine else "ended more than once, or another piece", fine)


def end_standby(show: Show) -> None:
    """Ends the process on standby, as if a show were killed again before there is another."""
    for waiting in show.children()[1:]:
        waiting.kill()


def pages(fault: str, number: int, place: Place, count: int) -> Iterator[Row]:
    """Sends a signal to the web process: until another one answers. The show's process has to be the same."""
    show = place.show
    for _ in range(count):
        show.ready()
        before, page = show.show().pid, show.beside("installation.web")
        began = time.monotonic()
        page.send_signal(number)
        wait_for(lambda page=page: not lives(page), "its end")
        noticed = time.monotonic() - began
        wait_for(show.health, "the page")
        if number == signal.SIGSTOP:
            yield Row("web noticed", noticed)
        yield Row(fault, time.monotonic() - began, fine=show.show().pid == before)


def orphans(place: Place, count: int) -> Iterator[Row]:
    """Kills the supervisor: until nothing of the show is left. Each time a new show, as none goes on."""
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder, Show(Path(folder)) as show:
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


KILL, STOP = signal.SIGKILL, getattr(signal, "SIGSTOP", 0)

FAULTS: dict[str, Fault] = {
    "kill": Fault("the show is killed (SIGKILL)", 5.0, partial(hits, "kill", KILL, True), 7.0),
    "kill again": Fault(
        "it is killed again before there is a standby", 5.0, partial(hits, "kill again", KILL, False), 5.0
    ),
    "freeze": Fault("the show stands still (SIGSTOP)", 5.0, freezes := partial(hits, "freeze", STOP, True), 9.0),
    "freeze noticed": Fault("until that is noticed and it is killed", 3.0, freezes),
    "freeze again": Fault(
        "it stands still again before there is a standby", 5.0, partial(hits, "freeze again", STOP, False), 7.5
    ),
    "web killed": Fault("the web process is killed: its page is back", 5.0, partial(pages, "web killed", KILL), 4.0),
    "web frozen": Fault(
        "the web process stands still: its page is back", 5.0, web_freezes := partial(pages, "web frozen", STOP), 6.0
    ),
    "web noticed": Fault("until that is noticed and it is killed", 3.0, web_freezes),
    "supervisor killed": Fault("the supervisor is killed: nothing of it is left", 10.0, orphans, 9.0),
}
