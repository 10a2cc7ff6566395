"""Votes on disk, in one SQLite file. One thread of one process writes it; others may read it.

rounds   one row a round: its number in the show, the run of the show, its candidates (JSON), how many votes were cast
         or changed, and the key that signs its tokens. The end of a round destroys the key
votes    (round, token) -> choice, of the open round alone: a new vote of a token replaces the old one
results  (round, choice) -> votes, of every round that ended

It contains no address, no time of a vote and no account. A vote is on the disk before it is acknowledged
(synchronous=FULL: every commit is fsynced, so that even a power cut loses none; a commit carries all votes that came
during the one before it, so the price is per commit, not per vote).
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from installation.core.sqlite_files import put_aside, usable
from installation.web import tokens
from installation.web.messages import Tally

FILE = "votes.sqlite3"
VERSION = 2

VOTERS = 100_000
"""The most tokens that vote in one round."""

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS rounds (
    id INTEGER PRIMARY KEY, number INTEGER NOT NULL, run TEXT NOT NULL, candidates TEXT NOT NULL,
    casts INTEGER NOT NULL DEFAULT 0, opened REAL NOT NULL, closed REAL, key BLOB);
CREATE TABLE IF NOT EXISTS votes (
    round INTEGER NOT NULL REFERENCES rounds, token BLOB NOT NULL, choice TEXT NOT NULL,
    PRIMARY KEY (round, token)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results (
    round INTEGER NOT NULL REFERENCES rounds, choice TEXT NOT NULL, votes INTEGER NOT NULL,
    PRIMARY KEY (round, choice)) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""

_CAST = """
INSERT INTO votes (round, token, choice) VALUES (?, ?, ?)
ON CONFLICT (round, token) DO UPDATE SET choice = excluded.choice WHERE choice <> excluded.choice
"""

_INSERT_ROUND = "INSERT INTO rounds (id, number, run, candidates, opened, key, casts) VALUES (?, ?, ?, ?, ?, ?, ?)"


class Answer(Enum):
    """The outcome of a vote."""

    COUNTED = "counted"
    LATE = "late"
    UNKNOWN = "unknown"
    FULL = "full"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Round:
    """An open round. ``id`` is its row number, never reused; ``number`` is its number in the show."""

    id: int
    number: int
    candidates: tuple[str, ...]
    key: bytes


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote to be written: the round's id, the visitor's token, the name of the piece."""

    round: int
    token: bytes
    choice: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file of votes holds: the round that is open, or ``rests``, its votes by token, how many votes were cast or
    changed in all rounds, and the result of the round before."""

    round: Round | None = None
    choices: Mapping[bytes, str] = field(default_factory=dict)
    casts: int = 0
    ended: Tally | None = None
    rests: bool = False

    @property
    def open(self) -> Round | None:
        return None if self.rests else self.round


class BallotStore:
    """Opens or makes the file. One that is damaged, or from another version, is put aside under another name.

    ``run`` is empty, or names a run of the show that takes up no round of another run. Raises sqlite3.Error or OSError
    when the folder cannot be written.
    """

    def __init__(self, path: Path, run: str = "") -> None:
        self.path, self.run = path, run
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its side files the same permissions
        if not usable(path, VERSION):
            put_aside(path)
        self._db = _connect(path)
        self._db.executescript(_SCHEMA)
        self._files = _identities(path)
        self._current: Round | None = None
        self._rests = False

    @property
    def round(self) -> Round | None:
        """The round that takes votes."""
        return None if self._rests else self._current

    def is_there(self) -> bool:
        """Whether the files on the disk are still the ones that are written to: they were not removed or replaced."""
        return _identities(self.path) == self._files

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """A transaction: what is done within is on the disk at the end of it, or undone."""
        before = self._current, self._rests
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._current, self._rests = before
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def open_round(self, number: int, candidates: Sequence[str], now: float, rests: bool = False) -> Round | None:
        """Makes ``number`` the open round, or no round where there are no candidates. ``now`` is wall-clock seconds.

        A round of the same number goes on with the candidates that it has now, as a piece may break or be of another
        programme; votes for the others wait for them. Without candidates it ``rests``, as while the exhibition is
        closed, or is over. One that was left open by an earlier process goes on as well, where a piece is the same,
        whatever the clock says: a machine without a clock battery may start with a wrong date.
        """
        current, known = self._current or _Contents(self._db).left_open(self.run), self._current is not None
        if current and current.number == number and _goes_on(current, candidates, rests, known):
            self._current, self._rests = self._stand(current, candidates or current.candidates), not candidates
        else:
            self._close_all(now)
            self._current, self._rests = (self._open(number, candidates, now) if candidates else None), False
        return self.round

    def _stand(self, current: Round, candidates: Sequence[str]) -> Round:
        if current.candidates == tuple(candidates):
            return current
        self._db.execute("UPDATE rounds SET candidates = ? WHERE id = ?", (json.dumps(candidates), current.id))
        return Round(current.id, current.number, tuple(candidates), current.key)

    def _close_all(self, now: float) -> None:
        """Counts the open round, then deletes its tokens and key; the result stays."""
        self._db.execute("INSERT INTO results SELECT round, choice, count(*) FROM votes GROUP BY round, choice")
        self._db.execute("DELETE FROM votes")
        self._db.execute("UPDATE rounds SET closed = ?, key = NULL WHERE closed IS NULL", (now,))

    def _open(self, number: int, candidates: Sequence[str], now: float) -> Round:
        key = tokens.new_key()
        values = (None, number, self.run, json.dumps(candidates), now, key, 0)
        row = self._db.execute(_INSERT_ROUND, values)
        assert row.lastrowid is not None
        return Round(row.lastrowid, number, tuple(candidates), key)

    def cast(self, votes: Sequence[Vote]) -> list[Answer]:
        """Writes votes in their order; the last of a token counts."""
        voters = self._db.execute("SELECT count(*) FROM votes").fetchone()[0]
        answers = [self._judge(vote, voters + number) for number, vote in enumerate(votes)]
        good = [vote for vote, answer in zip(votes, answers, strict=True) if answer is Answer.COUNTED]
        if good:
            before = self._db.total_changes
            self._db.executemany(_CAST, [(vote.round, vote.token, vote.choice) for vote in good])
            changed = self._db.total_changes - before
            self._db.execute("UPDATE rounds SET casts = casts + ? WHERE id = ?", (changed, good[0].round))
        return answers

    def _judge(self, vote: Vote, voters: int) -> Answer:
        if self.round is None or vote.round != self.round.id:
            return Answer.LATE
        if vote.choice not in self.round.candidates:
            return Answer.UNKNOWN
        return Answer.COUNTED if voters < VOTERS else Answer.FULL

    def kept(self) -> Kept:
        """All that the open round needs to go on, and the result of the round before."""
        contents = _Contents(self._db)
        current = self._current
        return Kept(current, contents.choices(current), contents.casts(), contents.ended(), self._rests)

    def write_anew(self, kept: Kept, now: float) -> None:
        """Puts what another file held into this one: within a transaction. What was open in this one is closed."""
        least = kept.round.id if kept.round else 1 << 62
        for table, column in (("results", "round"), ("rounds", "id")):
            self._db.execute(f"DELETE FROM {table} WHERE {column} >= ?", (least,))
        self._db.execute("DELETE FROM votes")
        self._db.execute("UPDATE rounds SET closed = ?, key = NULL WHERE closed IS NULL", (now,))
        if kept.ended is not None:
            _Contents(self._db).write_result(kept.ended, self.run, 0 if kept.round else kept.casts, now)
        if (current := kept.round) is not None:
            # With the id that it had, as the forms on the phones carry it.
            values = (
                current.id,
                current.number,
                self.run,
                json.dumps(current.candidates),
                now,
                current.key,
                kept.casts,
            )
            self._db.execute(_INSERT_ROUND, values)
            self._db.executemany(_CAST, [(current.id, token, choice) for token, choice in kept.choices.items()])
        self._current, self._rests = kept.round, kept.rests

    def probe(self) -> None:
        """Writes nothing new. Raises sqlite3.Error where nothing can be written."""
        with self.all_or_nothing():
            self._db.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Closes the file; an open round stays open in it, for a restart."""
        with suppress(sqlite3.Error):  # what is acknowledged is on the disk already
            self._db.close()


