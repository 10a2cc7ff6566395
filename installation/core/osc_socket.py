"""A UDP socket that receives OSC: only from allowed networks, within the parser's bounds; refused packets are counted.

The operator's server and the OSC sensor listen with it. A library's OSC server must not be used instead. Packets that
came in another way (a TCP connection, another process) are read with those of the socket.
"""

import errno
import ipaddress
import logging
import os
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from installation.core.addresses import is_loopback
from installation.core.clean_text import clean
from installation.core.errors import DeviceError
from installation.core.osc_backlog import BYTES, WAITING, Backlog, Endpoint
from installation.core.osc_packets import LOOPBACK, NETWORK, Bounds, Malformed, Message, parse

log = logging.getLogger(__name__)

RECEIVE_BUFFER = 1 << 22
"""Bytes asked for, for the receive buffer; a system may give less (Linux: net.core.rmem_max)."""

LOG_EVERY = 60.0
"""Seconds between two complaints on the same subject: a sender must not be able to fill the disk."""

HELD_BACK = 1 / 60
"""Seconds between two looks at the packets of whoever sends faster than it is read, at most: taken together they cost
the frames far less than one by one."""

BETWEEN = 0.002
"""Seconds of reading what came after which the system's buffer is emptied again."""

LONGEST = LOOPBACK.bytes + 1
"""Bytes of a packet that are kept: enough to see that it is too long."""

AT_ONCE = 128
"""Packets that one look should find; where more come, the next look is sooner, as a buffer may hold 250."""

SO_MEMINFO = 55
"""Linux: nine numbers about a socket, of which the last tells the packets that found no room in its buffer."""

POSTED = 1024
"""Packets from other threads that wait, at most; the oldest is dropped."""

REASONS = 4
"""Different complaints about one subject in that time."""
SUBJECTS = 256
"""Subjects that are distinguished within that time; further ones are counted and not logged."""

SENDERS = 1024
"""Senders whose permission is cached; beyond that it is looked up again."""


class Heard(NamedTuple):
    """The messages of one packet and where it came from; no messages where none came, or none was valid."""

    messages: Sequence[Message]
    source: Endpoint


NOTHING = Heard((), Endpoint("", 0))


class Complaints:
    """Limits complaints to one a minute for each subject, and to REASONS where it is told what each is about. ``clock``
    is in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last: dict[str, dict[str, float]] = {}

    def due(self, subject: str, reason: str = "") -> bool:
        """Whether a complaint is due. To be asked before wording it: a nearest-name search is too slow for a flood of
        messages."""
        now = self._clock()
        if len(self._last) >= SUBJECTS and subject not in self._last:
            self._last = {known: lately for known, told in self._last.items() if (lately := _lately(told, now))}
            if len(self._last) >= SUBJECTS:
                return False
        told = self._last[subject] = _lately(self._last.get(subject, {}), now)
        if reason in told or len(told) >= REASONS:
            return False
        told[reason] = now
        return True


def _lately(told: Mapping[str, float], now: float) -> dict[str, float]:
    return {reason: when for reason, when in told.items() if now - when < LOG_EVERY}


class Allowed:
    """Who may send: the addresses in ``networks``; everyone where there are none."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]
        self._known: dict[str, bool] = {}

    def __contains__(self, host: object) -> bool:
        if not self._networks:
            return True
        known = self._known.get(str(host))
        if known is None:
            if len(self._known) >= SENDERS:
                self._known.clear()
            known = self._known[str(host)] = self._is_named(str(host))
        return known

    def _is_named(self, host: str) -> bool:
        address = ipaddress.ip_address(host)
        inner = getattr(address, "ipv4_mapped", None)  # a dual-stack socket reports IPv4 addresses as mapped IPv6 ones
        return any((inner or address) in network for network in self._networks)


def bounds_for(host: str) -> Bounds:
    """What a packet from an address may hold."""
    return LOOPBACK if is_loopback(host) else NETWORK


