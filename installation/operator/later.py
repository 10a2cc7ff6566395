"""Messages with a time tag in the future, kept until their time. Pure: the time is an argument."""

from heapq import heappop, heappush

from installation.core.osc_backlog import Endpoint
from installation.core.osc_packets import Message

FARTHEST = 60.0
"""Seconds that a time tag may lie ahead. What is further away is a wrong clock, or belongs into a cue."""

KEPT = 4096
"""Messages kept, at most."""


class Later:
    """Gives messages back in the order of their times, and of their coming where these are the same."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, int, Message, Endpoint]] = []
        self._count = 0

    def add(self, due: float, message: Message, source: Endpoint) -> bool:
        """Keeps a message until ``due`` (s); returns False where too many are kept already."""
        if len(self._kept) >= KEPT:
            return False
        self._count += 1
        heappush(self._kept, (due, self._count, message, source))
        return True

    def take(self, now: float) -> list[tuple[Message, Endpoint]]:
        """Those whose time has come."""
        due = []
        while self._kept and self._kept[0][0] <= now:
            _, _, message, source = heappop(self._kept)
            due.append((message, source))
        return due

    def wait(self, now: float, longest: float) -> float:
        """Seconds until the next one is due, at most ``longest``."""
        return min(longest, max(0.0, self._kept[0][0] - now)) if self._kept else longest
