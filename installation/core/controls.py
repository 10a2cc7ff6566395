"""The controls (knobs) of a show, each with its OSC address, type, range, default and unit."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from installation.core.errors import ControlError, did_you_mean

Kind = Literal["float", "int", "bool", "pulse", "choice"]
Value = float | int | bool | str
Values = Mapping[str, float]
"""Control address -> value. Booleans are 0.0 or 1.0, a choice is the index of it."""


@dataclass(frozen=True, slots=True)
class Control:
    """A knob. ``address`` is its OSC address (``/walk/speed``), ``unit`` what the number counts (``s``, ``x``, ``""``).

    A ``pulse`` has no value that stays; a ``choice`` takes one of ``choices`` by name or by index.
    """

    address: str
    doc: str
    type: Kind = "float"
    low: float = 0.0
    high: float = 1.0
    default: float = 0.0
    unit: str = ""
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.type == "choice":
            object.__setattr__(self, "high", float(max(0, len(self.choices) - 1)))

    def accept(self, value: Value) -> float:
        """The number that this control takes for ``value``: clamped to its range, rounded where it counts.

        Raises ControlError for text that is no choice, the number of no choice, numbers that are not finite and values
        of another type.
        """
        if isinstance(value, str):
            return self._choose(value)
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ControlError(f"{self.address}: found {value!r}, expected {self.expects()}")
        if self.type == "choice" and not 0 <= round(value) < len(self.choices):
            raise ControlError(f"{self.address}: found {value:g}, expected {self.expects()}, or 0 to {self.high:g}")
        return self.clamp(value)

    def clamp(self, value: float) -> float:
        """A finite number brought into the range, and rounded where it counts."""
        if self.type in ("bool", "pulse"):
            return 1.0 if value >= 0.5 else 0.0
        number = min(max(float(value), self.low), self.high)
        return float(round(number)) if self.type in ("int", "choice") else number

    def _choose(self, name: str) -> float:
        if name in self.choices:
            return float(self.choices.index(name))
        hint = did_you_mean(name, self.choices)
        raise ControlError(f'{self.address}: found "{name}", expected {self.expects()}' + (f"; {hint}" if hint else ""))

    def expects(self) -> str:
        """What it takes, in words: ``a number from 0 to 1 (x)``."""
        if self.type == "choice":
            return "one of " + ", ".join(self.choices)
        if self.type in ("bool", "pulse"):
            return "0 or 1"
        kind = "a whole number" if self.type == "int" else "a number"
        return f"{kind} from {self.low:g} to {self.high:g}" + (f" ({self.unit})" if self.unit else "")


def table(controls: Iterable[Control]) -> dict[str, Control]:
    """One control for each address, in first-seen order. Where several pieces bring the same knob, its range is wide
    enough for all of them and the first one's words count.

    Raises ControlError where two share an address and not a type.
    """
    known: dict[str, Control] = {}
    for control in controls:
        first = known.setdefault(control.address, control)
        if first.type != control.type or first.choices != control.choices:
            raise ControlError(
                f"{control.address}: two parts offer it, one as {first.expects()}, the other as {control.expects()}; "
                "give one of them another address"
            )
        if (control.low, control.high) != (first.low, first.high):
            low, high = min(first.low, control.low), max(first.high, control.high)
            known[control.address] = Control(
                first.address, first.doc, first.type, low, high, first.default, first.unit, first.choices
            )
    return known


def pairs(controls: Mapping[str, Control]) -> dict[str, tuple[Control, Control]]:
    """The address of each pair of controls that an XY pad moves: ``/stage/lamp`` where there are ``/stage/lamp/x`` and
    ``/stage/lamp/y``, both numbers."""
    pads = {}
    for address, across in controls.items():
        up = controls.get(f"{address[:-1]}y")
        numbers = up is not None and across.type == up.type == "float"
        if address.endswith("/x") and up is not None and numbers and address[:-2] not in controls:
            pads[address[:-2]] = (across, up)
    return pads


MASTER = "/stage/brightness"
"""The control that dims all that the wall shows."""


def fixed(brightness: float = 1.0) -> tuple[Control, ...]:
    """The knobs that every show has, whatever hangs: the stage's own."""
    return (
        Control(MASTER, "brightness of the wall", default=brightness),
        Control("/stage/label", "how much of the label is seen", default=1.0),
        Control("/stage/relief", "how far the paint stands up in the light", default=0.4),
        Control("/stage/weave", "how much of the canvas is seen", default=0.35),
        Control("/stage/craquelure", "how cracked the paint is with age"),
        Control("/stage/varnish", "how warm its varnish has become"),
        Control("/stage/lamp/x", "where the lamp is, to the right of the middle", low=-1.0, default=-0.5),
        Control("/stage/lamp/y", "where the lamp is, above the middle", low=-1.0, default=0.8),
    )
