"""Who moves a control: the order of the hands, letting go, easing, and the words for it."""

import math
import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.core.commands import Touch
from installation.core.controls import Control, Values
from installation.engine.arbiter import EASE, Arbiter

SPEED = "/walk/speed"
CONTROLS = {
    SPEED: Control(SPEED, "speed", "float", 0.0, 4.0, 1.0, "x"),
    "/generator/psi": Control("/generator/psi", "psi", "float", -1.0, 1.0, 0.7),
    "/stage/dark": Control("/stage/dark", "dark", "bool"),
    "/walk/seed": Control("/walk/seed", "seed", "int", -3, 9, 2),
    "/show/piece": Control("/show/piece", "piece", "choice", choices=("a", "b", "c")),
    "/show/next": Control("/show/next", "next", "pulse"),
}
LEVELS = [address for address, control in CONTROLS.items() if control.type != "pulse"]


def step(
    arbiter: Arbiter,
    now: float,
    *,
    rests: Values | None = None,
    wires: Values | None = None,
    touch: float | None = None,
    cues: Values | None = None,
    votes: Values | None = None,
    names: Mapping[str, str] | None = None,
) -> float:
    """One frame; the speed that comes out."""
    operator = {} if touch is None else {SPEED: Touch(touch, now)}
    values = arbiter.step(now, CONTROLS, rests or {}, wires or {}, operator, cues or {}, votes or {}, names or {})
    return values[SPEED]


def test_every_level_has_a_value_and_no_pulse_has_one() -> None:
    values = Arbiter().step(0.0, CONTROLS, {SPEED: 2.0}, {}, {})
    assert values == {SPEED: 2.0, "/generator/psi": 0.7, "/stage/dark": 0.0, "/walk/seed": 2.0, "/show/piece": 0.0}


def test_each_frame_has_a_dict_of_its_own() -> None:
    arbiter = Arbiter()
    first = arbiter.step(0.0, CONTROLS, {}, {}, {})
    assert arbiter.step(0.1, CONTROLS, {}, {}, {}) is not first


def test_the_highest_hand_has_it() -> None:
    hands = {"cues": {SPEED: 3.0}, "votes": {SPEED: 2.0}, "wires": {SPEED: 1.5}}
    assert step(Arbiter(), 0.0, touch=4.0, **hands) == 4.0
    assert step(Arbiter(), 0.0, **hands) == 3.0
    del hands["cues"]
    assert step(Arbiter(), 0.0, **hands) == 2.0
    del hands["votes"]
    assert step(Arbiter(), 0.0, **hands) == 1.5
    assert step(Arbiter(), 0.0, rests={SPEED: 0.5}) == 0.5
    assert step(Arbiter(), 0.0) == 1.0


def test_the_operator_counts_at_once_even_while_it_eases() -> None:
    arbiter = Arbiter()
    step(arbiter, 0.0, wires={SPEED: 1.0})
    step(arbiter, 0.1, rests={SPEED: 4.0})
    assert step(arbiter, 0.2, rests={SPEED: 4.0}, touch=0.3) == 0.3
    assert step(arbiter, 0.3, rests={SPEED: 4.0}, touch=3.7) == 3.7


def test_the_operator_is_clamped_and_nonsense_is_no_touch() -> None:
    arbiter = Arbiter()
    assert step(arbiter, 0.0, touch=99.0) == 4.0
    assert step(arbiter, 0.1, touch=math.nan) == 4.0
    assert (
        arbiter.step(0.2, CONTROLS, {}, {}, {"/no/such": Touch(1.0, 0.2), "/show/next": Touch(1.0, 0.2)})[SPEED] == 4.0
    )


def test_the_operator_keeps_what_nobody_else_wants() -> None:
    arbiter = Arbiter(release=30.0)
    step(arbiter, 0.0, touch=3.0)
    assert step(arbiter, 1e6, rests={SPEED: 1.0}) == 3.0
    assert arbiter.why(SPEED) == "The operator moved it 16667 min ago; it stays until it is released."


@pytest.mark.parametrize("hand", ["cues", "votes", "wires"])
def test_it_gives_back_to_any_lower_hand_after_release_and_eases(hand: str) -> None:
    arbiter = Arbiter(release=30.0)
    wants = {hand: {SPEED: 1.0}}
    step(arbiter, 100.0, touch=3.0, **wants)
    assert step(arbiter, 129.9, **wants) == 3.0
    assert step(arbiter, 130.0, **wants) == 3.0
    assert step(arbiter, 130.0 + EASE / 2, **wants) == pytest.approx(2.0)
    assert step(arbiter, 130.0 + EASE, **wants) == 1.0


