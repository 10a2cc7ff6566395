"""Which pieces are resident where their models do not all fit into memory."""

import gc
import threading
import weakref
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from installation.core.clock import RealClock
from installation.core.disk_cache import DiskCache
from installation.core.signals import Board
from installation.engine.loop import Loop
from installation.engine.opening import Opening
from installation.engine.painter import Painter
from installation.engine.playlist import Asks, Entry, Playlist
from installation.engine.residence import STEADY, Residence, Turns, residence_of
from installation.networks.model_file import bytes_in_memory
from installation.operator.inbox import Inbox
from installation.run import stand_in
from installation.showfile.load import Show, load
from tests.timeout import until

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "shows" / "models" / "landscapes.safetensors"
ONE = bytes_in_memory(MODEL)
OPENINGS: list[Opening] = []
PIECE = """
[[piece]]
name = "{name}"
duration = "20 s"
generator = {{ kind = "stylegan2", model = "{name}.safetensors", runtime = "eager" }}
walk = {{ kind = "wander" }}
transition = {{ kind = "dissolve", duration = "2 s" }}
"""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """No thread goes on in torch when a test is over."""
    before = set(threading.enumerate())
    yield
    for opening in OPENINGS:
        opening.stop()
    OPENINGS.clear()
    until(lambda: not any(one.name in ("opening", "improving") for one in set(threading.enumerate()) - before))


def show_of(folder: Path, memory: int | None, order: str = "listed", names: str = "abcd") -> Show:
    for name in names:
        if not (folder / f"{name}.safetensors").exists():
            (folder / f"{name}.safetensors").symlink_to(MODEL)
    line = "" if memory is None else f"memory = {memory}"
    path = folder / "show.toml"
    path.write_text(
        f'[show]\ntitle = "many"\norder = "{order}"\n{line}\n' + "".join(PIECE.format(name=name) for name in names)
    )
    return load(path)


class Room:
    """A show that plays on a clock of the test's, with a painter that is not started."""

    def __init__(self, show: Show, folder: Path) -> None:
        self.now, clock = 0.0, RealClock()
        clock.now = lambda: self.now  # type: ignore[method-assign]
        self.painter, self.inbox = Painter(clock.now), Inbox(show.controls(), show.commands())
        self.loop = Loop(show, Board(), self.painter, clock, 1 / 30, self.inbox.drain, always_open=True)
        later = residence_of(show).later(0)
        hang, cache = self.painter.hang, DiskCache(folder / "cache")
        self.opening = Opening(show.pieces, "cpu", 0, hang, stand_in, clock.now, cache, later=later)
        OPENINGS.append(self.opening)
        self.turns = Turns(self.loop, self.painter)
        self.most = 0
        self.opening.start()
        until(self.opening.done.is_set)

    def frame(self, seconds: float = 0.1) -> None:
        self.now += seconds
        self.loop.tick()
        self.opening.watch(self.now, self.painter.broken)
        self.turns.step(self.now, self.opening)
        self.most = max(self.most, len(self.painter.hung))

    def settle(self) -> None:
        """What is asked of the opening thread is done."""
        if self.opening.asked is not None:
            until(lambda: self.opening.asked is None)

    def play(self, seconds: float) -> Iterator[int]:
        """The piece that hangs, frame by frame."""
        until_then = self.now + seconds
        while self.now < until_then:
            self.frame()
            self.settle()
            assert self.loop.decision is not None
            playback = self.loop.decision.wall.playback
            assert playback.piece in self.painter.hung
            assert playback.coming is None or playback.coming in self.painter.hung
            yield playback.piece


def test_what_pieces_need_is_counted_once(tmp_path: Path) -> None:
    show = show_of(tmp_path, 2 * ONE)
    residence = Residence((*show.pieces, show.pieces[0]), 2 * ONE)
    assert residence.bytes([0, 4]) == ONE, "both paint from one file"
    assert residence.whole == 4 * ONE
    assert not residence.fits
    assert residence.later(1) == {0, 3, 4}
    assert residence.kept([0, 1], [4, 2]) == {0, 1, 4}
    assert f"{2 * ONE / 1e6:.3g} MB are allowed" in residence.told()
    assert Residence(show.pieces, 4 * ONE).told() == ""


def test_every_machine_has_room_for_little(tmp_path: Path) -> None:
    assert residence_of(show_of(tmp_path, None)).fits
    assert not residence_of(show_of(tmp_path, ONE)).fits, "what the show file says counts"


@pytest.mark.parametrize("order", ["listed", "shuffle", "votes"])
def test_every_piece_has_its_turn_with_two_resident_at_most(tmp_path: Path, order: str) -> None:
    room = Room(show_of(tmp_path, 2 * ONE, order), tmp_path)
    assert set(room.painter.hung) == {0, 1}
    hung = list(room.play(95.0))
    seen = list(dict.fromkeys(hung))
    assert set(seen) == {0, 1, 2, 3}
    assert order == "shuffle" or seen == [0, 1, 2, 3]
    assert room.most <= 3, "what is let go leaves before the next is open, in another thread"
    assert len(room.painter.hung) <= 2
    changes = [at for at in range(1, len(hung)) if hung[at] != hung[at - 1]]
    assert all(215 <= two - one <= 225 for one, two in pairwise(changes)), "none came late"


def test_who_is_asked_for_by_name_comes_as_soon_as_it_is_open(tmp_path: Path) -> None:
    room = Room(show_of(tmp_path, 2 * ONE), tmp_path)
    list(room.play(1.0))
    assert room.inbox.put("/show/piece", 3, room.now, "osc") == ""
    room.frame()
    room.settle()
    list(room.play(4.0))
    assert room.loop.decision is not None
    assert room.loop.decision.wall.playback.piece == 3


def test_a_piece_that_cannot_be_opened_is_passed_over(tmp_path: Path) -> None:
    room = Room(show_of(tmp_path, 2 * ONE), tmp_path)
    (tmp_path / "c.safetensors").unlink()
    assert {0, 1, 3} == set(room.play(70.0))
    assert 2 in room.opening.failed


def test_what_is_let_go_leaves_memory(tmp_path: Path) -> None:
    room = Room(show_of(tmp_path, 2 * ONE), tmp_path)
    until(room.opening.accelerated.is_set)
    gc.collect()
    gc.disable()  # as what a show has frozen is never looked at again
    try:
        gone = weakref.ref(room.painter.hung[0].generator.network)  # type: ignore[attr-defined]
        while 0 in room.painter.hung:
            list(room.play(1.0))
        until(lambda: gone() is None)
    finally:
        gc.enable()


def test_a_change_waits_for_what_is_able_to_come() -> None:
    playlist = Playlist([Entry(name, 10.0, 2.0) for name in "abc"])
    seen = [playlist.step(frame * 0.1, Asks(), {}, {0, 2}, {1}) for frame in range(130)]
    assert seen[-1].coming is None
    assert playlist.awaited == 1
    assert playlist.step(13.0, Asks(), {}, {0, 1, 2}, set()).coming == 1
    assert playlist.awaited is None
    assert STEADY < 10.0
