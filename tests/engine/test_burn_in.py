"""What stands still moves a little, and is dimmed after an hour; time is an argument."""

import numpy as np
import pytest

from installation.core.contracts import Frame
from installation.engine.burn_in import LABEL, PICTURE, BurnIn, orbit
from installation.engine.safety import Safety
from installation.engine.view import Picture, View

CELLS = np.full((2, 144), 0.5, np.float32)
VIEW = View(Picture(0, None, None, 1.0))
HOUR = 3600.0


def test_cards_go_round_slowly_and_come_everywhere() -> None:
    places = [orbit(float(now)) for now in range(7200)]
    assert {tuple(map(round, place)) for place in places} == {(x, y) for x in range(-3, 4) for y in range(-2, 3)}
    assert np.abs(np.diff(np.array(places), axis=0)).max() < 0.05, "no step is seen"


def test_a_picture_that_stands_still_for_an_hour_is_dimmed_until_it_moves() -> None:
    guard = BurnIn()
    assert guard.step(VIEW, CELLS, 0.0).brightness == 1.0
    assert guard.step(VIEW, CELLS, HOUR).brightness == 1.0
    assert PICTURE < guard.step(VIEW, CELLS, HOUR + 30.0).brightness < 1.0
    assert guard.step(VIEW, CELLS, HOUR + 60.0).brightness == pytest.approx(PICTURE)
    moved = CELLS.copy()
    moved[0, 7] += 0.1
    assert guard.step(VIEW, moved, HOUR + 61.0).brightness == 1.0


def test_a_label_is_dimmed_while_the_picture_moves() -> None:
    guard = BurnIn()
    for minute in range(70):
        shown = guard.step(VIEW, CELLS * (minute % 2), 60.0 * minute)
    assert shown.brightness == 1.0
    assert shown.label == pytest.approx(LABEL)
    other = View(Picture(1, None, None, 1.0))
    assert guard.step(other, CELLS, 2 * HOUR).label == 1.0


def test_without_the_guard_nothing_moves_and_nothing_is_dimmed() -> None:
    frame = Frame(np.full((8, 8, 3), 200, np.uint8), 0.0)
    view, safety = View(Picture(0, frame, frame, 1.0)), Safety(burn_in=False)
    assert [safety.step(view, now) for now in (0.0, 2 * HOUR)] == [view, view]
