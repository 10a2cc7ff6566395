"""That a show does not grow: freed memory is given back, and one that has grown too much is started anew, at a moment
when nobody sees it."""

import threading
from collections.abc import Callable

from installation.core import freed_memory
from installation.core.decision import Decision

GIVES_BACK = 60.0
"""Seconds after which freed memory is given back again."""

GROWN = 1024.0
"""MiB above what the show took when all was open that lead to a restart; at most a quarter of the machine's memory."""

LOOKS = 10.0
"""Seconds between two looks at the memory."""

UNSEEN = 3600.0
"""Seconds after which a show whose pieces never change is restarted all the same."""


class GivingBack:
    """Gives freed memory back, by a thread that no frame waits for."""

    def __init__(self) -> None:
        self._next: float | None = None

    def look(self, now: float) -> None:
        """To be called every frame, at ``now`` (s), once all is open: before, much is looked through in vain."""
        if self._next is None:
            self._next = now + GIVES_BACK
        elif now >= self._next:
            self._next = now + GIVES_BACK
            threading.Thread(target=freed_memory.give_back, name="memory", daemon=True).start()


class Renewal:
    """``now`` says that this is the moment: it has grown, and a change of piece begins or nothing is to be seen."""

    def __init__(self, memory: Callable[[], float], machine: Callable[[], float]) -> None:
        """``memory`` tells what the show takes, ``machine`` what the machine has (MiB)."""
        self.why = ""
        """Why the show is to be restarted; empty while it is not."""
        self.now = False
        self._memory, self._machine = memory, machine
        self._next = self._since = 0.0
        self._coming: int | None = None

    @property
    def limit(self) -> float:
        """MiB above what it took at first."""
        return min(GROWN, self._machine() / 4.0)

    def watch(self, decision: Decision, at_first: float | None) -> None:
        """To be called every frame. ``at_first``: what the show took when all was open; None: it is not yet."""
        before, self._coming = self._coming, decision.wall.playback.coming
        if at_first is not None and decision.time >= self._next and not self.why:
            self._look(decision.time, at_first)
        if self.why:
            begins = before is None and self._coming is not None
            self.now = begins or decision.wall.blackout or decision.time - self._since > UNSEEN

    def _look(self, now: float, at_first: float) -> None:
        self._next, grown = now + LOOKS, self._memory() - at_first
        if grown > self.limit:
            self.why, self._since = f"had grown by {grown:.0f} MB", now
