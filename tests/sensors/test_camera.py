"""What the camera says of drawn people and of rooms in which nobody is, and the process that watches a video file."""

import logging
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest
from pydantic import ValidationError

from installation.core.errors import DeviceError
from installation.process.sensors import run_sensors
from sensors._background import shrink
from sensors._capture import Film
from sensors._gestures import Gestures
from sensors._seeing import Seeing
from sensors._strokes import BINS, CHANNELS, CLASSES, Course, Move, read_judge
from sensors._visitors import Visitor
from sensors.camera import Config, Says, crop, upright
from tests.sensors.drawn_visitors import (
    FPS,
    GESTURES,
    HEIGHT,
    WEATHER,
    WIDTH,
    Actor,
    Clip,
    gesture_clip,
    nuisance_clip,
    somebody,
    standing_clip,
    wall,
)
from tests.timeout import until

Levels = list[dict[str, float]]


def watch(clip: Clip, mirror: bool = False) -> tuple[Levels, list[tuple[float, str]]]:
    """The levels after each picture, and the (second, name) of each pulse."""
    cv2.setNumThreads(1)
    seeing, levels, pulses = Seeing(), [], []
    for number, picture in enumerate(clip.pictures()):
        seen = seeing.see(shrink(picture, 160, mirror), number / FPS, 1 / FPS, number == 0)
        levels.append(seen.levels)
        pulses += [(number / FPS, name) for name in seen.pulses]
    return levels, pulses


def passing(speed: float = 110.0, length: float = 4.0) -> Clip:
    """Somebody walks through from left to right, from the first second on."""
    person = replace(somebody(np.random.default_rng(1), 1), height=150.0, ground=235.0)
    actor = Actor(person, WIDTH + 60.0, 1.0, speed=speed)
    return Clip("passing", wall(np.random.default_rng(5), 1), (actor,), length, 3)


# ---------------------------------------------------------------- somebody


def test_a_visitor_who_walks_is_followed() -> None:
    clip = passing()
    levels, pulses = watch(clip)
    assert pulses[0][1] == "enter"
    assert pulses[0][0] < 2.4, "a second after the first of him is in the picture"
    for number in range(round(2.5 * FPS), round(3.7 * FPS)):
        pose, said = clip.actors[0].pose(number / FPS), levels[number]
        assert pose is not None
        assert said["motion"] > 0.3
        assert said["x"] == pytest.approx(pose.x / WIDTH, abs=0.06)
        assert said["visitor1_x"] == pytest.approx(pose.x / WIDTH, abs=0.06)
        assert said["flow_x"] > 0.1
        assert said["visitors"] == said["presence"] == 1.0
    assert {name for _, name in pulses} == {"enter"}, "walking is no gesture"


def test_a_mirror_turns_left_and_right() -> None:
    said = watch(passing(length=3.0), mirror=True)[0][-1]
    assert said["visitor1_x"] < 0.5
    assert said["flow_x"] < -0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain", "noise 14", "lamp", "sun"])
def test_one_who_stands_still_and_looks_is_there_until_he_leaves(name: str) -> None:
    clip = standing_clip(name, 40.0)
    actor = clip.actors[0]
    levels, pulses = watch(clip)
    told = [(name, second) for second, name in pulses if name in ("enter", "leave")]
    assert [name for name, _ in told] == ["enter", "leave"]
    assert told[0][1] < actor.enters + 1.8
    assert actor.leaves < told[1][1] < actor.leaves + 4.0
    assert levels[round(actor.leaves * FPS)]["dwell"] == pytest.approx(actor.leaves - told[0][1], abs=0.1)
    if name == "plain":
        assert "stillness" in {name for _, name in pulses}
        assert levels[round(actor.leaves * FPS) - 5]["stillness_level"] > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("name", GESTURES)
def test_a_gesture_is_told_once_and_no_other(name: str) -> None:
    """One clip each; how many of all are told is what benchmarks/gestures.py prints."""
    clip = gesture_clip(name, 1)
    levels, pulses = watch(clip)
    told = [(second, pulse) for second, pulse in pulses if pulse in GESTURES]
    assert [pulse for _, pulse in told] == [name]
    assert clip.truth[0][1] <= told[0][0] <= clip.truth[0][2]
    assert levels[round(told[0][0] * FPS)][f"{name}_level"] > 0.25


