"""How the web process bears a full room: phones that listen, visitors that vote, and a kill in the middle.

    python -m benchmarks.votes --phones 1000 --votes 500 --seconds 8

The crowd runs on the same machine as the web process and takes processor time from it, so a museum's figures
are better.

``p50 p99 max``  from the moment a vote is due to its acknowledgement, which comes after the disk's
``wall``         the longest from an acknowledgement to the tally that has the vote, at the app
``failed``       votes that were not acknowledged: refused, or under way when the web process was killed
``lost``         visitors whose acknowledged choice is not the one on the disk; ``doubled``: that have more than one
"""

import argparse
import asyncio
import queue
import random
import sqlite3
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from installation.web import tokens
from tests.web_driver import Driver

NAMES = ("company", "nobody")
LINES = 32
"""Connections that the voters share."""


@dataclass(slots=True)
class Voter:
    """A visitor: the cookie, and every choice that the ballot box may rightly hold for it."""

    cookie: str
    possible: set[str | None] = field(default_factory=lambda: {None})


@dataclass(slots=True)
class Figures:
    """One row of the table. Times in seconds; ``first`` and ``tallies`` are instants (and totals)."""

    what: str
    phones: int
    heard: int = 0
    acknowledged: int = 0
    failed: int = 0
    late: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    tallies: list[tuple[float, int]] = field(default_factory=list)
    seconds: float = 0.0
    lost: int = 0
    doubled: int = 0

    def late_ms(self, part: float) -> float:
        """The time (ms) within which this part (0..1) of the votes was acknowledged."""
        return 1000.0 * sorted(self.late)[min(len(self.late) - 1, int(part * len(self.late)))] if self.late else 0.0

    def wall_ms(self) -> float:
        """The longest (ms) that a visitor's first vote was acknowledged and not yet in the app's tally."""
        longest, told = 0.0, 0
        for when, total in self.tallies:
            for acknowledged in self.first[told:total]:
                longest = max(longest, when - acknowledged)
            told = max(told, total)
        return 1000.0 * longest

    def row(self) -> str:
        times = "".join(f"{self.late_ms(part):>8.1f}" for part in (0.5, 0.99, 1.0))
        wall = f"{self.wall_ms():>8.0f}" if self.tallies else f"{'-':>8}"
        return (
            f"{self.what:<14}{self.phones:>7}{self.acknowledged / self.seconds:>9.0f}{times}{wall}"
            f"{self.acknowledged:>8}{self.failed:>8}{self.lost:>6}{self.doubled:>9}{self.heard:>9}"
        )


HEADER = (
    f"{'':<14}{'phones':>7}{'votes/s':>9}{'p50 ms':>8}{'p99 ms':>8}{'max ms':>8}{'wall ms':>8}"
    f"{'acked':>8}{'failed':>8}{'lost':>6}{'doubled':>9}{'heard':>9}"
)

BROKEN = (OSError, asyncio.IncompleteReadError)


