"""What the house knows and does between its two sides: the app on its pipe and the visitors on the network."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from installation.core.pipe import Message
from installation.web.ballot_writer import Teller
from installation.web.live import Hub
from installation.web.messages import Cue, Hello
from installation.web.preview import Preview

TELL_APP, TELL_PHONES = 0.1, 0.25
"""The least seconds between two tallies to the app, and to the phones."""

SILENT = 3.0
"""Seconds without a word about the show's health after which it counts as gone."""


class House:
    """Front of house. ``tell`` sends a message to the app and never blocks."""

    def __init__(self, hello: Hello, teller: Teller, tell: Callable[[str, Any], None]) -> None:
        self.hello, self.teller, self.tell = hello, teller, tell
        self.cue: Cue | None = None
        self.version = secrets.randbits(32)  # a house that was restarted has another page
        self.hub = Hub()
        self.preview = Preview(lambda viewers: tell("watching", viewers))
        self.health = Health()
        teller.on_change = self.cast
        self._cued, self._cast, self._counted = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def receive(self, message: Message) -> None:
        """One message of the app."""
        if isinstance(message, bytes):
            self.preview.show(message)
        elif "cue" in message:
            self._cue(Cue.read(message["cue"], time.monotonic()))
        elif "health" in message:
            self.health.heard(message["health"], time.monotonic())

    def _cue(self, cue: Cue) -> None:
        same = cue.looks_like(self.cue)
        self.cue = self.cue if same else cue
        self._cast.set()
        if not same:
            self._cued.set()

    def cast(self) -> None:
        """Votes were written."""
        self._cast.set()
        self._counted.set()

    async def run(self) -> None:
        """Passes on what changes, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.teller.write())
            tasks.create_task(_paced(self._cued, 0.0, self._turn))
            tasks.create_task(_paced(self._cast, TELL_APP, self._tell_app))
            tasks.create_task(_paced(self._counted, TELL_PHONES, self._tell_phones))

    async def _turn(self) -> None:
        """Opens the round that the cue asks for, then shows it."""
        cue = self.cue
        assert cue is not None
        await self.teller.turn(cue.round, cue.candidates)
        self.version += 1
        self.hub.tell("version", self.version)
        await self._tell_phones()

    async def _tell_app(self) -> None:
        result = self.teller.result()
        if result is not None:
            self.tell("tally", {"round": result[0], "votes": result[1]})

    async def _tell_phones(self) -> None:
        if self.teller.round is not None:
            self.hub.tell("tally", self.teller.tally())

    def reasons(self, now: float) -> list[str]:
        """Why not all is well; empty when it is."""
        trouble = self.teller.trouble
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
