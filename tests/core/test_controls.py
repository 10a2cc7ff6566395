"""Controls: what each type takes, and what it refuses, in words."""

import pytest

from installation.core.controls import Control, table
from installation.core.errors import ControlError

PSI = Control("/generator/psi", "psi", "float", 0.0, 1.2, 0.7)
PIECE = Control("/show/piece", "piece", "choice", choices=("sitters", "company"))


@pytest.mark.parametrize(("value", "taken"), [(0.5, 0.5), (9, 1.2), (-1, 0.0), (True, 1.0)])
def test_a_float_is_clamped(value: float, taken: float) -> None:
    assert PSI.accept(value) == taken


def test_a_choice_goes_by_name_or_index() -> None:
    assert PIECE.accept("company") == PIECE.accept(1) == 1.0
    with pytest.raises(ControlError, match="found 7, expected one of sitters, company, or 0 to 1"):
        PIECE.accept(7)
    assert PIECE.clamp(7) == 1.0


def test_a_refusal_says_what_is_expected() -> None:
    with pytest.raises(
        ControlError, match=r'/show/piece: found "sitter", expected one of sitters, company; did you mean "sitters"\?'
    ):
        PIECE.accept("sitter")
    with pytest.raises(ControlError, match=r"/generator/psi: found nan, expected a number from 0 to 1.2"):
        PSI.accept(float("nan"))


def test_a_shared_address_gets_the_wider_range() -> None:
    wide = Control("/generator/psi", "psi", "float", -1.0, 1.0)
    shared = table([PSI, wide])["/generator/psi"]
    assert (shared.low, shared.high, shared.default) == (-1.0, 1.2, 0.7)


def test_a_shared_address_of_two_types_is_refused() -> None:
    with pytest.raises(ControlError, match="two parts offer it"):
        table([PSI, Control("/generator/psi", "psi", "bool")])
