"""OSC over TCP: several clients, each packet in a frame. Works on the selector of an OscSocket, in its thread.

Two framings are in use, and a client's first byte tells which one it speaks: SLIP with an END at both ends (OSC 1.1;
RFC 1055), or a length of four bytes before each packet (OSC 1.0). It is answered in the same.
"""

import logging
import selectors
import socket
from collections.abc import Callable, Iterator
from struct import pack, unpack_from

from installation.core.osc_backlog import Endpoint
from installation.core.osc_socket import OscSocket, bounds_for, listening

log = logging.getLogger(__name__)

CLIENTS = 16
"""Connections at once, at most."""

CHUNK = 1 << 16
"""Bytes that are read from one client before others have their turn."""

UNSENT = 1 << 18
"""Bytes that wait for a client that does not read; at more its connection is closed."""

END, ESC, ESC_END, ESC_ESC = b"\xc0", b"\xdb", b"\xdb\xdc", b"\xdb\xdd"


class Broken(ValueError):
    """The bytes of a connection are in no framing, so that what follows cannot be read either."""


class Frames:
    """Takes packets of up to ``most`` bytes out of a stream; ``refused`` counts those that were longer or misspelt."""

    def __init__(self, most: int) -> None:
        self.most, self.refused = most, 0
        self.slip: bool | None = None
        self._rest = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The packets that are whole with ``data``. Raises Broken where a length is no possible one."""
        if self.slip is None and data:
            self.slip = data[0] != 0
        self._rest += data
        yield from self._slip() if self.slip else self._counted()

    def framed(self, packet: bytes) -> bytes:
        """A packet in the client's framing; SLIP while it has said nothing."""
        if self.slip is False:
            return pack(">i", len(packet)) + packet
        return END + packet.replace(ESC, ESC_ESC).replace(END, ESC_END) + END

    def _slip(self) -> Iterator[bytes]:
        while (end := self._rest.find(END)) >= 0:
            frame, skipped = bytes(self._rest[:end]), self._skipping
            del self._rest[: end + 1]
            self._skipping = False
            if frame and not skipped:
                yield from self._whole(frame)
        if len(self._rest) > 2 * self.most:  # even if every byte were escaped
            self.refused += not self._skipping
            self._skipping = True
            self._rest.clear()

    def _whole(self, frame: bytes) -> Iterator[bytes]:
        packet = frame.replace(ESC_END, END).replace(ESC_ESC, ESC)
        if frame.count(ESC) == frame.count(ESC_END) + frame.count(ESC_ESC) and len(packet) <= self.most:
            yield packet
        else:
            self.refused += 1

    def _counted(self) -> Iterator[bytes]:
        while len(self._rest) >= 4:
            size = unpack_from(">i", self._rest)[0]
            if not 0 < size <= self.most:
                raise Broken(f"a packet of {size} bytes, expected up to {self.most}")
            if len(self._rest) < 4 + size:
                return
            packet = bytes(self._rest[4 : 4 + size])
            del self._rest[: 4 + size]
            yield packet


class Client:
    """One connection."""

    def __init__(self, connection: socket.socket, endpoint: Endpoint) -> None:
        self.connection, self.endpoint = connection, endpoint
        self.frames = Frames(bounds_for(endpoint.host).bytes)
        self.unsent = bytearray()


class Stream:
    """Listens at ``bind``:``port`` for TCP; packets are read with those of ``osc``. ``left`` is told of each connection
    that ends. Raises DeviceError where the port is taken."""

    def __init__(self, bind: str, port: int, osc: OscSocket, left: Callable[[Endpoint], None]) -> None:
        self._osc, self._left = osc, left
        self._clients: dict[Endpoint, Client] = {}
        self._listening = listening(bind, port, osc.owner)
        self.port: int = self._listening.getsockname()[1]
        osc.selector.register(self._listening, selectors.EVENT_READ, self._accept)

    def send(self, packet: bytes, endpoint: Endpoint) -> None:
        """Sends without waiting; a client that does not read for long is closed."""
        client = self._clients.get(endpoint)
        if client is not None:
            client.unsent += client.frames.framed(packet)
            self._flush(client)

    def close(self) -> None:
        for client in list(self._clients.values()):
            self._end(client)
        self._osc.selector.unregister(self._listening)
        self._listening.close()

    def _accept(self) -> None:
        try:
            connection, (host, port, *_) = self._listening.accept()
        except OSError:  # it left again
            return
        endpoint = Endpoint(host, port, tcp=True)
        if len(self._clients) >= CLIENTS or host not in self._osc.allowed:
            no = f"{self._osc.owner} allow does not name it"
            why = f"{CLIENTS} are connected" if host in self._osc.allowed else no
            self._osc.refuse(f"tcp {host}", f"OSC over TCP from {host} is not heard: {why}")
            connection.close()
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = self._clients[endpoint] = Client(connection, endpoint)
        self._osc.selector.register(connection, selectors.EVENT_READ, lambda: self._receive(client))

    def _receive(self, client: Client) -> None:
        """Reads and writes what is possible."""
        self._flush(client)
        try:
            data = client.connection.recv(CHUNK)
        except (BlockingIOError, ValueError, OSError) as error:
            if not isinstance(error, BlockingIOError):
                self._end(client)
            return
        if not data:
            self._end(client)
            return
        self._read(client, data)

    def _read(self, client: Client, data: bytes) -> None:
        before = client.frames.refused
        try:
            for packet in client.frames.feed(data):
                self._osc.keep(packet, client.endpoint)
        except Broken as error:
            self._refuse(client, str(error))
            self._end(client)
        if client.frames.refused > before:
            self._refuse(client, f"a frame that is longer than {client.frames.most} bytes, or no SLIP")

    def _refuse(self, client: Client, why: str) -> None:
        host = client.endpoint.host
        text = f"OSC over TCP from {host} is not heard by {self._osc.owner}: {why}"
        self._osc.refuse(f"frame {host}", text, client.endpoint)

    def _flush(self, client: Client) -> None:
        """Writes what the connection takes, and asks to be called when it takes more."""
        if client.endpoint not in self._clients:
            return
        try:
            if client.unsent:
                del client.unsent[: client.connection.send(client.unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._end(client)
            return
        if len(client.unsent) > UNSENT:
            log.info("OSC over TCP: %s does not read; its connection is closed", client.endpoint.host)
            self._end(client)
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.unsent else 0)
        if self._osc.selector.get_key(client.connection).events != events:
            self._osc.selector.modify(client.connection, events, lambda: self._receive(client))

    def _end(self, client: Client) -> None:
        if self._clients.pop(client.endpoint, None) is not None:
            self._osc.selector.unregister(client.connection)
            client.connection.close()
            self._left(client.endpoint)
