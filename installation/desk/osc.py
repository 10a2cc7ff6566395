"""The operator's OSC: a socket of our own, as no server of a library may face a network; bounded before it is parsed.

What comes in is left in a mailbox that the loop drains once a frame: of a value the latest wins, of pulses every one
counts. What goes out are the values that changed, to the surfaces that are known.
"""

import ipaddress
import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from installation.controls import Control
from installation.errors import ControlError, DeviceError, did_you_mean
from installation.osc_packets import Malformed, Message, parse

log = logging.getLogger(__name__)

RECEIVE_BUFFER = 1 << 20
DATAGRAM = 8193
"""Bytes read of a datagram: one more than the parser takes, so that a longer one is refused and not cut."""
WAIT = 0.05
"""Seconds that the thread waits for a datagram before it looks for something to send."""
PULSES = 64
FINGER = 0.3
"""Seconds after a touch in which the surface that touched a control is not told it: that would fight the finger."""
REMEMBERED = 60.0
"""Seconds after its last message in which a surface that is not configured is answered."""
SURFACES = 16
BUNDLE = 32
LOG_EVERY = 60.0

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Drained:
    """What came since the last drain: address -> (value, when), and every pulse in its order."""

    values: Mapping[str, tuple[float, float]]
    pulses: Sequence[tuple[str, float]]


EMPTY = Drained({}, ())


@dataclass(slots=True)
class Surface:
    """One that is told the values. ``until`` is when it is forgotten (a configured one never is)."""

    place: Place
    until: float
    told: dict[str, object] = field(default_factory=dict)


