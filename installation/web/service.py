"""The state and the actions of the web process, between the app (pipe) and the visitors (network)."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from installation.core.pipe import Message
from installation.web.ballot_writer import BallotWriter
from installation.web.console_state import ConsoleState
from installation.web.devices import Devices
from installation.web.leanings import Wished
from installation.web.liking import Likings
from installation.web.live import Hub
from installation.web.messages import (
    TO_WEB,
    Agenda,
    Answer,
    Ballots,
    Desk,
    Health,
    Hello,
    Leanings,
    Liked,
    Moment,
    Opinions,
    Playback,
    Uncounted,
    Watching,
    check_version,
    unpack,
)
from installation.web.preview import Preview
from installation.web.whys import Whys

TELL_APP, TELL_PHONES = 0.1, 0.25
"""The least seconds between two tallies to the app, and to the phones."""

SILENT = 3.0
"""Seconds without a health report after which the show counts as gone."""

SAME_END = 1.5
"""Two playbacks whose rounds close within so many seconds of one another look alike."""


class Service:
    """The web process's state. ``tell`` sends a message (of TO_APP) to the app and never blocks."""

    def __init__(self, hello: Hello, writer: BallotWriter, tell: Callable[[Any], None]) -> None:
        self.hello, self.writer, self.tell = hello, writer, tell
        self.playback: Playback | None = None
        self.ends: float | None = None
        """When the vote closes (seconds, monotonic); None where time alone does not close it."""
        self.version = secrets.randbits(32)  # a process that was restarted has another page
        self.url = hello.url
        """Where phones reach the page, once that is known."""
        self.hub = Hub()
        self.preview = Preview(lambda viewers: tell(Watching(viewers)))
        self.show = ShowHealth()
        self.whys = Whys()
        self.console = ConsoleState()
        self.wished = Wished()
        self._leaning = Leanings(0)
        self.likings, self.liked = Likings(), Liked(0)
        self._opinions = Opinions(0)
        self.devices = Devices(writer)
        self._uncounted = ""
        writer.on_change = self.counted
        self._changed, self._due, self._counted = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def receive(self, message: Message) -> None:
        """One message of the app. Raises FrameError for what is none of its messages."""
        if isinstance(message, bytes):
            self.preview.show(message)
            return
        now = time.monotonic()
        match unpack(message, TO_WEB):
            case Playback() as playback:
                self._hang(playback, now)
            case Health() as health:
                self.show.heard(health, now)
                self.whys.hear(health.details.get("controls", {}), now)
                self.console.alive(now)
            case Moment() as moment:
                self.console.hear(moment)
                self.console.alive(now)
            case Ballots() as ballots:
                self.devices.hear(ballots)
            case Liked() as liked:
                self._like(liked)
            case Desk() | Agenda() | Answer() as told:
                self.console.hear(told)
            case Hello() as hello:
                check_version(hello.version)
                self.hello = hello
                self._changed.set()

    def _hang(self, playback: Playback, now: float) -> None:
        ends = None if playback.seconds_left is None else now + max(0.0, playback.seconds_left)
        same = self.playback is not None and playback.without_time() == self.playback.without_time()
        if not same or not _near(ends, self.ends):
            self.playback, self.ends = playback, ends
            self._changed.set()
        self._due.set()

    def counted(self) -> None:
        """Votes were written."""
        self._due.set()
        self._counted.set()

    def _like(self, liked: Liked) -> None:
        """The app says who likes what hangs, with those who have no phone."""
        if liked != self.liked:
            self.liked = liked
            self._know()
            self._counted.set()

    def _know(self) -> None:
        """What the app said counts for its own round alone."""
        current = self.writer.round
        self.likings.known = self.liked.sides if current and current.number == self.liked.round else {}

    def leaned(self) -> None:
        """Visitors' wishes for the picture changed, or what they like."""
        self._due.set()
        self._counted.set()

    async def run(self) -> None:
        """Passes on what changes, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.writer.write())
            tasks.create_task(self.writer.watch())
            tasks.create_task(self.devices.run())
            tasks.create_task(_paced(self._changed, 0.0, self._open_round))
            tasks.create_task(_paced(self._due, TELL_APP, self._tell_app))
            tasks.create_task(_paced(self._counted, TELL_PHONES, self._tell_phones))

    async def _open_round(self) -> None:
        """Opens the round that the playback names, then shows it."""
        playback = self.playback
        if playback is None:  # another hello before the first playback
            return
        await self.writer.open_round(playback.round, playback.candidates, rests=playback.coming is None)
        self.wished.turn(self.writer.round.id if self.writer.round else 0)
        self.likings.turn(self.wished.round)
        self._know()
        self.version += 1
        self.hub.tell("version", self.version)
        await self._tell_phones()

    async def _tell_app(self) -> None:
        if self.writer.trouble != self._uncounted:
            self._uncounted = self.writer.trouble
            self.tell(Uncounted(self._uncounted))
        result = self.writer.result()
        if result is not None:
            self.tell(result)
        if (leaning := self._leans(time.monotonic())) != self._leaning:
            self._leaning = leaning
            self.tell(leaning)
            self._counted.set()
        if (
            self.writer.round
            and (said := Opinions(self.writer.round.number, dict(self.likings.sides))) != self._opinions
        ):
            self._opinions = said
            self.tell(said)

    def _leans(self, now: float) -> Leanings:
        current, leans = self.writer.round, self.wished.leans(now)
        return Leanings(
            current.number if current else 0,
            {address: one.lean for address, one in leans.items()},
            {address: one.visitors for address, one in leans.items()},
        )

    async def _tell_phones(self) -> None:
        if self.writer.round is not None:
            self.hub.tell("tally", self.writer.tally())
            self.hub.tell("likes", self.likings.counts())
            self.hub.tell("leans", self._leaning.leans)

    def reasons(self, now: float) -> list[str]:
        """The reasons why the show is not healthy; empty when it is."""
        return self.show.reasons(now) + ([self.writer.trouble] if self.writer.trouble else [])

    def notes(self) -> list[str]:
        """Notes for the show's operator that are no faults."""
        told = list(self.show.told.notes) if self.show.told else []
        return told + ([self.writer.note] if self.writer.note else [])


class ShowHealth:
    """Takes the app's health, and notes when the picture last moved on."""

    def __init__(self) -> None:
        self.told: Health | None = None
        self._heard = self._moved = 0.0

    def heard(self, told: Health, now: float) -> None:
        if self.told is None or told.frames != self.told.frames:
            self._moved = now
        self.told, self._heard = told, now

    def age(self, now: float) -> float | None:
        """Seconds since the picture last moved on; None before the first report."""
        return None if self.told is None else now - self._moved

    def reasons(self, now: float) -> list[str]:
        if self.told is None:
            return ["the show has not said anything yet"]
        reasons = list(self.told.reasons)
        if now - self._heard > SILENT:
            reasons.append(f"the show has been silent for {now - self._heard:.0f} s")
        elif now - self._moved > SILENT:
            reasons.append(f"the picture has stood still for {now - self._moved:.0f} s")
        if not self.told.running:
            reasons.append("the show is not running")
        return reasons


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < SAME_END


async def _paced(due: asyncio.Event, pause: float, act: Callable[[], Awaitable[None]]) -> None:
    """Acts whenever something is due, at most once every ``pause`` seconds."""
    while True:
        await due.wait()
        due.clear()
        await act()
        await asyncio.sleep(pause)
