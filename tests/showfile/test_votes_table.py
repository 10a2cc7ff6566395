"""``[votes]``: the keys, the camera, and what is told of a fault."""

from pathlib import Path

import pytest

from installation.core.errors import ShowError
from installation.showfile.load import Show, load

SHOW = """
[show]
title = "Try-out"
order = "votes"
[[sensor]]
kind = "camera"
name = "door"
[[sensor]]
kind = "scripted"
name = "script"
[[piece]]
name = "one"
duration = "1 min"
generator = "plasma"
walk = "taste"
{wire}
[[piece]]
name = "two"
duration = "1 min"
generator = "plasma"
walk = "wander"
[votes]
{votes}
"""

WIRE = '[[piece.wire]]\nsignal = "door.{signal}"\ncontrol = "{control}"'


def read(folder: Path, votes: str = "", wire: str = "") -> Show:
    path = folder / "show.toml"
    path.write_text(SHOW.format(votes=votes, wire=wire))
    return load(path)


def test_without_the_table_the_keys_are_l_p_and_the_arrows(tmp_path: Path) -> None:
    show = read(tmp_path)
    assert show.votes.commands == {"l": "/vote/like", "p": "/vote/pass", "left": "/vote/left", "right": "/vote/right"}
    assert (show.votes.presses, show.votes.stand, show.votes.pad, show.votes_by_side) == (1, "", False, False)


def test_gamepads_standing_and_gestures_are_asked_for(tmp_path: Path) -> None:
    show = read(tmp_path, 'keys = { "button 0" = "vote/like", "button 1" = "vote/left" }')
    assert show.votes.pad
    assert show.votes_by_side
    assert read(tmp_path, 'stand = "door"').votes_by_side
    liked = read(tmp_path, wire=WIRE.format(signal="raise", control="vote/like"))
    assert liked.pieces[0].wires[0].address == "/vote/like"
    assert not liked.votes_by_side
    assert read(tmp_path, wire=WIRE.format(signal="swipe_left", control="vote/left")).votes_by_side


@pytest.mark.parametrize(
    ("votes", "told"),
    [
        ('keys = { n = "vote/like" }', '"n" is one of a, n, h, b, r, s'),
        ('keys = { f = "vote/like" }', '"f" is one of a, n, h, b, r, s, f, f11, escape'),
        ('keys = { "button x" = "vote/like" }', '"button x" has none'),
        ('keys = { L = "vote/like" }', "in small letters"),
        ('keys = { l = "vote/lik" }', "vote/like"),
        ('stand = "script"', "a sensor that tells places: door"),
        ('stand = "dor"', 'did you mean "door"?'),
        ("presses = 0", "1"),
        ("half_life = 0", "0.1"),
        ("pressed = 3", 'did you mean "presses"?'),
    ],
)
def test_a_fault_says_what_was_meant(tmp_path: Path, votes: str, told: str) -> None:
    with pytest.raises(ShowError) as caught:
        read(tmp_path, votes)
    (only,) = caught.value.faults
    assert told in str(only)


def test_no_wire_forgets_what_was_liked(tmp_path: Path) -> None:
    with pytest.raises(ShowError, match="taste/reset"):
        read(tmp_path, wire=WIRE.format(signal="raise", control="taste/reset"))
