"""What visitors liked, on disk, in one SQLite file of the show's state folder; and what is believed of it.

opinions  one row an opinion: the model (its digest), the day, 1 or -1, and the place in the model's latent space, as
          numbers. While a round lasts also the round and the voter, a random number or the name of a device, so that an
          opinion may be changed; the end of the round takes both away. No time, no name, no address

A thread of its own writes, and works out the beliefs (engine/taste.py); no frame waits for the disk. What is not on the
disk yet when the power fails is lost: that of the last second.
"""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np

from installation.core.repeats import Repeats
from installation.core.sqlite_files import put_aside, usable
from installation.engine.taste import AXES, Belief, Floats, decayed, fit

log = logging.getLogger(__name__)

FILE = "taste.sqlite3"
VERSION = 1

KEPT = 4096
"""Opinions that are kept of each model: the newest."""

REFIT = 3600.0
"""Seconds after which beliefs are worked out anew although nobody said anything, as a day may have passed."""

AGAIN = 5.0
"""Seconds after which what could not be written is tried again."""

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS opinions (
    id INTEGER PRIMARY KEY, model TEXT NOT NULL, day TEXT NOT NULL, side INTEGER NOT NULL, place BLOB NOT NULL,
    round INTEGER, voter TEXT, UNIQUE (round, voter));
CREATE INDEX IF NOT EXISTS by_model ON opinions (model, id);
PRAGMA user_version = {VERSION};
"""


@dataclass(frozen=True, slots=True)
class Said:
    """One voter's opinion in a round: 1, -1, or 0 to take it back. ``place`` (AXES,) is where the picture was in the
    model of that digest."""

    round: int
    voter: str
    side: int
    model: str
    place: Floats


@dataclass(frozen=True, slots=True)
class Turn:
    """A round begins: who said what in others is forgotten."""

    round: int


@dataclass(frozen=True, slots=True)
class Reset:
    """All is forgotten."""


Job = Said | Turn | Reset


class OpinionStore:
    """The file, open. It belongs to one thread. A damaged one is put aside. Raises sqlite3.Error or OSError."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if not usable(path, VERSION):
            put_aside(path)
            log.warning("%s was damaged and is put aside; what visitors liked before is not in it", path)
        self.path, self._db = path, sqlite3.connect(path, isolation_level=None, timeout=2.0)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_SCHEMA)

    def write(self, jobs: list[Job], day: date) -> None:
        """All jobs in their order, in one transaction. Raises OSError where the file was removed: SQLite would go on
        writing it where nobody finds it."""
        os.stat(self.path)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for job in jobs:
                self._do(job, day)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _do(self, job: Job, day: date) -> None:
        match job:
            case Turn(number):
                self._db.execute("UPDATE opinions SET round = NULL, voter = NULL WHERE round <> ?", (number,))
                self._prune()
            case Reset():
                self._db.execute("DELETE FROM opinions")
            case Said(number, voter, side, model, place):
                self._db.execute("DELETE FROM opinions WHERE round = ? AND voter = ?", (number, voter))
                if side:
                    row = (model, day.isoformat(), side, place.astype("<f4").tobytes(), number, voter)
                    self._db.execute(
                        "INSERT INTO opinions (model, day, side, place, round, voter) VALUES (?, ?, ?, ?, ?, ?)", row
                    )

    def _prune(self) -> None:
        for model in self.models():
            self._db.execute(
                "DELETE FROM opinions WHERE model = ? AND id NOT IN"
                " (SELECT id FROM opinions WHERE model = ? ORDER BY id DESC LIMIT ?)",
                (model, model, KEPT),
            )

    def models(self) -> list[str]:
        return [model for (model,) in self._db.execute("SELECT DISTINCT model FROM opinions")]

    def belief(self, model: str, today: date, half_life: float) -> Belief:
        """What is believed ``today`` of the model of that digest; ``half_life`` is in days."""
        rows = self._db.execute(
            "SELECT day, side, place FROM opinions WHERE model = ? ORDER BY id DESC LIMIT ?", (model, KEPT)
        ).fetchall()
        places = np.frombuffer(b"".join(place for _, _, place in rows), "<f4").reshape(-1, AXES).astype(float)
        ages = [(today - date.fromisoformat(day)).days for day, _, _ in rows]
        return fit(places, np.array([side for _, side, _ in rows], float), decayed(ages, half_life))

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._db.close()


class Opinions:
    """``put`` never waits. ``beliefs`` has what is believed, by the model's digest, and is replaced as a whole."""

    def __init__(self, folder: Path, half_life: float, today: Callable[[], date]) -> None:
        self.path, self.half_life, self._today = folder / FILE, half_life, today
        self.beliefs: Mapping[str, Belief] = {}
        self.trouble = ""
        """Why nothing can be kept; empty while it can."""
        self._waiting: SimpleQueue[Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="taste", daemon=True)
        self._repeats = Repeats()

    def start(self) -> None:
        self._thread.start()

    def put(self, job: Job) -> None:
        self._waiting.put(job)

    def close(self, timeout: float = 3.0) -> None:
        """Writes what waits, for at most ``timeout`` seconds."""
        self._waiting.put(None)
        if self._thread.ident is not None:
            self._thread.join(timeout)

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        store: OpinionStore | None = None
        jobs: list[Job] = []
        while True:
            try:
                store = store or OpinionStore(self.path)
                store.write(jobs, self._today())
                self._believe(store)
                jobs, self.trouble = [], ""
            except (sqlite3.Error, OSError) as error:
                self._fail(error)
                if store is not None:
                    store.close()
                store = None
            more, ended = self._take()
            jobs = [*jobs, *more][-KEPT:]
            if ended:
                break
        self._finish(store, jobs)

    def _finish(self, store: OpinionStore | None, jobs: list[Job]) -> None:
        if store is not None:
            try:
                store.write(jobs, self._today())
            except (sqlite3.Error, OSError) as error:
                self._fail(error)
            store.close()

    def _take(self) -> tuple[list[Job], bool]:
        """What came, all at once, and whether it is the end."""
        jobs: list[Job] = []
        try:
            job = self._waiting.get(timeout=REFIT if not self.trouble else AGAIN)
            while job is not None:
                jobs.append(job)
                job = self._waiting.get_nowait()
        except Empty:
            return jobs, False
        return jobs, True

    def _believe(self, store: OpinionStore) -> None:
        today = self._today()
        self.beliefs = {model: store.belief(model, today, self.half_life) for model in store.models()}

    def _fail(self, error: Exception) -> None:
        self.trouble = f"{self.path} cannot be written ({error}); what visitors like is forgotten at the next start"
        if line := self._repeats.line(self.trouble, time.monotonic()):
            log.warning("%s", line)
