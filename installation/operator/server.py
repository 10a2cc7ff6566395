"""The operator's OSC: every control at its address, with its type and range; values echoed to the surfaces.

A thread of its own receives and puts messages into the inbox. The loop puts what is to be sent into a mailbox for that
thread, so the loop never waits.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from installation.core.errors import DeviceError
from installation.core.osc_backlog import Endpoint
from installation.core.osc_build import Said, message
from installation.core.osc_socket import OscSocket
from installation.operator.feedback import Feedback
from installation.operator.handling import Handling
from installation.operator.inbox import Inbox
from installation.operator.names import Names
from installation.operator.saying import Saying
from installation.operator.stream import Stream

log = logging.getLogger(__name__)

ROUND = 1 / 30
"""Seconds between two rounds of sending, at least."""

PORTS = 16
"""Ports that are tried for one that is free for UDP and TCP."""

AGAIN = 1.0
"""Seconds from a fault of the thread to its next try."""

News = Callable[[Mapping[str, Said]], None]
"""Is told the values that changed, by address."""


class OscServer:
    """Receives at ``bind``:``port`` from the networks in ``allow`` (empty: from all), over TCP too with ``tcp``. Sends
    to ``surfaces`` ("host:port") and, for a minute, to each other sender at ``reply_port`` (0: to ``surfaces`` only);
    without ``bundles`` each value in a packet of its own.

    ``clock`` is the loop's, in seconds. Raises DeviceError where the port is taken or the address not its own.
    """

    def __init__(
        self,
        inbox: Inbox,
        bind: str = "127.0.0.1",
        port: int = 8000,
        *,
        allow: Sequence[str] = (),
        surfaces: Sequence[str] = (),
        reply_port: int = 9000,
        tcp: bool = False,
        bundles: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.inbox, self._clock = inbox, clock
        self.news: News | None = None
        self.listening = False
        """Whether any surface is sent values now, or somebody else is told them."""
        self.on_follow: Callable[[], None] | None = None
        self._feedback = Feedback({**inbox.commands, **inbox.controls}, (), reply_port, bundles)
        open_socket = partial(OscSocket, allow=allow, owner="[operator]", wait=ROUND, levels=levels(inbox), clock=clock)
        self._socket, self._stream = open_sockets(open_socket, bind, port, self._feedback if tcp else None)
        self.port = self._socket.port
        """The port in use: the one asked for, or the free one that was found for 0."""
        self._handling = Handling(inbox, self._feedback, self._socket.complaints, self._reply, clock)
        self._socket.tell = self._handling.refusals.tell
        self._received = 0
        self._began = clock()
        self._saying = Saying(inbox, self._handling.pairs, self._began)
        self._endpoints: deque[list[Endpoint]] = deque(maxlen=1)
        self._due = 0.0
        self._closing = threading.Event()
        self._names = Names(surfaces, self._endpoints.append, clock)
        self._names.start()
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)
        self._thread.start()

    @property
    def received(self) -> int:
        """Messages that came in, right or wrong, and those that a later one stood for."""
        return self._received + self._socket.backlog.superseded

    @property
    def refused(self) -> int:
        """Messages that no control accepted; packets that were no OSC, came from other networks, or found no room."""
        lost = self._socket.backlog.dropped + self._socket.lost
        return self._handling.refused + self._socket.refused + lost

    # ------------------------------------------------------------ for other threads

    def echo(self, values: Mapping[str, float]) -> None:
        """Queues the controls' values for sending; each surface gets those that changed. For up to 30 calls a
        second: the loop's, which this tells to be alive."""
        self._saying.echo(values)

    def say(self, address: str, text: str) -> None:
        """Queues a text for sending, for a label on the surfaces."""
        self._saying.say(address, text)

    def post(self, packet: bytes, source: Endpoint) -> None:
        """Has a packet handled that came in another way."""
        self._socket.post(packet, source)

    def follow(self) -> None:
        """Takes up what the inbox describes by now."""
        self._feedback.said.controls = {**self.inbox.commands, **self.inbox.controls}
        self._handling.follow()
        self._saying.pairs = self._handling.pairs
        self._socket.backlog.levels = levels(self.inbox)
        if self.on_follow:
            self.on_follow()

    def close(self) -> None:
        """Stops receiving and sending, within a moment."""
        self._closing.set()
        self._names.close()
        self._socket.wake()
        self._thread.join(timeout=2.0)
        if self._stream:
            self._stream.close()
        self._socket.close()

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._step()
            except Exception:
                log.exception("the OSC server failed; it goes on")
                self._closing.wait(AGAIN)

    def _step(self) -> None:
        """Receives one packet, if one comes, and sends what is queued."""
        wait = self._handling.later.wait(self._clock(), ROUND)
        messages, source = self._socket.hear(wait)
        now = self._clock()
        if messages and source.port:  # who came in another way hears another way
            self._feedback.heard(source, now)
        for one in messages:
            self._handling.receive(one, source, now)
            self._received += 1
        self._handling.due(now)
        if now >= self._due:
            self._due = now + ROUND
            self._handling.refusals.rest()
            self._tell(now)

    def _tell(self, now: float) -> None:
        """One round of sending."""
        if self._endpoints:
            self._feedback.configure(self._endpoints.pop())
        self.listening = self.news is not None or bool(self._feedback.surfaces)
        for endpoint, packet in self._feedback.packets(self._saying.everything(now), now):
            self._send(packet, endpoint)
        if self.news and self._feedback.said.changed:
            self.news(self._feedback.said.changed)

    def _send(self, packet: bytes, endpoint: Endpoint) -> None:
        if not endpoint.tcp:
            self._socket.send(packet, endpoint)
        elif self._stream:
            self._stream.send(packet, endpoint)

    def _reply(self, address: str, source: Endpoint) -> None:
        """Answers where a message came from, and where its sender hears values."""
        packet = message(address, int(self._clock() - self._began))
        for endpoint in {source, self._feedback.endpoint_of(source)}:
            if endpoint.port:
                self._send(packet, endpoint)


def levels(inbox: Inbox) -> set[bytes]:
    """The addresses of which the latest message counts."""
    return {address.encode() for address in inbox.controls}


def open_sockets(
    open_socket: Callable[[str, int], OscSocket], bind: str, port: int, feedback: Feedback | None
) -> tuple[OscSocket, Stream | None]:
    """UDP and, with ``feedback``, TCP at the same port; 0 is one that is free for both. Raises DeviceError."""
    for _ in range(PORTS if port == 0 else 1):
        osc = open_socket(bind, port)
        if feedback is None:
            return osc, None
        try:
            return osc, Stream(bind, osc.port, osc, feedback.left)
        except DeviceError as error:
            osc.close()
            fault = error
    raise fault
