"""What is sent to the surfaces: the values that changed, except to a surface that is moving that control. Pure: no
socket. Every round sends a bounded number of packets to each surface; what does not fit comes in the next one.
"""

import math
import struct
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from installation.core.controls import Control
from installation.core.osc_backlog import Endpoint
from installation.core.osc_build import Said, bundle, message

FINGER = 0.3
"""Seconds after a touch in which the surface that touched a control is not sent its value."""

REMEMBERED = 60.0
"""Seconds after its last packet in which a surface that is not configured is sent values."""

AFRESH = 10.0
"""Seconds after which a surface is sent everything again: packets get lost, and tablets switch off."""

ECHO = 0.5
"""Seconds after which a value sent to a surface is not expected back from it as an echo any more."""

ECHOES = 16
"""The most values of one control that are kept for that: half a second at 30 a second."""

SURFACES = 16
"""Surfaces that are not configured, at most; forged senders must not cause traffic to a whole network."""

BUNDLE = 24
"""Messages in one packet, at most: about a kilobyte, so that no network splits it."""

PACKETS = 8
"""Packets to one surface in one round."""

ROUND = 64
"""Packets to all surfaces in one round: what takes no more than a few milliseconds of this thread."""

NOTES = 4
"""Texts for one surface that wait, at most."""

NOTE = "/show/refused"
"""The address at which a surface receives why what it sent does not count."""

Saying = Mapping[str, Said]
"""Address -> what to send: a control's value, or a text for a label."""


@dataclass(slots=True)
class Surface:
    """A receiver. ``until`` is when it is removed, ``afresh`` when it is sent everything again (seconds). ``unsent``
    are the addresses that it is to be sent, in the order in which they changed."""

    endpoint: Endpoint
    until: float
    afresh: float = -math.inf
    unsent: dict[str, None] = field(default_factory=dict)
    lately: dict[str, deque[tuple[Said, float]]] = field(default_factory=dict)
    """The values lately sent to it of each control: (value as OSC carries it, when)."""
    notes: deque[str] = field(default_factory=lambda: deque(maxlen=NOTES))

    def remember(self, address: str, said: Said, now: float) -> None:
        """Notes that it was sent a value."""
        if not isinstance(said, str):
            lately = self.lately.get(address)
            if lately is None:
                lately = self.lately[address] = deque(maxlen=ECHOES)
            lately.append((_single(said), now))


class Messages:
    """What was said last at each address, and its message, which is built once for all surfaces. ``changed`` is what
    was said anew the last time."""

    def __init__(self, controls: Mapping[str, Control]) -> None:
        self.said: dict[str, Said] = {}
        self.changed: Mapping[str, Said] = {}
        self.controls = controls
        self._built: dict[str, bytes] = {}

    def take(self, saying: Saying) -> Mapping[str, Said]:
        """What is now said at each address. Returns what is said anew."""
        self.changed = {address: said for address, said in saying.items() if self.said.get(address) != said}
        self.said.update(self.changed)
        for address in self.changed:
            self._built.pop(address, None)
        return self.changed

    def message(self, address: str) -> bytes:
        """The message that says an address's value."""
        built = self._built.get(address)
        if built is None:
            built = self._built[address] = message(address, _as_typed(self.said[address], self.controls.get(address)))
        return built


