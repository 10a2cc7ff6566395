"""What pulses ask of a walk: its next place, the one before, or a kick. Pure: commands and time in, numbers out.

A step to the next place takes ``STRIDE`` seconds, eased; what is asked meanwhile is added to it. Walks are told how
many steps they have been asked for so far, as ``ASKED_STEPS`` among their controls. A kick moves the walk's own clock
on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from installation.core.commands import WALK_BACK, WALK_KICK, WALK_NEXT, Command
from installation.core.contracts import ASKED_STEPS
from installation.core.controls import Values

STRIDE = 1.2
"""Seconds that a step takes."""
KICK, SPENT = 5.0, 0.4
"""Seconds that a kick moves a walk on by, and the time constant in which it does."""
WAYS = {WALK_NEXT: 1, WALK_BACK: -1}
MOST = 64
"""Steps, and kicks, that can be asked for ahead."""


@dataclass(slots=True)
class Strides:
    """Of one piece's walk. ``asked`` is where it shall be, in whole steps."""

    asked: int = 0
    _from: float = 0.0
    _way: float = 1.0
    _kicks: float = field(default=0.0)

    def ask(self, commands: Iterable[Command]) -> None:
        """Takes the commands that are for the walk; of the others none."""
        for command in commands:
            if command.address in WAYS and abs(self.asked + WAYS[command.address] - self.place) < MOST:
                self._from, self._way = self.place, 0.0
                self.asked += WAYS[command.address]
            elif command.address == WALK_KICK:
                self._kicks = min(self._kicks + KICK, MOST * KICK)

    def step(self, dt: float) -> float:
        """``dt`` seconds later; returns how far a kick moves the walk on meanwhile (s)."""
        self._way = min(1.0, self._way + dt / STRIDE)
        moved = self._kicks * min(1.0, dt / SPENT)
        self._kicks -= moved
        return moved

    @property
    def place(self) -> float:
        """How many steps it has gone, between two while it goes."""
        eased = self._way * self._way * (3.0 - 2.0 * self._way)
        return self._from + (self.asked - self._from) * eased

    def told(self, controls: Values) -> Values:
        """The controls with the steps among them, where any were asked for."""
        return {**controls, ASKED_STEPS: self.place} if self.asked or self._way < 1.0 else controls

    def resume(self, asked: int) -> None:
        """Goes on from a whole number of steps."""
        self.asked, self._from, self._way = asked, float(asked), 1.0
