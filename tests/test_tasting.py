"""Like and pass in a running show: from a phone and from keys to what is believed, the walk, the page and the why."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest

from installation.core.clock import SimulatedClock
from installation.core.commands import TASTE_RESET, VOTE_LIKE, VOTE_PASS, VOTE_RIGHT
from installation.core.contracts import TASTE, TASTE_MEAN, TASTE_STD
from installation.core.decision import Wishes
from installation.core.signals import Board
from installation.engine.loop import Loop
from installation.engine.painter import Hung, Painter
from installation.engine.reasons import why
from installation.engine.taste import coordinates
from installation.operator.inbox import Inbox
from installation.opinions import FILE
from installation.process.web import WebProcess
from installation.showfile.load import load
from installation.tasting import Tasting
from installation.web.messages import Health
from tests.timeout import until
from tests.web_driver import Visitor

SHOW = """
[show]
title = "Try-out"
order = "votes"
[web]
port = 0
"""

PIECE = """
[[piece]]
name = "{name}"
duration = "10 min"
generator = {{ kind = "plasma", width = 64, height = 64 }}
walk = "{walk}"
label = {{ title = "{name}" }}
"""


class Room:
    """A show without a stage: its loop, its painter, its web process and what hears its visitors."""

    def __init__(self, folder: Path) -> None:
        path = folder / "show.toml"
        pieces = [("one", "taste"), ("two", "wander"), ("three", "wander")]
        path.write_text(SHOW + "".join(PIECE.format(name=name, walk=walk) for name, walk in pieces))
        self.show = load(path)
        self.clock = SimulatedClock(datetime(2026, 11, 27, 12, tzinfo=UTC), 100.0)
        self.painter = Painter(self.clock.now)
        for index, piece in enumerate(self.show.pieces):
            generator = piece.generator.open("cpu")
            self.painter.hang(index, Hung(generator, piece.walk.open(generator, 0)))
        self.inbox = Inbox(self.show.controls(), self.show.commands())
        self.loop = Loop(self.show, Board(), self.painter, self.clock, 0.05, self.inbox.drain)
        self.web = WebProcess(self.show, folder / "state", False)
        self.tasting = Tasting(self.show, folder / "state", self.painter, self.web, lambda: self.clock.civil().date())
        self.open = True
        self.store = folder / "state" / FILE

    def __enter__(self) -> "Room":
        self.painter.start()
        self.web.start()
        self.tasting.start()
        until(self.frame, "the page")
        until(lambda: self.frame() and 0 in self.painter.places, "a picture")
        return self

    def __exit__(self, *_: object) -> None:
        self.tasting.close()
        self.web.stop()
        self.painter.stop()

    def frame(self) -> bool:
        """One frame, as the run does it."""
        self.clock.advance(0.05)
        self.loop.tick()
        decision = self.loop.decision
        assert decision is not None
        self.web.tell(decision.wall.playback, decision.time, lambda: Health(1))
        told = self.tasting.step(decision, self.loop.decider.commands, Wishes(), self.open)
        self.loop.wishes, self.loop.taste = told
        return bool(self.web.port)

    def why(self) -> str:
        return why(self.loop.decider, TASTE)

    def press(self, *addresses: str) -> None:
        for address in addresses:
            self.inbox.put(address, 1.0, self.clock.now(), "keyboard")

    def opinions(self) -> list[tuple[int, bytes]]:
        with closing(sqlite3.connect(self.store)) as db:
            return db.execute("SELECT side, place FROM opinions ORDER BY id").fetchall()

    def until(self, true: object, what: str) -> None:
        until(lambda: self.frame() and true(), what)  # type: ignore[operator]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with Room(tmp_path_factory.mktemp("room")) as room:
        yield room


def number_of(text: str) -> int:
    found = re.search(r'name="round" value="(\d+)"', text)
    return int(found[1]) if found else 0


def test_a_phone_and_a_key_teach_the_walk_and_the_page_says_so(room: Room) -> None:
    with Visitor(room.web.port) as visitor:
        room.until(lambda: number_of(visitor.get().text), "the round")
        assert room.why() == "Nobody moves it."
        assert "Remembered" not in visitor.get().text
        form = urlencode({"round": number_of(visitor.get().text), "like": "1"})
        assert visitor.ask("POST", "/like", form, Content_Type="application/x-www-form-urlencoded").status == 303
        room.until(lambda: [side for side, _ in room.opinions()] == [1], "the phone's opinion on the disk")
        room.press(VOTE_PASS, VOTE_RIGHT)
        room.until(lambda: [side for side, _ in room.opinions()] == [1, -1], "the key's opinion")
        room.until(lambda: "“like” 1 ×, “pass” 1 ×" in visitor.get().text, "what is remembered")
        assert "goes where that leads" in visitor.get().text
        room.until(lambda: room.web.tally.votes == {"two": 0, "three": 1}, "the key's vote for the second candidate")
    assert room.why().startswith("1 like, 1 pass are remembered")
    space = room.painter.hung[0].generator.space
    place = np.frombuffer(room.opinions()[1][1], "<f4")
    assert np.abs(place - coordinates(space, room.painter.places[0])).max() < 1.0, "where the picture was"
    decision = room.loop.decision
    assert decision is not None
    told = decision.wall.lanes[0].controls
    assert set(TASTE_MEAN) <= set(told)
    assert told[TASTE_STD[0]] < 1.0


def test_the_operator_may_have_all_of_it_forgotten(room: Room) -> None:
    room.press(VOTE_LIKE)
    room.until(lambda: room.opinions(), "an opinion")
    room.press(TASTE_RESET, TASTE_RESET)
    room.until(lambda: not room.opinions() and not room.tasting.opinions.beliefs, "the reset")
    room.until(lambda: room.why().startswith("Nobody moves it"), "the hand")
    room.press(VOTE_LIKE)
    room.until(lambda: len(room.opinions()) == 1, "a new opinion of the same key")
