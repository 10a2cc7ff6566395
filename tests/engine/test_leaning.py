"""Visitors' wishes as a hand: they pull controls, and why says so."""

from pathlib import Path

import pytest

from installation.core.decision import Lean, Wishes
from installation.engine.arbiter import Arbiter
from installation.engine.leaning import NO_WISHES, Leaning
from installation.showfile.load import Piece, load

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


@pytest.fixture
def piece(tmp_path: Path) -> Piece:
    (tmp_path / "pairs.toml").write_text(SHOW)
    return load(tmp_path / "pairs.toml").pieces[0]


def after(piece: Piece, lean: Lean, seconds: float = 60.0) -> Wishes:
    leaning = Leaning()
    leaning.step(0.0, piece, {SPEED: lean})
    return leaning.step(seconds, piece, {SPEED: lean})


def test_it_pulls_from_the_rest_to_either_end(piece: Piece) -> None:
    assert after(piece, Lean(1.0, 9)).votes == {SPEED: pytest.approx(3.0)}
    assert after(piece, Lean(-1.0, 9)).votes == {SPEED: pytest.approx(0.5)}
    assert after(piece, Lean(0.5, 9)).votes == {SPEED: pytest.approx(2.0)}
    assert after(piece, Lean(0.0, 2)).votes == {SPEED: pytest.approx(1.0)}


def test_it_glides_and_is_seen_within_a_second(piece: Piece) -> None:
    assert after(piece, Lean(1.0, 9), 1 / 60).votes[SPEED] < 1.05
    assert after(piece, Lean(1.0, 9), 1.0).votes[SPEED] > 1.5


def test_without_wishes_other_hands_have_the_control(piece: Piece) -> None:
    leaning = Leaning()
    leaning.step(0.0, piece, {SPEED: Lean(1.0, 9)})
    assert leaning.step(1.0, piece, {}) is NO_WISHES


def test_why_says_who_pulls_and_where_to(piece: Piece) -> None:
    arbiter, wishes = Arbiter(), after(piece, Lean(0.5, 3))
    arbiter.told = wishes.told
    for now in (0.0, 10.0):
        arbiter.step(now, piece.controls(), piece.rests(), {SPEED: 4.0}, {}, votes=wishes.votes)
    assert arbiter.why(SPEED) == "votes: 3 visitors, 50 % towards faster"
    assert after(piece, Lean(-0.25, 1)).told[SPEED] == "1 visitor, 25 % towards slower"
    assert after(piece, Lean(0.0, 2)).told[SPEED] == "2 visitors"


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