# ---------------------------------------------------------------- nobody


@pytest.mark.slow
@pytest.mark.parametrize("name", WEATHER)
def test_what_is_nobody(name: str) -> None:
    levels, pulses = watch(nuisance_clip(name, 12.0))
    assert not pulses
    assert max(said["presence"] for said in levels) == 0.0


def test_a_still_gallery_is_at_rest() -> None:
    levels, _ = watch(nuisance_clip("noise 14", 2.0))
    signals = {signal.name: signal for signal in Config().signals() if not signal.pulse}
    assert all(said == {name: signals[name].rest for name in signals} for said in levels)


def test_a_glimpse_is_nobody() -> None:
    levels, pulses = watch(passing(speed=800.0, length=3.0))
    assert max(said["motion"] for said in levels) > 0.3
    assert not pulses


# ---------------------------------------------------------------- numbers


def test_every_signal_keeps_its_range_whatever_moves() -> None:
    signals = {signal.name: signal for signal in Config().signals() if not signal.pulse}
    chance, seeing = np.random.default_rng(5), Seeing()
    for number in range(12):
        size = (120, 160, 3) if number < 6 else (90, 160, 3) if number < 9 else (90, 160, 1)
        said = seeing.see(chance.integers(0, 255, size, dtype=np.uint8), number / FPS, 1 / FPS).levels
        assert said.keys() == signals.keys()
        assert all(signals[name].low <= value <= signals[name].high for name, value in said.items())


@pytest.mark.parametrize("shape", [(480, 640, 3), (1080, 1920, 3), (640, 360, 3), (2, 640, 3), (480, 640), (9, 16, 1)])
def test_every_shape_is_shrunk(shape: tuple[int, ...]) -> None:
    small = shrink(np.zeros(shape, np.uint8), 160, True)
    assert small.shape == (max(1, round(shape[0] * 160 / shape[1])), 160, 3 if shape[2:] == (3,) else 1)


def test_a_picture_is_turned_upright_and_cut_to_its_region() -> None:
    picture = np.arange(24, dtype=np.uint8).reshape(4, 6)
    assert upright(picture, 0) is picture
    assert upright(picture, 90)[0, -1] == picture[0, 0], "clockwise"
    assert upright(picture, 180)[0, 0] == picture[-1, -1]
    assert crop(picture, (0.5, 0.0, 1.0, 0.5)).tolist() == picture[:2, 3:].tolist()
    for region in ([0, 0, 1], [0, 0, 2, 1], [0.5, 0, 0.55, 1], "all"):
        with pytest.raises(ValidationError, match=r"left|right"):
            Config.model_validate({"region": region})


def swept(rate: float) -> Course:
    """A hand that goes to the right for 0.4 s and rests for 0.1 s, at so many pictures a second."""
    course = Course()
    for number in range(round(1.5 * rate)):
        t = number / rate
        moves = 1.0 <= t < 1.4
        move = Move(0.02, t - 1.0, 0.75, 0.1, 1.2, 0.0, 1.0, 0.0, 0.0) if moves else Move()
        course.add(move, t, 1 / rate)
    return course


def test_a_course_is_the_same_at_any_rate_and_judged_whole() -> None:
    features = {rate: swept(rate).features(1.5 - 1 / rate) for rate in (60.0, 30.0, 15.0, 8.0)}
    for rate, found in features.items():
        assert found.shape == (BINS * CHANNELS,)
        assert np.abs(found - features[30.0]).mean() < (0.02 if rate >= 15.0 else 0.08)
    chances = read_judge().chances(features[30.0])
    assert chances.shape == (len(CLASSES),)
    assert chances.sum() == pytest.approx(1.0)
    assert read_judge().judge(np.zeros(BINS * CHANNELS))[0] == "", "nothing moves"


