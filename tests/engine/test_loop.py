"""One frame of the show, with time as an argument: hands, cues, walks, votes, and what the stage is told."""

from collections.abc import Mapping

import pytest

from installation.core.parts import ROOT
from installation.core.signals import Board
from installation.engine.loop import Heard, Loop, Vote
from installation.engine.painter import Hung, Painter
from installation.showfile.load import Show, load

FPS = 30.0


class Desk:
    """What the operator does, said by the test."""

    def __init__(self) -> None:
        self.next = Heard()

    def drain(self) -> Heard:
        heard, self.next = self.next, Heard()
        return heard

    def set(self, address: str, value: float) -> None:
        self.next = Heard({**self.next.values, address: (value, 0.0)}, self.next.pulses)

    def press(self, address: str) -> None:
        self.next = Heard(self.next.values, [*self.next.pulses, (address, 0.0)])


class Room:
    """A loop on the rehearsal's pieces, with a painter that nobody started: what it would paint is looked at."""

    def __init__(self, show: Show) -> None:
        self.now = 100.0
        self.board = Board()
        self.board.declare(show.signals())
        self.painter = Painter(lambda: self.now)
        for index, piece in enumerate(show.pieces):
            generator = piece.generator.open("cpu")
            self.painter.hang(index, Hung(generator, piece.walk.open(generator, 0)))
        self.desk = Desk()
        self.loop = Loop(show, self.board, self.painter, self.desk.drain, FPS)
        self.view = self.loop.tick(self.now)

    def play(self, seconds: float) -> None:
        for _ in range(round(seconds * FPS)):
            self.now += 1 / FPS
            self.view = self.loop.tick(self.now)

    @property
    def values(self) -> Mapping[str, float]:
        return self.loop.values


@pytest.fixture(scope="module")
def show() -> Show:
    return load(ROOT / "shows" / "rehearsal.toml")


@pytest.fixture
def room(show: Show) -> Room:
    return Room(show)


def test_a_wire_steers_and_a_stale_signal_lets_go(room: Room) -> None:
    for _ in range(90):
        room.board.emit("visitor.motion", 1.0, room.now)
        room.play(1 / FPS)
    assert room.values["/walk/speed"] == pytest.approx(3.0, abs=0.1)
    room.play(10.0)
    assert room.values["/walk/speed"] == pytest.approx(0.4, abs=0.05)


def test_the_operator_wins_at_once_and_gives_back(room: Room) -> None:
    room.desk.set("/walk/speed", 2.5)
    room.play(1 / FPS)
    assert room.values["/walk/speed"] == 2.5
    room.desk.press("/desk/release")
    room.play(3.0)
    assert room.values["/walk/speed"] == pytest.approx(0.4, abs=0.05)


def test_next_changes_the_piece_with_both_in_the_picture(room: Room, show: Show) -> None:
    room.desk.press("/show/next")
    room.play(1.0)
    assert room.view.coming is not None
    assert room.view.coming.piece == 1
    assert 0.0 < room.view.progress < 1.0
    assert room.view.transition == "wipe"
    intent = room.painter._intent
    assert intent is not None
    assert [lane.piece for lane in intent.lanes] == [1, 0]
    room.play(2.0)
    assert (room.view.current.piece, room.view.coming) == (1, None)


def test_an_outgoing_piece_on_hold_stands_still(room: Room) -> None:
    room.desk.set("/show/piece", 2.0)
    room.play(1.0)
    stood = room.loop.walk_times[0]
    room.play(1.0)
    assert room.view.coming is not None
    assert room.loop.walk_times[0] == stood


def test_hold_stops_the_clock(room: Room) -> None:
    room.desk.set("/show/hold", 1.0)
    room.play(60.0)
    assert room.view.current.piece == 0
    room.desk.set("/show/hold", 0.0)
    room.play(43.0)
    assert room.view.current.piece == 1


def test_visitors_decide_what_comes(room: Room, show: Show) -> None:
    assert room.loop.cue is not None
    room.loop.vote = Vote("http://127.0.0.1:8080/", room.loop.cue.round, {show.pieces[2].name: 3})
    room.play(1.0)
    assert room.view.panel is not None
    assert room.view.panel.url == "http://127.0.0.1:8080/"
    assert dict(room.view.panel.tally) == {"Verdigris": 0, "Ultramarine": 3}
    room.play(44.0)
    assert room.view.current.piece == 2


def test_votes_of_an_older_round_do_not_count(room: Room, show: Show) -> None:
    room.loop.vote = Vote("http://x/", 99, {show.pieces[2].name: 3})
    room.play(44.0)
    assert room.view.current.piece == 1


def test_a_broken_piece_makes_room_for_the_next(room: Room) -> None:
    room.painter._hung.pop(0)
    room.painter.broken[0] = "RuntimeError"
    room.play(3.0)
    assert room.view.current.piece == 1


def test_a_walk_goes_on_where_it_was(room: Room) -> None:
    room.play(5.0)
    before = room.loop.walk_times[0]
    room.desk.press("/show/next")
    room.play(20.0)
    at_return = room.loop.walk_times[0]
    assert before < at_return < before + 5.0


def test_keys_are_an_operators_hand(room: Room) -> None:
    room.loop.key("b")
    room.play(1 / FPS)
    assert room.view.blackout == 1.0
    room.loop.key("b")
    room.play(1 / FPS)
    assert room.view.blackout == 0.0
    room.loop.key("q")
    room.loop.key("n")
    room.play(1.0)
    assert room.view.coming is not None


def test_a_frame_costs_less_than_a_millisecond(room: Room) -> None:
    """Not a speed test, but a guard against work that grows: ten times the promise."""
    from time import thread_time

    began = thread_time()  # of the processor: what others take of it is not the loop's
    room.play(10.0)
    assert (thread_time() - began) / (10 * FPS) < 0.010


def test_surfaces_are_told_which_piece_hangs(room: Room) -> None:
    room.desk.press("/show/next")
    room.play(5.0)
    assert room.values["/show/piece"] == 1.0


def test_nobody_votes_for_a_broken_piece(room: Room) -> None:
    room.loop.vote = Vote("http://x/", 1, {})
    room.painter.broken[1] = "RuntimeError"
    room.play(1.0)
    assert room.view.panel is not None
    assert [title for title, _ in room.view.panel.tally] == ["Ultramarine"]


def test_a_transition_that_this_machine_refuses_becomes_a_plain_one(room: Room) -> None:
    room.loop.refused.add("wipe")
    room.desk.press("/show/next")
    room.play(1.0)
    assert (room.view.transition, room.view.options) == ("dissolve", {})
