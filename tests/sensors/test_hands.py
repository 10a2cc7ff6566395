"""What a hand does, from its joints; the folder with the networks; and both on a drawn hand where they are here.

They are not part of this project: ``npm pack @mediapipe/hands``, unpack it, and HAND_MODELS=its folder runs all.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from installation.core.errors import DeviceError, MissingDependency
from sensors._hand_models import open_models, palm_file
from sensors._hand_signals import HandWatch, Person, hand_signals
from sensors._hands import Hand, Hands, around, palms, read_joints
from sensors.camera import Config
from tests.sensors.drawn_hands import HEIGHT, WIDTH, draw_hand, room

OPEN = (1.0, 1.0, 1.0, 1.0)
STEP = 0.11
"""Seconds between two pictures."""


def joints(stretched: tuple[float, ...] = OPEN, apart: float = 1.0) -> Any:
    """(21, 3): a hand whose fingers point up, 100 pixels from wrist to knuckles."""
    found = np.zeros((21, 3))
    for finger, share in enumerate(stretched):
        x = -30.0 + 20.0 * finger
        for joint, y in enumerate((100.0, 100.0 + 40.0 * share, 100.0 + 70.0 * share, 100.0 + 90.0 * share)):
            found[5 + 4 * finger + joint, :2] = x, y
    found[1:4, :2] = (-20.0, 30.0), (-40.0, 60.0), (-50.0, 80.0)
    found[4, :2] = found[8, :2] - (100.0 * apart, 0.0)
    return found * (1.0, -1.0, 1.0) + (300.0, 300.0, 0.0)


@pytest.mark.parametrize(
    ("stretched", "apart", "told"),
    [
        (OPEN, 1.0, (1.0, 0.0, 0.0)),
        ((0.0,) * 4, 0.6, (0.0, 0.0, 0.0)),
        ((0.0,) * 4, 0.0, (0.0, 0.0, 0.0)),
        ((1.0, 0.0, 0.0, 0.0), 1.0, (0.25, 0.0, 1.0)),
        (OPEN, 0.1, (1.0, 1.0, 0.0)),
    ],
)
def test_what_a_hand_does_is_read_from_its_joints(
    stretched: tuple[float, ...], apart: float, told: tuple[float, float, float]
) -> None:
    for size in (0.3, 3.0):
        hand = read_joints(joints(stretched, apart) * size, 0.9)
        assert (hand.open, hand.pinch, hand.point) == pytest.approx(told, abs=0.05)


@pytest.mark.parametrize("degrees", [0, 40, -90, 170])
def test_the_next_square_turns_with_the_hand(degrees: int) -> None:
    turn = cv2.getRotationMatrix2D((300.0, 250.0), -degrees, 1.0)
    turned = joints()
    turned[:, :2] = turned[:, :2] @ turn[:, :2].T + turn[:, 2]
    square = around(turned)
    assert np.degrees(square.angle) == pytest.approx(degrees, abs=8.0)
    assert np.hypot(*(turned[:, :2] - (square.x, square.y)).T).max() < square.side * 0.71


def test_palms_are_read_where_they_are_and_once_each() -> None:
    regressed, scored = np.zeros((1, 2016, 18), np.float32), np.full((1, 2016, 1), -9.0, np.float32)
    regressed[0, :, 2:4] = 30.0
    for anchor, score in ((100, 3.0), (101, 2.0), (1900, 4.0)):  # the first two share a cell
        scored[0, anchor] = score
    found = palms(regressed, scored)
    assert len(found) == 2
    assert found[0][:2].mean(axis=0) == pytest.approx((4.5 * 16.0, 10.5 * 16.0))
    assert found[1][:2].mean(axis=0) == pytest.approx((2.5 * 8.0, 2.5 * 8.0))
    assert all(points.shape == (9, 2) for points in found)


def watched(hands: list[Hand | None]) -> tuple[list[str], list[dict[str, float]]]:
    class Shown(Hands):
        def look(self, picture: Any, where: Any, now: float) -> list[Hand]:
            hand = hands[round(now / STEP)]
            return [] if hand is None else [hand]

    watch, pulses, levels = HandWatch(Shown(lambda p: [], lambda p: [])), [], []
    for number in range(len(hands)):
        pulses += watch.watch(room(), Person((0, 0, WIDTH, HEIGHT), 450.0, 400.0), False, number * STEP)
        levels.append(dict(watch.levels))
    return pulses, levels


def test_each_pulse_is_told_once_until_the_hand_lets_go() -> None:
    open_, fist = read_joints(joints(), 0.9), read_joints(joints((0.0,) * 4), 0.9)
    pinch, point = read_joints(joints(apart=0.0), 0.9), read_joints(joints((1.0, 0.0, 0.0, 0.0)), 0.9)
    course = [open_, pinch, pinch, open_, pinch, open_, point, point, open_, fist, fist, *[None] * 6]
    pulses, levels = watched(course)
    assert pulses == ["pinch", "pinch", "point", "grab"]
    assert levels[0]["hand_open"] == 1.0
    assert levels[0]["hand_x"] == pytest.approx(300 / WIDTH, abs=0.02)
    assert levels[11]["hand"] > 0.5, "one look without it is none"
    assert levels[-1] == {signal.name: signal.rest for signal in hand_signals() if not signal.pulse}
    ranges = {signal.name: signal for signal in hand_signals()}
    assert all(ranges[name].low <= value <= ranges[name].high for one in levels for name, value in one.items())


# ---------------------------------------------------------------- the folder


def test_a_folder_without_the_models_is_refused_with_what_to_do(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(ValidationError, match=r"hand_landmark_full.tflite.*npm pack @mediapipe/hands"):
            Config.model_validate({"hands": str(folder)})
    (tmp_path / "hand_landmark_lite.tflite").write_bytes(b"no model")
    with pytest.raises(ValidationError, match=r"palm_detection_full.tflite.*npm pack"):
        Config.model_validate({"hands": "."}, context={"folder": tmp_path})


def test_what_is_no_model_and_a_missing_library_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("hand_landmark_lite.tflite", "palm_detection_lite.tflite"):
        (tmp_path / name).write_bytes(b"no model")
    config = Config.model_validate({"hands": "."}, context={"folder": tmp_path})
    assert {signal.name for signal in config.signals()} > {"hand_open", "pinch", "swipe_left"}
    pytest.importorskip("openvino")
    with pytest.raises(DeviceError, match=r"hand models that cannot be read.*npm pack"):
        config.open()
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingDependency, match=r"telling hands needs openvino.*pip install openvino"):
        config.open()


def test_a_palm_network_is_taken_out_of_the_packages_archive(tmp_path: Path) -> None:
    packed = tmp_path / "hands_solution_packed_assets.data"
    packed.write_bytes(b"Left\nRight\n" + b"\x1c\0\0\0TFL3first" + b"\x1c\0\0\0TFL3second")
    with palm_file(tmp_path) as path:
        assert path.read_bytes() == b"\x1c\0\0\0TFL3first"
    assert not path.exists()


# ---------------------------------------------------------------- the networks

MODELS = Path(os.environ.get("HAND_MODELS", ""))
needs_models = pytest.mark.skipif("HAND_MODELS" not in os.environ, reason="HAND_MODELS names no folder with them")
BENT = {"middle": 0.0, "ring": 0.0, "little": 0.0}


@needs_models
@pytest.mark.parametrize(
    ("stretched", "pinch", "told"),
    [({}, False, "open"), (BENT | {"index": 0.0}, False, "fist"), (BENT, False, "point"), ({}, True, "pinch")],
)
def test_a_drawn_hand_is_told(stretched: Mapping[str, float], pinch: bool, told: str) -> None:
    hands, picture = Hands(*open_models(MODELS)), room()
    draw_hand(picture, (330.0, 230.0), 60.0, stretched, pinch)
    for second in range(3):
        found = hands.look(cv2.GaussianBlur(picture, (3, 3), 0), (150, 50, 510, 410), float(second))
    assert len(found) == 1
    assert found[0].place == pytest.approx((330.0, 230.0), abs=20.0)
    assert (found[0].open > 0.7) == (told in ("open", "pinch"))
    assert (found[0].point > 0.7) == (told == "point")
    assert (found[0].pinch > 0.7) == (told == "pinch")


@needs_models
def test_a_room_has_no_hands() -> None:
    hands = Hands(*open_models(MODELS))
    assert [hands.look(room(seed), (0, 0, WIDTH, HEIGHT), float(seed)) for seed in range(4)] == [[]] * 4
