"""Wires: ranges, curves, smoothing at any frame rate, several at one control, pulses."""

import math
from typing import Any, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from installation.core.controls import Control
from installation.core.signals import Signal, Snapshot
from installation.engine.wiring import CURVES, Wiring, shape
from installation.showfile.wires import Curve, Wire

numbers = st.floats(-1e6, 1e6)
ends = st.tuples(numbers, numbers)
curves = st.sampled_from(sorted(CURVES))
times = st.floats(0.0, 10.0)

SIGNALS = {
    signal.name: signal
    for signal in (
        Signal("door.motion", "motion"),
        Signal("door.x", "centre", rest=0.5),
        Signal("ear.onset", "a beat", pulse=True),
    )
}
CONTROLS = {
    control.address: control
    for control in (
        Control("/walk/speed", "speed", low=0.0, high=4.0, default=1.0),
        Control("/generator/hue", "hue"),
        Control("/show/next", "next", "pulse"),
    )
}


def wire(signal: str, control: str = "walk/speed", **options: Any) -> Wire:
    defaults = {"in_": (0.0, 1.0), "out": (0.0, 1.0), "curve": "linear", "smooth": 0.0, "push": False}
    return Wire.model_construct(signal=signal, control=control, **{**defaults, **options})


def wiring(*wires: Wire) -> Wiring:
    return Wiring(wires, SIGNALS, CONTROLS)


def said(pulses: int = 0, **values: float) -> Snapshot:
    named = {name.replace("_", "."): value for name, value in values.items()}
    return Snapshot({"door.motion": 0.0, "door.x": 0.5, **named}, {"ear.onset": pulses} if pulses else {})


# ---------------------------------------------------------------- shape


def test_every_curve_of_a_show_is_there() -> None:
    assert set(CURVES) == set(get_args(Curve))


@pytest.mark.parametrize(
    ("value", "in_", "out", "expected"),
    [
        (0.5, (0, 1), (0.2, 1.4), 0.8),
        (0.5, (0, 1), (1.0, -1.0), 0.0),
        (0.75, (1, 0), (0, 4), 1.0),
        (9.0, (0, 1), (0.2, 1.4), 1.4),
        (-9.0, (0, 1), (0.2, 1.4), 0.2),
    ],
)
def test_ranges_map_and_clamp(value: float, in_: Any, out: Any, expected: float) -> None:
    assert shape(value, in_, out, "linear") == pytest.approx(expected)


def test_what_the_curves_are_like() -> None:
    early = {name: curve(0.25) for name, curve in CURVES.items()}
    assert early["exp"] < early["ease"] < early["linear"] < early["log"]
    assert CURVES["log"](CURVES["exp"](0.3)) == pytest.approx(0.3)


@given(st.floats(), ends, ends, curves)
def test_it_never_leaves_the_range_and_is_always_a_number(value: float, in_: Any, out: Any, curve: str) -> None:
    assume(in_[0] != in_[1])
    assert min(out) <= shape(value, in_, out, curve) <= max(out)


@given(ends, curves, ends, ends)
def test_curves_rise_from_end_to_end(values: Any, curve: str, in_: Any, out: Any) -> None:
    in_, out = sorted(in_), sorted(out)
    assume(in_[0] < in_[1])
    low, high = (shape(value, in_, out, curve) for value in sorted(values))
    slack = 1e-9 * (out[1] - out[0])
    assert low <= high + slack
    assert shape(in_[0], in_, out, curve) == out[0]
    assert shape(in_[1], in_, out, curve) == pytest.approx(out[1], abs=slack)


# ---------------------------------------------------------------- one wire


def test_it_starts_where_its_signal_rests() -> None:
    one = wiring(wire("door.x", out=(0.0, 4.0), smooth=1.0))
    assert one.values(said(), 0.0) == {"/walk/speed": 2.0}
    assert one.pulses(said()) == ()


def test_without_smoothing_it_is_there_at_once() -> None:
    one = wiring(wire("door.motion", out=(0.2, 1.5)))
    assert one.values(said(door_motion=1.0), 0.01) == {"/walk/speed": 1.5}


def test_smoothing_has_gone_two_thirds_of_the_way_after_its_time() -> None:
    one = wiring(wire("door.motion", smooth=0.5))
    assert one.values(said(door_motion=1.0), 0.5)["/walk/speed"] == pytest.approx(1.0 - math.exp(-1.0))


