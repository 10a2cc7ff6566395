"""What each kind of argument means to each kind of control."""

import pytest

from installation.core.controls import Control, fixed, pairs, table
from installation.core.errors import ControlError
from installation.core.osc_packets import Argument
from installation.operator.reading import left_over, read, read_pair

SPEED = Control("/walk/speed", "speed", "float", 0.0, 4.0, 1.0, "x")
COUNT = Control("/walk/count", "count", "int", 1, 9, 3)
HOLD = Control("/show/hold", "hold", "bool")
NEXT = Control("/show/next", "next", "pulse")
PIECE = Control("/show/piece", "piece", "choice", choices=("sitters", "company", "0"))
LAMP = pairs(table(fixed()))["/stage/lamp"]


@pytest.mark.parametrize(
    ("control", "args", "value"),
    [
        (SPEED, (2.5,), 2.5),
        (SPEED, (3,), 3.0),
        (SPEED, (True,), 1.0),
        (SPEED, (False,), 0.0),
        (SPEED, ("2.5",), 2.5),
        (SPEED, (" -1e2 ",), 0.0),
        (SPEED, (1.5, 2.0, "rest"), 1.5),
        (SPEED, ((1.5, 2.0),), 1.5),
        (COUNT, (4.6,), 5.0),
        (COUNT, ("7",), 7.0),
        (HOLD, (1.0,), 1.0),
        (HOLD, (0,), 0.0),
        (HOLD, (True,), 1.0),
        (HOLD, ("1",), 1.0),
        (NEXT, (), 1.0),
        (NEXT, (None,), 1.0),
        (NEXT, (True,), 1.0),
        (NEXT, (1,), 1.0),
        (NEXT, (0.0,), 0.0),
        (NEXT, (False,), 0.0),
        (PIECE, ("company",), 1.0),
        (PIECE, (1,), 1.0),
        (PIECE, (1.0,), 1.0),
        (PIECE, ("1",), 1.0),
        (PIECE, ("0",), 2.0),  # a name comes before a number
    ],
)
def test_what_is_taken(control: Control, args: tuple[Argument, ...], value: float) -> None:
    assert read(control, args) == value


@pytest.mark.parametrize(
    ("control", "args", "why"),
    [
        (SPEED, (), "/walk/speed: found nothing, expected a number from 0 to 4"),
        (SPEED, (None,), "found nothing"),
        (SPEED, ("fast",), 'found "fast", expected a number'),
        (SPEED, ("nan",), 'found "nan"'),
        (SPEED, ("1" * 65,), 'found "1'),
        (SPEED, ("0x10",), 'found "0x10"'),
        (SPEED, ("1_0",), 'found "1_0"'),
        (SPEED, ("1e999",), "found inf"),
        (SPEED, (b"\x01",), "found b"),
        (HOLD, ("on",), 'found "on", expected 0 or 1'),
        (HOLD, (), "found nothing, expected 0 or 1"),
        (NEXT, ("now",), 'found "now", expected 0 or 1'),
        (PIECE, ("sitter",), 'did you mean "sitters"'),
        (PIECE, (3,), "found 3, expected one of sitters"),
    ],
)
def test_what_is_not_taken(control: Control, args: tuple[Argument, ...], why: str) -> None:
    with pytest.raises(ControlError) as refused:
        read(control, args)
    assert why in str(refused.value)


@pytest.mark.parametrize("args", [(0.5, -9.0), ((0.5, -9.0),), ("0.5", -9), (0.5, -9.0, 3.0)])
def test_an_xy_pad_moves_two_controls(args: tuple[Argument, ...]) -> None:
    assert read_pair("/stage/lamp", LAMP, args) == (0.5, -1.0)


def test_the_lamp_is_a_pair_and_nothing_else_is() -> None:
    assert [control.address for control in LAMP] == ["/stage/lamp/x", "/stage/lamp/y"]
    assert list(pairs(table(fixed()))) == ["/stage/lamp"]


def test_what_is_left_over_is_counted() -> None:
    assert left_over((1.0,) * 132, 1) == 131
    assert left_over(((1.0, 2.0),), 2) == 0
    assert left_over((), 1) == 0
