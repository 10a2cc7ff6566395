"""What stands still moves a little, and is dimmed after an hour; time is an argument."""

import numpy as np
import pytest

from installation.core.contracts import Frame
from installation.engine.burn_in import CAP, LABEL, LEAST, Areas, BurnIn, orbit
from installation.engine.flashes import LINEAR
from installation.engine.safety import Safety
from installation.engine.view import Picture, View

VIEW = View(Picture(0, None, None, 1.0))
HOUR = 3600.0


def test_cards_go_round_slowly_and_come_everywhere() -> None:
    places = [orbit(float(now)) for now in range(7200)]
    assert {tuple(map(round, place)) for place in places} == {(x, y) for x in range(-3, 4) for y in range(-2, 3)}
    assert np.abs(np.diff(np.array(places), axis=0)).max() < 0.05, "no step is seen"


def test_a_label_is_dimmed_that_has_hung_for_an_hour() -> None:
    guard = BurnIn()
    assert guard.step(VIEW, 0.0).label == guard.step(VIEW, HOUR).label == 1.0
    assert guard.step(VIEW, HOUR + 60.0).label == pytest.approx(LABEL)
    other = View(Picture(1, None, None, 1.0))
    assert guard.step(other, 2 * HOUR).label == 1.0


def watched(areas: Areas, wall: np.ndarray, now: float, until: float) -> float:
    """Shows that wall, each area with what it keeps, until a second; returns the largest step that an area made."""
    most = 0.0
    while now < until:
        now += 1.0
        if areas.due(now):
            before = np.ones(wall.shape[:2]) if areas.kept is None else areas.kept
            shown = np.round(wall * before[..., None]).astype(np.uint8)
            areas.step(shown, now)
            most = max(most, float(np.abs((np.ones(1) if areas.kept is None else areas.kept) - before).max()))
    return most


def test_bright_areas_that_stand_still_for_an_hour_are_capped_until_they_change() -> None:
    areas, wall = Areas(on=True), np.full((18, 32, 3), 120.0)
    wall[:, 8:], wall[:, 20:] = 180.0, 255.0
    watched(areas, wall, 0.0, HOUR)
    assert areas.kept is None
    assert watched(areas, wall, HOUR, HOUR + 700.0) < 0.003, "no step is seen"
    kept = areas.kept
    assert kept is not None
    assert np.allclose(kept[:, :8], 1.0), "what is dark enough stays"
    assert np.allclose(LINEAR[np.round(180.0 * kept[:, 8:20]).astype(int)], CAP, atol=0.02)
    assert np.allclose(kept[:, 20:], LEAST)
    watched(areas, wall, HOUR + 700.0, 3 * HOUR)
    assert areas.kept is not None
    assert np.allclose(areas.kept, kept, atol=0.02), "its own dimming is no change"
    wall[:, 30:] = 128.0
    watched(areas, wall, 3 * HOUR, 3 * HOUR + 200.0)
    assert np.allclose(areas.kept[:, 30:], 1.0)
    assert np.allclose(areas.kept[:, :30], kept[:, :30], atol=0.02), "each area for itself"


def test_what_moves_is_never_dimmed() -> None:
    areas = Areas(on=True)
    for minute in range(120):
        areas.step(np.full((18, 32, 3), 250 - 20 * (minute % 2), np.uint8), 60.0 * minute)
    assert areas.kept is None


def test_without_the_guard_nothing_moves_and_nothing_is_dimmed() -> None:
    frame = Frame(np.full((8, 8, 3), 200, np.uint8), 0.0)
    view, safety = View(Picture(0, frame, frame, 1.0)), Safety(burn_in=False)
    assert [safety.step(view, now) for now in (0.0, 2 * HOUR)] == [view, view]
    assert not safety.areas.due(2 * HOUR)
