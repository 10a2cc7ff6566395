"""``--midi-learn``: says which line of a show file binds the key or knob that an operator moves."""

import queue
import time
from collections.abc import Mapping, Sequence
from typing import Any

from installation.core.controls import Control
from installation.core.errors import DeviceError, OptionError, did_you_mean
from installation.core.midi import Decoder, Moved, Source, recognised
from installation.operator.midi import Ports, system_ports
from installation.showfile.midi_tables import Midi

PATIENCE = 60.0
"""Seconds in which something has to be moved."""


def learn(settings: Midi, address: str, table: Mapping[str, Control], ports: Ports | None = None) -> str:
    """The ``[[midi.map]]`` for a control or command of the show. Raises OptionError for an address that it has not,
    DeviceError without a device, or where nothing is moved; MissingDependency without the libraries."""
    wanted = f"/{address.removeprefix('/')}"
    if wanted not in table:
        hint = did_you_mean(wanted, table)
        raise OptionError(f"--midi-learn: this show has no {wanted}" + (f"; {hint}" if hint else ""))
    ports = ports or system_ports()
    name = _device(settings.device, ports)
    print(f'move the knob or hit the key of "{name}" that shall move {wanted}')
    return binding(_listen(ports, name), wanted)


def _device(part: str, ports: Ports) -> str:
    """The device that the show names; the only one without a name."""
    try:
        names: Sequence[str] = ports.get_input_names()
    except OSError as error:
        raise DeviceError(f"MIDI does not work on this machine ({error})") from error
    found = [name for name in names if part.casefold() in name.casefold()]
    if not found or (len(found) > 1 and not part):
        there = ", ".join(f'"{name}"' for name in names) or "none"
        raise DeviceError(f'found no one MIDI device "{part}", connected are {there}; name it: [midi] device = "..."')
    return found[0]


def _listen(ports: Ports, name: str) -> Source:
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    decoder, moves, until = Decoder(), list[Moved](), time.monotonic() + PATIENCE
    port = ports.open_input(name, callback=heard.put)
    try:
        while (left := until - time.monotonic()) > 0.0:
            moves += decoder.feed(list(heard.get(timeout=left).bytes()))
            if (source := recognised(moves)) is not None:
                return source
    except queue.Empty:
        pass
    finally:
        port.close()
    raise DeviceError(f'"{name}" said nothing clear in {PATIENCE:.0f} s; was the right knob moved, and far enough?')


def binding(source: Source, address: str) -> str:
    """What binds it, as a show file has it."""
    number = "pitch = true" if source.kind == "pitch" else f"{source.kind} = {source.number}"
    return f'[[midi.map]]\ncontrol = "{address.removeprefix("/")}"\n{number}\nchannel = {source.channel}'
