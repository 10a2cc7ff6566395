"""A socket that hears OSC: from the networks that may send, within the parser's bounds, and what it refuses is counted.

The operator's server and the OSC sensor listen with it. No server of a library may face a network in their place.
"""

import errno
import ipaddress
import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from installation.core.clean_text import clean
from installation.core.errors import DeviceError
from installation.core.osc_packets import LARGEST, Malformed, Message, parse

log = logging.getLogger(__name__)

RECEIVE_BUFFER = 1 << 20
"""Bytes asked for, for packets that wait to be heard; a system may give less (Linux: net.core.rmem_max)."""

LOG_EVERY = 60.0
"""Seconds between two complaints on the same subject: whoever sends must not be able to fill the disk."""

WAITING = 1024
"""Packets that wait to be read, at most. Of more, the oldest give way: what counts after a flood is what came last."""

SUBJECTS = 256
"""Subjects that are told apart within that time; further ones are counted and not told."""

SENDERS = 1024
"""Senders whose right to send is remembered; with more it is looked up anew."""

Place = tuple[str, int]


class Heard(NamedTuple):
    """What one packet said, and the address that it came from; no messages where nothing came, or nothing right."""

    messages: Sequence[Message]
    host: str


NOTHING = Heard((), "")


class Complaints:
    """Says of each subject once a minute that it may be complained about. ``clock`` is in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}

    def due(self, subject: str) -> bool:
        """Ask first, word the complaint after: finding what was perhaps meant takes longer than a flood allows."""
        now = self._clock()
        if len(self._last) >= SUBJECTS and subject not in self._last:
            self._last = {known: when for known, when in self._last.items() if now - when < LOG_EVERY}
            if len(self._last) >= SUBJECTS:
                return False
        if now - self._last.get(subject, -LOG_EVERY) < LOG_EVERY:
            return False
        self._last[subject] = now
        return True


class OscSocket:
    """UDP at ``bind``:``port`` (0: any free one), for packets from the networks ``allow`` (none: from everyone).

    ``owner`` is who to blame in messages: ``[operator]``, ``the sensor "floor"``. ``wait`` is the longest that ``hear``
    waits, in seconds. Raises DeviceError where the port is taken or the address is not this machine's.
    """

    def __init__(
        self,
        bind: str,
        port: int,
        allow: Sequence[str],
        *,
        owner: str,
        wait: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.owner, self.refused, self.complaints = owner, 0, Complaints(clock)
        self._networks = [ipaddress.ip_network(network, strict=False) for network in allow]
        self._allowed: dict[str, bool] = {}
        self._room = memoryview(bytearray(1 << 16))  # any UDP packet whole: some systems raise where others cut
        self._waiting: deque[tuple[bytes, str]] = deque(maxlen=WAITING)
        self._wait = wait
        self._socket = _open(bind, port, owner)
        self.port: int = self._socket.getsockname()[1]

    def hear(self) -> Heard:
        """The next packet, or nothing where none came in time or it was refused."""
        if not self._waiting:
            self._take(self._wait)
        for _ in range(WAITING):  # the system drops the newest when its buffer is full, so that is emptied first
            if not self._take(0.0):
                break
        if not self._waiting:
            return NOTHING
        packet, host = self._waiting.popleft()
        spoiled: list[str] = []
        try:
            heard = Heard(parse(packet, spoiled), host)
        except Malformed as error:
            return self._refuse(f"malformed {host}", f"OSC from {host} is not heard by {self.owner}: {error}")
        for why in spoiled:
            self._refuse(f"{why} {host}", f"a message in a bundle from {host} is not heard by {self.owner}: {why}")
        return heard

    def _take(self, wait: float) -> bool:
        """Puts the next packet of the system's buffer with those that wait; whether there was one in time."""
        self._socket.settimeout(wait)
        try:
            size, source = self._socket.recvfrom_into(self._room)
        except (TimeoutError, BlockingIOError, ConnectionError):  # the last on Windows: nobody listens where we sent
            return False
        if self._may_send(source[0]):
            self._waiting.append(
                (bytes(self._room[: min(size, LARGEST + 1)]), source[0])
            )  # enough to see that it is too long
        else:
            where = f"OSC from {source[0]} is not heard"
            self._refuse(f"allow {source[0]}", f"{where}: {self.owner} allow does not name it")
        return True

    def send(self, packet: bytes, place: Place) -> None:
        """Sends at once or not at all: a surface that is off, or a network that is down, holds nothing up."""
        try:
            self._socket.sendto(packet, place)
        except OSError as error:
            if self.complaints.due(f"{place[0]}:{place[1]}"):
                log.warning("OSC: %s:%d cannot be told (%s)", *place, error)

    def close(self) -> None:
        self._socket.close()

    def _refuse(self, subject: str, text: str) -> Heard:
        self.refused += 1
        if self.complaints.due(subject):
            log.warning("%s", clean(text))
        return NOTHING

    def _may_send(self, host: str) -> bool:
        if not self._networks:
            return True
        known = self._allowed.get(host)
        if known is None:
            if len(self._allowed) >= SENDERS:
                self._allowed.clear()
            known = self._allowed[host] = self._is_allowed(host)
        return known

    def _is_allowed(self, host: str) -> bool:
        address = ipaddress.ip_address(host)
        inner = getattr(address, "ipv4_mapped", None)  # a socket of both families sees IPv4 in IPv6's clothes
        return any((inner or address) in network for network in self._networks)


def _open(bind: str, port: int, owner: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:  # "::" is every network, on systems where it would leave out IPv4 too
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        opened.bind((bind, port))
    except OSError as error:
        opened.close()
        raise DeviceError(_why(error, bind, port, owner)) from error
    return opened


def _why(error: OSError, bind: str, port: int, owner: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use at {bind}; end the program that listens there, or give {owner} another port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{bind} is no address of this machine; bind {owner} to one that is, or to 0.0.0.0 for all its networks"
    return f"port {port} at {bind} does not open ({error.strerror or error}); give {owner} another port or address"
