"""The cue hand: fades, waits, follow-ons, what is held, what is missed, and clocks that step."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from installation.core.signals import Snapshot
from installation.engine.cues import BACK, LOOK_BACK, REWIND, Asks, CuePlayer, cause
from tests.engine.plans import CONTROLS, SIGNALS, plan

TEXT = """
[[cue]]
name = "dim"
fade = "20 s"
set = { "stage/brightness" = 0.6, "walk/speed" = 2.0, "generator/layers" = 9 }
then = ["slow", "dark"]
[[cue]]
name = "slow"
wait = "5 s"
fade = "10 s"
set = { "walk/speed" = 0.5 }
[[cue]]
name = "dark"
wait = "30 s"
set = { "stage/brightness" = 0.0 }
[[cue]]
name = "free"
release = "all"
[[cue]]
name = "loose"
fade = "1 s"
release = "walk/speed"
set = { "stage/label" = 0.25 }
signal = "door.presence"
[[cue]]
name = "clap"
signal = "door.clap"
set = { "walk/speed" = 4.0 }
"""
CUES = plan(TEXT).cues
QUIET = Snapshot({}, {})
REST = {"/stage/brightness": 1.0, "/walk/speed": 1.0, "/generator/layers": 5.0, "/stage/label": 1.0}
CIVIL = 1_800_000_000.0
BRIGHTNESS, SPEED = "/stage/brightness", "/walk/speed"


class Clock:
    """The moments of some cues, written down."""

    def __init__(self, *moments: tuple[float, str], entry: str | None = None) -> None:
        self.moments, self.now = sorted(moments), entry

    def latest(self, after: float, until: float) -> Sequence[tuple[float, str]]:
        latest = {name: at for at, name in self.moments if after < at <= until}
        return sorted((at, name) for name, at in latest.items())

    def next(self, after: float) -> float | None:
        return next((at for at, _ in self.moments if at > after), None)

    def entry(self, at: float) -> str | None:
        return self.now


class Stand:
    """A player on a stand: the civil clock runs with the other, unless it is put."""

    def __init__(self, clock: Clock | None = None, resume: Mapping[str, Any] | None = None, now: float = 100.0) -> None:
        self.player = CuePlayer(CUES, CONTROLS, SIGNALS, clock or Clock(), resume)
        self.zero = now

    def at(self, time: float, asks: Asks = Asks(), heard: Snapshot = QUIET, put: float = 0.0) -> dict[str, float]:  # noqa: B008
        return self.player.step(self.zero + time, CIVIL + time + put, asks, heard, REST)


def test_a_fade_begins_where_the_control_is_and_ends_exactly() -> None:
    stand = Stand()
    assert stand.at(0.0) == {}
    assert stand.at(1.0, Asks(fire=("dim",))) == {BRIGHTNESS: 1.0, SPEED: 1.0, "/generator/layers": 9.0}
    half = stand.at(11.0)
    assert half[BRIGHTNESS] == pytest.approx(0.8)
    assert half[SPEED] == pytest.approx(1.5)
    assert stand.at(21.0)[BRIGHTNESS] == 0.6
    assert stand.player.waiting == {"slow": 5.0, "dark": 30.0}


def test_follow_ons_wait_and_go_on_from_there() -> None:
    stand = Stand()
    stand.at(0.0, Asks(fire=("dim",)))
    assert stand.at(25.0)[SPEED] == 2.0
    assert stand.at(30.0)[SPEED] == pytest.approx(1.25)
    assert stand.at(49.9)[BRIGHTNESS] == 0.6
    assert stand.at(50.0) == {BRIGHTNESS: 0.0, SPEED: 0.5, "/generator/layers": 9.0}


def test_what_is_held_stays_until_it_is_released() -> None:
    stand = Stand()
    stand.at(0.0, Asks(fire=("dim",)))
    stand.at(100.0)
    assert stand.at(9e6) == {BRIGHTNESS: 0.0, SPEED: 0.5, "/generator/layers": 9.0}
    assert set(stand.at(9e6 + 1, Asks(fire=("loose",)))) == {BRIGHTNESS, "/generator/layers", "/stage/label"}
    assert stand.at(9e6 + 2, Asks(fire=("free",))) == {}


def test_release_lets_go_and_panic_stops_what_waits_too() -> None:
    stand = Stand()
    stand.at(0.0, Asks(fire=("dim",)))
    assert stand.at(22.0, Asks(release=True)) == {}
    assert stand.at(50.0) == {BRIGHTNESS: 0.0, SPEED: 0.5}
    stand.at(60.0, Asks(fire=("dim",)))
    assert stand.at(82.0, Asks(panic=True)) == {}
    assert stand.at(200.0) == {}


def test_go_goes_down_the_list_past_what_follows_on_and_back_returns() -> None:
    stand = Stand()
    assert stand.player.standby == "dim"
    stand.at(0.0, Asks(go=1))
    assert stand.player.standby == "free"
    stand.at(100.0)
    stand.at(101.0, Asks(go=2))
    assert stand.player.standby == "clap"
    assert stand.at(103.0) == {"/stage/label": 0.25}
    stand.at(104.0, Asks(back=True))
    assert stand.player.standby == "loose"
    stand.at(105.0, Asks(back=True))
    assert stand.player.standby == "free"
    assert stand.at(105.0 + BACK) == {BRIGHTNESS: 0.0, SPEED: 0.5, "/generator/layers": 9.0}
    stand.at(107.0, Asks(go=99))
    assert stand.player.standby is None


def test_back_with_nothing_to_take_back_and_names_that_are_none() -> None:
    assert Stand().at(0.0, Asks(back=True, fire=("nobody",))) == {}


def test_signals() -> None:
    stand = Stand()
    level = [(1.0, 0.4, 0), (2.0, 0.6, 1), (3.0, 1.0, 1), (4.0, 0.3, 1), (5.0, 0.9, 1), (6.0, 0.2, 1), (7.0, 0.5, 2)]
    fired = 0
    for time, value, expected in level:
        hands = stand.at(time, Asks(release=True), Snapshot({"door.presence": value}, {}))
        fired += bool(hands)
        assert fired == expected
    assert stand.at(8.0, Asks(release=True), Snapshot({}, {"door.clap": 3})) == {SPEED: 4.0}


def test_firing_what_waits_already_does_nothing() -> None:
    stand = Stand()
    stand.at(0.0, Asks(fire=("dark",)))
    stand.at(20.0, Asks(fire=("dark", "dark")))
    assert stand.at(30.0) == {BRIGHTNESS: 0.0}
    assert stand.player.waiting == {}


# ---------------------------------------------------------------- the clock


def test_a_moment_is_heard_once() -> None:
    stand = Stand(Clock((CIVIL + 10, "clap")))
    assert stand.at(9.99) == {}
    assert stand.at(10.0) == {SPEED: 4.0}
    assert stand.at(11.0, Asks(release=True)) == {}
    assert stand.at(1e6) == {}


def test_a_late_step_is_where_it_would_be_by_now() -> None:
    stand = Stand(Clock((CIVIL + 10, "dim")))
    stand.at(0.0)
    assert stand.at(40.0) == {BRIGHTNESS: 0.6, SPEED: pytest.approx(1.25), "/generator/layers": 9.0}


def test_after_a_power_cut_what_was_missed_is_in_its_final_state() -> None:
    moments = (CIVIL - 7200, "dim"), (CIVIL - 3600, "loose"), (CIVIL - 20.0, "clap"), (CIVIL - LOOK_BACK - 60, "free")
    assert Stand(Clock(*moments)).at(0.0) == {
        BRIGHTNESS: 0.0,
        SPEED: 4.0,
        "/generator/layers": 9.0,
        "/stage/label": 0.25,
    }


def test_a_fade_that_began_during_a_power_cut_is_half_way() -> None:
    stand = Stand()
    stand.at(0.0, Asks(fire=("dim",)))
    stand.at(4.0)
    saved = json.loads(json.dumps(stand.player.state()))
    other = Stand(Clock((CIVIL + 6.0, "clap")), saved, now=7.0)  # another boot, another time since it
    assert other.at(10.0)[BRIGHTNESS] == pytest.approx(0.8)
    assert cause(other.player, BRIGHTNESS) == "the cue dim fades it for 10 s more"
    assert other.at(10.1)[SPEED] == 4.0
    assert other.at(50.0)[BRIGHTNESS] == 0.0


def test_a_state_of_before_holds_without_the_name_of_its_cue() -> None:
    held = {BRIGHTNESS: [1.0, 0.25, CIVIL, 2.0], SPEED: [1.0, 2.0, CIVIL, 0.0, "gone"], "/stage/label": [0.0, "clap"]}
    stand = Stand(resume={"heard": CIVIL, "held": held})
    assert stand.at(5.0) == {BRIGHTNESS: 0.25, SPEED: 2.0}
    assert cause(stand.player, BRIGHTNESS) == cause(stand.player, SPEED) == ""


def test_go_back_and_what_a_signal_has_fired_go_on_after_a_restart() -> None:
    stand, there = Stand(), Snapshot({"door.presence": 1.0}, {})
    stand.at(0.0)
    stand.at(1.0, heard=there)
    stand.at(2.0, Asks(fire=("free",)), there)
    stand.at(3.0, Asks(go=9), there)
    assert stand.player.standby is None
    other = Stand(Clock(), json.loads(json.dumps(stand.player.state())), now=7.0)
    other.at(4.0, Asks(release=True), there)
    assert other.player.standby is None, "the list was gone down to its end"
    assert "/stage/label" not in other.at(5.0, heard=there), "who stands there has fired it already"
    other.at(6.0, Asks(back=True), there)
    assert other.player.standby == "clap"


def test_a_programme_that_hangs_for_long_has_its_cue_after_a_boot() -> None:
    assert Stand(Clock(entry="clap")).at(0.0) == {SPEED: 4.0}
    assert Stand(Clock((CIVIL - 60, "dark"), entry="clap")).at(0.0) == {SPEED: 4.0, BRIGHTNESS: 0.0}


def test_an_hour_back_fires_nothing_again_and_an_hour_on_skips_nothing() -> None:
    stand = Stand(Clock((CIVIL + 10, "clap"), (CIVIL + 3700, "loose"), (CIVIL + 3800, "dark")))
    assert stand.at(11.0) == {SPEED: 4.0}
    assert stand.at(12.0, Asks(release=True), put=-3600) == {}
    assert stand.at(3620.0, put=-3600) == {}
    assert stand.at(3621.0) == {}
    assert stand.at(3710.0) == {"/stage/label": 0.25}
    assert stand.at(3711.0, put=3600) == {BRIGHTNESS: 0.0, "/stage/label": 0.25}


def test_a_clock_that_is_set_far_back_is_taken_at_its_word() -> None:
    stand = Stand(Clock((CIVIL + 10, "clap"), (CIVIL + 300, "loose")))
    stand.at(0.0, put=400 * 86400)  # a battery is empty, the clock is a year ahead
    assert stand.at(1.0, Asks(release=True), put=400 * 86400) == {}
    assert stand.at(20.0) == {SPEED: 4.0}
    assert "/stage/label" in stand.at(302.0)
    assert stand.at(303.0, Asks(release=True), put=-REWIND + 1) == {}


class Evening(Clock):
    """The programme of the day has ``clap``; the evening's, which begins at CIVIL, has ``loose``."""

    def __init__(self) -> None:
        super().__init__((CIVIL - 7000.0, "clap"), (CIVIL, "loose"))

    def entry(self, at: float) -> str | None:
        return "loose" if at >= CIVIL else "clap"


