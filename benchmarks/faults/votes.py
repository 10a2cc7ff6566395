"""Processes of a show killed at random moments while visitors vote: no acknowledged vote may be lost."""

import random
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil

from benchmarks.faults.rows import Fault, Row, wait_for
from benchmarks.faults.supervised import Place, Show
from benchmarks.voter import vote
from installation.web import tokens
from installation.web.ballot_store import FILE

VOTERS = 3
LONGEST = 1.5
"""Seconds from one kill to the next, at most."""


class Voters:
    """Visitors that come, vote once and go, each a new one. ``acknowledged`` has their cookies."""

    def __init__(self, port: int) -> None:
        self.port, self.done = port, threading.Event()
        self.acknowledged: set[str] = set()
        self._threads = [threading.Thread(target=self._come, daemon=True) for _ in range(VOTERS)]
        for thread in self._threads:
            thread.start()

    def _come(self) -> None:
        while not self.done.is_set():
            status, cookie = vote(self.port)
            if status == 303:
                self.acknowledged.add(cookie)
            time.sleep(0.02)

    def stop(self) -> None:
        self.done.set()
        for thread in self._threads:
            thread.join()


def kills(place: Place, count: int) -> Iterator[Row]:
    """Kills the show or its web process at a random moment, also while it starts. Until one more vote is taken."""
    dice, show = random.Random(1606 + count), place.show
    show.ready()
    voters = Voters(show.port)
    try:
        wait_for(lambda: voters.acknowledged, "a vote")
        for number in range(count):
            time.sleep(dice.uniform(0.0, LONGEST))
            victim, began = _kill(show, dice), time.monotonic()
            before = len(voters.acknowledged)
            wait_for(lambda before=before: len(voters.acknowledged) > before + VOTERS, "more votes")
            took = time.monotonic() - began
            lost = _lost(show.folder, voters) if number % 10 == 9 or number == count - 1 else 0
            yield Row("votes", took, f"{victim}; {len(voters.acknowledged)} votes, {lost} lost", fine=lost == 0)
    finally:
        voters.stop()


def _kill(show: Show, dice: random.Random) -> str:
    """What was killed."""
    pages = show.running("installation.web") if dice.random() < 0.5 else []
    victim, name = (pages[0], "web") if pages else (show.show(), "show")
    try:
        victim.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return f"{name}, which had ended"
    return name


def _lost(folder: Path, voters: Voters) -> int:
    """Acknowledged votes that are not on the disk."""
    acknowledged = set(voters.acknowledged)
    with closing(sqlite3.connect(folder / FILE, timeout=30.0)) as db:
        key = db.execute("SELECT key FROM rounds WHERE closed IS NULL").fetchone()[0]
        kept = {token for (token,) in db.execute("SELECT token FROM votes")}
    return len({tokens.read(key, cookie) for cookie in acknowledged} - kept)


FAULTS = {"votes": Fault("any process is killed at a random moment: votes go on, none is lost", 5.0, kills, 3.0)}
