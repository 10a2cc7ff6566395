"""Applies commands: turns the operators' commands into this frame's playlist requests and the lasting switches."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from installation.core.commands import BLACKOUT, FREEZE, HOLD, NEXT, PIECE, RELEASE, Command
from installation.core.decision import Playback
from installation.engine.playlist import Asks

SWITCHES = {HOLD: "hold", BLACKOUT: "blackout", FREEZE: "freeze"}
"""The commands that switch something, and its name."""


@dataclass(slots=True)
class Transport:
    """``hold``, ``blackout`` and ``freeze`` stay as they were switched last; the other commands count once."""

    hold: bool = False
    blackout: bool = False
    freeze: bool = False
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
            elif command.address == RELEASE:
                self.release = True
            elif (switch := SWITCHES.get(command.address)) is not None:
                setattr(self, switch, not getattr(self, switch) if value is None else value >= 0.5)
        return Asks(next=following, hold=self.hold or self.freeze, jump=jump)

    def freezes(self, playback: Playback) -> bool:
        """Whether the picture stands still; a change is finished first."""
        return self.freeze and playback.coming is None

    def switches(self) -> dict[str, bool]:
        """How each switch stands, by its address."""
        return {address: getattr(self, switch) for address, switch in SWITCHES.items()}

    def state(self) -> dict[str, Any]:
        """The state that a restart resumes from, for JSON."""
        return {switch: getattr(self, switch) for switch in SWITCHES.values()}

    def resume(self, state: Mapping[str, Any]) -> None:
        for switch in SWITCHES.values():
            setattr(self, switch, state.get(switch) is True)
