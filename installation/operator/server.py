"""The operator's OSC: every control at its address, with its type and range; values echoed to the surfaces.

A thread of its own receives and puts messages into the inbox. The loop puts what is to be sent into a mailbox for that
thread, so the loop never waits.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

from installation.core.clean_text import clean
from installation.core.controls import Control, Value
from installation.core.errors import ControlError, did_you_mean
from installation.core.osc_packets import Argument, Message
from installation.core.osc_socket import Endpoint, OscSocket
from installation.operator.feedback import Feedback
from installation.operator.inbox import Inbox

log = logging.getLogger(__name__)

WAIT = 0.05
"""Seconds that the thread waits for a packet before it looks for something to send."""

PING = "/ping"
"""A surface's way to keep its connection open."""

TEXT = 500
"""Characters of a text sent to the surfaces, at most."""

AGAIN = 1.0
"""Seconds from a fault of the thread to its next try."""


class OscServer:
    """Receives at ``bind``:``port`` from the networks in ``allow`` (empty: from all). Sends to ``surfaces``
    ("host:port") and, for a minute, to each other sender at ``reply_port`` (0: to ``surfaces`` only).

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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.inbox, self._clock = inbox, clock
        self._socket = OscSocket(bind, port, allow, owner="[operator]", wait=WAIT, clock=clock)
        self._feedback = Feedback({**inbox.commands, **inbox.controls}, _endpoints(surfaces), reply_port)
        self._received = self._refused = 0
        self._saying: dict[str, float | str] = {}
        self._unsaid = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port in use: the one asked for, or the free one that was found for 0."""
        return self._socket.port

    @property
    def received(self) -> int:
        """Messages that came in, right or wrong."""
        return self._received

    @property
    def refused(self) -> int:
        """Messages that no control accepted, and packets that were no OSC or came from other networks."""
        return self._refused + self._socket.refused

    # ------------------------------------------------------------ for the loop

    def echo(self, values: Mapping[str, float]) -> None:
        """Queues the controls' values for sending; each surface gets those that changed. For up to 20 calls a
        second."""
        self._saying = {**self._saying, **values}
        self._unsaid.set()

    def say(self, address: str, text: str) -> None:
        """Queues a text for sending, for a label on the surfaces."""
        if self._saying.get(address) != text:
            self._saying = {**self._saying, address: text[:TEXT].replace("\0", "")}
            self._unsaid.set()

    def close(self) -> None:
        """Stops receiving and sending, within a moment."""
        self._closing.set()
        self._thread.join(timeout=2.0)
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
        messages, host = self._socket.hear()
        now = self._clock()
        if messages:
            self._feedback.heard(host, now)
        for message in messages:
            self._hear(message, host, now)
            self._received += 1
        if self._unsaid.is_set():
            self._unsaid.clear()
            for endpoint, packet in self._feedback.packets(self._saying, now):
                self._socket.send(packet, endpoint)

    def _hear(self, message: Message, host: str, now: float) -> None:
        control = self.inbox.find(message.address)
        if control is None:
            self._unknown(message.address)
            return
        value = self._accept(control, message.args)
        if value is None:
            return
        if control.type == "float" and self._feedback.is_echo(host, message.address, value, now):
            return
        if control.type != "pulse":
            self._feedback.touched(host, message.address, now)
        self.inbox.put(message.address, value, now, f"osc {host}")

    def _accept(self, control: Control, args: tuple[Argument, ...]) -> float | None:
        """The value that the control takes, or None where it takes none."""
        value = args[0] if args else (1.0 if control.type == "pulse" else None)
        if isinstance(value, str) and value not in control.choices:
            self._refuse(control.address, lambda: _fault(control, value))
            return None
        try:
            return control.accept(cast(Value, value))
        except ControlError as error:
            fault = str(error)
            self._refuse(control.address, lambda: fault)
        return None

    def _unknown(self, address: str) -> None:
        if address != PING:
            known = (*self.inbox.controls, *self.inbox.commands)
            self._refuse(f"unknown {address}", lambda: _nearest(address, known))

    def _refuse(self, subject: str, words: Callable[[], str]) -> None:
        """Counts, and logs once a minute; ``words`` is called only then, as a nearest-name search takes a
        millisecond."""
        self._refused += 1
        if self._socket.complaints.due(subject):
            log.warning("OSC: %s", clean(words(), TEXT))


def _fault(control: Control, text: str) -> str:
    try:
        control.accept(text)
    except ControlError as error:
        return str(error)
    return ""


def _nearest(address: str, known: Iterable[str]) -> str:
    hint = did_you_mean(address, known)
    return f"this show has no {address}" + (f"; {hint}" if hint else "")


def _endpoints(surfaces: Sequence[str]) -> list[Endpoint]:
    """``host:port`` as addresses of numbers. One whose name is not known is left out, as a tablet may be off."""
    endpoints = []
    for surface in surfaces:
        host, _, port = surface.rpartition(":")
        try:
            endpoints.append((socket.gethostbyname(host) if ":" not in host else host.strip("[]"), int(port)))
        except (OSError, UnicodeError) as error:  # unknown; or a name that no name server would take
            log.warning("OSC: %s is not told the values: no such address (%s)", surface, error)
    return endpoints
