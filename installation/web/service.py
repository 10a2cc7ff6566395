"""What the web process knows and does between its two sides: the app on its pipe and the visitors on the network."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from installation.core.pipe import Message
from installation.web.ballot_writer import BallotWriter
from installation.web.live import Hub
from installation.web.messages import Hello, Playback
from installation.web.preview import Preview

TELL_APP, TELL_PHONES = 0.1, 0.25
"""The least seconds between two tallies to the app, and to the phones."""

SILENT = 3.0
"""Seconds without a word about the show's health after which it counts as gone."""


class Service:
    """The web process's state. ``tell`` sends a message to the app and never blocks."""

    def __init__(self, hello: Hello, writer: BallotWriter, tell: Callable[[str, Any], None]) -> None:
        self.hello, self.writer, self.tell = hello, writer, tell
        self.playback: Playback | None = None
        self.version = secrets.randbits(32)  # a process that was restarted has another page
        self.hub = Hub()
        self.preview = Preview(lambda viewers: tell("watching", viewers))
        self.health = Health()
        writer.on_change = self.cast
        self._moved_on, self._cast, self._counted = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def receive(self, message: Message) -> None:
        """One message of the app."""
        if isinstance(message, bytes):
            self.preview.show(message)
        elif "playback" in message:
            self._playback(Playback.read(message["playback"], time.monotonic()))
        elif "health" in message:
            self.health.heard(message["health"], time.monotonic())

    def _playback(self, playback: Playback) -> None:
        same = playback.looks_like(self.playback)
        self.playback = self.playback if same else playback
        self._cast.set()
        if not same:
            self._moved_on.set()

    def cast(self) -> None:
        """Votes were written."""
        self._cast.set()
        self._counted.set()

    async def run(self) -> None:
        """Passes on what changes, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.writer.write())
            tasks.create_task(_paced(self._moved_on, 0.0, self._turn))
            tasks.create_task(_paced(self._cast, TELL_APP, self._tell_app))
            tasks.create_task(_paced(self._counted, TELL_PHONES, self._tell_phones))

    async def _turn(self) -> None:
        """Opens the round that the playback asks for, then shows it."""
        playback = self.playback
        assert playback is not None
        await self.writer.turn(playback.round, playback.candidates)
        self.version += 1
        self.hub.tell("version", self.version)
        await self._tell_phones()

    async def _tell_app(self) -> None:
        result = self.writer.result()
        if result is not None:
            self.tell("tally", {"round": result[0], "votes": result[1]})

    async def _tell_phones(self) -> None:
        if self.writer.round is not None:
            self.hub.tell("tally", self.writer.tally())

    def reasons(self, now: float) -> list[str]:
        """Why not all is well; empty when it is."""
        trouble = self.writer.trouble
        return self.health.reasons(now) + ([f"votes cannot be kept: {trouble}"] if trouble else [])


class Health:
    """What the app said about itself, and when the picture last moved on."""

    def __init__(self) -> None:
        self.said: Mapping[str, Any] = {}
        self._heard: float | None = None
        self._moved = 0.0

    def heard(self, said: Mapping[str, Any], now: float) -> None:
        if "frames" not in said or said["frames"] != self.said.get("frames"):
            self._moved = now
        self.said, self._heard = said, now

    def reasons(self, now: float) -> list[str]:
        if self._heard is None:
            return ["the show has not said anything yet"]
        reasons = [str(reason) for reason in self.said.get("reasons", ())]
        if now - self._heard > SILENT:
            reasons.append(f"the show has been silent for {now - self._heard:.0f} s")
        elif now - self._moved > SILENT:
            reasons.append(f"the picture has stood still for {now - self._moved:.0f} s")
        if not self.said.get("running", True):
            reasons.append("the show is not running")
        return reasons


async def _paced(due: asyncio.Event, pause: float, act: Callable[[], Any]) -> None:
    """Acts whenever something is due, at most once every ``pause`` seconds."""
    while True:
        await due.wait()
        due.clear()
        await act()
        await asyncio.sleep(pause)
