"""Safe mode on a real stage: each piece's still with its label, and nothing else on the wall."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from installation.core.clock import SimulatedClock
from installation.core.commands import NOTHING
from installation.core.contracts import Pixels
from installation.core.parts import ROOT
from installation.core.signals import Board
from installation.engine.loop import Loop
from installation.engine.painter import Painter
from installation.preparing import Preparing
from installation.process.heartbeat import Heartbeat, Orders
from installation.showfile.load import load
from installation.stage import Stage, open_stage
from installation.stills import Stills

pytestmark = pytest.mark.gl


@pytest.fixture
def stage() -> Iterator[Stage]:
    opened = open_stage("headless", (640, 360))
    yield opened
    opened.close()


def test_the_newest_pictures_hang_with_their_labels(stage: Stage, tmp_path: Path) -> None:
    show = load(ROOT / "shows" / "rehearsal.toml")
    stills = Stills(tmp_path, [piece.name for piece in show.pieces], restarted=True)
    stills.paths[0].parent.mkdir()
    Image.new("RGB", (64, 64), (200, 30, 30)).save(stills.paths[0])
    preparing = Preparing(stage, show, stills.first)
    while not preparing.done:
        preparing.step()
    clock = SimulatedClock(datetime(2026, 5, 1, 12, tzinfo=UTC), 100.0)
    board = Board()
    board.declare(show.signals())
    loop = Loop(show, board, Painter(clock.now), clock, 1 / 30, lambda: NOTHING)
    loop.stills = True
    view = loop.tick()
    assert view.current.later is None
    assert view.label == 1.0

    def drawn(label: float) -> Pixels:
        stage.draw(replace(view, label=label))
        return stage.read()

    with_label, without = drawn(1.0), drawn(0.0)
    middle = with_label[150:180, 300:330].reshape(-1, 3).mean(axis=0)
    assert middle[0] > 2.0 * middle[1], "the still, as it was kept"
    assert (with_label != without).any(axis=2).sum() > 500, "the label's card is there"


def test_it_is_said_in_health() -> None:
    heartbeat = Heartbeat()
    heartbeat.orders = Orders(restarts=5, why="ended with exit code 7", safe=True)
    assert "safe mode: stills and labels only" in heartbeat.reasons[0]
    assert "5 times" in heartbeat.notes[0]
