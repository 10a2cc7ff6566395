"""What is sent to the surfaces: the values that changed, except to a surface that is moving that control. Pure: no
socket. Every round sends a bounded number of packets to each surface; what does not fit comes in the next one.
"""

import math
import struct
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from installation.core.controls import Control
from installation.core.osc_backlog import Endpoint
from installation.core.osc_build import Said, bundle, message
from installation.core.readouts import REFUSED

FINGER = 0.3
"""Seconds after a touch in which the surface that touched a control is not sent its value."""

REMEMBERED = 60.0
"""Seconds after its last packet in which a surface that is not configured is sent values."""

AFRESH = 10.0
"""Seconds after which a surface is sent everything again: packets get lost, and tablets switch off."""

ECHO = 0.5
"""Seconds after which a value sent to a surface is not expected back from it as an echo any more."""

SURFACES = 16
"""Surfaces that are not configured, at most; forged senders must not cause traffic to a whole network."""

BUNDLE = 24
"""Messages in one packet, at most: about a kilobyte, so that no network splits it."""

PACKETS = 8
"""Packets to one surface in one round."""

SENT = 128
"""Packets to one surface that are remembered for that: as many as PACKETS allows in half a second."""

BUNDLES = 256
"""Packets that are kept as they were built, at most, as surfaces are mostly sent the same."""

ROUND = 64
"""Packets to all surfaces in one round: what takes no more than a few milliseconds of this thread."""

NOTES = 64
"""Texts that wait for the next round, at most."""

SHOWN = 6.0
"""Seconds after which a surface's label of what does not count is cleared."""

Saying = Mapping[str, Said]
"""Address -> what to send: a control's value, or a text for a label."""


class Packet(NamedTuple):
    """A bundle, and what it says by address, as OSC carries it."""

    data: bytes
    said: Mapping[str, Said]


@dataclass(slots=True)
class Surface:
    """A receiver. ``until`` is when it is removed, ``afresh`` when it is sent everything again, ``clear`` when what
    does not count is no longer shown (seconds). ``unsent`` are the addresses that it is to be sent, in the order in
    which they changed."""

    endpoint: Endpoint
    until: float
    afresh: float = -math.inf
    clear: float = math.inf
    unsent: dict[str, None] = field(default_factory=dict)
    sent: deque[tuple[float, Mapping[str, Said]]] = field(default_factory=lambda: deque(maxlen=SENT))
    """When it was lately sent what."""

    def was_sent(self, address: str, carried: Said, now: float) -> bool:
        """Whether it was sent that within the last moment."""
        for when, said in reversed(self.sent):
            if now - when >= ECHO:
                return False
            if said.get(address) == carried:
                return True
        return False


class Messages:
    """What was said last at each address, and the packets that say it, which are built once for all surfaces.
    ``changed`` is what was said anew the last time."""

    def __init__(self, controls: Mapping[str, Control]) -> None:
        self.said: dict[str, Said] = {}
        self.changed: Mapping[str, Said] = {}
        self.controls = controls
        self._built: dict[str, bytes] = {}
        self._packets: dict[tuple[str, ...], Packet] = {}

    def take(self, saying: Saying) -> Mapping[str, Said]:
        """What is now said at each address. Returns what is said anew."""
        self.changed = {address: said for address, said in saying.items() if self.said.get(address) != said}
        self.said.update(self.changed)
        for address in self.changed:
            self._built.pop(address, None)
        if self.changed:
            stale = [key for key in self._packets if not self.changed.keys().isdisjoint(key)]
            for key in stale:
                del self._packets[key]
        return self.changed

    def message(self, address: str) -> bytes:
        """The message that says an address's value."""
        built = self._built.get(address)
        if built is None:
            built = self._built[address] = message(address, _as_typed(self.said[address], self.controls.get(address)))
        return built

    def packet(self, addresses: tuple[str, ...]) -> Packet:
        """One that says the values of these addresses."""
        packet = self._packets.get(addresses)
        if packet is None:
            if len(self._packets) >= BUNDLES:
                self._packets.clear()
            said = {address: _single(self.said[address]) for address in addresses}
            messages = [self.message(address) for address in addresses]
            data = bundle(messages) if len(messages) > 1 else messages[0]
            packet = self._packets[addresses] = Packet(data, said)
        return packet


