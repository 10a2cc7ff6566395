"""One frame of the show, with time as an argument: hands, cues, walks, votes, and what the stage is told."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partialmethod

import pytest

from installation.core.clock import SimulatedClock
from installation.core.decision import Decision, Tally, Wall, Wishes
from installation.core.parts import ROOT
from installation.core.signals import Board
from installation.engine.decide import Decider
from installation.engine.loop import Loop
from installation.engine.painter import Hung, Painter
from installation.operator import keyboard
from installation.operator.inbox import Inbox
from installation.showfile.load import Show, load

FPS = 30.0


class Operator:
    """What the operator does, said by the test."""

    def __init__(self, show: Show) -> None:
        self.inbox = Inbox(show.controls(), show.commands())

    def set(self, address: str, value: float) -> None:
        self.inbox.put(address, value, 0.0, "test")

    press = partialmethod(set, value=1.0)


class Room:
    """A loop on the rehearsal's pieces, with a painter that nobody started: what it would paint is looked at."""

    def __init__(self, show: Show) -> None:
        self.clock = SimulatedClock(datetime(2026, 5, 1, 12, tzinfo=UTC), 100.0)
        self.board = Board()
        self.board.declare(show.signals())
        self.painter = Painter(self.clock.now)
        for index, piece in enumerate(show.pieces):
            generator = piece.generator.open("cpu")
            self.painter.hang(index, Hung(generator, piece.walk.open(generator, 0)))
        self.operator = Operator(show)
        self.loop = Loop(show, self.board, self.painter, self.clock, 1 / FPS, self.operator.inbox.drain)
        self.view = self.loop.tick()

    @property
    def now(self) -> float:
        return self.clock.now()

    def play(self, seconds: float) -> None:
        for _ in range(round(seconds * FPS)):
            self.clock.advance(1 / FPS)
            self.view = self.loop.tick()

    def key(self, key: str) -> None:
        if (command := keyboard.command(key, self.now, {})) is not None:
            self.operator.inbox.ask(command)

    @property
    def wall(self) -> Wall:
        assert self.loop.decision is not None
        return self.loop.decision.wall

    @property
    def values(self) -> Mapping[str, float]:
        return self.wall.controls


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
    room.operator.set("/walk/speed", 2.5)
    room.play(1 / FPS)
    assert room.values["/walk/speed"] == 2.5
    room.operator.press("/desk/release")
    room.play(3.0)
    assert room.values["/walk/speed"] == pytest.approx(0.4, abs=0.05)


def test_next_changes_the_piece_with_both_in_the_picture(room: Room, show: Show) -> None:
    room.operator.press("/show/next")
    room.play(1.0)
    assert room.view.coming is not None
    assert room.view.coming.piece == 1
    assert 0.0 < room.view.progress < 1.0
    assert room.view.transition == "wipe"
    published = room.painter._intents.take()
    assert published is not None
    assert [lane.piece for lane in published.intent.lanes] == [1, 0]
    room.play(2.0)
    assert (room.view.current.piece, room.view.coming) == (1, None)


def test_an_outgoing_piece_on_hold_stands_still(room: Room) -> None:
    room.operator.set("/show/piece", 2.0)
    room.play(1.0)
    stood = room.loop.decider.walk_times[0]
    room.play(1.0)
    assert room.view.coming is not None
    assert room.loop.decider.walk_times[0] == stood


def test_hold_stops_the_clock(room: Room) -> None:
    room.operator.set("/show/hold", 1.0)
    room.play(60.0)
    assert room.view.current.piece == 0
    room.operator.set("/show/hold", 0.0)
    room.play(43.0)
    assert room.view.current.piece == 1


def test_visitors_decide_what_comes(room: Room, show: Show) -> None:
    room.loop.tally = Tally("http://127.0.0.1:8080/", room.wall.playback.round, {show.pieces[2].name: 3})
    room.play(1.0)
    assert room.view.panel is not None
    assert room.view.panel.url == "http://127.0.0.1:8080/"
    assert dict(room.view.panel.tally) == {"Verdigris": 0, "Ultramarine": 3}
    room.play(44.0)
    assert room.view.current.piece == 2


def test_votes_of_an_older_round_do_not_count(room: Room, show: Show) -> None:
    room.loop.tally = Tally("http://x/", 99, {show.pieces[2].name: 3})
    room.play(44.0)
    assert room.view.current.piece == 1


def test_a_broken_piece_makes_room_for_the_next(room: Room) -> None:
    room.painter.hung.pop(0)
    room.painter.broken[0] = "RuntimeError"
    room.play(3.0)
    assert room.view.current.piece == 1


def test_a_walk_goes_on_where_it_was(room: Room) -> None:
    room.play(5.0)
    before = room.loop.decider.walk_times[0]
    room.operator.press("/show/next")
    room.play(20.0)
    at_return = room.loop.decider.walk_times[0]
    assert before < at_return < before + 5.0


def test_keys_are_an_operators_hand(room: Room) -> None:
    room.key("b")
    room.play(1 / FPS)
    assert room.view.blackout == 1.0
    room.key("b")
    room.play(0.3)
    assert room.view.blackout == 0.0
    room.key("q")
    room.key("n")
    room.play(1.0)
    assert room.view.coming is not None


