"""Visitors who stand so close that one's hand is before the other: two stay two, and a hand is its owner's."""

from typing import Any

import cv2
import numpy as np
import pytest

from sensors._background import View
from sensors._owners import Owners
from sensors._visitors import Visitor, Visitors

SHAPE = (120, 160)


def person(x: int) -> Any:
    mask = np.zeros(SHAPE, np.uint8)
    cv2.rectangle(mask, (x - 9, 50), (x + 9, 115), 255, -1)
    return mask


def view(changed: Any, moving: Any) -> View:
    return View(changed, moving, moving, changed.astype(np.float32))


@pytest.fixture
def two() -> Visitors:
    """Two who walked in, and stand."""
    visitors = Visitors()
    for number in range(90):
        left, right = person(20 + min(number, 30)), person(150 - min(number, 42))
        moving = cv2.dilate(left | right, np.ones((3, 3))) if number < 40 else np.zeros(SHAPE, np.uint8)
        visitors.step(view(left | right, moving), number / 30, 1 / 30)
    assert len(visitors.here) == 2
    return visitors


def hand(x: int) -> Any:
    mask = np.zeros(SHAPE, np.uint8)
    cv2.rectangle(mask, (x - 5, 66), (x + 5, 76), 255, -1)
    return mask


def test_two_whose_silhouettes_touch_stay_two(two: Visitors) -> None:
    left, right = person(50), person(108)
    boxes = [one.box for one in two.here]
    arm = np.zeros(SHAPE, np.uint8)
    arm[68:74, 50:104] = 255
    for number in range(90, 120):
        here = two.step(view(left | right | arm, hand(95)), number / 30, 1 / 30)
        assert len(here) == 2
        for one, before in zip(here, boxes, strict=True):
            assert abs(one.stand - (before[0] + before[2]) / 2) < 4.0
            assert one.box[2] - one.box[0] < 60, "no one has become both"


def walked(visitors: Visitors, places: list[tuple[int, ...]], there: Any = None) -> None:
    """Steps of people at those columns, whose elbows touch where they are near; ``there``: what does not move."""
    for number, columns in enumerate(places):
        people = np.bitwise_or.reduce([person(x) for x in columns])
        if max(columns) - min(columns) < 40:
            people[80:86, min(columns) : max(columns)] = 255
        moves = number > 0 and places[number - 1] != columns
        moving = people if moves else np.zeros(SHAPE, np.uint8)
        visitors.step(view(people if there is None else people | there, moving), number / 30, 1 / 30)


def test_two_who_come_together_and_whose_elbows_touch_are_two() -> None:
    visitors = Visitors()
    ways = [(40 + n, 68 + n) for n in range(40)] + [(80, 108)] * 30
    walked(visitors, [(10 + n, 10 + n + 4) for n in range(30)] + ways)
    assert sorted(round(one.stand) for one in visitors.here) == [80, 108]


def test_a_thing_that_stood_there_before_is_nobody_when_a_visitor_leaves_it() -> None:
    visitors, painting = Visitors(), np.zeros(SHAPE, np.uint8)
    painting[60:110, 100:130] = 255
    walked(visitors, [(10,)] * 5 + [(10 + n,) for n in range(100)] + [(110 - n,) for n in range(60)], painting)
    (only,) = visitors.here
    assert only.stand == pytest.approx(50.0, abs=3.0)


def test_a_hand_is_its_owners_wherever_it_goes(two: Visitors) -> None:
    owners = Owners()
    here = sorted(two.here, key=lambda one: one.stand)
    for number, x in enumerate((60, 66, 72, 78, 84, 90, 96, 96, 90, 84)):
        shares = owners.share(hand(x), here, number / 30)
        assert shares[0].any()
        assert not shares[1].any()
    later = owners.share(hand(96), here, 60.0)
    assert later[1].any(), "what begins there after a while is his who is nearest"


def test_one_alone_has_all_of_it(two: Visitors) -> None:
    one: list[Visitor] = two.here[:1]
    assert Owners().share(hand(150), one, 0.0)[0].any()
    assert Owners().share(hand(150), [], 0.0) == []
