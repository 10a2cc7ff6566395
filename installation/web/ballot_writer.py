"""The one writer of the ballot store. Votes that come while the disk is busy share the next commit; each is
acknowledged after it."""

import asyncio
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from installation.web import tally
from installation.web.ballot_store import Answer, BallotStore, Round, Vote

WAITING = 4096
"""The most votes that wait for the disk; more are refused at once."""

BATCH = 1024
"""The most votes in one commit."""


@dataclass(frozen=True, slots=True)
class _Turn:
    number: int
    candidates: tuple[str, ...]


_Job = Vote | _Turn


class BallotWriter:
    """``round`` and ``choices`` (token -> choice) are what is on the disk, as of the last commit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.on_change: Callable[[], None] = lambda: None
        """Called after every commit."""
        self.round: Round | None = None
        self.choices: dict[bytes, str] = {}
        self.ended: tuple[int, dict[str, int]] | None = None
        """Number and result of the round before."""
        self.trouble = ""
        """Why the last commit failed; empty when it did not."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ballot")  # SQLite's connection lives in one thread
        self._jobs: asyncio.Queue[tuple[_Job, asyncio.Future[Any]]] = asyncio.Queue(WAITING)

    async def open(self) -> None:
        """Raises sqlite3.Error or OSError when the store cannot be opened."""
        self._store = await self._there(BallotStore, self.path)

    async def close(self) -> None:
        await self._there(self._store.close, time.time())
        self._thread.shutdown()

    async def _there(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def tally(self) -> dict[str, int]:
        """Votes of each candidate of the open round."""
        return tally.tally(self.choices.values(), self.round.candidates) if self.round else {}

    def result(self) -> tuple[int, dict[str, int]] | None:
        """Number and tally of the open round; while none is open, of the one that ended last."""
        return (self.round.number, self.tally()) if self.round else self.ended

    async def vote(self, vote: Vote) -> Answer:
        """Returns when the vote is on the disk, or was refused."""
        if self.round is None or vote.round != self.round.id:
            return Answer.LATE
        if vote.choice not in self.round.candidates:
            return Answer.UNKNOWN
        if self._jobs.full():
            return Answer.FULL
        answer: Answer = await self._put(vote)
        return answer

    async def turn(self, number: int, candidates: Sequence[str]) -> Round | None:
        """Opens this round and closes the one before, after all votes that came earlier. Returns the open round."""
        found: Round | None = await self._put(_Turn(number, tuple(candidates)))
        return found

    async def _put(self, job: _Job) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        await self._jobs.put((job, answer))
        return await answer

    async def write(self) -> None:
        """Writes for ever; run it as a task."""
        while True:
            batch = [await self._jobs.get()]
            while len(batch) < BATCH and not self._jobs.empty():
                batch.append(self._jobs.get_nowait())
            answers = await self._commit([job for job, _ in batch])
            for (_, waiting), answer in zip(batch, answers, strict=True):
                if not waiting.done():  # the visitor may have gone
                    waiting.set_result(answer)
            self.on_change()

    async def _commit(self, jobs: Sequence[_Job]) -> Sequence[Any]:
        try:
            answers, turned = await self._there(_commit, self._store, jobs)
        except sqlite3.Error as error:
            if not self.trouble:
                traceback.print_exc(file=sys.stderr)
            self.trouble = str(error)
            return [self.round if isinstance(job, _Turn) else Answer.BROKEN for job in jobs]
        self.trouble = ""
        if turned:
            self.round, self.choices, self.ended = turned
        else:
            counted = zip(jobs, answers, strict=True)
            self.choices |= {
                job.token: job.choice for job, answer in counted if isinstance(job, Vote) and answer is Answer.COUNTED
            }
        return answers


_State = tuple[Round | None, dict[bytes, str], tuple[int, dict[str, int]] | None]


def _commit(store: BallotStore, jobs: Sequence[_Job]) -> tuple[list[Any], _State | None]:
    """All jobs in their order, in one transaction. Returns their answers and, after a turn, what is open and ended."""
    answers: list[Any] = []
    turned: _State | None = None
    now = time.time()
    with store.all_or_nothing():
        for kind, group in groupby(jobs, key=type):
            if kind is Vote:
                answers += store.cast([job for job in group if isinstance(job, Vote)], now)
            else:
                answers += [store.turn(job.number, job.candidates, now) for job in group if isinstance(job, _Turn)]
        if any(isinstance(job, _Turn) for job in jobs):
            turned = store.round, store.choices(), store.ended()
    return answers, turned
