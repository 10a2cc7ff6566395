"""Votes of visitors without a phone: keys, gestures, and where they stand."""

from dataclasses import replace

from installation.core.commands import NEXT, VOTE_LEFT, VOTE_LIKE, VOTE_PASS, VOTE_RIGHT, Command
from installation.core.decision import Playback
from installation.engine.voices import DEVICES, STANDS, Voices

NOW = Playback(0, None, 0.0, 1, (3, 1, 2), 30.0, False, 0.0, "play")


def press(voices: Voices, *addresses: str, who: str = "keyboard", playback: Playback = NOW) -> None:
    voices.step(0.0, playback, [Command(address, 1.0, 0.0, who) for address in addresses], {})


def test_a_device_has_one_vote_of_each_kind_and_its_last_press_counts() -> None:
    voices = Voices()
    press(voices, VOTE_LIKE, VOTE_LEFT, NEXT)
    assert (voices.sides, voices.choices) == ({"keyboard-0 0": 1}, {"keyboard-0 0": 3})
    press(voices, VOTE_RIGHT, VOTE_PASS)
    assert (voices.sides, voices.choices) == ({"keyboard-0 0": -1}, {"keyboard-0 0": 1})
    press(voices, VOTE_LIKE, who="wire")
    assert voices.sides == {"keyboard-0 0": -1, "wire-1 0": 1}


def test_a_device_for_several_visitors_gives_each_press_to_the_next_of_them() -> None:
    voices = Voices(presses=3)
    press(voices, *[VOTE_LIKE] * 3)
    assert sorted(voices.sides.values()) == [1, 1, 1]
    press(voices, VOTE_PASS)
    assert sorted(voices.sides.values()) == [-1, 1, 1]


def test_a_new_round_begins_without_votes_and_a_change_takes_none() -> None:
    voices = Voices()
    press(voices, VOTE_LIKE, VOTE_LEFT)
    press(voices, VOTE_PASS, playback=replace(NOW, coming=1))
    assert voices.sides == {"keyboard-0 0": 1}
    press(voices, playback=replace(NOW, round=2))
    assert (voices.sides, voices.choices) == ({}, {})


def test_there_is_no_vote_for_a_candidate_that_is_not_there() -> None:
    voices = Voices()
    press(voices, VOTE_RIGHT, playback=replace(NOW, candidates=(3,)))
    press(voices, VOTE_LEFT, playback=replace(NOW, candidates=()))
    assert voices.choices == {}


def test_devices_that_invent_names_are_bounded() -> None:
    voices = Voices()
    for number in range(1000):
        press(voices, VOTE_LIKE, who=f"osc 10.0.{number // 250}.{number % 250}")
    assert len(voices.sides) == 2 * DEVICES
    assert not any("10.0" in voter for voter in voices.sides), "no network address is kept"


def test_who_stands_on_a_side_votes_for_it_and_may_walk_over() -> None:
    voices = Voices(stand="door")

    def stand(now: float, *places: float) -> dict[str, int]:
        signals = {f"door.visitor{number}_x": x for number, x in enumerate(places, 1)}
        voices.step(now, NOW, (), {"door.visitors": float(len(places)), **signals})
        return voices.choices

    assert stand(0.0, 0.2, 0.9) == {}
    assert stand(STANDS - 0.1, 0.3, 0.5) == {}
    assert stand(STANDS, 0.2, 0.9) == {"door 1": 3}
    assert stand(STANDS + 0.5, 0.2, 0.9) == {"door 1": 3}
    assert stand(2 * STANDS, 0.2, 0.9) == {"door 1": 3, "door 2": 1}
    assert stand(3 * STANDS, 0.5) == {"door 1": 3, "door 2": 1}, "who goes has voted"
    assert stand(4 * STANDS, 0.8) == {"door 1": 3, "door 2": 1}
    assert stand(5 * STANDS, 0.8) == {"door 1": 1, "door 2": 1}


def test_nobody_votes_by_standing_where_the_show_does_not_say_so() -> None:
    voices = Voices()
    for now in range(10):
        voices.step(float(now), NOW, (), {"door.visitors": 1.0, "door.visitor1_x": 0.1})
    assert voices.choices == {}