class Notes:
    """Why messages do not count, for who sent them."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Endpoint, str]] = deque(maxlen=NOTES)

    def add(self, receivers: Iterable[Endpoint], text: str) -> None:
        """Has each of them told in the next round."""
        self._waiting.extend((receiver, text) for receiver in receivers)

    def packets(self, surfaces: Mapping[Endpoint, Surface], now: float) -> Iterator[tuple[Endpoint, bytes]]:
        """What waits; and an empty text where a surface has shown one for long enough."""
        for surface in surfaces.values():
            if now >= surface.clear:
                surface.clear = math.inf
                yield surface.endpoint, message(REFUSED, "")
        while self._waiting:
            receiver, text = self._waiting.popleft()
            if receiver in surfaces:
                surfaces[receiver].clear = now + SHOWN
            yield receiver, message(REFUSED, text)


def _at(surfaces: Mapping[Endpoint, Surface], host: str) -> Iterator[Surface]:
    return (surface for endpoint, surface in surfaces.items() if endpoint.host == host)


def _free(surface: Surface, fingers: Mapping[tuple[str, str], float]) -> Iterator[str]:
    """What a surface is to be sent, but for what a finger of its is on."""
    host = surface.endpoint.host
    return (address for address in surface.unsent if (host, address) not in fingers)


class Feedback:
    """What each receiver is sent; with ``bundles`` many values in a packet. ``surfaces`` always are; other senders for
    a minute, at ``reply_port`` (0: never), and those that are connected over TCP as long as they are."""

    def __init__(
        self, controls: Mapping[str, Control], surfaces: Sequence[Endpoint], reply_port: int, bundles: bool = True
    ) -> None:
        self._reply_port, self._bundle = reply_port, BUNDLE if bundles else 1
        self._fixed = [Endpoint(*endpoint) for endpoint in surfaces]
        self.surfaces = {endpoint: Surface(endpoint, math.inf) for endpoint in self._fixed}
        self._fingers: dict[tuple[str, str], float] = {}
        self.notes = Notes()
        self.said = Messages(controls)

    def endpoint_of(self, source: Endpoint) -> Endpoint:
        """Where a sender hears: over its connection, or at the reply port of its address."""
        return source if source.tcp else Endpoint(source.host, self._reply_port)

    def configure(self, surfaces: Sequence[Endpoint]) -> None:
        """The configured surfaces are at these addresses from now on."""
        for endpoint in set(self._fixed) - set(surfaces):
            self.surfaces.pop(endpoint, None)
        self._fixed = list(surfaces)
        for endpoint in surfaces:
            self.surfaces.setdefault(endpoint, Surface(endpoint, math.inf)).until = math.inf

    def heard(self, source: Endpoint, now: float) -> None:
        """Notes that a valid message came from ``source``."""
        endpoint = self.endpoint_of(source)
        known = self.surfaces.get(endpoint)
        until = math.inf if source.tcp else now + REMEMBERED
        if known is not None:
            known.until = max(known.until, until)
        elif endpoint.port and len(self.surfaces) < len(self._fixed) + SURFACES:
            self.surfaces[endpoint] = Surface(endpoint, until)

    def left(self, source: Endpoint) -> None:
        """Notes that a connection was closed."""
        self.surfaces.pop(source, None)

    def sync(self, source: Endpoint) -> None:
        """Sends everything again to who sent this."""
        for surface in _at(self.surfaces, source.host):
            surface.afresh = -math.inf

    def hearing(self, source: Endpoint) -> list[Endpoint]:
        """Where a sender may hear what is for it alone: where it sent from, and its host's surfaces."""
        if source.tcp:
            return [source]
        own = [source] if source.port else []
        return own + [surface.endpoint for surface in _at(self.surfaces, source.host) if surface.endpoint != source]

    def touched(self, host: str, address: str, now: float) -> None:
        """Notes that ``host`` moves a control."""
        if any(_at(self.surfaces, host)):
            self._fingers[host, address] = now

    def is_echo(self, host: str, address: str, value: Said, now: float) -> bool:
        """Whether a message from ``host`` only echoes what was sent to it: some surfaces mirror every message."""
        carried = _single(value)
        return any(surface.was_sent(address, carried, now) for surface in _at(self.surfaces, host))

    def packets(self, saying: Saying, now: float) -> Iterator[tuple[Endpoint, bytes]]:
        """What to send where in this round, so that every surface comes to show ``saying``."""
        self._forget(now)
        changed = dict.fromkeys(self.said.take(saying))
        for surface in self.surfaces.values():
            surface.unsent.update(changed)
            if now >= surface.afresh:
                surface.afresh = now + AFRESH
                surface.unsent.update(dict.fromkeys(self.said.said))
        yield from self.notes.packets(self.surfaces, now)
        yield from islice(self._rounds(now), ROUND)

    def _rounds(self, now: float) -> Iterator[tuple[Endpoint, bytes]]:
        """For each surface in turn what it is to be sent; whoever was served is behind the others in the next round."""
        for endpoint, surface in list(self.surfaces.items()):
            if surface.unsent:
                del self.surfaces[endpoint]
                self.surfaces[endpoint] = surface
                yield from self._round(surface, now)

    def _round(self, surface: Surface, now: float) -> Iterator[tuple[Endpoint, bytes]]:
        free = surface.unsent if not self._fingers else _free(surface, self._fingers)
        addresses = list(islice(free, PACKETS * self._bundle))
        for start in range(0, len(addresses), self._bundle):
            chosen = tuple(addresses[start : start + self._bundle])
            packet = self.said.packet(chosen)
            for address in chosen:
                del surface.unsent[address]
            surface.sent.append((now, packet.said))
            yield surface.endpoint, packet.data

    def _forget(self, now: float) -> None:
        for endpoint in [endpoint for endpoint, surface in self.surfaces.items() if surface.until < now]:
            del self.surfaces[endpoint]
        for finger in [finger for finger, when in self._fingers.items() if now - when >= FINGER]:
            del self._fingers[finger]


def _as_typed(said: Said, control: Control | None) -> Said:
    if isinstance(said, str | tuple):
        return said
    if control is not None and control.type in ("int", "choice"):
        return round(said)
    return said if isinstance(said, int) and not isinstance(said, bool) else float(said)


def _single(value: Said) -> Said:
    """A number as a float32 of OSC carries it."""
    if isinstance(value, str):
        return value
    numbers = value if isinstance(value, tuple) else (value,)
    singles: tuple[float, ...] = struct.unpack(f">{len(numbers)}f", struct.pack(f">{len(numbers)}f", *numbers))
    return singles if isinstance(value, tuple) else singles[0]
