"""Visitors' wishes as a hand: they pull controls, and why says so."""

from dataclasses import replace
from pathlib import Path

import pytest

from installation.core.decision import Lean, Playback, Wishes
from installation.engine.leaning import NO_WISHES, Leaning
from installation.showfile.load import Show, load

SHOW = """
[show]
title = "Pairs"

[[piece]]
name = "one"
duration = "1 min"
generator = { kind = "plasma" }
walk = "loop"

  [[piece.pair]]
  control = "walk/speed"
  less = "slower"
  more = "faster"
  out = [0.5, 3.0]
"""
SPEED = "/walk/speed"
HANGS = Playback(0, None, 0.0, 1, (), None, False, 0.0, "play")


@pytest.fixture
def show(tmp_path: Path) -> Show:
    (tmp_path / "pairs.toml").write_text(SHOW)
    return load(tmp_path / "pairs.toml")


def after(show: Show, lean: Lean, seconds: float = 60.0) -> Wishes:
    leaning = Leaning()
    leaning.step(0.0, show, HANGS, (1, {SPEED: lean}))
    return leaning.step(seconds, show, HANGS, (1, {SPEED: lean}))


def test_it_pulls_from_the_rest_to_either_end(show: Show) -> None:
    assert after(show, Lean(1.0, 9)).votes == {SPEED: pytest.approx(3.0)}
    assert after(show, Lean(-1.0, 9)).votes == {SPEED: pytest.approx(0.5)}
    assert after(show, Lean(0.5, 9)).votes == {SPEED: pytest.approx(2.0)}
    assert after(show, Lean(0.0, 2)).votes == {SPEED: pytest.approx(1.0)}


def test_it_glides_and_is_seen_within_a_second(show: Show) -> None:
    assert after(show, Lean(1.0, 9), 1 / 60).votes[SPEED] < 1.05
    assert after(show, Lean(1.0, 9), 1.0).votes[SPEED] > 1.5


def test_without_wishes_other_hands_have_the_control(show: Show) -> None:
    leaning = Leaning()
    wishes = {SPEED: Lean(1.0, 9)}
    assert leaning.step(0.0, show, HANGS, (1, wishes)).votes
    assert leaning.step(1.0, show, HANGS, (1, {})) is NO_WISHES
    assert leaning.step(2.0, show, HANGS, (2, wishes)) is NO_WISHES  # of another round
    assert leaning.step(3.0, show, replace(HANGS, coming=0), (1, wishes)) is NO_WISHES


def test_why_says_who_pulls_and_where_to(show: Show) -> None:
    assert after(show, Lean(0.5, 3)).told[SPEED] == "3 visitors pull it 50 % towards faster"
    assert after(show, Lean(-0.25, 1)).told[SPEED] == "1 visitor pulls it 25 % towards slower"
    assert after(show, Lean(0.0, 2)).told[SPEED] == "2 visitors pull it to both sides, slower and faster"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('control = "walk/speeed"', "walk/speed"),
        ("out = [0.0, 9.0]", "from 0 to 4"),
        ('less = ""', "a name for visitors"),
    ],
)
def test_faults_are_told(tmp_path: Path, line: str, message: str) -> None:
    key = line.partition(" ")[0]
    text = "\n".join(f"  {line}" if old.strip().startswith(key) else old for old in SHOW.splitlines())
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(Exception, match=message):
        load(tmp_path / "bad.toml")
