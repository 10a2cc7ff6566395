"""OSCQuery as a process beside the show, which restarts it after a failure: its clients cannot hold up a frame."""

import logging
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from installation.core.controls import Control, pairs
from installation.core.osc_backlog import Endpoint
from installation.core.pipe import Message, encode
from installation.process.child import Child
from installation.web.oscquery.messages import TO_APP, Hello, Knob, Note, Packet, Ready, Table, Values, pack, unpack

log = logging.getLogger(__name__)

SILENCE = 2.5
"""Seconds without a heartbeat (two a second) after which the process counts as frozen and is started anew."""

STATES = (
    Knob("/show/now", "the title of what hangs", "text"),
    Knob("/show/heartbeat", "seconds that the show has run", "count"),
)
"""What can be read and not moved."""


class OscQuery:
    """``hello`` says what to serve; ``post`` is given each OSC packet of a client. ``trouble`` is what does not work of
    it now, in words; empty while all does."""

    def __init__(self, hello: Hello, post: Callable[[bytes, Endpoint], None]) -> None:
        self.port = 0
        self._trouble = ""
        self._hello, self._post = hello, post
        self._values: dict[str, Any] = {}
        self._mail = threading.Lock()
        command = [sys.executable, "-m", "installation.web.oscquery"]
        self.child = Child("oscquery", command, self._heard, hello=pack(hello), silence=SILENCE)

    @property
    def trouble(self) -> str:
        return self.child.trouble or self._trouble

    def start(self) -> None:
        self.child.start()

    def stop(self) -> None:
        self.child.stop()

    def tell(self, said: Mapping[str, Any]) -> None:
        """The values that changed; from any thread."""
        with self._mail:
            self._values.update(said)
            self.child.send(pack(Values(said)))

    def change(self, knobs: tuple[Knob, ...]) -> None:
        """There is something else to move."""
        self.child.hello = encode(pack(replace(self._hello, knobs=knobs)))
        self.child.send(pack(Table(knobs)))

    def _heard(self, message: Message) -> None:
        match unpack(message if isinstance(message, dict) else {}, TO_APP):
            case Packet(host, data):
                self._post(bytes.fromhex(data), Endpoint(host, 0))
            case Ready(port):
                self.port, self._trouble = port, ""
                log.info("OSCQuery answers at port %d", port)
                with self._mail:
                    self.child.send(pack(Values(self._values)))
            case Note(text):
                self._trouble = text
                log.warning("%s; the show goes on", text)


def knobs(controls: Mapping[str, Control], commands: Mapping[str, Control]) -> tuple[Knob, ...]:
    """What stands at every address of a show."""
    plain = [_knob(control, control.address in commands) for control in {**commands, **controls}.values()]
    both = [_pair(address, pair) for address, pair in pairs(controls).items()]
    return (*plain, *both, *STATES)


def _knob(control: Control, command: bool) -> Knob:
    return Knob(
        control.address,
        control.doc,
        control.type,
        (control.low,),
        (control.high,),
        control.unit,
        control.choices,
        command,
    )


def _pair(address: str, pair: tuple[Control, Control]) -> Knob:
    lows, highs = tuple(one.low for one in pair), tuple(one.high for one in pair)
    return Knob(address, "; ".join(one.doc for one in pair), "pair", lows, highs, pair[0].unit)
