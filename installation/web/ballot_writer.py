"""The one writer of the votes. Votes that arrive during a commit share the next one; each is acknowledged after it."""

import asyncio
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from installation.web import tally
from installation.web.ballot_keeper import BallotKeeper, Done, Job, OpenRound
from installation.web.ballot_store import Answer, Round, Vote
from installation.web.messages import Tally

WAITING = 4096
"""The most votes that wait for the disk; more are refused at once."""

BATCH = 1024
"""The most votes in one commit."""

CHECK = 0.5
"""Seconds between two checks that the files exist and can be written."""


class BallotWriter:
    """``round`` and ``choices`` (token -> choice) are what is on the disk, as of the last commit. Where the disk cannot
    be written, votes are refused, ``trouble`` has the reason, and writing is tried again."""

    def __init__(self, path: Path, run: str = "") -> None:
        self.path = path
        self.on_change: Callable[[], None] = lambda: None
        """Called after every commit."""
        self.round: Round | None = None
        self.choices: dict[bytes, str] = {}
        self.casts = 0
        self.ended: Tally | None = None
        """The result of the round before."""
        self.trouble = ""
        """Why votes cannot be kept; empty while they can."""
        self.note = ""
        """What happened to the files, if anything did."""
        self._keeper = BallotKeeper(path, run)
        self._rescues = 0
        self._asked: OpenRound | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ballot")  # SQLite's connection lives in one thread
        self._jobs: asyncio.Queue[tuple[Job, asyncio.Future[Any]]] = asyncio.Queue(WAITING)

    async def open(self) -> None:
        """Opens the file. Where that fails, ``trouble`` has the reason."""
        await self._try(self._keeper.check)

    async def close(self) -> None:
        await self._there(self._keeper.close)
        self._thread.shutdown()

    async def _there(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def tally(self) -> dict[str, int]:
        """Votes of each candidate of the open round."""
        return tally.tally(self.choices.values(), self.round.candidates) if self.round else {}

    def result(self) -> Tally | None:
        """The tally of the open round; while none is open, of the one that ended last."""
        return Tally(self.round.number, self.tally(), self.casts) if self.round else self.ended

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

    async def open_round(self, number: int, candidates: Sequence[str], rests: bool = False) -> Round | None:
        """Opens this round and closes the one before, after all votes that came earlier; see BallotStore. Returns the
        open round."""
        self._asked = OpenRound(number, tuple(candidates), rests)
        current: Round | None = await self._put(self._asked)
        return current

    async def _put(self, job: Job) -> Any:
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
                if not waiting.done():  # the visitor may have disconnected
                    waiting.set_result(answer)
            self.on_change()

    async def watch(self) -> None:
        """Looks after the files for ever; run it as a task. Once they can be written again, the round opens."""
        while True:
            await asyncio.sleep(CHECK)
            before = self.trouble
            if await self._try(self._keeper.check, bool(before)) and before and self._asked is not None:
                await self._put(self._asked)

    async def _commit(self, jobs: Sequence[Job]) -> Sequence[Done]:
        done: list[Done] = []
        if not await self._try(lambda: done.extend(self._keeper.commit(jobs))):
            return [self.round if isinstance(job, OpenRound) else Answer.BROKEN for job in jobs]
        if any(isinstance(job, OpenRound) for job in jobs):
            kept = self._keeper.kept
            self.round, self.choices, self.ended = kept.open, dict(kept.choices), kept.ended
        else:
            counted = zip(jobs, done, strict=True)
            self.choices |= {
                job.token: job.choice for job, answer in counted if isinstance(job, Vote) and answer is Answer.COUNTED
            }
        self.casts = self._keeper.casts
        return done

    async def _try(self, work: Callable[..., Any], *arguments: Any) -> bool:
        """Returns whether it was written; ``trouble`` says why not, which the tally carries to the show's log."""
        try:
            await self._there(work, *arguments)
        except (OSError, sqlite3.Error) as error:
            self.trouble = f"votes cannot be kept in {self.path} ({error}); make room there and make it writable"
            return False
        self.trouble = ""
        if self._keeper.rescues != self._rescues:
            self._rescues = self._keeper.rescues
            self.note = f"the files of the votes were gone or damaged at {time.strftime('%H:%M:%S')}: written anew"
            print(self.note, file=sys.stderr)
        return True
