"""The mark that tells visitors that they are seen."""

import itertools
from collections.abc import Iterable

import pytest

from installation.core.commands import NEXT, VOTE_LIKE, Command
from installation.core.signals import Signal
from installation.engine.marks import COUNTED, FADE, LASTS, SEEN, Marks
from installation.showfile.visitors_table import Visitors

DT = 1 / 60
PLACES = [Signal(f"door.visitor{number}_x", "", rest=0.5) for number in (1, 2, 3)]
CAMERA = [Signal("door.presence", ""), Signal("door.visitors", "", high=8.0), *PLACES]


class Wall:
    def __init__(self, signals: Iterable[Signal] = CAMERA) -> None:
        self.marks, self.now = Marks(Visitors(), signals), 0.0
        self.seen: list[tuple[tuple[float, float], ...]] = []

    def play(
        self, seconds: float, *places: float, presence: float = 1.0, press: str = ""
    ) -> tuple[tuple[float, float], ...]:
        signals = {f"door.visitor{number}_x": x for number, x in enumerate(places, 1)}
        signals |= {"door.presence": presence, "door.visitors": float(len(places))}
        for frame in range(round(seconds / DT)):
            self.now += DT
            commands = [Command(press)] if press and not frame else []
            self.seen.append(self.marks.step(self.now, DT, signals, commands))
        return self.seen[-1]


def test_a_mark_stands_where_each_visitor_stands_and_follows() -> None:
    wall = Wall()
    assert wall.play(1.0, presence=0.0) == ()
    assert wall.play(2.0, 0.2, 0.9) == ((pytest.approx(0.2), pytest.approx(SEEN)), (pytest.approx(0.9), SEEN))
    xs = [seen[0][0] for seen in (wall.play(0.1, 0.8), wall.play(0.2, 0.8), wall.play(3.0, 0.8))]
    assert xs == sorted(xs)
    assert 0.2 < xs[0] < 0.5 < xs[2]
    assert len(wall.play(1.0, 0.8)) == 1
    assert wall.play(1.0, presence=0.0) == ()


def test_without_places_it_stands_in_the_middle_while_somebody_is_there() -> None:
    wall = Wall([Signal("door.presence", "")])
    assert wall.play(2.0) == ((0.5, pytest.approx(SEEN)),)
    assert wall.play(2.0, presence=0.0) == ()


def test_a_vote_without_a_phone_is_told_by_a_brighter_mark() -> None:
    wall = Wall()
    wall.play(2.0, 0.3)
    assert wall.play(0.5 * LASTS, 0.3, press=NEXT)[0][1] == pytest.approx(SEEN)
    assert wall.play(0.9 * LASTS, 0.3, press=VOTE_LIKE)[0][1] == pytest.approx(COUNTED)
    assert wall.play(2.0, 0.3)[0][1] == pytest.approx(SEEN)
    alone = Wall()
    assert alone.play(0.9 * LASTS, presence=0.0, press=VOTE_LIKE) == ((0.5, pytest.approx(COUNTED)),)


def test_it_cannot_flash_however_the_signals_do() -> None:
    wall = Wall()
    for number in range(100):
        wall.play(3 * DT, 0.5, presence=float(number % 2))
    brightness = [seen[0][1] if seen else 0.0 for seen in wall.seen]
    steps = [abs(after - before) for before, after in itertools.pairwise(brightness)]
    assert max(steps) <= DT / FADE + 1e-9


def test_a_show_without_presence_has_none() -> None:
    assert Wall([Signal("hall.level", "")]).play(1.0) == ()
