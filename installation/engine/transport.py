"""Applies commands: turns the operators' commands into this frame's playlist requests and the lasting switches."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from installation.core.commands import BLACKOUT, HOLD, NEXT, PIECE, RELEASE, Command
from installation.engine.playlist import Asks


@dataclass(slots=True)
class Transport:
    """``hold`` and ``blackout`` stay as they were switched last; the other commands count once."""

    hold: bool = False
    blackout: bool = False
    release: bool = False
    """Whether the operator releases every knob, in this frame."""

    def step(self, commands: Iterable[Command]) -> Asks:
        """Takes this frame's commands in their order. Of several that choose a piece the last one counts."""
        self.release, following, jump = False, False, None
        for command in commands:
            value = command.value
            if command.address == NEXT:
                following, jump = True, None
            elif command.address == PIECE and value is not None:
                following, jump = False, int(value)
            elif command.address == HOLD:
                self.hold = not self.hold if value is None else value >= 0.5
            elif command.address == BLACKOUT:
                self.blackout = not self.blackout if value is None else value >= 0.5
            elif command.address == RELEASE:
                self.release = True
        return Asks(next=following, hold=self.hold, jump=jump)

    def state(self) -> dict[str, Any]:
        """The state that a restart resumes from, for JSON."""
        return {"hold": self.hold, "blackout": self.blackout}

    def resume(self, state: Mapping[str, Any]) -> None:
        self.hold, self.blackout = state.get("hold") is True, state.get("blackout") is True
