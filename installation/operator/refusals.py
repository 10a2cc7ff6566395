"""Who is told why a message of theirs does not count. Pure: the clock is an argument, no socket is open.

Everybody is told at once; the same again once a second. Finding the words may take a millisecond, so one host is told
some in a second and all hosts together some more; of the rest each host hears how many they were.
"""

from collections.abc import Callable

from installation.core.osc_backlog import Endpoint
from installation.operator.feedback import Feedback

SAME = 1.0
"""Seconds after which the same is told again to the same receiver, and over which they are counted."""

EACH, ALL = 16, 64
"""Texts to the receivers of one host, and to all, in that time."""

HOSTS = 32
"""Hosts whose further refusals are counted, at most."""


class Refusals:
    """Passes texts on to ``feedback``. ``clock`` is in seconds."""

    def __init__(self, feedback: Feedback, clock: Callable[[], float]) -> None:
        self._feedback, self._clock = feedback, clock
        self._told: dict[tuple[Endpoint, str], float] = {}
        self._more: dict[str, tuple[float, Endpoint, int]] = {}

    def due(self, source: Endpoint, what: str) -> list[Endpoint]:
        """Who is to be told ``what`` now: the sender, and the surfaces of its host. To be asked before wording it."""
        now = self._clock()
        self._told = {known: when for known, when in self._told.items() if now - when < SAME}
        fresh = [one for one in self._feedback.hearing(source) if (one, what) not in self._told]
        host = sum(known.host == source.host for known, _ in self._told)
        if fresh and (len(self._told) + len(fresh) > ALL or host + len(fresh) > EACH):
            self._count(source, now)
            return []
        self._told.update(dict.fromkeys(((one, what) for one in fresh), now))
        return fresh

    def tell(self, source: Endpoint, text: str) -> None:
        """Tells a text that is worded already."""
        self._feedback.notes.add(self.due(source, text), text)

    def rest(self) -> None:
        """Tells whoever was refused more often than it was told; to be called now and then."""
        for host, (since, source, count) in list(self._more.items()):
            if self._clock() - since >= SAME:
                del self._more[host]
                self._feedback.notes.add(self._feedback.hearing(source), f"{count} more messages do not count")

    def _count(self, source: Endpoint, now: float) -> None:
        since, _, count = self._more.get(source.host, (now, source, 0))
        if count or len(self._more) < HOSTS:
            self._more[source.host] = (since, source, count + 1)