@given(st.lists(times, min_size=1, max_size=20), st.floats(0.01, 60.0), st.floats(0.0, 1.0))
def test_smoothing_is_the_same_at_every_frame_rate(steps: list[float], smooth: float, value: float) -> None:
    fast, slow = (wiring(wire("door.motion", smooth=smooth)) for _ in range(2))
    for dt in steps:
        there = fast.values(said(door_motion=value), dt)
    assert there["/walk/speed"] == pytest.approx(slow.values(said(door_motion=value), sum(steps))["/walk/speed"])


@given(st.lists(st.tuples(st.floats(0.0, 1.0), times), max_size=30), st.floats(0.0, 5.0), ends, curves)
def test_whatever_is_said_it_stays_in_its_range(course: Any, smooth: float, out: Any, curve: str) -> None:
    one = wiring(wire("door.motion", out=out, smooth=smooth, curve=curve))
    for value, dt in course:
        assert min(out) <= one.values(said(door_motion=value), dt)["/walk/speed"] <= max(out)


def test_a_signal_that_nobody_says_rests() -> None:
    one = wiring(wire("door.x", out=(0.0, 4.0)))
    assert one.values(Snapshot({}, {}), 0.1) == {"/walk/speed": 2.0}


# ---------------------------------------------------------------- several wires


def test_several_wires_each_add_what_they_depart() -> None:
    both = wiring(wire("door.motion", out=(1.0, 2.0)), wire("door.x", out=(0.0, 2.0)))
    assert both.values(said(), 0.1) == {"/walk/speed": 1.0}
    assert both.values(said(door_motion=0.5), 0.1) == {"/walk/speed": 1.5}
    assert both.values(said(door_motion=0.5, door_x=0.25), 0.1) == {"/walk/speed": 1.0}
    assert both.values(said(door_motion=1.0, door_x=1.0), 0.1) == {"/walk/speed": 2.0}, "the widest range is the limit"


@given(st.lists(ends, min_size=1, max_size=4), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_together_they_stay_within_the_widest_range(outs: Any, motion: float, x: float) -> None:
    names = ("door.motion", "door.x")
    many = wiring(*(wire(names[index % 2], out=out) for index, out in enumerate(outs)))
    value = many.values(said(door_motion=motion, door_x=x), 0.1)["/walk/speed"]
    assert min(map(min, outs)) <= value <= max(map(max, outs))


def test_wires_to_different_controls_do_not_meet() -> None:
    two = wiring(wire("door.motion", out=(0.0, 4.0)), wire("door.x", "generator/hue"))
    assert two.values(said(door_motion=1.0), 0.1) == {"/walk/speed": 4.0, "/generator/hue": 0.5}


# ---------------------------------------------------------------- pulses


def test_a_pulse_is_passed_on_as_often_as_it_came() -> None:
    bell = wiring(wire("ear.onset", "show/next"))
    assert bell.pulses(said(pulses=2)) == ("/show/next", "/show/next")
    assert bell.values(said(pulses=2), 0.1) == {}
    assert bell.pulses(said()) == ()


def test_a_pulse_kicks_a_value_which_falls_back() -> None:
    drum = wiring(wire("ear.onset", out=(1.0, 3.0), smooth=0.5))
    course = [drum.values(said(pulses=pulses), 0.5)["/walk/speed"] for pulses in (0, 1, 0, 0)]
    assert course == pytest.approx([1.0, 3.0, 1.0 + 2.0 * math.exp(-1.0), 1.0 + 2.0 * math.exp(-2.0)])


def test_a_speed_pushes_a_control_which_comes_back() -> None:
    pushed = wiring(wire("door.x", "generator/hue", in_=(0.0, 1.0), out=(0.0, 1.0), smooth=2.0, push=True))
    steps = [pushed.values(said(door_x=1.0), 0.1)["/generator/hue"] for _ in range(10)]
    assert steps[0] == pytest.approx(0.55)
    assert steps == sorted(steps)
    assert 0.8 < steps[-1] <= 1.0
    back = [pushed.values(said(), 0.1)["/generator/hue"] for _ in range(100)]
    assert back[0] < steps[-1]
    assert back[-1] == pytest.approx(0.5, abs=0.01)