class Line:
    """A connection that stays open between requests, and is opened again when it broke."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, text: str) -> tuple[int, str]:
        """Status and headers of the answer. Raises one of BROKEN."""
        if self._ends is None:
            self._ends = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._ends
        try:
            writer.write(text.encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            await reader.readexactly(int(head.partition("Content-Length: ")[2].partition("\r\n")[0]))
        except BROKEN:
            self.close()
            raise
        return int(head[9:12]), head

    def close(self) -> None:
        if self._ends is not None:
            self._ends[1].close()
            self._ends = None


async def _register(port: int, count: int) -> list[Voter]:
    """Visitors that have opened the page and so have a cookie."""

    async def some(share: int) -> list[Voter]:
        with closing(Line(port)) as line:
            heads = [(await line.ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))[1] for _ in range(share)]
        return [Voter(head.partition("Set-Cookie: ")[2].partition(";")[0]) for head in heads]

    shares = await asyncio.gather(*(some(count // LINES + 1) for _ in range(LINES)))
    return [voter for share in shares for voter in share]


async def _phone(port: int, figures: Figures) -> None:
    """A page that listens, and comes back when it is cut off."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with closing(writer):
                writer.write(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                while line := await reader.readline():
                    figures.heard += line.startswith(b"event: tally")
        await asyncio.sleep(0.5 + random.random())


async def _vote(line: Line, voter: Voter, ballot: int) -> bool:
    choice = random.choice(NAMES)
    body = urlencode({"round": ballot, "choice": choice})
    voter.possible.add(choice)
    status, _ = await line.ask(
        f"POST /vote HTTP/1.1\r\nHost: localhost\r\nCookie: {voter.cookie}\r\nAccept: application/json\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
    if status == 200:
        voter.possible = {choice}
    return status == 200


async def _voters(
    line: Line, voters: Sequence[Voter], ballot: int, pause: float, figures: Figures, there: asyncio.Event
) -> None:
    """Some of the visitors, one after another, twice each, at a steady rate whatever the answers take. Who finds nobody
    ``there`` has failed, and the next waits until somebody is."""
    due = time.perf_counter() + random.random() * pause
    for number, voter in enumerate([*voters, *voters]):
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        try:
            good = await _vote(line, voter, ballot)
        except BROKEN:
            good = False
            await there.wait()
            due = time.perf_counter()
        now = time.perf_counter()
        if good:
            figures.acknowledged += 1
            figures.late.append(now - due)
            figures.first += [now] * (number < len(voters))
        figures.failed += not good
        due = max(due, now - 1.0) + pause


async def _crowd(
    driver: Driver, ballot: int, figures: Figures, votes: float, seconds: float, kill: bool
) -> list[Voter]:
    voters = await _register(driver.port, int(votes * seconds / 2))
    phones = [asyncio.create_task(_phone(driver.port, figures)) for _ in range(figures.phones)]
    await asyncio.sleep(0.5 + figures.phones / 1000)
    lines, there = [Line(driver.port) for _ in range(LINES)], asyncio.Event()
    there.set()
    began, pause = time.perf_counter(), LINES / votes
    groups = [_voters(line, voters[number::LINES], ballot, pause, figures, there) for number, line in enumerate(lines)]
    working = asyncio.gather(*groups)
    if kill:
        await asyncio.sleep(seconds / 2)
        there.clear()
        await asyncio.to_thread(_restart, driver)
        there.set()
    await working
    figures.seconds = time.perf_counter() - began
    for line in lines:
        line.close()
    for phone in phones:
        phone.cancel()
    await asyncio.gather(*phones, return_exceptions=True)
    return voters


def _restart(driver: Driver) -> None:
    driver.kill()
    driver.start()
    driver.playback(driver.round)


def _watch(driver: Driver, figures: Figures, stop: threading.Event) -> None:
    """Notes what the app is told, and when."""
    while not stop.is_set():
        with suppress(queue.Empty):
            word = driver.said.get(timeout=0.2)
            if word and "tally" in word:
                figures.tallies.append((time.perf_counter(), sum(word["tally"]["votes"].values())))


def _audit(driver: Driver, voters: Sequence[Voter], figures: Figures) -> None:
    """Compares the disk with what the visitors were told."""
    with closing(sqlite3.connect(driver.state / "votes.sqlite3")) as db:
        (key,) = db.execute("SELECT key FROM rounds ORDER BY id DESC LIMIT 1").fetchone()
        rows = db.execute("SELECT token, choice FROM votes").fetchall()
    stored = dict(rows)
    figures.doubled = len(rows) - len(stored)
    for voter in voters:
        token = tokens.read(key, voter.cookie.partition("=")[2])
        figures.lost += token is None or stored.get(token) not in voter.possible


def measure(what: str, phones: int, votes: float, seconds: float, kill: bool = False) -> Figures:
    """One web process, one crowd: ``phones`` that listen, ``votes`` a second for ``seconds``."""
    figures = Figures(what, phones)
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as folder, Driver(Path(folder) / "state") as driver:
        driver.hello["port"] = driver.port  # where it is found again after a restart
        ballot = driver.open_round()
        watcher = threading.Thread(target=_watch, args=(driver, figures, stop))
        if not kill:
            watcher.start()
        voters = asyncio.run(_crowd(driver, ballot, figures, votes, seconds, kill))
        time.sleep(0.3)  # the last tally
        stop.set()
        if not kill:
            watcher.join()
        _audit(driver, voters, figures)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phones", type=int, default=1000)
    parser.add_argument("--votes", type=float, default=500.0, help="a second")
    parser.add_argument("--seconds", type=float, default=8.0)
    options = parser.parse_args()
    print(HEADER)
    for what, phones, kill in (
        ("votes alone", 0, False),
        ("full room", options.phones, False),
        ("killed midway", options.phones, True),
    ):
        print(measure(what, phones, options.votes, options.seconds, kill).row(), flush=True)


if __name__ == "__main__":
    main()