class OscSocket:
    """UDP at ``bind``:``port`` (0: any free one), for packets from the networks ``allow`` (none: from everyone).

    ``owner`` names the socket's owner in messages: ``[operator]``, ``the sensor "floor"``. ``wait`` is the longest that
    ``hear`` waits, in seconds. ``levels`` are the addresses of which the latest message counts: see Backlog. ``lost``
    counts packets that found no room in the system's buffer. ``tell`` passes on to who sent something why it does
    not count. ``hear`` and all else is for one thread, but for ``post`` and ``wake``, which any may call; ``selector``
    is what it waits for, and calls whatever else is registered there. Raises DeviceError where the port is taken or the
    address is not this machine's.
    """

    def __init__(
        self,
        bind: str,
        port: int,
        allow: Sequence[str],
        *,
        owner: str,
        wait: float,
        levels: Container[bytes] = frozenset(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.owner, self.refused, self.complaints = owner, 0, Complaints(clock)
        self.lost = 0
        self.tell: Callable[[Endpoint, str], None] = lambda source, text: None
        self._emptied, self._pause, self._crowded = 0.0, HELD_BACK, False
        self.allowed, self.backlog = Allowed(allow), Backlog(levels)
        self._room = memoryview(bytearray(1 << 16))  # any UDP packet whole: some systems raise where others cut
        self._posted: deque[tuple[bytes, Endpoint]] = deque(maxlen=POSTED)
        self._wait = wait
        self._socket = _open(bind, port, owner)
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._waker, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self._socket, selectors.EVENT_READ, self._empty)
        self.selector.register(self._woken, selectors.EVENT_READ, self._settle)

    def hear(self, wait: float | None = None) -> Heard:
        """The next packet, or nothing where none came in time or it was refused."""
        now = time.monotonic()
        if now - self._emptied >= BETWEEN or not self.backlog.waiting:
            self._empty()  # the system drops the newest when its buffer is full, so that is emptied first
        taken = self.backlog.take(now)
        if taken is None:
            self._look(self._wait if wait is None else min(wait, self._wait))
            taken = self.backlog.take(time.monotonic())
        return NOTHING if taken is None else self._read(*taken)

    def post(self, packet: bytes, source: Endpoint) -> None:
        """Has a packet read that came in another way."""
        self._posted.append((packet, source))
        self.wake()

    def wake(self) -> None:
        """Ends the wait of ``hear``."""
        with suppress(BlockingIOError):  # it is woken already
            self._waker.send(b"\0")

    def keep(self, packet: bytes, source: Endpoint) -> None:
        """Keeps a packet for reading, unless its sender may not send."""
        if source.host not in self.allowed:
            where = f"OSC from {source.host} is not heard"
            self.refuse(f"allow {source.host}", f"{where}: {self.owner} allow does not name it")
        elif self.backlog.add(packet, source, time.monotonic()) and self.complaints.due(f"flood {source.host}"):
            told = f", and {self.backlog.dropped} packets were dropped" if self.backlog.dropped else ""
            what = "comes faster than it is read: of each control the latest counts"
            text = f"OSC from {source.host} {what}{told}"
            log.warning("%s", text)
            self.tell(source, text)

    def refuse(self, subject: str, text: str, source: Endpoint | None = None) -> Heard:
        """Counts a packet or message that is refused; logs why, once a minute for each subject; tells ``source``."""
        self.refused += 1
        if self.complaints.due(subject):
            log.warning("%s", clean(text))
        if source:
            self.tell(source, text)
        return NOTHING

    def _look(self, wait: float) -> None:
        """Waits for what is registered, and lets it work. A flood wakes nobody: it is looked at again in a moment."""
        if self.backlog.waiting:
            time.sleep(self._pause)
            wait = 0.0
        for key, _ in self.selector.select(max(0.0, wait)):
            key.data()

    def _empty(self) -> None:
        """Moves what is in the system's buffer to the packets that wait."""
        came = self._receive()
        now = time.monotonic()
        since, self._emptied = now - self._emptied, now
        self._pause = min(HELD_BACK, since * AT_ONCE / max(came, 1))
        if self._crowded or came > AT_ONCE // 2:
            self._count_lost()
        self._crowded = came > AT_ONCE // 2

    def _receive(self) -> int:
        """How many came."""
        batch, size, receive, room = list[tuple[bytes, Any]](), 0, self._socket.recvfrom_into, self._room
        while len(batch) < WAITING and size < BYTES:
            try:
                length, source = receive(room)
            except BlockingIOError:
                break
            except ConnectionError:  # on Windows: a packet of ours was refused
                continue
            batch.append((bytes(room[: min(length, LONGEST)]), source))
            size += length
        for packet, source in self.backlog.latest(batch):
            self.keep(packet, Endpoint(source[0], source[1]))
        return len(batch)

    def _count_lost(self) -> None:
        before, self.lost = self.lost, dropped(self._socket)
        if self.lost > before and self.complaints.due("lost"):
            log.warning("OSC: %d packets came faster than this machine takes them, and are lost", self.lost - before)

    def _settle(self) -> None:
        """Takes what other threads posted."""
        with suppress(BlockingIOError):
            self._woken.recv(4096)
        for _ in range(len(self._posted)):
            self.keep(*self._posted.popleft())

    def _read(self, packet: bytes, source: Endpoint) -> Heard:
        spoiled: list[str] = []
        host = source.host
        try:
            heard = Heard(parse(packet, spoiled, bounds_for(host)), source)
        except Malformed as error:
            self.backlog.refused(source)
            return self.refuse(f"malformed {host}", f"OSC from {host} is not heard by {self.owner}: {error}", source)
        for why in spoiled:
            self.refuse(
                f"{why} {host}", f"a message in a bundle from {host} is not heard by {self.owner}: {why}", source
            )
        return heard

    def send(self, packet: bytes, endpoint: Endpoint) -> None:
        """Sends without waiting; a packet that cannot be sent at once is dropped."""
        try:
            self._socket.sendto(packet, (endpoint.host, endpoint.port))
        except OSError as error:
            if self.complaints.due(f"{endpoint.host}:{endpoint.port}"):
                log.warning("OSC: %s:%d cannot be told (%s)", endpoint.host, endpoint.port, error)

    def close(self) -> None:
        self.selector.close()
        for one in (self._socket, self._waker, self._woken):
            one.close()


def dropped(opened: socket.socket) -> int:
    """How many packets found no room in a socket's buffer since it was opened; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    with suppress(OSError):
        told = opened.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36)
        return int.from_bytes(told[32:36], sys.byteorder)
    return 0


def listening(bind: str, port: int, owner: str) -> socket.socket:
    """A socket that listens for TCP and does not block. Raises DeviceError as OscSocket does."""
    opened = _open(bind, port, owner, socket.SOCK_STREAM)
    opened.setblocking(False)
    opened.listen(16)
    return opened


def _open(bind: str, port: int, owner: str, kind: socket.SocketKind = socket.SOCK_DGRAM) -> socket.socket:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    opened = socket.socket(family, kind)
    try:
        if family == socket.AF_INET6:  # "::" is every network, on systems where it would leave out IPv4 too
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if kind == socket.SOCK_DGRAM:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        elif os.name == "posix":  # there it allows a port that only closed connections still hold
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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
