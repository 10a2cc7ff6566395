"""No flash gets through, whatever is steered: with drawn steering, and on the wall as it is composed."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installation.core.contracts import Frame
from installation.core.parts import ROOT
from installation.engine.flashes import FlashLimiter, gain
from installation.engine.view import Picture, Surface, View
from installation.showfile.load import Show, load
from installation.stage import Stage, open_stage
from tests import flashing

FPS = 60.0
COLOURS = ((0, 0, 0), (255, 255, 255), (255, 0, 0), (120, 120, 120), (0, 60, 255))
HALVES = [np.full((16, 32, 3), colour, np.uint8) for colour in COLOURS]
FRAMES = [Frame(np.concatenate((one, other)), 0.0) for one in HALVES for other in HALVES]


def seen(view: View) -> np.ndarray:
    """What a stage without lamps makes of a view, small."""
    picture = view.current
    assert picture.earlier is not None
    assert picture.later is not None
    mixed = picture.earlier.pixels * (1.0 - picture.mix) + picture.later.pixels * picture.mix
    return np.asarray(mixed[::2, ::2] * gain(view))


def assert_calm(times: list[float], pictures: list[np.ndarray]) -> None:
    light = flashing.most_in_a_second(times, map(flashing.general, pictures), 0.1, 0.8)
    red = flashing.most_in_a_second(times, map(flashing.red, pictures), 20.0, np.inf)
    assert light <= 3.0, f"{light} general flashes in a second"
    assert red <= 3.0, f"{red} red flashes in a second"


def still(frame: Frame, surface: Surface = Surface(), **more: float) -> View:  # noqa: B008  frozen
    return View(Picture(0, frame, frame, 1.0, surface), **more)  # type: ignore[arg-type]


STEERED = st.tuples(
    st.sampled_from(FRAMES), st.floats(0.0, 1.0), st.booleans(), st.sampled_from((1, 1, 2, 3, 5, 9, 20, 40))
)


@settings(max_examples=12)
@given(st.lists(STEERED, min_size=1, max_size=30))
def test_no_steering_flashes(steered: list[tuple[Frame, float, bool, int]]) -> None:
    limiter, times, pictures = FlashLimiter(), [], []
    for frame, brightness, blackout, frames in steered:
        for _ in range(frames):
            now = len(times) / FPS
            view = limiter.step(still(frame, brightness=brightness, blackout=float(blackout)), now)
            assert not blackout or gain(view) == 0.0, "a blackout is dark in its frame"
            times.append(now)
            pictures.append(seen(view))
    assert_calm(times, pictures)


@pytest.mark.parametrize("rate", [1.0, 4.0, 20.0, 30.0])
def test_frames_that_alternate_do_not_flash(rate: float) -> None:
    limiter, times, pictures = FlashLimiter(), [], []
    for number in range(round(3 * FPS)):
        now = number / FPS
        view = limiter.step(still(FRAMES[0 if now * rate % 1.0 < 0.5 else 6]), now)
        times.append(now)
        pictures.append(seen(view))
    assert_calm(times, pictures)
    assert (limiter.held > 0) == (rate > 1.0), "what is allowed is shown as it is"


def test_a_single_change_is_shown_at_once() -> None:
    limiter = FlashLimiter()
    assert limiter.step(still(FRAMES[6]), 0.0).blackout == 0.0
    assert limiter.step(still(FRAMES[6], blackout=1.0), 0.02).blackout == 1.0
    for number in range(18):
        view = limiter.step(still(FRAMES[6]), 0.02 + number / FPS)
    assert gain(view) == 1.0
    assert limiter.held == 0


def test_a_lamp_goes_where_it_is_sent_in_half_a_second() -> None:
    limiter, right = FlashLimiter(), Surface(lamp_x=1.0)
    limiter.step(still(FRAMES[6], Surface(lamp_x=-1.0)), 0.0)
    places = [limiter.step(still(FRAMES[6], right), number / FPS).current.surface.lamp_x for number in range(1, 31)]
    assert places[0] < -0.9
    assert places == sorted(places)
    assert limiter.step(still(FRAMES[6], right), 0.51).current.surface == right


def test_what_does_not_move_is_passed_on_as_it_is() -> None:
    """The same view, not an equal one: a frame in which nothing is held back makes nothing anew."""
    limiter, frame = FlashLimiter(), Frame(HALVES[0], 0.0)
    limiter.step(still(frame, Surface(relief=0.6)), 0.0)
    view = still(frame, Surface(relief=0.6))
    assert limiter.step(view, 1.0 / FPS) is view


def test_pieces_with_other_numbers_are_not_held() -> None:
    limiter = FlashLimiter()
    for number in range(20):
        limiter.step(still(FRAMES[6 * (number % 2)]), number / FPS)
    limiter.forget()
    assert limiter.step(still(FRAMES[6]), 0.4).current.earlier is FRAMES[6]


# ---------------------------------------------------------------- on the wall


@pytest.fixture(scope="module")
def show() -> Show:
    return load(ROOT / "shows" / "rehearsal.toml")


@pytest.fixture(scope="module")
def stage(show: Show) -> Iterator[Stage]:
    stage = open_stage("headless", (320, 180))
    for index, piece in enumerate(show.pieces):
        stage.hang(index, piece.hang, piece.label, show.languages, piece.poster)
    yield stage
    stage.close()


@pytest.mark.gl
@pytest.mark.parametrize("address", ["/stage/brightness", "/stage/blackout", "/stage/lamp/x", "/generator/hue"])
def test_the_wall_does_not_flash_when_a_control_is_toggled_twenty_times_a_second(
    show: Show, stage: Stage, address: str
) -> None:
    assert_calm(*flashing.toggled(show, stage, address))