def test_a_clock_that_is_set_back_into_another_programme_brings_its_cue() -> None:
    stand = Stand(Evening())
    assert stand.at(5.0) == {"/stage/label": 0.25}
    assert stand.at(6.0, Asks(release=True), put=-0.5) == {}, "the same programme"
    back = stand.at(8.0, put=-3600.0)
    assert back == {SPEED: 4.0}
    assert stand.at(9.0, Asks(release=True), put=-3600.0) == {}, "once"
    assert stand.at(3609.0, put=-3600.0) == {"/stage/label": 0.25}, "and the evening comes again"


TIMES = st.lists(st.floats(0.0, 120.0, allow_nan=False), max_size=12)


@given(TIMES, st.lists(st.tuples(st.floats(0.1, 100.0), st.sampled_from([cue.name for cue in CUES])), max_size=6))
@example([1.0], [(1.0, "dim"), (22.0, "slow"), (26.0, "free")])  # slow waits already when it is fired again
@example([1.1], [(1.0, "dim"), (26.0, "free")])  # two at one instant, of which the clock tells one a little later
def test_however_it_is_stepped_it_comes_to_the_same(steps: list[float], moments: list[tuple[float, str]]) -> None:
    """But for what a cue that comes several times in one step would have begun from, which its fade forgets."""
    once = {name: (CIVIL + time, name) for time, name in moments}
    some, one = Stand(Clock(*once.values())), Stand(Clock(*once.values()))
    for stand in (some, one):
        stand.at(0.0)
    for time in sorted(steps):
        some.at(time)
    whole, expected = some.at(300.0), one.at(300.0)
    assert whole == pytest.approx(expected)
    assert some.player.state()["held"].keys() == expected.keys()


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(2**70), 2**70) | st.sampled_from(["dim", SPEED, "standby"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["dim", SPEED, BRIGHTNESS]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["heard", "standby", "held", "waiting", "undo", "deaf"]), JUNK) | JUNK)
def test_a_damaged_state_stops_nothing(saved: Any) -> None:
    stand = Stand(Clock((CIVIL + 5, "dim")), saved)
    stand.at(0.0)
    for address, value in stand.at(60.0, Asks(go=1)).items():
        assert math.isfinite(value)
        assert CONTROLS[address].low <= value <= CONTROLS[address].high
