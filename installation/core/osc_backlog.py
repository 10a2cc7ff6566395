"""Packets that came and were not read yet: bounded for each sender, who take turns.

A sender may have RATE packets a second read. Of one that sends more, the newest wait: where a control is moved again
and again, its latest packet stands for the earlier ones, so a flood ends with exact values and costs little. Pure: the
time is an argument.
"""

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

RATE, BURST = 500.0, 512.0
"""Packets a second of one sender that are read, and how many at once after a silence."""

BROKEN = 10.0
"""As how many packets one counts that breaks a rule: whoever sends such at a high rate is an attacker, and reading them
takes the picture's time."""

EARLY = 32
"""Packets that wait of a sender who may not have more read at once, from which on a later one stands for the earlier
ones."""

WAITING = 1024
"""Packets of one sender that wait, at most."""

WRONG = 64
"""Packets that wait, at most, of a sender whose last ones broke rules: what is right among them comes soon."""

BYTES = 2 << 20
"""Bytes of one sender's packets that wait, at most."""

SENDERS = 32
"""Senders whose packets wait at the same time, at most: a local network has no more, but may hold forged ones."""


class Endpoint(NamedTuple):
    """Where a packet came from, or goes to. ``tcp``: over the connection that has this other end."""

    host: str
    port: int
    tcp: bool = False


@dataclass(slots=True)
class _Sender:
    waiting: deque[tuple[bytes, Endpoint]] = field(default_factory=deque)
    size: int = 0
    left: float = BURST
    when: float = 0.0
    early: int = EARLY

    def refill(self, now: float) -> None:
        self.left, self.when = min(BURST, self.left + (now - self.when) * RATE), now


class Backlog:
    """``levels`` are the addresses, as bytes, of which the latest message counts. ``superseded`` counts packets that a
    later one of the same address stood for, ``dropped`` those that no longer found room."""

    def __init__(self, levels: Container[bytes] = frozenset()) -> None:
        self.levels = levels
        self.superseded = self.dropped = 0
        self._senders: dict[str, _Sender] = {}

    @property
    def waiting(self) -> bool:
        """Whether packets wait."""
        return any(sender.waiting for sender in self._senders.values())

    def latest(self, batch: Sequence[tuple[bytes, Any]]) -> list[tuple[bytes, Any]]:
        """Packets that came together, with what tells their sender, without those that a later one stands for."""
        seen, kept = set[tuple[bytes, Any]](), list[tuple[bytes, Any]]()
        for packet, source in reversed(batch):
            address = packet[: packet.find(0)]
            if address not in self.levels:
                kept.append((packet, source))
            elif (address, source) not in seen:
                seen.add((address, source))
                kept.append((packet, source))
        self.superseded += len(batch) - len(kept)
        return kept[::-1]

    def add(self, packet: bytes, source: Endpoint, now: float) -> bool:
        """Keeps a packet for reading. Returns whether its sender sends faster than it is read."""
        sender = self._senders.get(source.host) or self._welcome(source.host, now)
        if sender is None:
            self.dropped += 1
            return True
        most = WAITING if sender.left >= 0.0 else WRONG
        full = len(sender.waiting) >= most or sender.size + len(packet) > BYTES
        if full or (sender.left < 1.0 and len(sender.waiting) >= sender.early):
            self._merge(sender)
            self._make_room(sender, len(packet), most)
            sender.early = max(EARLY, 2 * len(sender.waiting))
            full = True
        sender.waiting.append((packet, source))
        sender.size += len(packet)
        return full

    def take(self, now: float) -> tuple[bytes, Endpoint] | None:
        """The next packet; None where there is none, or none may be read yet."""
        for host in [host for host, sender in self._senders.items() if sender.waiting]:
            sender = self._senders[host]
            sender.refill(now)
            if sender.left >= 1.0:
                sender.left -= 1.0
                self._senders[host] = self._senders.pop(host)  # the next turn is another one's
                packet, source = sender.waiting.popleft()
                sender.size -= len(packet)
                return packet, source
        return None

    def _welcome(self, host: str, now: float) -> _Sender | None:
        """A new sender, in place of one of whom nothing waits."""
        if len(self._senders) >= SENDERS:
            idle = next((known for known, sender in self._senders.items() if not sender.waiting), None)
            if idle is None:
                return None
            del self._senders[idle]
        sender = self._senders[host] = _Sender(when=now)
        return sender

    def refused(self, source: Endpoint) -> None:
        """A packet of this sender broke a rule."""
        if source.host in self._senders:
            self._senders[source.host].left -= BROKEN - 1.0

    def _merge(self, sender: _Sender) -> None:
        """Drops what a later message of the same address makes void."""
        latest: dict[bytes, int] = {}
        for index, (packet, _) in enumerate(sender.waiting):
            latest[packet[: packet.find(0)]] = index
        kept = deque(entry for index, entry in enumerate(sender.waiting) if self._counts(entry[0], index, latest))
        self.superseded += len(sender.waiting) - len(kept)
        sender.waiting, sender.size = kept, sum(len(packet) for packet, _ in kept)

    def _make_room(self, sender: _Sender, more: int, most: int) -> None:
        """Drops the oldest, a quarter at once: first those that move no control."""
        before = len(sender.waiting)
        if before >= most:
            over = before - most * 3 // 4
            others = [index for index, (packet, _) in enumerate(sender.waiting) if not self._is_level(packet)]
            gone = set(others[:over])
            sender.waiting = deque(entry for index, entry in enumerate(sender.waiting) if index not in gone)
            sender.size = sum(len(packet) for packet, _ in sender.waiting)
        while sender.waiting and (len(sender.waiting) >= most or sender.size + more > BYTES):
            sender.size -= len(sender.waiting.popleft()[0])
        self.dropped += before - len(sender.waiting)

    def _is_level(self, packet: bytes) -> bool:
        return packet[: packet.find(0)] in self.levels

    def _counts(self, packet: bytes, index: int, latest: dict[bytes, int]) -> bool:
        return not self._is_level(packet) or latest[packet[: packet.find(0)]] == index
