"""What an OSC message means to a control. Pure: a control and arguments in, a number out.

A number may come as any number type of OSC, as true or false (1 and 0; an impulse is 1), or as text; a choice as its
name or its index, as radio buttons send it. A pulse takes nothing, nil, or a number, of which 0 is a button let go. An
array counts as what it holds. Arguments that follow are not taken, which ``left_over`` tells.
"""

import re
from collections.abc import Sequence
from typing import cast

from installation.core.controls import Control, Value
from installation.core.errors import ControlError
from installation.core.osc_packets import Argument

NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", re.ASCII)
"""A number as text: ``0.5``, ``-3``, ``1e-2``."""

LONGEST = 64
"""Characters of a number as text, at most."""


def read(control: Control, args: Sequence[Argument]) -> float:
    """The value that a control takes of a message. Raises ControlError where it takes none."""
    flat = flattened(args)
    if control.type == "pulse" and (not flat or flat[0] is None):
        return 1.0
    return accept(control, flat[0] if flat else None)


def read_pair(address: str, pair: tuple[Control, Control], args: Sequence[Argument]) -> tuple[float, float]:
    """The values that an XY pad's two controls take of a message. Raises ControlError for less than two numbers."""
    flat = flattened(args)
    if len(flat) < 2:
        across, up = pair
        found = f"{len(flat)} number{'s' if len(flat) != 1 else ''}"
        raise ControlError(f"{address}: found {found}, expected two: {across.expects()}, and {up.expects()}")
    return accept(pair[0], flat[0]), accept(pair[1], flat[1])


def accept(control: Control, value: Argument) -> float:
    """The number that a control takes for one argument. Raises ControlError."""
    if value is None:
        raise ControlError(f"{control.address}: found nothing, expected {control.expects()}")
    if isinstance(value, str) and value not in control.choices and is_number(value):
        value = float(value)
    if isinstance(value, str) and not control.choices:
        raise ControlError(f'{control.address}: found "{value[:LONGEST]}", expected {control.expects()}')
    return control.accept(cast(Value, value))


def is_number(text: str) -> bool:
    return len(text) <= LONGEST and NUMBER.fullmatch(text) is not None


def left_over(args: Sequence[Argument], taken: int) -> int:
    """How many arguments were not taken."""
    return max(0, len(flattened(args)) - taken)


def flattened(args: Sequence[Argument]) -> tuple[Argument, ...]:
    """The arguments, and in the place of an array its values."""
    if len(args) != 1 or not isinstance(args[0], tuple):
        return tuple(args)
    return args[0]
