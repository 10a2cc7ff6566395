"""What the camera tells as lines: where visitors are and where they go, and nothing that could be a picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from installation.core.sight import OUTLINES, POINTS, WHOLE, Sight
from installation.process.sensors import run_sensors
from sensors._background import shrink
from sensors._outlines import EVERY, Drawing, outlines, sight
from sensors._seeing import Seeing
from sensors.camera import Config
from tests.sensors.drawn_visitors import FPS, HEIGHT, WIDTH
from tests.sensors.test_camera import film, passing
from tests.timeout import until


@pytest.fixture(scope="module")
def seeing() -> Seeing:
    """Somebody is in the middle of the way from left to right."""
    cv2.setNumThreads(1)
    seen = Seeing()
    for number, picture in enumerate(passing().pictures()):
        seen.see(shrink(picture, 160, mirror=False), number / FPS, 1 / FPS, number == 0)
        if number == 3 * FPS:
            return seen
    raise AssertionError("the film is too short")


def points(line: tuple[int, ...]) -> np.ndarray:
    return np.array(line).reshape(-1, 2)


def test_a_visitor_is_outlined_where_he_is_and_an_arrow_tells_where_he_goes(seeing: Seeing) -> None:
    drawn, pose = sight(seeing), passing().actors[0].pose(3.0)
    assert pose is not None
    assert drawn.aspect == pytest.approx(WIDTH / HEIGHT, abs=0.02)
    (line,) = drawn.visitors
    left, right = points(line)[:, 0].min(), points(line)[:, 0].max()
    assert left < WHOLE * pose.x / WIDTH < right
    assert right - left < WHOLE / 2
    assert drawn.others == ()
    assert np.mean([dx for _, _, dx, _ in drawn.flow]) > 30, "a quarter of a second at a walk"


def test_nothing_seen_yet_is_nothing_drawn() -> None:
    assert sight(Seeing()) == Sight(1.0)


def test_whatever_is_there_few_points_are_told() -> None:
    noise = np.random.default_rng(1).integers(0, 2, (120, 160), np.uint8) * 255
    blots = cv2.dilate(noise, np.ones((2, 2), np.uint8))
    ragged = np.where(np.random.default_rng(2).random((120, 160)) < 0.9, np.uint8(255), np.uint8(0))
    for mask in (noise, blots, ragged, np.full((120, 160), 255, np.uint8)):
        lines = list(outlines(mask))
        assert len(lines) <= OUTLINES
        assert all(len(line) <= 2 * POINTS for line in lines)
        assert all(0 <= number <= WHOLE for line in lines for number in line)


def test_it_is_drawn_while_somebody_looks_and_a_few_times_a_second(seeing: Seeing) -> None:
    wanted, told = [False], list[Sight]()
    drawing = Drawing(lambda: wanted[0], told.append)
    for number in range(60):
        wanted[0] = number >= 30
        drawing.step(seeing, number / 30)
    assert len(told) == pytest.approx(1.0 / EVERY, abs=1)


def test_the_process_draws_for_a_moment_after_it_was_asked(tmp_path: Path) -> None:
    path = film(tmp_path / "walk.avi", passing())
    sensors = run_sensors([Config(name="door", source=path, mirror=False)], lambda name, value: None)
    try:
        until(lambda: not sensors.trouble())

        def asked() -> tuple[tuple[int, ...], ...]:
            sensors.look()
            drawn = sensors.sights().get("door")
            return drawn.visitors if drawn else ()

        assert until(asked, "an outline")
        until(lambda: not sensors.sights(), "nobody looks any more")
    finally:
        sensors.stop()