def test_a_touch_winds_the_release_up_again() -> None:
    arbiter = Arbiter(release=30.0)
    wire = {SPEED: 1.0}
    step(arbiter, 0.0, wires=wire, touch=3.0)
    step(arbiter, 25.0, wires=wire, touch=2.0)
    assert step(arbiter, 54.0, wires=wire) == 2.0
    assert arbiter.why(SPEED).startswith("The operator")


def test_the_release_runs_only_while_a_lower_hand_wants_it() -> None:
    arbiter = Arbiter(release=30.0)
    step(arbiter, 0.0, touch=3.0)
    step(arbiter, 1000.0, wires={SPEED: 1.0})
    assert arbiter.why(SPEED) == "The operator moved it 17 min ago; it goes back in 30 s."
    step(arbiter, 1029.0, wires={SPEED: 1.0})
    step(arbiter, 1029.5)
    step(arbiter, 1031.0, wires={SPEED: 1.0})
    assert step(arbiter, 1060.0, wires={SPEED: 1.0}) == 3.0


def test_a_touch_that_waited_for_its_frame_still_holds_in_full() -> None:
    arbiter = Arbiter(release=30.0)
    arbiter.step(100.0, CONTROLS, {}, {SPEED: 1.0}, {SPEED: Touch(3.0, 60.0)})
    assert arbiter.why(SPEED) == "The operator moved it 40 s ago; it goes back in 30 s."
    assert step(arbiter, 129.0, wires={SPEED: 1.0}) == 3.0


def test_a_piece_with_a_narrower_range_is_kept_in_it_at_once() -> None:
    arbiter, narrow = Arbiter(), {SPEED: Control(SPEED, "speed", "float", 0.0, 1.0, 0.5)}
    step(arbiter, 0.0, rests={SPEED: 4.0})
    assert arbiter.step(0.1, narrow, {}, {}, {})[SPEED] == 1.0
    arbiter.step(0.2, CONTROLS, {}, {}, {SPEED: Touch(4.0, 0.2)})
    assert arbiter.step(0.3, narrow, {}, {}, {})[SPEED] == 1.0


def test_a_touch_on_a_knob_that_nobody_has_waits_for_its_piece() -> None:
    arbiter, psi = Arbiter(), {"/generator/psi": CONTROLS["/generator/psi"]}
    assert arbiter.step(0.0, psi, {}, {}, {SPEED: Touch(9.0, 0.0, "osc 10.0.0.7")}) == {"/generator/psi": 0.7}
    assert arbiter.kept() == {SPEED: 9.0}
    assert step(arbiter, 1.0) == 4.0, "held, and brought into its range"
    assert arbiter.hands()[SPEED] == "operator"
    assert arbiter.why(SPEED) == "The operator (osc 10.0.0.7) moved it 1 s ago; it stays until it is released."
    assert not arbiter.kept()
    arbiter.step(2.0, psi, {}, {}, {SPEED: Touch(3.0, 2.0)})
    arbiter.release_all(2.0)
    assert not arbiter.kept()


def test_release_all_eases_to_whoever_wants_it() -> None:
    arbiter = Arbiter()
    step(arbiter, 0.0, touch=3.0)
    step(arbiter, 5.0)
    arbiter.release_all(5.0)
    assert step(arbiter, 5.0) == 3.0
    assert 1.0 < step(arbiter, 5.5) < 3.0
    assert step(arbiter, 5.0 + EASE) == 1.0
    assert arbiter.why(SPEED) == "Nobody moves it."


def test_another_rest_is_eased_to() -> None:
    arbiter = Arbiter()
    step(arbiter, 0.0, rests={SPEED: 1.0})
    assert step(arbiter, 10.0, rests={SPEED: 3.0}) == 1.0
    assert step(arbiter, 10.0 + EASE / 2, rests={SPEED: 3.0}) == pytest.approx(2.0)
    assert step(arbiter, 10.0 + EASE, rests={SPEED: 3.0}) == 3.0


