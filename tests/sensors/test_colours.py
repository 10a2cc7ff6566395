"""What is told apart by its colour alone, and what no change of colour is."""

import math
from typing import Any

import cv2
import numpy as np
import pytest

from sensors._background import Background, View, share_of
from sensors._seeing import Seeing
from tests.sensors import drawn_visitors
from tests.sensors.drawn_visitors import GESTURES, SHOULDER, UPPER, gesture

STEP = 1 / 30
ROOM = (150.0, 150.0, 150.0)
OF_ONE_GREY = [((200.0, 160.0, 110.0), (90.0, 160.0, 152.0)), ((60.0, 140.0, 160.0), (160.0, 120.0, 160.0))]
"""Pairs of colours (BGR) that are as light as one another: 0.114 B + 0.587 G + 0.299 R."""


def room(colour: tuple[float, float, float] = ROOM) -> Any:
    """(120, 160, 3) with pictures on the wall."""
    wall = np.full((120, 160, 3), colour, np.float32)
    for left in (10, 60, 110):
        wall[20:60, left : left + 30] *= cv2.resize(
            np.random.default_rng(left).uniform(0.3, 1.2, (5, 4, 3)).astype(np.float32), (30, 40)
        )
    return wall


def small(picture: Any) -> Any:
    return cv2.GaussianBlur(np.clip(picture, 0, 255).astype(np.uint8), (5, 5), 0)


@pytest.mark.parametrize(("clothes", "hand"), OF_ONE_GREY)
def test_a_hand_as_light_as_the_clothes_behind_it_is_seen_and_goes_where_it_goes(
    clothes: tuple[float, float, float], hand: tuple[float, float, float]
) -> None:
    greys = [float(np.dot(colour, (0.114, 0.587, 0.299))) for colour in (clothes, hand)]
    assert abs(greys[0] - greys[1]) < 4.0
    seeing, ways = Seeing(), []
    for number in range(40):
        picture = room()
        picture[40:110, 60:110] = clothes
        x = 65 + max(0, 2 * (number - 30))
        picture[60:72, x : x + 12] = hand
        seeing.see(small(picture), number * STEP, STEP)
        assert seeing.view is not None
        if number > 31:
            there = seeing.view.moving[58:74, x - 4 : x + 16] > 0
            assert there.any()
            assert seeing.flow is not None
            ways.append(seeing.flow[58:74, x - 4 : x + 16][there].mean(axis=0))
    across, down = np.mean(ways, axis=0)
    assert across > 0.7
    assert abs(down) < 0.3 * across


def seen(pictures: list[Any]) -> View:
    background = Background()
    views = [background.look(small(picture), STEP, None) for picture in pictures]
    return views[-1]


def test_a_camera_that_sets_its_white_anew_changes_nothing() -> None:
    balances = [np.ones(3), np.array([1.0 + 0.1 * 0.9, 1.0, 1.0 - 0.1 * 0.9])]
    pictures = [room() * balances[0]] * 60 + [
        room() * (balances[0] + (balances[1] - balances[0]) * share) for share in np.linspace(0.0, 1.0, 30)
    ]
    view = seen(pictures)
    assert share_of(view.changed) < 0.01
    assert share_of(view.moving) == 0.0


@pytest.mark.parametrize("alike", [True, False])
def test_noise_is_no_motion_whether_its_colours_go_together_or_not(alike: bool) -> None:
    chance = np.random.default_rng(3)
    shape = (120, 160, 1 if alike else 3)
    view = seen([room() + chance.normal(0.0, 30.0, shape) for _ in range(60)])
    assert share_of(view.moving) < 0.002
    assert share_of(view.changed) < 0.002


def test_a_grey_picture_goes_the_same_way() -> None:
    background = Background()
    for number in range(30):
        picture = room()[..., :1].copy()
        picture[40:80, 40 + number : 70 + number] = 20.0
        view = background.look(small(picture)[..., None], STEP, None)
    assert 0.01 < share_of(view.moving) < 0.1


@pytest.mark.parametrize("name", ["swipe_in", "swipe_out", *GESTURES[2:]])
def test_no_drawn_upper_arm_is_longer_than_it_can_be(name: str) -> None:
    for seed in range(6):
        hand, length = gesture(name, np.random.default_rng(seed))
        for t in np.arange(0.0, length, 1 / 60):
            elbow = drawn_visitors._elbow(SHOULDER, hand(float(t))[:2], 1)
            assert math.dist(elbow, SHOULDER) < 1.5 * UPPER
