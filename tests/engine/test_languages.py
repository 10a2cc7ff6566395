"""Three languages take turns, calmly; fewer stand together."""

from itertools import pairwise

import pytest

from installation.engine.languages import FADE, shown_language

THREE = ("en", "nl", "ar")


@pytest.mark.parametrize("languages", [("en",), ("en", "nl")])
def test_one_or_two_languages_stay(languages: tuple[str, ...]) -> None:
    assert {shown_language(languages, now, 20.0) for now in range(100)} == {("en", 1.0)}


def test_without_a_period_the_first_stays() -> None:
    assert {shown_language(THREE, now, 0.0) for now in range(100)} == {("en", 1.0)}


def test_each_has_its_turn_and_the_first_comes_again() -> None:
    assert [shown_language(THREE, now, 20.0) for now in (0.0, 10.0, 30.0, 50.0, 70.0)] == [
        ("en", 1.0),
        ("en", 1.0),
        ("nl", 1.0),
        ("ar", 1.0),
        ("en", 1.0),
    ]


def test_nothing_is_seen_when_the_language_changes() -> None:
    """And never more than a step of a calm fade from one frame to the next."""
    frames = [shown_language(THREE, frame / 60, 20.0) for frame in range(60 * 90)]
    for (before, seen), (after, then) in pairwise(frames):
        assert abs(then - seen) <= 1.6 / (60 * FADE)
        assert before == after or seen < 0.01 > then
