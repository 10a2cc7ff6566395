"""Visitors' votes: every vote as a pulse, how many there are, how clear the lead is and how lively the room votes."""

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from installation.core.contracts import Emit, Sensor, SensorConfig
from installation.core.errors import DeviceError
from installation.core.signals import Signal

FILE = "votes.sqlite3"
POLL = 0.25
"""Seconds between two looks at the ballot store."""
MINUTE = 60.0
PULSES = 64
"""The most votes of one look that are said one by one."""


def _beside(path: Path, info: ValidationInfo) -> Path:
    """A relative path starts at the show file's folder; the file itself may come later."""
    return (Path((info.context or {}).get("folder", ".")) / path).absolute()


class Config(SensorConfig):
    """Reads the votes that the web process keeps; writes nothing."""

    kind: Literal["votes"] = "votes"
    name: str = "votes"
    database: Annotated[Path, AfterValidator(_beside)] | None = Field(
        None, description="the web process's file; by itself it finds the one of this show"
    )

    def signals(self) -> tuple[Signal, ...]:
        return (
            Signal("cast", "a vote was cast or changed", pulse=True),
            Signal("total", "votes in this round", 0.0, 1000.0),
            Signal("share", "the leader's share of the votes; 0 without votes"),
            Signal("rate", "votes cast or changed in the last minute", 0.0, 600.0),
        )

    def open(self) -> "Votes":
        state = os.environ.get("VERNISSAGE_STATE")
        if self.database is None and state is None:
            raise DeviceError(
                f'the sensor "{self.name}" finds no votes: this show has no web process that keeps any; open one '
                '([web] enabled = true), or name a file (database = "votes.sqlite3")'
            )
        return Votes(self.database or Path(state or "") / FILE)


@dataclass(frozen=True, slots=True)
class Count:
    """What the ballot store held at one look: row of the newest round, votes cast in each round since the last look's
    (row -> casts, a change counting again), votes of the open round by piece."""

    round: int
    casts: Mapping[int, int]
    votes: Mapping[str, int]


class Votes(Sensor):
    """A reader that waits quietly for a box that is not there, and comes back when it is replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, emit: Emit, stop: threading.Event) -> None:
        while not stop.is_set():
            # not there yet, or just being made: it is asked again
            with suppress(sqlite3.Error, OSError), closing(_read_only(self.path)) as db:
                self._watch(db, emit, stop)
            stop.wait(POLL)

    def _watch(self, db: sqlite3.Connection, emit: Emit, stop: threading.Event) -> None:
        """Looks four times a second, and counts only when something was written, until the file is another one."""
        room, file, version = Room(), self.path.stat().st_ino, -1
        while not stop.is_set() and self.path.stat().st_ino == file:
            now = db.execute("PRAGMA data_version").fetchone()[0]
            if now != version:
                room.counted(count(db, room.round), time.monotonic())
                version = now
            room.say(emit, time.monotonic())
            stop.wait(POLL)


class Room:
    """What was counted so far, and what there is to say about it."""

    def __init__(self) -> None:
        self.round = 0
        self._casts: dict[int, int] | None = None
        self._votes: Mapping[str, int] = {}
        self._news = 0
        self._recent: deque[tuple[float, int]] = deque()

    def counted(self, found: Count, now: float) -> None:
        """Takes a look's count at ``now`` (seconds). What was cast before the first look is no news."""
        if self._casts is not None:
            fresh = sum(casts - self._casts.get(row, 0) for row, casts in found.casts.items())
            self._news += max(0, fresh)
            self._recent.append((now, max(0, fresh)))
        self.round, self._casts, self._votes = found.round, dict(found.casts), found.votes

    def say(self, emit: Emit, now: float) -> None:
        while self._recent and now - self._recent[0][0] > MINUTE:
            self._recent.popleft()
        for _ in range(min(self._news, PULSES)):
            emit("cast", 1.0)
        self._news = 0
        total = sum(self._votes.values())
        emit("total", float(total))
        emit("share", max(self._votes.values()) / total if total else 0.0)
        emit("rate", float(sum(casts for _, casts in self._recent)))


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=1.0, isolation_level=None)


def count(db: sqlite3.Connection, since: int) -> Count:
    """Counts the rounds from row ``since`` on. Raises sqlite3.Error where there is no ballot store yet."""
    casts = dict(db.execute("SELECT id, casts FROM rounds WHERE id >= ?", (since,)))
    newest = max(casts, default=0)
    votes = db.execute("SELECT choice, count(*) FROM votes WHERE round = ? GROUP BY choice", (newest,))
    return Count(newest, casts, dict(votes))
