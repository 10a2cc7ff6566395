"""Visits, with time as an argument: nobody there, an arrival, a leave, several at once, and one who stays."""

from collections.abc import Iterator

import pytest

from installation.core.controls import Control, table
from installation.core.signals import Signal, Snapshot
from installation.engine.session import Visits
from installation.showfile.visitors_table import Visitors

NAMES = ("presence", "x", "visitors", "visitor1_x", "visitor2_x")
SIGNALS = [Signal(f"door.{name}", "", high=8.0, rest=0.5 if name.endswith("x") else 0.0) for name in NAMES]
CONTROLS = table((Control("/walk/speed", "", high=4.0, default=1.0), Control("/generator/psi", "", default=0.7)))
RESTS = {"/walk/speed": 1.0, "/generator/psi": 0.7}
FPS = 60


class Room:
    """Visits in which time goes by."""

    def __init__(self, **options: object) -> None:
        self.visits, self.now = Visits(Visitors(**options), SIGNALS), 1000.0  # type: ignore[arg-type]
        self.values: dict[str, float] = {}

    def wait(self, seconds: float, step: float = 1 / FPS, **said: float) -> None:
        levels = {"x": 0.5, "visitor1_x": 0.5, "visitor2_x": 0.5, "visitors": 0.0, "presence": 0.0} | said
        snapshot = Snapshot({f"door.{name}": value for name, value in levels.items()}, {})
        for _ in range(max(1, round(seconds / step))):
            self.now += step
            self.values = dict(self.visits.step(self.now, min(step, 0.25), snapshot).values)

    def steered(self) -> tuple[float, float]:
        values = self.visits.steer({}, CONTROLS, RESTS)
        return values["/walk/speed"], values["/generator/psi"]


@pytest.fixture
def room() -> Iterator[Room]:
    return Room(attract=10.0, speed=0.5, wider=1.2)


def test_nobody_there_is_slower_and_wider(room: Room) -> None:
    room.wait(8.1)
    assert room.steered() == pytest.approx((0.5, 0.84))


def test_an_arrival_wakes_it_within_three_tenths_of_a_second(room: Room) -> None:
    room.wait(8.1)
    room.wait(0.28, presence=1.0)
    assert room.visits.attract == 0.0
    assert room.steered() == pytest.approx((1.0, 0.7))


def test_who_leaves_is_followed_gently(room: Room) -> None:
    room.wait(20.0, presence=1.0, x=1.0)
    left = room.values["door.x"]
    before, steps = left, []
    for _ in range(5 * FPS):
        room.wait(1 / FPS)
        steps.append(abs(room.values["door.x"] - before))
        before = room.values["door.x"]
    assert left == 1.0
    assert max(steps) < 0.01
    assert before == 0.5
    assert room.visits.attract == 0.0, "it does not invite yet"
    room.wait(20.0)
    assert room.visits.attract == 1.0


@pytest.mark.parametrize(("share", "places"), [("mean", {0.5}), ("turns", {0.2, 0.8}), ("motion", {0.9})])
def test_several_share(share: str, places: set[float]) -> None:
    room, seen = Room(share=share, turn=2.0), set()
    for _ in range(10):
        room.wait(0.5, presence=1.0, visitors=2.0, visitor1_x=0.2, visitor2_x=0.8, x=0.9)
        seen.add(round(room.values["door.x"], 6))
    assert seen == places


def test_who_stays_for_ever_counts_less_until_another_comes() -> None:
    room = Room(half_life=60.0, least=0.25)
    room.wait(59.0, step=0.5, presence=1.0, visitors=1.0, x=1.0)
    assert room.values["door.x"] == 1.0
    room.wait(61.0, step=0.5, presence=1.0, visitors=1.0, x=1.0)
    assert room.values["door.x"] == pytest.approx(0.75, abs=0.01)
    room.wait(600.0, step=0.5, presence=1.0, visitors=1.0, x=1.0)
    assert room.values["door.x"] == pytest.approx(0.625)
    room.wait(1.0, presence=1.0, visitors=2.0, x=1.0)
    assert room.values["door.x"] == 1.0


def test_a_camera_that_is_not_there_invites_nobody() -> None:
    room = Room(attract=10.0)
    room.wait(8.1)
    assert room.visits.attract == 1.0
    gone = Snapshot(room.values, {}, frozenset(room.values))
    for _ in range(9 * FPS):
        room.now += 1 / FPS
        room.visits.step(room.now, 1 / FPS, gone)
    assert room.visits.attract == 0.0


def test_without_a_presence_signal_nothing_is_done() -> None:
    visits, snapshot = Visits(Visitors(), [Signal("osc.fader", "")]), Snapshot({"osc.fader": 0.3}, {})
    assert visits.step(0.0, 0.1, snapshot) is snapshot
    assert visits.attract == 0.0
    assert visits.steer({"/walk/speed": 2.0}, CONTROLS, RESTS) == {"/walk/speed": 2.0}