def test_a_frame_costs_less_than_a_millisecond(room: Room) -> None:
    """Not a speed test, but a guard against work that grows: ten times the promise."""
    from time import thread_time

    began = thread_time()  # of the processor: what others take of it is not the loop's
    room.play(10.0)
    assert (thread_time() - began) / (10 * FPS) < 0.010


def test_surfaces_are_told_which_piece_hangs(room: Room) -> None:
    room.operator.press("/show/next")
    room.play(5.0)
    assert room.wall.lead == 1


def test_nobody_votes_for_a_broken_piece(room: Room) -> None:
    room.loop.tally = Tally("http://x/", 1, {})
    room.painter.broken[1] = "RuntimeError"
    room.play(1.0)
    assert room.view.panel is not None
    assert [title for title, _ in room.view.panel.tally] == ["Ultramarine"]


def test_a_transition_that_this_machine_refuses_becomes_a_plain_one(room: Room) -> None:
    room.loop.refused.add("wipe")
    room.operator.press("/show/next")
    room.play(1.0)
    assert (room.view.transition, room.view.options) == ("dissolve", {})


def test_release_gives_back_knobs_and_leaves_hold_and_blackout(room: Room) -> None:
    for address in ("/show/hold", "/stage/blackout", "/walk/speed"):
        room.operator.set(address, 1.0)
    room.play(1 / FPS)
    room.operator.press("/desk/release")
    room.play(5.0)
    assert room.values["/walk/speed"] == pytest.approx(0.4, abs=0.05)
    assert room.wall.playback.hold
    assert room.view.blackout == 1.0


def test_a_fader_of_a_piece_that_does_not_hang_is_kept_for_it(room: Room) -> None:
    room.operator.set("/generator/direction/age", 0.25)
    room.play(1.0)
    assert room.loop.decision is not None
    assert room.loop.decision.kept == {"/generator/direction/age": 0.25}


def test_wires_and_hands_see_the_same_piece_in_the_frame_of_a_change(room: Room) -> None:
    """In the very frame in which a change begins, a touch counts for the piece that comes, and its wires are asked."""
    room.play(1.0)
    room.operator.press("/show/next")
    room.operator.set("/walk/speed", 2.0)
    room.play(1 / FPS)
    lane = room.wall.lanes[0]
    assert (room.wall.lead, lane.piece) == (1, 1)
    assert lane.controls["/walk/speed"] == room.values["/walk/speed"] == 2.0
    assert room.wall.hands["/walk/speed"] == "operator"


def test_cues_and_votes_are_hands(room: Room) -> None:
    room.loop.wishes = Wishes(cue={"/walk/speed": 3.0}, votes={"/walk/speed": 1.0, "/stage/label": 0.5})
    room.play(2.0)
    assert (room.values["/walk/speed"], room.values["/stage/label"]) == (3.0, 0.5)
    assert (room.wall.hands["/walk/speed"], room.wall.hands["/stage/label"]) == ("cue", "votes")


def test_a_restart_goes_on_where_it_was(room: Room, show: Show) -> None:
    room.operator.press("/show/next")
    room.operator.set("/show/hold", 1.0)
    room.play(10.0)
    state = json.loads(json.dumps(room.loop.decider.state()))
    again = Decider(show)
    again.resume(state)
    assert again.playlist.lead == 1
    assert again.walk_times == room.loop.decider.walk_times
    assert again.transport.hold
    anew = Decider(show)
    anew.resume(state, switches=False)
    assert not anew.transport.hold
    Decider(show).resume({"playback": "?", "walks": {"nobody": 1}, "transport": []})


def test_a_decision_survives_json(room: Room) -> None:
    room.loop.tally = Tally("http://x/", 1, {})
    room.operator.press("/show/next")
    room.play(0.5)
    decision = room.loop.decision
    assert decision is not None
    again = Decision.from_json(json.loads(json.dumps(decision.to_json())))
    assert again == decision
    with pytest.raises(ValueError, match="found version 99, expected 1"):
        Decision.from_json({**decision.to_json(), "version": 99})
    with pytest.raises(ValueError, match="found no Decision"):
        Decision.from_json({"version": 1, "time": 0.0})


def test_a_frozen_picture_stands_still_while_the_stage_is_moved(room: Room) -> None:
    room.operator.set("/stage/freeze", 1.0)
    room.play(0.1)
    lanes = room.wall.lanes
    room.operator.set("/walk/speed", 4.0)
    room.operator.set("/stage/brightness", 0.5)
    room.play(60.0)
    assert room.wall.lanes == lanes
    assert room.wall.freeze
    assert room.wall.playback.coming is None, "a frozen piece was changed by the time"
    assert room.values["/stage/brightness"] == 0.5
    room.operator.set("/stage/freeze", 0.0)
    room.play(0.2)
    assert 0.0 < room.wall.lanes[0].walk_time - lanes[0].walk_time < 2.0, "it goes on where it stood"


def test_a_frozen_piece_is_changed_when_that_is_asked_for(room: Room) -> None:
    room.operator.set("/stage/freeze", 1.0)
    room.play(0.1)
    room.operator.press("/show/next")
    room.play(5.0)
    assert room.wall.playback.piece != 0
    lanes = room.wall.lanes
    room.play(1.0)
    assert room.wall.lanes == lanes