def test_another_wire_is_eased_to_but_the_same_one_passes_through() -> None:
    arbiter = Arbiter()
    step(arbiter, 0.0, wires={SPEED: 0.0}, names={SPEED: "door.motion"})
    assert step(arbiter, 0.1, wires={SPEED: 4.0}, names={SPEED: "door.motion"}) == 4.0
    assert step(arbiter, 0.2, wires={SPEED: 0.0}, names={SPEED: "hall.loudness"}) == 4.0
    assert step(arbiter, 0.2 + EASE, wires={SPEED: 0.0}, names={SPEED: "hall.loudness"}) == 0.0


def test_a_wire_that_says_no_number_is_not_wanted() -> None:
    arbiter = Arbiter()
    step(arbiter, 0.0, wires={SPEED: 3.0})
    assert step(arbiter, 1.0, wires={SPEED: math.nan}) == 3.0
    assert step(arbiter, 9.0, wires={SPEED: math.inf}) == 1.0
    assert step(Arbiter(), 0.0, rests={SPEED: math.nan}) == 1.0


@pytest.mark.parametrize(("address", "before", "after"), [("/stage/dark", 1.0, 0.0), ("/walk/seed", 7.0, 2.0)])
def test_what_counts_or_switches_does_not_ease(address: str, before: float, after: float) -> None:
    arbiter = Arbiter()
    assert arbiter.step(0.0, CONTROLS, {}, {address: before}, {})[address] == before
    assert arbiter.step(0.1, CONTROLS, {}, {}, {})[address] == after


def test_why() -> None:
    arbiter = Arbiter(release=30.0)
    assert arbiter.why(SPEED) == "Nobody moves it."
    step(arbiter, 0.0, wires={SPEED: 2.0}, names={SPEED: "door.motion"})
    assert arbiter.why(SPEED) == "A wire moves it."
    assert arbiter.why(SPEED, {"wire": "someone waved 2 s ago", "cue": "no"}) == "Someone waved 2 s ago."
    step(arbiter, 1.0, wires={SPEED: 2.0}, touch=3.0)
    step(arbiter, 4.0, wires={SPEED: 2.0})
    assert arbiter.why(SPEED) == "The operator moved it 3 s ago; it goes back in 27 s."
    step(arbiter, 31.0, wires={SPEED: 2.0})
    step(arbiter, 31.5, wires={SPEED: 2.0})
    assert arbiter.why(SPEED) == "A wire moves it; easing for 1.0 s more."
    step(arbiter, 40.0, wires={SPEED: 2.0})
    assert arbiter.why(SPEED) == "A wire moves it."
    step(arbiter, 41.0, wires={SPEED: 2.0}, cues={SPEED: 0.0}, names={SPEED: "door.motion"})
    step(arbiter, 51.0, wires={SPEED: 2.0}, cues={SPEED: 0.0}, names={SPEED: "door.motion"})
    assert arbiter.why(SPEED) == "A cue holds it."


def test_an_endless_release_says_so() -> None:
    arbiter = Arbiter(release=math.inf)
    step(arbiter, 0.0, wires={SPEED: 2.0}, touch=3.0)
    assert step(arbiter, 1e9, wires={SPEED: 2.0}) == 3.0
    assert arbiter.why(SPEED).endswith("it stays until it is released.")


def test_a_clock_that_goes_back_is_held() -> None:
    arbiter = Arbiter(release=30.0)
    step(arbiter, 100.0, wires={SPEED: 1.0}, touch=3.0)
    step(arbiter, 130.0, wires={SPEED: 1.0})
    half = step(arbiter, 130.5, wires={SPEED: 1.0})
    assert step(arbiter, 90.0, wires={SPEED: 1.0}) == half


anything = st.floats() | st.floats(-5.0, 10.0)
wishes = st.dictionaries(st.sampled_from(LEVELS), anything)
frames = st.lists(
    st.tuples(
        st.floats(-1.0, 50.0),
        wishes,
        wishes,
        st.dictionaries(st.sampled_from([*CONTROLS, "/no/such"]), st.builds(Touch, anything, anything)),
        wishes,
        wishes,
        st.booleans(),
    ),
    max_size=20,
)


@given(frames=frames, release=st.sampled_from([0.0, 1.0, 30.0, math.inf]))
def test_always_in_range_finite_and_whole_where_it_counts(frames: list, release: float) -> None:
    arbiter, now = Arbiter(release), 0.0
    for dt, rests, wires, operator, cues, votes, let_go in frames:
        now += dt
        if let_go:
            arbiter.release_all(now)
        values = arbiter.step(now, CONTROLS, rests, wires, operator, cues, votes)
        assert list(values) == LEVELS
        for address, value in values.items():
            control = CONTROLS[address]
            assert control.low <= value <= control.high
            assert control.type == "float" or value == int(value)
            assert arbiter.why(address)