@pytest.mark.parametrize(("hand", "told"), [(True, ["raise"]), (False, [])])
def test_a_raise_is_a_hand_that_came_up_and_not_a_head_that_shows(hand: bool, told: list[str]) -> None:
    """A head as grey as the wall belongs to the silhouette in some pictures and in others does not."""
    gestures, nothing = Gestures(), np.zeros((120, 160), np.uint8)
    flow, names = np.zeros((120, 160, 2), np.float32), []
    for number in range(60):
        up, moving = number >= 30, nothing.copy()
        if hand and number == 30:
            moving[50:56, 70:76] = 255
        box = (60, 50 if up else 60, 90, 120)
        visitor = Visitor(box, (75.0, 90.0), nothing, 0.0, 0.0, nothing, since=0.0, stand=75.0)
        names += [name for name, _ in gestures.step(visitor, moving, flow, number / FPS, 1 / FPS)]
    assert names == told


def test_levels_are_said_when_they_change_and_twice_a_second() -> None:
    said: list[tuple[str, float]] = []
    says = Says(Config().signals(), lambda name, value: said.append((name, value)))
    for number in range(30):
        says.levels({"motion": 0.5 if number < 10 else 0.0, "x": 0.5 + 0.0001 * number}, number / FPS)
    assert [value for name, value in said if name == "motion"] == [0.5, 0.0, 0.0]
    assert len([value for name, value in said if name == "x"]) == 2


# ---------------------------------------------------------------- the device


def film(path: Path, clip: Clip, rate: int = FPS) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, (WIDTH, HEIGHT))
    for picture in clip.pictures():
        writer.write(picture)
    writer.release()
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """An empty second, then somebody walks through."""
    return film(tmp_path / "clip.avi", passing())


def test_a_file_is_watched_at_its_own_rate_and_repeats(video: Path) -> None:
    times: list[float] = []
    camera, stop = Config(source=video).open(), threading.Event()

    def emit(signal: str, value: float) -> None:
        if signal == "enter":
            times.append(time.monotonic())
            if len(times) == 2:
                stop.set()

    camera.run(emit, stop)
    assert times[1] - times[0] > 3.5, "the clip lasts four seconds; a busy machine may be later, and none earlier"


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
    path = film(tmp_path / "fast.avi", nuisance_clip("noise 14", 8.0), 120)
    stop, begun = threading.Event(), time.monotonic()
    source = Film(path, Config())
    source.capture = counted = Counted(source.capture)
    for number, _ in enumerate(source.pictures(stop)):
        if number == 29:
            break
    assert time.monotonic() - begun > 0.9
    assert counted.grabbed <= 4 * 31 + 1


@pytest.mark.slow
def test_the_process_tells_a_gesture_and_comes_back_when_it_is_killed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard: dict[str, float] = {}
    path = film(tmp_path / "wave.avi", gesture_clip("wave", 1))
    sensors = run_sensors([Config(name="door", source=path, mirror=False)], heard.__setitem__)
    try:
        until(lambda: "door.wave" in heard)
        assert heard.keys() >= {f"door.{signal.name}" for signal in Config().signals() if not signal.pulse}
        child = sensors._runners["door"].child  # type: ignore[attr-defined]
        process, killed = psutil.Process(child.pid), time.monotonic()
        assert not [file.path for file in process.open_files() if file.mode != "r"], "no picture is written"
        process.kill()
        until(lambda: "last signal" in sensors.trouble().get("door", ""))
        until(lambda: child.pid not in (process.pid, None))
        assert time.monotonic() - killed < 3.0
        heard.clear()
        until(lambda: heard)
        assert sensors.trouble() == {}
    finally:
        sensors.stop()
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1


def test_a_missing_camera_says_what_was_found_and_what_to_do() -> None:
    with pytest.raises(DeviceError, match=r"(camera|/dev/video63).*no picture yet") as refused:
        Config(source=63).open()
    assert 'kind = "scripted"' in str(refused.value)


def test_what_there_is_is_listed_on_request() -> None:
    done = subprocess.run([sys.executable, "run_show.py", "--list-devices"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "CAMERA" in done.stdout
    assert "MICROPHONE" in done.stdout
