"""Collects all operators' input, from OSC, the keyboard, a browser or MIDI.

Every source gives the same two things: a touch of a control, of which the latest counts, and a command, of which every
one does. The loop drains the inbox once a frame, and never waits for a writer.
"""

import threading
from collections import deque
from collections.abc import Mapping

from installation.core.commands import NOTHING, Asked, Command, Touch
from installation.core.controls import Control

COMMANDS = 256
"""The most commands kept between two frames; older ones are dropped."""


class Inbox:
    """``touch`` and ``ask`` may be called from any thread; ``drain`` by the loop."""

    def __init__(self, controls: Mapping[str, Control], commands: Mapping[str, Control]) -> None:
        """``controls`` and ``commands`` are the show's, by address."""
        self.describe(controls, commands)
        self._touches: dict[str, Touch] = {}
        self._asked: deque[Command] = deque(maxlen=COMMANDS)
        self._mail = threading.Lock()

    def describe(self, controls: Mapping[str, Control], commands: Mapping[str, Control]) -> None:
        """What can be moved and asked for from here on."""
        self.controls, self.commands = dict(controls), dict(commands)

    def find(self, address: str) -> Control | None:
        """How the control or command at an address is described; None where the show has none there."""
        return self.controls.get(address) or self.commands.get(address)

    def put(self, address: str, value: float, when: float, who: str) -> None:
        """Leaves what the control or command at ``address``, which exists, accepted as ``value``. A button that is let
        go (0 at a pulse) does nothing."""
        if address not in self.commands:
            with self._mail:
                self._touches[address] = Touch(value, when, who)
        elif value or self.commands[address].type != "pulse":
            self.ask(Command(address, value, when, who))

    def ask(self, command: Command) -> None:
        """Leaves a command."""
        with self._mail:
            self._asked.append(command)

    def drain(self) -> Asked:
        """All that came since the last time."""
        if not self._touches and not self._asked:
            return NOTHING
        with self._mail:
            asked = Asked(self._touches, tuple(self._asked))
            self._touches = {}
            self._asked.clear()
        return asked