class Feedback:
    """What each receiver is sent. ``surfaces`` always are; other senders for a minute, at ``reply_port`` (0: never),
    and those that are connected over TCP as long as they are."""

    def __init__(self, controls: Mapping[str, Control], surfaces: Sequence[Endpoint], reply_port: int) -> None:
        self._reply_port = reply_port
        self._fixed = [Endpoint(*endpoint) for endpoint in surfaces]
        self._surfaces = {endpoint: Surface(endpoint, math.inf) for endpoint in self._fixed}
        self._fingers: dict[tuple[str, str], float] = {}
        self.said = Messages(controls)

    @property
    def listening(self) -> bool:
        """Whether there is a receiver."""
        return bool(self._surfaces)

    def endpoint_of(self, source: Endpoint) -> Endpoint:
        """Where a sender hears: over its connection, or at the reply port of its address."""
        return source if source.tcp else Endpoint(source.host, self._reply_port)

    def configure(self, surfaces: Sequence[Endpoint]) -> None:
        """The configured surfaces are at these addresses from now on."""
        for endpoint in set(self._fixed) - set(surfaces):
            self._surfaces.pop(endpoint, None)
        self._fixed = list(surfaces)
        for endpoint in surfaces:
            self._surfaces.setdefault(endpoint, Surface(endpoint, math.inf)).until = math.inf

    def heard(self, source: Endpoint, now: float) -> None:
        """Notes that a valid message came from ``source``."""
        endpoint = self.endpoint_of(source)
        known = self._surfaces.get(endpoint)
        until = math.inf if source.tcp else now + REMEMBERED
        if known is not None:
            known.until = max(known.until, until)
        elif endpoint.port and len(self._surfaces) < len(self._fixed) + SURFACES:
            self._surfaces[endpoint] = Surface(endpoint, until)

    def left(self, source: Endpoint) -> None:
        """Notes that a connection was closed."""
        self._surfaces.pop(source, None)

    def sync(self, source: Endpoint) -> None:
        """Sends everything again to who sent this."""
        for surface in self._at(source.host):
            surface.afresh = -math.inf

    def note(self, source: Endpoint, text: str) -> None:
        """Sends a text to who sent what it is about."""
        for surface in [self._surfaces[source]] if source in self._surfaces else self._at(source.host):
            surface.notes.append(text)

    def touched(self, host: str, address: str, now: float) -> None:
        """Notes that ``host`` moves a control."""
        if any(self._at(host)):
            self._fingers[host, address] = now

    def is_echo(self, host: str, address: str, value: Said, now: float) -> bool:
        """Whether a message from ``host`` only echoes what was sent to it: some surfaces mirror every message."""
        carried = _single(value)
        return any(
            said == carried and now - when < ECHO
            for surface in self._at(host)
            for said, when in surface.lately.get(address, ())
        )

    def packets(self, saying: Saying, now: float) -> Iterator[tuple[Endpoint, bytes]]:
        """What to send where in this round, so that every surface comes to show ``saying``."""
        self._forget(now)
        changed = dict.fromkeys(self.said.take(saying))
        for surface in self._surfaces.values():
            surface.unsent.update(changed)
            if now >= surface.afresh:
                surface.afresh = now + AFRESH
                surface.unsent.update(dict.fromkeys(self.said.said))
        yield from islice(self._rounds(now), ROUND)

    def _rounds(self, now: float) -> Iterator[tuple[Endpoint, bytes]]:
        """For each surface in turn what it is to be sent; whoever was served is behind the others in the next round."""
        for endpoint, surface in list(self._surfaces.items()):
            if surface.unsent or surface.notes:
                del self._surfaces[endpoint]
                self._surfaces[endpoint] = surface
                yield from self._round(surface, now)

    def _round(self, surface: Surface, now: float) -> Iterator[tuple[Endpoint, bytes]]:
        while surface.notes:
            yield surface.endpoint, message(NOTE, surface.notes.popleft())
        host = surface.endpoint.host
        free = [address for address in surface.unsent if (host, address) not in self._fingers]
        for start in range(0, min(len(free), PACKETS * BUNDLE), BUNDLE):
            addresses = free[start : start + BUNDLE]
            for address in addresses:
                del surface.unsent[address]
                surface.remember(address, self.said.said[address], now)
            yield surface.endpoint, bundle(map(self.said.message, addresses))

    def _at(self, host: str) -> Iterator[Surface]:
        return (surface for surface in self._surfaces.values() if surface.endpoint.host == host)

    def _forget(self, now: float) -> None:
        for endpoint in [endpoint for endpoint, surface in self._surfaces.items() if surface.until < now]:
            del self._surfaces[endpoint]
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
