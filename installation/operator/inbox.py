"""Collects all operators' input, from OSC, the keyboard, a browser or MIDI.

Every source gives the same two things: a touch of a control, of which the latest counts, and a command, of which every
one does that the rules let pass (no double press, nothing dangerous unarmed). Where two operators move one control at
once the later touch counts, and the log tells so. The loop drains the inbox once a frame, and never waits for a writer.
"""

import logging
import threading
from collections import deque
from collections.abc import Mapping

from installation.core.commands import NOTHING, Asked, Command, Touch
from installation.core.controls import Control
from installation.core.repeats import Repeats
from installation.operator.rules import Rules

log = logging.getLogger(__name__)

COMMANDS = 256
"""The most commands kept between two frames; older ones are dropped, and the log tells so."""

AT_ONCE = 2.0
"""Seconds within which two operators who touch one control move it at the same time."""


class Inbox:
    """``put`` and ``ask`` may be called from any thread; ``drain`` by the loop. ``guard`` and ``arm`` are those of
    Rules."""

    def __init__(
        self,
        controls: Mapping[str, Control],
        commands: Mapping[str, Control],
        guard: float = 0.0,
        arm: bool = False,
    ) -> None:
        """``controls`` and ``commands`` are the show's, by address."""
        self.describe(controls, commands)
        self.rules = Rules(guard, arm)
        self._touches: dict[str, Touch] = {}
        self._last: dict[str, Touch] = {}
        self._asked: deque[Command] = deque(maxlen=COMMANDS)
        self._mail = threading.Lock()
        self._repeats = Repeats()

    def describe(self, controls: Mapping[str, Control], commands: Mapping[str, Control]) -> None:
        """What can be moved and asked for from here on."""
        self.controls, self.commands = dict(controls), dict(commands)

    def find(self, address: str) -> Control | None:
        """How the control or command at an address is described; None where the show has none there."""
        return self.controls.get(address) or self.commands.get(address)

    def put(self, address: str, value: float, when: float, who: str) -> str:
        """Leaves what the control or command at ``address``, which exists, accepted as ``value``. A button that is let
        go (0 at a pulse) does nothing. Returns why it does not count; an empty text where it does."""
        if address not in self.commands:
            self._touch(address, Touch(value, when, who))
        elif value or self.commands[address].type != "pulse":
            return self.ask(Command(address, value, when, who))
        return ""

    def let_go(self, address: str, when: float, who: str) -> None:
        """Leaves that the operator lets go of the control at ``address``."""
        self._touch(address, Touch(None, when, who))

    def ask(self, command: Command) -> str:
        """Leaves a command. Returns why it does not count; an empty text where it does."""
        with self._mail:
            refusal = self.rules.refusal(command)
            full = len(self._asked) == COMMANDS
            if not refusal:
                self._asked.append(command)
        if full and not refusal:
            self._tell(f"more than {COMMANDS} commands in one frame; the oldest are dropped", command.when)
        return refusal

    def drain(self) -> Asked:
        """All that came since the last time."""
        if not self._touches and not self._asked:
            return NOTHING
        with self._mail:
            asked = Asked(self._touches, tuple(self._asked))
            self._touches = {}
            self._asked.clear()
        return asked

    def _touch(self, address: str, touch: Touch) -> None:
        with self._mail:
            self._touches[address] = touch
            before = self._last.get(address)
            self._last[address] = touch
        if before is not None and before.who != touch.who and touch.when - before.when < AT_ONCE:
            both = " and ".join(sorted((before.who, touch.who)))
            self._tell(f"{address}: moved by {both} at the same time; the later touch counts", touch.when)

    def _tell(self, text: str, now: float) -> None:
        if line := self._repeats.line(text, now):
            log.warning("%s", line)