class OscDesk:
    """Hears at ``bind``:``port`` from the networks in ``allow`` (all that reach it, without), tells ``surfaces``
    ("host:port") and those who sent lately, at ``reply_port``. ``clock`` is the loop's, in seconds.

    Raises DeviceError where the port is taken or the address is not this machine's.
    """

    def __init__(
        self,
        controls: Mapping[str, Control],
        bind: str = "127.0.0.1",
        port: int = 8000,
        *,
        allow: Sequence[str] = (),
        surfaces: Sequence[str] = (),
        reply_port: int = 9000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.controls, self.reply_port, self.clock = dict(controls), reply_port, clock
        self.received = self.refused = 0
        self._allow = [ipaddress.ip_network(network, strict=False) for network in allow]
        self._socket = _open(bind, port)
        self.port: int = self._socket.getsockname()[1]
        self._surfaces = {place: Surface(place, float("inf")) for place in map(_place, surfaces)}
        self._values: dict[str, tuple[float, float]] = {}
        self._pulses: deque[tuple[str, float]] = deque(maxlen=PULSES)
        self._mail = threading.Lock()
        self._saying: dict[str, object] = {}
        self._unsaid = False
        self._touched: dict[str, tuple[str, float]] = {}
        self._logged: dict[str, float] = {}
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------ for the loop

    def drain(self) -> Drained:
        """What came since the last time; never waits."""
        if not self._values and not self._pulses:
            return EMPTY
        with self._mail:
            drained = Drained(self._values, tuple(self._pulses))
            self._values = {}
            self._pulses.clear()
        return drained

    def echo(self, values: Mapping[str, float]) -> None:
        """Leaves the controls' values to be told; the thread sends those that changed."""
        self._saying = {**self._saying, **values}
        self._unsaid = True

    def say(self, address: str, text: str) -> None:
        """Leaves a text to be told, for a label on the surfaces."""
        if self._saying.get(address) != text:
            self._saying = {**self._saying, address: text}
            self._unsaid = True

    def close(self) -> None:
        """Stops hearing and telling."""
        self._closing = True
        self._thread.join(timeout=2.0)
        self._socket.close()

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._closing:
            try:
                datagram, source = self._socket.recvfrom(DATAGRAM)
            except TimeoutError:
                datagram, source = b"", ("", 0)
            except OSError as error:  # an answer to what we sent: nobody listens there any more
                self._log("socket", "OSC: %s", error)
                continue
            if datagram and self._allowed(source[0]):
                self._take(datagram, source[0])
            if self._unsaid:
                self._unsaid = False
                self._tell()

    def _allowed(self, host: str) -> bool:
        if not self._allow or any(ipaddress.ip_address(host) in network for network in self._allow):
            return True
        self.refused += 1
        self._log("allow", "OSC from %s is not heard; [desk] allow does not name it", host)
        return False

    def _take(self, datagram: bytes, host: str) -> None:
        try:
            messages = parse(datagram)
        except Malformed as error:
            self.refused += 1
            self._log("malformed", "OSC from %s is not heard: %s", host, error)
            return
        now = self.clock()
        self._remember(host, now)
        for message in messages:
            self._hear(message, host, now)

    def _hear(self, message: Message, host: str, now: float) -> None:
        self.received += 1
        control = self.controls.get(message.address)
        if control is None:
            self._unknown(message.address)
            return
        try:
            value = control.accept(_argument(message, control))
        except ControlError as error:
            self.refused += 1
            self._log(message.address, "OSC: %s", error)
            return
        with self._mail:
            if control.type != "pulse":
                self._values[message.address] = (value, now)
                self._touched[message.address] = (host, now)
            elif value:
                self._pulses.append((message.address, now))

    def _unknown(self, address: str) -> None:
        if address == "/ping":  # a surface's way to keep its connection open
            return
        self.refused += 1
        hint = did_you_mean(address, self.controls)
        self._log("unknown", "OSC: this show has no %s%s", address[:80], f"; {hint}" if hint else "")

    def _log(self, subject: str, text: str, *details: object) -> None:
        """At most once a minute for each subject: whoever sends must not be able to fill the disk."""
        now = self.clock()
        if now - self._logged.get(subject, -LOG_EVERY) >= LOG_EVERY:
            self._logged[subject] = now
            log.warning(text, *details)

    # ------------------------------------------------------------ telling

    def _remember(self, host: str, now: float) -> None:
        place = (host, self.reply_port)
        known = self._surfaces.get(place)
        if known is None and len(self._surfaces) < SURFACES:
            self._surfaces[place] = Surface(place, now + REMEMBERED)
        elif known is not None and known.until != float("inf"):
            known.until = now + REMEMBERED

    def _tell(self) -> None:
        now, saying = self.clock(), self._saying
        for place in [place for place, surface in self._surfaces.items() if surface.until < now]:
            del self._surfaces[place]
        for surface in self._surfaces.values():
            news = {
                address: said
                for address, said in saying.items()
                if surface.told.get(address) != said and not self._under_finger(address, surface.place[0], now)
            }
            surface.told.update(news)
            for packet in _bundles(news):
                self._send(packet, surface.place)

    def _under_finger(self, address: str, host: str, now: float) -> bool:
        who, when = self._touched.get(address, ("", 0.0))
        return who == host and now - when < FINGER

    def _send(self, packet: bytes, place: Place) -> None:
        try:
            self._socket.sendto(packet, place)
        except OSError as error:
            self._log(f"{place[0]}:{place[1]}", "OSC: %s cannot be told (%s)", place[0], error)


def _argument(message: Message, control: Control) -> Any:
    """What a message says to a control. A message without arguments presses a pulse; so does no other."""
    if not message.args:
        if control.type == "pulse":
            return 1.0
        raise ControlError(f"{control.address}: found no argument, expected {control.expects()}")
    return message.args[0]


def _bundles(news: Mapping[str, object]) -> Iterable[bytes]:
    items = list(news.items())
    for start in range(0, len(items), BUNDLE):
        bundle = OscBundleBuilder(IMMEDIATELY)
        for address, said in items[start : start + BUNDLE]:
            message = OscMessageBuilder(address)
            message.add_arg(said)  # type: ignore[arg-type]
            bundle.add_content(message.build())
        yield bundle.build().dgram


def _open(bind: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        made.bind((bind, port))
        made.settimeout(WAIT)
    except OSError as error:
        made.close()
        raise DeviceError(
            f"port {port} is in use or cannot be opened at {bind} ({error.strerror}); "
            "close what uses it, or give [desk] another port in the show file"
        ) from error
    return made


def _place(surface: str) -> Place:
    host, _, port = surface.rpartition(":")
    return host.strip("[]"), int(port)
