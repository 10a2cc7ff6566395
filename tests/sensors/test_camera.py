"""What the camera sees in drawn clips whose motion is known, and the process that watches a video file."""

import logging
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest

from installation.core.errors import DeviceError
from installation.process.sensors import run_sensors
from sensors._capture import Film
from sensors.camera import Config, Motion, Watch, analyse, optical_flow, shrink
from tests.timeout import until

SIZE = (320, 240)
FPS = 30

Picture = np.ndarray
Where = Callable[[int], tuple[int, int] | None]
"""Picture number -> the visitor's top left corner (x, y) in pixels, or None when nobody is there."""


def textured(size: tuple[int, int], low: int, high: int, seed: int) -> Picture:
    coarse = np.random.default_rng(seed).integers(low, high, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)


def clip(count: int, where: Where, noise: float = 4.0, light: Callable[[int], float] = lambda _: 0.0) -> list[Picture]:
    """Pictures of a gallery with a visitor of 64x128 pixels, and a camera's noise (levels)."""
    wall, visitor = textured(SIZE, 60, 180, 1), textured((64, 128), 0, 255, 2)
    chance = np.random.default_rng(3)
    pictures = []
    for number in range(count):
        picture = wall.copy()
        if (corner := where(number)) is not None:
            x, y = corner
            picture[y : y + 128, x : x + 64] = visitor
        loud = picture + chance.normal(light(number), noise, picture.shape)
        pictures.append(np.clip(loud, 0, 255).astype(np.uint8))
    return pictures


def watch(pictures: list[Picture], mirror: bool = False) -> list[dict[str, float]]:
    """The signals after each picture but the first."""
    flow, state = optical_flow(), Watch()
    grays = [shrink(picture, 320, mirror) for picture in pictures]
    return [state.step(analyse(a, b, flow), 1 / FPS) for a, b in pairwise(grays)]


def walk_right(number: int) -> tuple[int, int]:
    return 10 + 3 * number, 60


# ---------------------------------------------------------------- numbers


def test_a_visitor_who_walks_is_followed() -> None:
    for number, said in enumerate(watch(clip(80, walk_right)), start=1):
        if number < 10:
            continue
        assert 0.4 < said["motion"] <= 1.0
        assert said["x"] == pytest.approx((walk_right(number)[0] + 32) / SIZE[0], abs=0.04)
        assert said["y"] == pytest.approx((60 + 64) / SIZE[1], abs=0.05)
        assert said["flow_x"] == pytest.approx(3 * FPS / SIZE[0], rel=0.25)
        assert abs(said["flow_y"]) < 0.08


def test_a_mirror_turns_left_and_right() -> None:
    said = watch(clip(40, walk_right), mirror=True)[-1]
    assert said["x"] == pytest.approx(1.0 - (walk_right(39)[0] + 32) / SIZE[0], abs=0.04)
    assert said["flow_x"] == pytest.approx(-3 * FPS / SIZE[0], rel=0.25)


@pytest.mark.parametrize(("step", "sign"), [(2, 1.0), (-2, -1.0)])
def test_down_is_positive(step: int, sign: float) -> None:
    said = watch(clip(30, lambda number: (120, 50 + step * (number - 15))))[-1]
    assert said["flow_y"] * sign == pytest.approx(2 * FPS / SIZE[1], rel=0.25)
    assert abs(said["flow_x"]) < 0.08


def test_a_gallery_of_paintings_is_empty() -> None:
    rest = {"motion": 0.0, "x": 0.5, "y": 0.5, "flow_x": 0.0, "flow_y": 0.0, "presence": 0.0}
    assert all(said == rest for said in watch(clip(60, lambda _: (128, 56))))


@pytest.mark.parametrize("light", [lambda n: 0.4 * n, lambda n: 60.0 * (n >= 20), lambda n: 25.0 * (n % 2)])
def test_lamps_and_exposure_are_no_visitors(light: Callable[[int], float]) -> None:
    said = watch(clip(60, lambda _: None, light=light))
    assert max(signals["presence"] for signals in said) == 0.0
    assert max(signals["motion"] for signals in said) < 0.3


def test_a_glimpse_is_nobody() -> None:
    said = watch(clip(60, lambda number: walk_right(number) if 20 <= number < 35 else None))
    assert max(signals["motion"] for signals in said) > 0.4
    assert max(signals["presence"] for signals in said) == 0.0


def test_somebody_is_there_after_a_second_and_gone_after_six_of_stillness() -> None:
    state = Watch()
    there = [state.step(Motion(0.5, 0.8, 0.5), 1 / FPS)["presence"] for _ in range(2 * FPS)]
    assert there.index(1.0) == pytest.approx(FPS, abs=2)
    looks = [state.step(Motion(0.08 if n % 60 < 20 else 0.0, 0.8, 0.5), 1 / FPS) for n in range(30 * FPS)]
    assert all(said["presence"] == 1.0 for said in looks), "one who looks moves a little now and then"
    assert looks[-1]["x"] == pytest.approx(0.8, abs=0.01), "and stays where he is"
    gone = [state.step(Motion(), 1 / FPS) for _ in range(12 * FPS)]
    assert [said["presence"] for said in gone].index(0.0) == pytest.approx(6 * FPS, abs=2 * FPS)
    assert gone[-1]["x"] == pytest.approx(0.5, abs=0.01)