changes = st.lists(st.sampled_from(["rest", "wire", "other wire", "votes", "cue", "release", "low rest"]), max_size=12)


@given(changes=changes, every=st.integers(1, 200), rate=st.integers(30, 144))
def test_no_jump_whoever_takes_over(changes: list[str], every: int, rate: int) -> None:
    """Targets that stand still: a frame moves a value by no more than the steepest of smoothstep, 1.5 ranges a EASE."""
    arbiter, frame = Arbiter(release=0.2), 0
    last = step(arbiter, 0.0, wires={SPEED: 2.0}, touch=3.3)
    for change in changes:
        if change == "release":
            arbiter.release_all(frame / rate)
        for _ in range(every):
            frame += 1
            value = step(
                arbiter,
                frame / rate,
                rests={SPEED: 0.0 if change == "low rest" else 4.0},
                wires={SPEED: 2.0} if "wire" in change else {},
                votes={SPEED: 3.0} if change == "votes" else {},
                cues={SPEED: 0.5} if change == "cue" else {},
                names={SPEED: change},
            )
            assert abs(value - last) <= 1.5 * 4.0 / (EASE * rate) + 1e-9
            last = value


@given(values=st.lists(st.floats(0.0, 4.0), min_size=1), late=st.floats(EASE, 100.0))
def test_a_moving_wire_passes_through_without_lag_once_eased(values: list[float], late: float) -> None:
    arbiter = Arbiter()
    step(arbiter, 0.0)
    step(arbiter, 1.0, wires={SPEED: 2.0})
    for frame, value in enumerate(values):
        assert step(arbiter, 1.0 + late + frame / 60, wires={SPEED: value}) == value


@given(touches=st.lists(st.tuples(st.floats(0.0, 100.0), st.floats(0.0, 4.0)), min_size=1))
def test_a_touch_is_always_the_value_of_its_frame(touches: list[tuple[float, float]]) -> None:
    arbiter, now = Arbiter(release=1.0), 0.0
    for dt, value in touches:
        now += dt
        step(arbiter, now, wires={SPEED: 1.0})
        assert step(arbiter, now, wires={SPEED: 1.0}, touch=value) == value


def test_forty_controls_cost_little() -> None:
    """Some 25 µs on one core of a 2-core machine; the bound leaves room for a busy one."""
    controls = {f"/c/{i}": Control(f"/c/{i}", "knob") for i in range(40)}
    wires = dict.fromkeys(list(controls)[:20], 0.5)
    arbiter, fastest = Arbiter(), math.inf
    for frame in range(300):
        began = time.perf_counter()
        arbiter.step(frame / 60, controls, wires, wires, {})
        fastest = min(fastest, time.perf_counter() - began)
    assert fastest < 200e-6


def test_an_operator_lets_go_of_one_control() -> None:
    arbiter = Arbiter()
    assert step(arbiter, 0.0, touch=4.0) == 4.0
    arbiter.step(0.1, CONTROLS, {}, {SPEED: 2.0}, {SPEED: Touch(None, 0.1)})
    assert arbiter.hands()[SPEED] == "wire"
    assert step(arbiter, 0.1 + EASE, wires={SPEED: 2.0}) == 2.0


HANDS = st.dictionaries(st.sampled_from([*CONTROLS]), st.floats(-1.0, 5.0), max_size=2)


@given(st.lists(st.tuples(HANDS, HANDS, HANDS, st.booleans()), max_size=30))
def test_what_nobody_moves_is_left_as_it_is_and_nothing_else(frames: list[tuple[Values, Values, Values, bool]]) -> None:
    """An arbiter that is given the same tables in every frame looks at what moves alone; one that is given others looks
    at everything: both decide the same."""
    lazy, thorough = Arbiter(0.5), Arbiter(0.5)
    rests: Values = {}
    for number, (touched, cues, wires, release) in enumerate(frames):
        now = number * 0.3
        operator = {address: Touch(value, now) for address, value in touched.items()}
        if release:
            lazy.release_all(now)
            thorough.release_all(now)
        values = lazy.step(now, CONTROLS, rests, wires, operator, cues)
        assert values == thorough.step(now, dict(CONTROLS), {}, wires, operator, cues)
        assert (lazy.hands(), lazy.kept()) == (thorough.hands(), thorough.kept())
