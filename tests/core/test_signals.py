"""Signals: freshness, clamping, pulses that count."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.core.signals import GLIDE, Board, Signal


def board(*signals: Signal) -> Board:
    made = Board()
    made.declare(signals)
    return made


def test_a_level_is_the_latest_said() -> None:
    b = board(Signal("door.motion", "motion"))
    b.emit("door.motion", 0.2, 1.0)
    b.emit("door.motion", 0.7, 1.1)
    assert b.snapshot(1.2).values == {"door.motion": 0.7}


def test_every_pulse_counts_once() -> None:
    b = board(Signal("ear.onset", "a beat", pulse=True))
    for _ in range(3):
        b.emit("ear.onset", 1.0, 0.0)
    assert b.snapshot(0.1).pulses == {"ear.onset": 3}
    assert b.snapshot(0.2).pulses == {}


def test_a_stale_signal_glides_to_rest() -> None:
    b = board(Signal("door.x", "centre", rest=0.5, stale_after=2.0))
    b.emit("door.x", 1.0, 0.0)
    assert b.snapshot(2.0).values["door.x"] == 1.0
    assert 0.5 < b.snapshot(2.0 + GLIDE / 2).values["door.x"] < 1.0
    gone = b.snapshot(2.0 + GLIDE)
    assert gone.values["door.x"] == 0.5
    assert gone.stale == {"door.x"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_not_heard(value: float) -> None:
    b = board(Signal("a", "a"))
    b.emit("a", value, 0.0)
    b.emit("unknown", 0.5, 0.0)
    assert b.snapshot(0.0).values == {"a": 0.0}


@given(st.floats(-1e6, 1e6), st.floats(0, 100))
def test_never_outside_its_range(value: float, age: float) -> None:
    b = board(Signal("a", "a", low=-1.0, high=2.0, rest=0.5))
    b.emit("a", value, 0.0)
    assert -1.0 <= b.snapshot(age).values["a"] <= 2.0
