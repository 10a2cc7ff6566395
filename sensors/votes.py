"""Visitors' votes: every vote as a pulse, how many there are, how clear the lead is and how lively the room votes."""

import threading
import time
from collections import deque
from queue import Empty, SimpleQueue
from typing import Literal

from installation.core.contracts import Emit, Sensor, SensorConfig
from installation.core.decision import Tally
from installation.core.errors import DeviceError
from installation.core.signals import Signal

SAY = 0.25
"""Seconds between two sendings of the signals."""
MINUTE = 60.0
PULSES = 64
"""The most votes of one tally that are sent as single pulses."""
FIRST = 30.0
"""Seconds without any tally after which the sensor reports an error."""


class Config(SensorConfig):
    """Receives the votes that the web process counts."""

    kind: Literal["votes"] = "votes"
    name: str = "votes"

    def signals(self) -> tuple[Signal, ...]:
        return (
            Signal("cast", "a vote was cast or changed", pulse=True, told="someone voted"),
            Signal("total", "votes in this round", 0.0, 1000.0),
            Signal("share", "the leader's share of the votes; 0 without votes"),
            Signal("rate", "votes cast or changed in the last minute", 0.0, 600.0),
        )

    def open(self) -> "Votes":
        return Votes(self.name)


class Votes(Sensor):
    """Receives each new tally (``hear_votes``), and sends the signals four times a second from the first one on.

    Raises DeviceError where none comes for ``first`` seconds.
    """

    def __init__(self, name: str = "votes", first: float = FIRST) -> None:
        self.name, self.first = name, first
        self._told: SimpleQueue[Tally] = SimpleQueue()

    def hear_votes(self, tally: Tally) -> None:
        self._told.put(tally)

    def run(self, emit: Emit, stop: threading.Event) -> None:
        room, began = Room(), time.monotonic()
        while not stop.is_set():
            try:
                room.counted(self._told.get(timeout=SAY), time.monotonic())
            except Empty:
                if room.tally is None and time.monotonic() - began > self.first:
                    raise DeviceError(
                        f'the sensor "{self.name}" hears no votes: they are counted where [web] is enabled '
                        'and the order of the show is "votes"'
                    ) from None
            if room.tally is not None:
                room.say(emit, time.monotonic())


class Room:
    """The votes counted so far, and the signals derived from them."""

    def __init__(self) -> None:
        self.tally: Tally | None = None
        self._news = 0
        self._recent: deque[tuple[float, int]] = deque()

    def counted(self, tally: Tally, now: float) -> None:
        """Takes a tally at ``now`` (seconds). Votes cast before the first tally give no pulses."""
        if self.tally is not None:
            fresh = max(0, tally.casts - self.tally.casts)
            self._news += fresh
            self._recent.append((now, fresh))
        self.tally = tally

    def say(self, emit: Emit, now: float) -> None:
        """Sends the new pulses, and the levels."""
        while self._recent and now - self._recent[0][0] > MINUTE:
            self._recent.popleft()
        for _ in range(min(self._news, PULSES)):
            emit("cast", 1.0)
        self._news = 0
        votes = self.tally.votes if self.tally else {}
        total = sum(votes.values())
        emit("total", float(total))
        emit("share", max(votes.values()) / total if total else 0.0)
        emit("rate", float(sum(casts for _, casts in self._recent)))
