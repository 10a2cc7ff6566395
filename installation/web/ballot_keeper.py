"""Keeps the votes of a show on disk: a copy in memory restores files that were removed or replaced."""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from installation.web.ballot_store import Answer, BallotStore, Kept, Round, Vote


@dataclass(frozen=True, slots=True)
class OpenRound:
    """A request to open a round: its number and its candidates. Without candidates it ``rests``, or is over."""

    number: int
    candidates: tuple[str, ...]
    rests: bool = False


Job = Vote | OpenRound
Done = Answer | Round | None
"""The result of a job: of a vote its outcome, of a turn the open round."""


class BallotKeeper:
    """Belongs to one thread, as its SQLite connection does. All methods raise sqlite3.Error or OSError where nothing
    can be written; when called again they try to open the file again.
    """

    def __init__(self, path: Path, run: str = "") -> None:
        self.path, self.run = path, run
        self.rescues = 0
        """How often the files were gone or damaged, and were written anew."""
        self._store: BallotStore | None = None
        self._kept: Kept | None = None
        self._choices: dict[bytes, str] = {}

    @property
    def kept(self) -> Kept:
        """What is on the disk."""
        return replace(self._kept or Kept(), choices=dict(self._choices))

    @property
    def casts(self) -> int:
        return self._kept.casts if self._kept else 0

    def check(self, writable: bool = False) -> None:
        """Opens the file, or writes it anew where it is gone; with ``writable`` also asks whether it can be written."""
        store = self._present()
        if writable:
            store.probe()

    def commit(self, jobs: Sequence[Job]) -> list[Done]:
        """All jobs in their order, in one transaction. When this returns, the result is in files that exist."""
        store = self._present()
        try:
            done = self._write(store, jobs)
        except sqlite3.Error as error:
            damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
            if store.is_there() and not damaged:
                raise
            self._rescue()
            done = self._write(self._present(), jobs)
        self._present()
        return done

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _present(self) -> BallotStore:
        """The store, with its files on the disk."""
        if self._store is not None and not self._store.is_there():
            self._rescue()
        if self._store is None:
            self._store = self._open()
        return self._store

    def _rescue(self) -> None:
        self.close()
        self.rescues += 1

    def _open(self) -> BallotStore:
        store = BallotStore(self.path, self.run)
        if self._kept is None:
            return store
        try:
            with store.all_or_nothing():
                store.write_anew(self.kept, time.time())
        except BaseException:
            store.close()
            raise
        return store

    def _write(self, store: BallotStore, jobs: Sequence[Job]) -> list[Done]:
        done: list[Done] = []
        with store.all_or_nothing():
            for _, group in groupby(jobs, key=type):
                for_now = list(group)
                done += store.cast([job for job in for_now if isinstance(job, Vote)])
                done += [
                    store.open_round(job.number, job.candidates, time.time(), job.rests)
                    for job in for_now
                    if isinstance(job, OpenRound)
                ]
        self._remember(store, jobs, done)
        return done

    def _remember(self, store: BallotStore, jobs: Sequence[Job], done: Sequence[Done]) -> None:
        """Updates the copy in memory after a commit."""
        if self._kept is None or any(isinstance(job, OpenRound) for job in jobs):
            self._kept = store.kept()
            self._choices = dict(self._kept.choices)
            return
        changed = 0
        for job, answer in zip(jobs, done, strict=True):
            if isinstance(job, Vote) and answer is Answer.COUNTED:
                changed += self._choices.get(job.token) != job.choice
                self._choices[job.token] = job.choice
        self._kept = replace(self._kept, casts=self._kept.casts + changed)
