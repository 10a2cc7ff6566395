"""Which commands of an operator count: no double press, and nothing dangerous without a first step. Pure: each command
says when it came."""

from installation.core.commands import ARM, DANGEROUS, TASTE_RESET, VOTES, Command

ARMED = 3.0
"""Seconds after ARM in which the same operator may send one of the DANGEROUS commands."""

CONSOLE = "console"
"""How the names of operators begin who are at a console."""

OPERATORS = 64
"""Operators who may be armed at the same time, at most."""

RECENT = 256
"""Commands that are remembered, so that a double press is known, at most."""


class Rules:
    """``guard`` is in seconds: within it, the same command again is a double press. A vote is one only from the same
    device, as two visitors may press at once. ``arm``: DANGEROUS commands count only after ARM from the same operator,
    but for one that switches back off. Without it TASTE_RESET, which cannot be taken back, arms itself: it counts when
    the same operator sends it again. The console asks in two steps itself."""

    def __init__(self, guard: float = 0.0, arm: bool = False) -> None:
        self.guard, self.arm = guard, arm
        self._counted: dict[tuple[str, str], Command] = {}
        self._armed: dict[str, float] = {}

    def refusal(self, command: Command) -> str:
        """Why a command does not count; empty where it does."""
        if command.address == ARM:
            self._note(command)
            return ""
        return self._unarmed(command) or self._repeated(command)

    def armed(self, now: float) -> bool:
        """Whether somebody may send a dangerous command at ``now`` (s)."""
        return any(now < until for until in self._armed.values())

    def _note(self, command: Command) -> None:
        self._armed = {who: until for who, until in self._armed.items() if until > command.when and who != command.who}
        if command.value != 0.0 and len(self._armed) < OPERATORS:
            self._armed[command.who] = command.when + ARMED

    def _unarmed(self, command: Command) -> str:
        if not self.arm and command.address == TASTE_RESET:
            return self._once(command)
        if not self.arm or command.address not in DANGEROUS or command.value == 0.0:
            return ""
        if command.when < self._armed.pop(command.who, 0.0):
            return ""
        return f"{command.address} is not armed: send {ARM} first, and this within {ARMED:g} s"

    def _once(self, command: Command) -> str:
        """Why the first of two does not count."""
        if command.who.startswith(CONSOLE) or command.when < self._armed.pop(command.who, 0.0):
            return ""
        self._note(command)
        return f"{command.address} forgets for good: send it again within {ARMED:g} s"

    def _repeated(self, command: Command) -> str:
        """A switch may be moved on and back at any speed; what is only asked for counts once within the guard."""
        key = command.address, command.who if command.address in VOTES else ""
        last = self._counted.get(key)
        if last is not None and command.value == last.value and 0.0 <= command.when - last.when < self.guard:
            return f"{command.address} came again within {self.guard:g} s: a double press counts once"
        if len(self._counted) >= RECENT:
            self._counted = {k: one for k, one in self._counted.items() if command.when - one.when < self.guard}
        if not key[1] or len(self._counted) < RECENT:
            self._counted[key] = command
        return ""
