"""A MIDI device as the operator's: found by its name, opened again when it comes back, told the controls' values.

mido's ports are used, with python-rtmidi behind them; ``MIDO_BACKEND`` names another backend of mido's. A standard MIDI
file can take the place of the device, so that a show is rehearsed without one (see midi_rehearsal).
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from installation.core import parts
from installation.core.repeats import Repeats
from installation.operator.inbox import Inbox
from installation.operator.midi_knobs import Knobs
from installation.showfile.midi_tables import Midi

log = logging.getLogger(__name__)

INSTALL = 'install "vernissage[midi]"'

AGAIN = 2.0
"""Seconds between two looks for a device that is away, and at whether one that is open is still there."""

Heard = Callable[[Any], None]
"""Takes one message of mido's; called by a thread of the port's."""


class Ports(Protocol):
    """A backend of mido's, as far as it is needed."""

    def get_input_names(self) -> Sequence[str]: ...
    def get_output_names(self) -> Sequence[str]: ...
    def open_input(self, name: str, *, callback: Heard) -> Any: ...
    def open_output(self, name: str) -> Any: ...


def system_ports() -> Ports:
    """This machine's MIDI. Raises MissingDependency without the libraries."""
    mido = parts.require("mido", "[midi]", INSTALL)
    parts.require("rtmidi", "[midi]", INSTALL)
    made: Ports = mido.Backend()
    return made


class MidiDevice:
    """Puts what a device sends into the inbox, as ``midi DEVICE``, and tells it what is echoed. ``clock`` is the loop's
    (s). A thread of its own waits for the device; the loop never does. ``trouble`` is why it is not open; empty while
    it is."""

    def __init__(self, settings: Midi, inbox: Inbox, ports: Ports, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings, self.inbox, self._ports, self._clock = settings, inbox, ports, clock
        self._knobs = self._described()
        self._guard = threading.Lock()
        self._values: Mapping[str, float] = {}
        self._unsaid, self._closing = threading.Event(), threading.Event()
        self._input: Any = None
        self._output: Any = None
        self._names = ("", "")
        self.trouble = ""
        self._repeats = Repeats()
        self._thread = threading.Thread(target=self._run, name="midi", daemon=True)
        self._thread.start()

    @property
    def is_open(self) -> bool:
        return self._input is not None

    # ------------------------------------------------------------ for the loop

    @property
    def listening(self) -> bool:
        """Whether there is a device that shows values."""
        return self._output is not None

    def echo(self, values: Mapping[str, float]) -> None:
        """Keeps the controls' values for the device."""
        self._values = values
        self._unsaid.set()

    def say(self, address: str, text: str) -> None:
        """Its lamps show no text."""

    def follow(self) -> None:
        """Takes up what the inbox describes by now; a knob whose control is gone does nothing."""
        with self._guard:
            self._knobs = self._described()
        self._unsaid.set()

    def _described(self) -> Knobs:
        table = {**self.inbox.commands, **self.inbox.controls}
        known = [one for one in self.settings.map if one.control in table]
        return Knobs(known, table, self.settings.takeover)

    def close(self) -> None:
        self._closing.set()
        self._unsaid.set()
        self._thread.join(timeout=2.0)

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        looked = -AGAIN
        while not self._closing.is_set():
            if (now := time.monotonic()) - looked >= AGAIN:
                looked = now
                self._look()
            self._unsaid.wait(AGAIN)
            self._unsaid.clear()
            self._tell()
        self._shut()

    def _look(self) -> None:
        """Opens the device when it has come, and shuts it when it has gone."""
        try:
            inputs, outputs = self._ports.get_input_names(), self._ports.get_output_names()
            if self._input is not None and self._names[0] not in inputs:
                log.warning('the MIDI device "%s" is gone; it is opened again when it is back', self._names[0])
                self._shut()
            if self._input is None:
                self._open(inputs, outputs)
        except OSError as error:
            self.trouble = f"MIDI does not work here ({error}); it is tried again"
            self._complain(self.trouble)
            self._shut()

    def _open(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        name = _named(self.settings.device, inputs)
        if name is None:
            there = ", ".join(inputs) or "none"
            self.trouble = f'no MIDI device "{self.settings.device}" is connected; connected are: {there}'
            self._complain(self.trouble)
            return
        told = _named(self.settings.feedback or self.settings.device, outputs)
        with self._guard:
            self._knobs.forget()
        self._output = self._ports.open_output(told) if told else None
        self._input = self._ports.open_input(name, callback=self._hear)
        self._names, self.trouble = (name, told or ""), ""
        log.info('the MIDI device "%s" is open%s', name, "" if told else "; it is told nothing, as it hears nothing")
        self._unsaid.set()

    def _shut(self) -> None:
        for port in (self._input, self._output):
            if port is not None:
                with suppress(OSError):  # it may be gone already
                    port.close()
        self._input = self._output = None

    def _complain(self, words: str) -> None:
        if line := self._repeats.line(words, time.monotonic()):
            log.warning("%s", line)

    def _hear(self, message: Any) -> None:
        """One message; called by the port's thread."""
        now = self._clock()
        with self._guard:
            moved = list(self._knobs.hear(list(message.bytes()), now))
        for address, value in moved:
            if refusal := self.inbox.put(address, value, now, f"midi {self.settings.device}"):
                self._complain(f"MIDI: {refusal}")

    def _tell(self) -> None:
        """Sends what the device does not show yet."""
        if self._output is None:
            return
        with self._guard:
            messages = list(self._knobs.tell(self._values, self._clock()))
        try:
            for message in messages:
                self._output.send(_message(message))
        except OSError as error:
            self._complain(f'the MIDI device "{self._names[1]}" takes nothing ({error})')
            self._shut()


def _message(data: list[int]) -> Any:
    import mido  # imported here: only a show with a MIDI device needs it

    return mido.Message.from_bytes(data)


def _named(part: str, names: Sequence[str]) -> str | None:
    """The first name that has this part, whatever the case; ports' names end in numbers that change."""
    return next((name for name in names if part.casefold() in name.casefold()), None)


def open_midi(settings: Midi, inbox: Inbox, clock: Callable[[], float]) -> MidiDevice | None:
    """The show's MIDI device; None where it names none. Raises MissingDependency without the libraries."""
    if not (settings.device or settings.rehearse):
        return None
    if settings.rehearse:
        from installation.operator.midi_rehearsal import Rehearsal

        return MidiDevice(settings, inbox, Rehearsal(settings.rehearse), clock)
    return MidiDevice(settings, inbox, system_ports(), clock)
