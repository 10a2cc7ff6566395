"""What surfaces are told that nobody can move."""

from dataclasses import replace

from installation.core import readouts
from installation.core.decision import Decision, Panel, Playback, Wall
from installation.core.signals import Signal

PLAYBACK = Playback(0, None, 0.0, 1, (1, 2), 161.7, False, 0.0, "play")
WALL = Wall("wall", "Sitters", PLAYBACK, {"/walk/speed": 1.0}, {"/walk/speed": "wire"}, ())


def decision(wall: Wall) -> Decision:
    return Decision(0.0, "2026-05-01T12:00:00+00:00", (wall,), signals={"door.motion": 0.123456})


def test_what_hangs_is_lit_and_what_comes_from_the_start_of_its_change() -> None:
    coming = replace(WALL, playback=replace(PLAYBACK, coming=2))
    lit = [[readouts.numbers(decision(wall), 3)[readouts.lamp(at)] for at in range(3)] for wall in (WALL, coming)]
    assert lit == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]


def test_votes_are_counted_for_the_candidates_alone() -> None:
    told = readouts.numbers(decision(replace(WALL, panel=Panel("", (("B", 3), ("C", 1)), 9.0))), 3)
    assert [told[readouts.votes(at)] for at in range(3)] == [0.0, 3.0, 1.0]
    assert [told[readouts.share(at)] for at in range(3)] == [0.0, 0.75, 0.25]


def test_signals_time_programme_and_hands_are_told() -> None:
    assert readouts.numbers(decision(WALL), 3)["/signal/door/motion"] == 0.123
    assert readouts.texts(decision(replace(WALL, programme="day"))) == {
        "/show/now": "Sitters",
        "/show/left": "2:41",
        "/show/programme": "day",
        "/hand/walk/speed": "wire",
    }


def test_all_that_is_told_is_in_the_table() -> None:
    table = readouts.readouts(("a", "b", "c"), (Signal("door.motion", "motion"),), ("/walk/speed",))
    assert {*readouts.numbers(decision(WALL), 3), *readouts.texts(decision(WALL))} == set(table)
