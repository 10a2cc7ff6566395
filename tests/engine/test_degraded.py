"""What hangs when generators fail: the last good frame, the piece's still, another piece, a procedural picture.

The real loop, painter and opening, in the order in which a show uses them; only the clock is ours.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

from installation.core.clock import SimulatedClock
from installation.core.commands import NOTHING
from installation.core.contracts import Generator, Latent, Pixels, Space, Walk
from installation.core.controls import Values
from installation.core.disk_cache import DiskCache
from installation.core.parts import ROOT
from installation.core.signals import Board
from installation.engine.loop import Loop
from installation.engine.opening import FIRST_RETRY, Opening
from installation.engine.painter import STUCK, Painter
from installation.engine.view import View
from installation.run import stand_in
from installation.showfile.load import Show, load
from tests.timeout import until

FRAME = 1 / 30
FLAT = np.zeros((8, 8, 3), np.uint8)


class Failing(Generator):
    """Paints its shade, until ``fails`` says what it does instead."""

    space = Space(np.zeros(2, np.float32), np.eye(2, dtype=np.float32), np.ones(2, np.float32), np.ones(2), "failing")

    def __init__(self, shade: int) -> None:
        self.shade = shade
        self.fails: Callable[[], Any] | None = None
        self.gate = threading.Event()

    def latent(self, seed: int) -> Latent:
        return np.zeros(2, np.float32)

    def paint(self, latent: Latent, controls: Values) -> Pixels:
        if self.fails is not None:
            return cast(Pixels, self.fails())
        pixels = np.full((8, 8, 3), self.shade, np.uint8)
        pixels[0, 0] = 255 - self.shade
        return pixels

    def hang(self) -> Any:
        self.gate.wait(60.0)

    def fail(self, error: BaseException) -> Any:
        raise error


@dataclass
class Wall:
    """Three pieces on a wall. ``play`` goes on for some frames, as a show does."""

    show: Show
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(datetime(2026, 5, 1, 12, tzinfo=UTC), 100.0))
    generators: list[Failing] = field(default_factory=list)
    opens: bool = True

    def __post_init__(self) -> None:
        board = Board()
        board.declare(self.show.signals())
        self.painter = Painter(self.clock.now)
        self.loop = Loop(self.show, board, self.painter, self.clock, FRAME, lambda: NOTHING)
        self.generators = [Failing(50 + 50 * index) for index in range(len(self.show.pieces))]
        pieces = [
            replace_generator(piece, self._config(generator))
            for piece, generator in zip(self.show.pieces, self.generators, strict=True)
        ]
        cache = DiskCache(ROOT / "nowhere")
        self.opening = Opening(pieces, "cpu", 0, self.painter.hang, stand_in, self.clock.now, cache)

    def _config(self, generator: Failing) -> Any:
        def opened(device: str) -> Failing:
            if not self.opens:
                raise RuntimeError("the model is gone")
            return generator

        return SimpleNamespace(open=opened)

    def start(self) -> None:
        self.painter.start()
        self.opening.start()
        until(self.opening.done.is_set)

    def frame(self, seconds: float = FRAME) -> View:
        self.clock.advance(seconds)
        view = self.loop.tick()
        self.painter.watch(self.clock.now())
        self.opening.watch(self.clock.now(), self.painter.broken)
        return view

    def until(self, true: Callable[[View], Any]) -> View:
        views: list[View] = []
        until(lambda: true(views.append(self.frame()) or views[-1]))
        return views[-1]


class Straight(Walk):
    def at(self, t: float, controls: Values) -> Latent:
        return np.array([t, 0], np.float32)


def replace_generator(piece: Any, config: Any) -> Any:
    walk = SimpleNamespace(open=lambda generator, seed: Straight())
    return SimpleNamespace(name=piece.name, generator=config, walk=walk)


@pytest.fixture
def wall() -> Iterator[Wall]:
    made = Wall(load(ROOT / "shows" / "rehearsal.toml"))
    yield made
    for generator in made.generators:
        generator.gate.set()
    made.painter.stop()


def shade(view: View) -> int:
    assert view.current.later is not None
    return int(view.current.later.pixels[4, 4, 0])


FAILS: dict[str, Callable[[Failing], Any]] = {
    "raises": lambda generator: generator.fail(RuntimeError("boom")),
    "paints NaN": lambda generator: np.full((8, 8, 3), np.nan, np.float32),
    "paints one colour": lambda generator: FLAT,
    "has no memory left": lambda generator: generator.fail(torch.OutOfMemoryError("CUDA out of memory")),
    "hangs": Failing.hang,
}


@pytest.mark.parametrize("how", FAILS)
def test_its_last_good_frame_stays_until_another_piece_comes(wall: Wall, how: str) -> None:
    wall.start()
    wall.until(lambda view: view.current.later)
    broken = wall.generators[0]
    broken.fails = lambda: FAILS[how](broken)
    if how == "hangs":
        until(lambda: wall.painter.busy_since is not None or not wall.frame())
        wall.frame(STUCK + 1.0)
    seen: set[int] = set()
    view = wall.until(lambda view: seen.add(shade(view)) or view.coming)
    assert seen == {50}, "nothing but its own last frame"
    assert wall.painter.broken.keys() == {0}
    assert view.coming is not None
    assert view.coming.piece == 1
    wall.until(lambda view: view.current.piece == 1 and shade(view) == 100)


def test_a_piece_that_never_painted_has_its_still(wall: Wall) -> None:
    """The stage draws the still of a picture without frames."""
    wall.generators[0].fails = lambda: wall.generators[0].fail(RuntimeError("boom"))
    view = wall.frame()
    wall.start()
    while view.coming is None:
        assert (view.current.piece, view.current.later) == (0, None)
        view = wall.frame()
    assert view.coming.piece == 1


def test_where_all_fail_a_procedural_picture_hangs_until_one_opens_again(wall: Wall) -> None:
    wall.start()
    wall.until(lambda view: view.current.later)
    wall.opens = False
    for generator in wall.generators:
        generator.fails = lambda generator=generator: generator.fail(RuntimeError("boom"))
    seen: list[View] = []
    wall.until(lambda view: seen.append(view) or (0 in wall.painter.hung and 0 in wall.opening.failed))
    view = wall.until(lambda view: view.current.piece == 0 and view.coming is None and shade(view) not in (50, 100))
    assert all(one.current.later is not None for one in seen if one.current.piece == 0), "the others have their stills"
    assert view.current.later is not None
    assert view.current.later.pixels.std() > 1.0
    assert set(wall.opening.failed) == {0, 1, 2}
    wall.opens = True
    for generator in wall.generators:
        generator.fails = None
    for _ in range(3):
        wall.frame(FIRST_RETRY)
    wall.until(lambda view: view.current.piece == 0 and shade(view) == 50 and not wall.opening.failed)


def test_time_that_jumps_changes_nothing_that_hangs(wall: Wall) -> None:
    """A machine that was suspended for a day goes on where it was."""
    wall.start()
    wall.until(lambda view: view.current.later)
    walk = wall.loop.decider.walk_times[0]
    view = wall.frame(86_400.0)
    assert view.current.piece == 0
    assert wall.loop.decider.walk_times[0] - walk < 10.0
    assert not wall.painter.broken
