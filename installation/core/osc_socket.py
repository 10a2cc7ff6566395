"""A UDP socket that receives OSC: only from allowed networks, within the parser's bounds; refused packets are counted.

The operator's server and the OSC sensor listen with it. A library's OSC server must not be used instead.
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
"""Bytes asked for, for the receive buffer; a system may give less (Linux: net.core.rmem_max)."""

LOG_EVERY = 60.0
"""Seconds between two complaints on the same subject: a sender must not be able to fill the disk."""

WAITING = 1024
"""Packets that wait to be read, at most. Of more, the oldest are dropped: after a flood the latest packets matter."""

SUBJECTS = 256
"""Subjects that are distinguished within that time; further ones are counted and not logged."""

SENDERS = 1024
"""Senders whose permission is cached; beyond that it is looked up again."""

Endpoint = tuple[str, int]


class Heard(NamedTuple):
    """The messages of one packet and its sender's address; no messages where none came, or none was valid."""

    messages: Sequence[Message]
    host: str


NOTHING = Heard((), "")


class Complaints:
    """Limits complaints to one a minute for each subject. ``clock`` is in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}

    def due(self, subject: str) -> bool:
        """Whether a complaint is due. Ask before wording it: a nearest-name search is too slow for a flood of
        messages."""
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

    ``owner`` names the socket's owner in messages: ``[operator]``, ``the sensor "floor"``. ``wait`` is the longest that
    ``hear`` waits, in seconds. Raises DeviceError where the port is taken or the address is not this machine's.
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
        """Moves the next packet from the system's buffer to the waiting ones. Returns whether there was one in time."""
        self._socket.settimeout(wait)
        try:
            size, source = self._socket.recvfrom_into(self._room)
        except (TimeoutError, BlockingIOError, ConnectionError):  # the last on Windows: a packet of ours was refused
            return False
        if self._may_send(source[0]):
            self._waiting.append(
                (bytes(self._room[: min(size, LARGEST + 1)]), source[0])
            )  # enough to see that it is too long
        else:
            where = f"OSC from {source[0]} is not heard"
            self._refuse(f"allow {source[0]}", f"{where}: {self.owner} allow does not name it")
        return True

    def send(self, packet: bytes, endpoint: Endpoint) -> None:
        """Sends without waiting; a packet that cannot be sent at once is dropped."""
        try:
            self._socket.sendto(packet, endpoint)
        except OSError as error:
            if self.complaints.due(f"{endpoint[0]}:{endpoint[1]}"):
                log.warning("OSC: %s:%d cannot be told (%s)", *endpoint, error)

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
        inner = getattr(address, "ipv4_mapped", None)  # a dual-stack socket reports IPv4 addresses as mapped IPv6 ones
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