class _Contents:
    """What a file holds besides its open round: its votes by token, the count of all votes, the last result."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def left_open(self, run: str) -> Round | None:
        """The round that an earlier process left open, of that run or of any."""
        row = self._db.execute(
            "SELECT id, number, candidates, key FROM rounds WHERE closed IS NULL AND ? IN ('', run)"
            " ORDER BY id DESC LIMIT 1",
            (run,),
        ).fetchone()
        return Round(row[0], row[1], tuple(json.loads(row[2])), row[3]) if row else None

    def choices(self, opened: Round | None) -> dict[bytes, str]:
        """Token -> choice of a round; none without one."""
        if opened is None:
            return {}
        return dict(self._db.execute("SELECT token, choice FROM votes WHERE round = ?", (opened.id,)))

    def casts(self) -> int:
        """Votes cast or changed, in all rounds."""
        count: int = self._db.execute("SELECT coalesce(sum(casts), 0) FROM rounds").fetchone()[0]
        return count

    def ended(self) -> Tally | None:
        """The result of the round that ended last."""
        row = self._db.execute(
            "SELECT id, number, candidates FROM rounds WHERE closed IS NOT NULL ORDER BY id DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        votes = dict(self._db.execute("SELECT choice, votes FROM results WHERE round = ?", row[:1]))
        return Tally(row[1], {candidate: votes.get(candidate, 0) for candidate in json.loads(row[2])}, self.casts())

    def write_result(self, ended: Tally, run: str, casts: int, now: float) -> None:
        """Puts a result of another file in as the round that ended last; ``now`` is wall-clock seconds."""
        row = self._db.execute(
            "INSERT INTO rounds (number, run, candidates, casts, opened, closed) VALUES (?, ?, ?, ?, ?, ?)",
            (ended.round, run, json.dumps(list(ended.votes)), casts, now, now),
        )
        results = [(row.lastrowid, choice, votes) for choice, votes in ended.votes.items() if votes]
        self._db.executemany("INSERT INTO results VALUES (?, ?, ?)", results)


def _goes_on(current: Round, candidates: Sequence[str], rests: bool, known: bool) -> bool:
    """Whether a round of the same number is the same; ``known``: this process had it."""
    if not candidates:
        return rests
    return known or not set(current.candidates).isdisjoint(candidates)


def _identities(path: Path) -> tuple[tuple[int, int] | None, ...]:
    """Device and number of the file and of its write-ahead log on the disk; None for one that is not there."""
    identities: list[tuple[int, int] | None] = []
    for name in (path.name, f"{path.name}-wal"):
        try:
            stat = os.stat(path.with_name(name))
        except OSError:
            identities.append(None)
        else:
            identities.append((stat.st_dev, stat.st_ino))
    return tuple(identities)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=2.0)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON")
    db.execute("PRAGMA journal_size_limit = 4194304")
    return db
