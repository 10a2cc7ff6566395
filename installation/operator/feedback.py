"""What is sent to the surfaces: the values that changed, except to a surface that is moving that control. Pure: no
socket."""

import math
import struct
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from installation.core.controls import Control
from installation.core.osc_socket import Endpoint

FINGER = 0.3
"""Seconds after a touch in which the surface that touched a control is not sent its value."""

REMEMBERED = 60.0
"""Seconds after its last packet in which a surface that is not configured is sent values."""

AFRESH = 10.0
"""Seconds after which a surface is sent everything again: packets get lost, and tablets sleep."""

ECHO = 0.5
"""Seconds after which a value sent to a surface is not expected back from it as an echo any more."""

ECHOES = 16
"""The most values of one control that are remembered for that: half a second at 30 a second."""

SURFACES = 16
"""Surfaces that are not configured, at most; forged senders must not cause traffic to a whole network."""

BUNDLE = 24
"""Messages in one packet: about a kilobyte, so that no network splits it."""

Saying = Mapping[str, float | str]
"""Address -> what to send: a control's value, or a text for a label."""


@dataclass(slots=True)
class Surface:
    """A receiver. ``until`` is when it is removed, ``afresh`` when it is sent everything again (seconds)."""

    endpoint: Endpoint
    until: float
    afresh: float = -math.inf
    told: dict[str, float | str] = field(default_factory=dict)
    lately: dict[str, deque[tuple[float, float]]] = field(default_factory=dict)
    """The values lately sent to it of each control: (value as OSC carries it, when)."""


class Feedback:
    """What each receiver is sent. ``surfaces`` always are; other senders for a minute, at ``reply_port`` (0: never)."""

    def __init__(self, controls: Mapping[str, Control], surfaces: Sequence[Endpoint], reply_port: int) -> None:
        self._controls, self._reply_port = controls, reply_port
        self._surfaces = {endpoint: Surface(endpoint, math.inf) for endpoint in surfaces}
        self._room = len(self._surfaces) + SURFACES
        self._fingers: dict[tuple[str, str], float] = {}

    def heard(self, host: str, now: float) -> None:
        """Notes that ``host`` sent a valid message."""
        endpoint = (host, self._reply_port)
        known = self._surfaces.get(endpoint)
        if known is not None:
            known.until = max(known.until, now + REMEMBERED)
        elif self._reply_port and len(self._surfaces) < self._room:
            self._surfaces[endpoint] = Surface(endpoint, now + REMEMBERED)

    def touched(self, host: str, address: str, now: float) -> None:
        """Notes that ``host`` moves a control."""
        if any(endpoint[0] == host for endpoint in self._surfaces):
            self._fingers[host, address] = now

    def is_echo(self, host: str, address: str, value: float, now: float) -> bool:
        """Whether a message from ``host`` only echoes what was sent to it: some surfaces mirror every message."""
        return any(
            said == _single(value) and now - when < ECHO
            for surface in self._surfaces.values()
            if surface.endpoint[0] == host
            for said, when in surface.lately.get(address, ())
        )

    def packets(self, saying: Saying, now: float) -> Iterator[tuple[Endpoint, bytes]]:
        """What to send where, so that every surface shows ``saying``."""
        self._forget(now)
        for surface in self._surfaces.values():
            if now >= surface.afresh:
                surface.afresh = now + AFRESH
                surface.told.clear()
            news = {address: said for address, said in saying.items() if self._is_news(surface, address, said)}
            surface.told.update(news)
            _remember(surface, news, now)
            for packet in self._bundles(news):
                yield surface.endpoint, packet

    def _forget(self, now: float) -> None:
        for endpoint in [endpoint for endpoint, surface in self._surfaces.items() if surface.until < now]:
            del self._surfaces[endpoint]
        for finger in [finger for finger, when in self._fingers.items() if now - when >= FINGER]:
            del self._fingers[finger]

    def _is_news(self, surface: Surface, address: str, said: float | str) -> bool:
        return surface.told.get(address) != said and (surface.endpoint[0], address) not in self._fingers

    def _bundles(self, news: Saying) -> Iterator[bytes]:
        messages = [self._message(address, said) for address, said in news.items()]
        for start in range(0, len(messages), BUNDLE):
            bundle = OscBundleBuilder(IMMEDIATELY)
            for message in messages[start : start + BUNDLE]:
                bundle.add_content(message)
            yield bundle.build().dgram

    def _message(self, address: str, said: float | str) -> OscMessage:
        built = OscMessageBuilder(address)
        control = self._controls.get(address)
        if isinstance(said, str):
            built.add_arg(said, "s")
        elif control is not None and control.type in ("int", "choice"):
            built.add_arg(round(said), "i")
        else:
            built.add_arg(float(said), "f")
        return built.build()


def _remember(surface: Surface, news: Saying, now: float) -> None:
    for address, said in news.items():
        if not isinstance(said, str):
            surface.lately.setdefault(address, deque(maxlen=ECHOES)).append((_single(said), now))


def _single(value: float) -> float:
    """A number as a float32 of OSC carries it."""
    single: float = struct.unpack(">f", struct.pack(">f", value))[0]
    return single
