"""Which faults are logged."""

from itertools import pairwise

from installation.core.repeats import EVERY, FORGET, MOST, Repeats


def test_a_new_fault_is_told_at_once_whatever_was_told_before() -> None:
    repeats = Repeats()
    assert repeats.line("no camera", 0.0) == "no camera"
    assert repeats.line("no power", 0.1) == "no power"


def test_the_same_again_is_told_as_such_and_then_once_a_minute() -> None:
    repeats = Repeats()
    lines = [(second, repeats.line("stopped", float(second))) for second in range(0, 200, 11)]
    told = [(second, line) for second, line in lines if line]
    assert told[:3] == [(0, "stopped"), (66, "stopped (7 times in 66 s)"), (132, "stopped (13 times in 132 s)")]
    assert all(later - earlier >= EVERY for (earlier, _), (later, _) in pairwise(told))


def test_a_flood_of_different_faults_is_bounded() -> None:
    repeats = Repeats()
    told = [line for number in range(1000) if (line := repeats.line(f"fault {number}", number / 100))]
    assert len(told) == MOST
    assert repeats.line("another", 100.0)


def test_what_was_long_ago_is_new() -> None:
    repeats = Repeats()
    assert repeats.line("stopped", 0.0)
    assert repeats.line("stopped", FORGET + 1.0) == "stopped"
