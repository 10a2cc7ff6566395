"""Limits how often faults of one subject are logged: a new one at once, a repeated one with its count."""

from dataclasses import dataclass

EVERY = 60.0
"""Seconds between two lines about the same fault."""

FORGET = 600.0
"""Seconds without a fault after which it counts as new when it comes again."""

MOST = 8
"""The most different faults of one subject that are logged in EVERY seconds."""


@dataclass(slots=True)
class _Known:
    first: float
    last: float
    told: float
    count: int = 1


class Repeats:
    """The faults of one subject. Time is an argument: seconds of a clock that never goes back."""

    def __init__(self, every: float = EVERY) -> None:
        self.every = every
        self._known: dict[str, _Known] = {}

    def line(self, fault: str, now: float) -> str:
        """What to log about a fault that came at ``now``; empty where nothing is due.

        A new fault is due at once, the same again once ``every`` seconds have passed since its line, with its count.
        """
        self._known = {text: known for text, known in self._known.items() if now - known.last < FORGET}
        known = self._known.get(fault)
        if known is None:
            return self._new(fault, now)
        known.count, known.last = known.count + 1, now
        if now - known.told < self.every:
            return ""
        known.told = now
        return f"{fault} ({known.count} times in {now - known.first:.0f} s)"

    def _new(self, fault: str, now: float) -> str:
        lately = sum(now - known.first < self.every for known in self._known.values())
        if lately >= MOST:
            return ""
        self._known[fault] = _Known(now, now, now)
        return fault
