"""What a body does, from its joints; the folder with the network; and the network on drawn people where it is here.

It is not part of this project: ``npm pack @mediapipe/pose``, unpack it, and POSE_MODELS=its folder runs all.
"""

import math
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from installation.core.errors import DeviceError, MissingDependency
from sensors._body import Box, look, open_body, read_body
from sensors._body_signals import BodyWatch, body_signals
from sensors.camera import Config
from tests.sensors.drawn_visitors import Clip, gesture_clip

STEP = 0.11
"""Seconds between two pictures."""
WHERE: Box = (200, 100, 300, 400)
PICTURE = np.zeros((480, 640, 3), np.uint8)


def joints(left: float = -1.0, right: float = -1.0, lean: float = 0.0) -> Any:
    """(33, 5) in pixels: a trunk of 100, wrists that many trunks above the shoulders, leaning by degrees."""
    found = np.zeros((33, 5))
    found[:, 3:] = 5.0
    found[[11, 12], :2] = (30.0, -100.0), (-30.0, -100.0)
    found[[23, 24], :2] = (20.0, 0.0), (-20.0, 0.0)
    found[[15, 16], :2] = (60.0, -100.0 - 100.0 * left), (-60.0, -100.0 - 100.0 * right)
    turn = math.radians(lean)
    ways = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    found[:, :2] = found[:, :2] @ ways + (250.0, 300.0)
    return found


@pytest.mark.parametrize(
    ("left", "right", "told"), [(-1.0, -1.0, (0.0, 0.0)), (1.0, -1.0, (1.0, 0.0)), (0.0, 0.5, (0.5, 0.75))]
)
def test_how_high_arms_are_does_not_depend_on_the_size(left: float, right: float, told: tuple[float, float]) -> None:
    for size in (0.2, 2.0):
        body = read_body(joints(left, right) * [size, size, size, 1.0, 1.0], 0.9)
        assert (body.left, body.right) == pytest.approx(told, abs=0.02)
        assert (body.x, body.y) == pytest.approx((250.0 * size, 250.0 * size), abs=1.0)


def test_a_lean_has_a_side_and_a_hidden_wrist_hangs() -> None:
    assert read_body(joints(lean=15.0), 0.9).lean == pytest.approx(0.5, abs=0.02)
    assert read_body(joints(lean=-60.0), 0.9).lean == -1.0
    hidden = joints(left=1.0)
    hidden[15, 3] = -4.0
    assert read_body(hidden, 0.9).left == 0.0


class Shown:
    """A network that finds the joints it is given, where it is shown WHERE."""

    def __init__(self) -> None:
        self.joints: Any = None

    def __call__(self, crop: Any) -> list[Any]:
        if self.joints is None:
            return [np.zeros((1, 195)), np.zeros((1, 1))]
        scale, corner = 256 / 375.0, np.array([62.5, 62.5])
        found = self.joints.copy()
        found[:, :2] = (found[:, :2] - corner) * scale
        return [np.concatenate((found.ravel(), np.zeros(30)))[None], np.full((1, 1), 0.9)]


@pytest.mark.parametrize("mirror", [False, True])
def test_levels_and_pulse_are_those_of_the_first_visitor(mirror: bool) -> None:
    network = Shown()
    watch, pulses, levels = BodyWatch(network), [], []
    up, down = joints(left=1.0, right=1.0, lean=15.0), joints()
    course = [up, up, down, up, *[None] * 8]
    for number, found in enumerate(course):
        network.joints = found
        pulses += watch.watch(PICTURE, [(7, WHERE)], mirror, number * STEP)
        levels.append(dict(watch.levels))
    assert pulses == ["arms_up", "arms_up"]
    assert levels[0]["lean"] == pytest.approx(-0.5 if mirror else 0.5, abs=0.02)
    assert levels[2]["body_x"] == pytest.approx(390 / 640 if mirror else 250 / 640, abs=0.01)
    assert (levels[2]["arm_left"], levels[2]["bodies"]) == pytest.approx((0.0, 1.0), abs=0.02)
    assert levels[4]["bodies"] == 1.0, "one look without it is none"
    rest = {signal.name: signal.rest for signal in body_signals() if not signal.pulse}
    assert levels[-1] == rest
    ranges = {signal.name: signal for signal in body_signals()}
    assert all(ranges[name].low <= value <= ranges[name].high for one in levels for name, value in one.items())


def test_all_visitors_are_counted_and_one_who_leaves_is_not() -> None:
    network = Shown()
    network.joints, watch = joints(), BodyWatch(network)
    here = [(who, WHERE) for who in (7, 8, 9)]
    for number in range(8):
        watch.watch(PICTURE, here, False, number * STEP)
    assert watch.levels["bodies"] == 3.0
    watch.watch(PICTURE, here[1:], False, 9 * STEP)
    assert watch.levels["bodies"] == 2.0


# ---------------------------------------------------------------- the folder


def test_a_folder_without_the_network_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"pose_landmark_full.tflite.*npm pack @mediapipe/pose"):
        Config.model_validate({"body": str(tmp_path)})


def test_what_is_no_model_and_a_missing_library_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pose_landmark_lite.tflite").write_bytes(b"no model")
    config = Config.model_validate({"body": "."}, context={"folder": tmp_path})
    assert {signal.name for signal in config.signals()} > {"lean", "arms_up", "swipe_left"}
    pytest.importorskip("openvino")
    with pytest.raises(DeviceError, match=r"body models that cannot be read.*npm pack @mediapipe/pose"):
        config.open()
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingDependency, match=r"telling pose needs openvino.*pip install openvino"):
        config.open()


# ---------------------------------------------------------------- the network

MODELS = Path(os.environ.get("POSE_MODELS", ""))
needs_models = pytest.mark.skipif("POSE_MODELS" not in os.environ, reason="POSE_MODELS names no folder with it")


def shown(clip: Clip, second: float) -> tuple[Any, Box]:
    """The picture in which the clip's actor has been gesturing for so long, and where he is."""
    actor = clip.actors[-1]
    picture = list(clip.pictures())[round(30 * (actor.begins + second))]
    person = actor.person
    half = 0.2 * person.height
    return picture, (
        round(actor.x - half),
        round(person.ground - 1.05 * person.height),
        round(actor.x + half),
        round(person.ground),
    )


@needs_models
@pytest.mark.parametrize("number", range(4))
def test_a_drawn_persons_raised_arm_is_told(number: int) -> None:
    network = open_body(MODELS)
    clip = gesture_clip("raise", number)
    picture, where = shown(clip, 1.2)
    body = look(network, picture, where)
    assert body is not None
    down, up = sorted((body.left, body.right))  # a drawn head has no face: who can say which way it looks
    assert up > 0.65
    assert down < 0.2
    assert abs(body.lean) < 0.3
    assert body.x == pytest.approx(clip.actors[-1].x, abs=0.06 * clip.actors[-1].person.height)


@needs_models
def test_a_wall_has_no_body() -> None:
    network = open_body(MODELS)
    for number in range(4):
        clip = replace(gesture_clip("raise", number), actors=())
        picture = next(clip.pictures())
        assert look(network, picture, (60, 40, 140, 230)) is None