def test_every_signal_keeps_its_range_whatever_moves() -> None:
    signals = {signal.name: signal for signal in Config().signals()}
    chance = np.random.default_rng(5)
    pictures = [chance.integers(0, 255, (120, 160, 3), dtype=np.uint8) for _ in range(10)]
    for said in watch(pictures):
        assert said.keys() == signals.keys()
        assert all(signals[name].low <= value <= signals[name].high for name, value in said.items())


@pytest.mark.parametrize("shape", [(480, 640, 3), (1080, 1920, 3), (640, 360, 3), (2, 640, 3)])
def test_every_shape_is_shrunk(shape: tuple[int, int, int]) -> None:
    gray = shrink(np.zeros(shape, np.uint8), 320, True)
    assert gray.shape == (max(1, round(shape[0] * 320 / shape[1])), 320)


# ---------------------------------------------------------------- the device


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Two seconds: an empty second, then a visitor walks right."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), FPS, SIZE)
    for picture in clip(60, lambda number: walk_right(2 * (number - 30)) if number >= 30 else None):
        writer.write(picture)
    writer.release()
    return path


def test_a_file_is_watched_at_its_own_rate_and_repeats(video: Path) -> None:
    said: list[tuple[str, float]] = []
    stop = threading.Event()

    def emit(signal: str, value: float) -> None:
        said.append((signal, value))
        if len(said) == 6 * 75:
            stop.set()

    camera, begun = Config(source=video, mirror=False).open(), time.monotonic()
    camera.run(emit, stop)
    assert time.monotonic() - begun > 2.0, "a busy machine may be later than 2.5 s, and none earlier"
    motions = [value for signal, value in said if signal == "motion"]
    assert max(motions[:25]) == 0.0, "nobody is there yet"
    assert min(motions[32:55]) > 0.4
    assert max(motions[59:]) == 0.0, "from the start again, and the seam is no motion"


def test_a_stop_already_set_ends_it_at_once(video: Path) -> None:
    stop = threading.Event()
    stop.set()
    Config(source=video).open().run(lambda signal, value: pytest.fail("it said something"), stop)


class Counted:
    """A film, and how many of its pictures were passed."""

    def __init__(self, film: Any) -> None:
        self.film, self.grabbed = film, 0

    def grab(self) -> bool:
        self.grabbed += 1
        return bool(self.film.grab())

    def __getattr__(self, name: str) -> Any:
        return getattr(self.film, name)


def test_a_fast_file_is_analysed_30_times_a_second(tmp_path: Path) -> None:
    path = tmp_path / "fast.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 120, SIZE)
    for picture in clip(240, lambda _: None):
        writer.write(picture)
    writer.release()
    stop, count = threading.Event(), []

    def emit(signal: str, value: float) -> None:
        count.append(signal)
        if count.count("motion") == 30:
            stop.set()

    camera, begun = Config(source=path).open(), time.monotonic()
    assert isinstance(camera.source, Film)
    camera.source.capture = film = Counted(camera.source.capture)
    camera.run(emit, stop)
    assert time.monotonic() - begun > 0.9
    assert film.grabbed <= 4 * 31 + 1


def test_the_process_watches_a_file_and_comes_back(video: Path, caplog: pytest.LogCaptureFixture) -> None:
    heard: dict[str, float] = {}
    sensors = run_sensors([Config(name="door", source=video)], heard.__setitem__)
    try:
        until(lambda: heard.get("door.motion", 0.0) > 0.4)
        assert heard.keys() == {f"door.{signal.name}" for signal in Config().signals()}
        child = sensors._runners["door"].child  # type: ignore[attr-defined]
        process, killed = psutil.Process(child.pid), time.monotonic()
        assert not [file.path for file in process.open_files() if file.mode != "r"], "no picture is written"
        process.kill()
        assert "last signal 0 s ago" in until(sensors.trouble)["door"]
        until(lambda: child.pid not in (process.pid, None))
        assert time.monotonic() - killed < 3.0
        heard.clear()
        until(lambda: heard)
        assert sensors.trouble() == {}
    finally:
        sensors.stop()
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1


# ---------------------------------------------------------------- what is missing


def test_a_missing_camera_says_what_was_found_and_what_to_do() -> None:
    with pytest.raises(DeviceError, match=r"(camera|/dev/video63).*no picture yet") as refused:
        Config(source=63).open()
    assert 'kind = "scripted"' in str(refused.value)


def test_a_file_without_pictures_is_refused_by_name(tmp_path: Path) -> None:
    text = tmp_path / "clip.mp4"
    text.write_text("no film")
    with pytest.raises(DeviceError, match=r"clip\.mp4: found no picture"):
        Config(source=text).open()
