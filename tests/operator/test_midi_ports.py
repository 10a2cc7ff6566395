"""A MIDI device through this machine's real MIDI system, with a virtual device at the other end.

It needs ALSA's sequencer, CoreMIDI, or with ``MIDO_BACKEND=mido.backends.rtmidi/UNIX_JACK`` a JACK server.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import mido
import pytest

from installation.core.commands import Command, commands
from installation.core.controls import Control
from installation.core.errors import MissingDependency
from installation.operator.inbox import Inbox
from installation.operator.midi import MidiDevice, system_ports
from installation.showfile.midi_tables import Binding, Midi
from tests.timeout import until

SETTINGS = Midi(
    device="vernissage test",
    map=(Binding(control="walk/speed", cc=7, motor=True), Binding(control="show/hold", note=40)),
)


class Desk(NamedTuple):
    """A virtual device: what it sends, and the messages that it was told."""

    keys: Any
    told: list[mido.Message]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr("installation.operator.midi.AGAIN", 0.1)
    told: list[mido.Message] = []
    try:
        ports: Any = system_ports()
        lamps = ports.open_input("vernissage test lamps", virtual=True, callback=told.append)
        keys = ports.open_output("vernissage test keys", virtual=True)
    except (MissingDependency, OSError) as error:
        pytest.skip(f"no MIDI system here with virtual devices: {error}")
    yield Desk(keys, told)
    keys.close()
    lamps.close()


def test_a_fader_moves_its_control_its_lamps_follow_and_it_may_be_pulled(desk: Desk) -> None:
    inbox = Inbox({"/walk/speed": Control("/walk/speed", "speed", "float", 0.0, 4.0, 1.0)}, commands(("sitters",)))
    device = MidiDevice(SETTINGS, inbox, system_ports())
    try:
        until(lambda: device.is_open, "the device")
        assert device.trouble == ""
        desk.keys.send(mido.Message("control_change", control=7, value=127))
        until(lambda: (touch := inbox.drain().touches.get("/walk/speed")) and touch.value == 4.0)
        desk.keys.send(mido.Message("note_on", note=40, velocity=100))
        (pressed,) = until(lambda: inbox.drain().commands)
        assert isinstance(pressed, Command)
        assert pressed.address == "/show/hold"
        desk.keys.send(mido.Message("note_off", note=40))
        device.echo({"/walk/speed": 2.0})
        until(lambda: mido.Message("control_change", control=7, value=64) in desk.told, "the fader's motor")
        device.echo({"/walk/speed": 2.0, "/show/hold": 1.0})
        until(lambda: mido.Message("note_on", note=40, velocity=127) in desk.told, "the lamp")
        desk.keys.close()
        until(lambda: not device.is_open, "that it is gone")
        assert 'no MIDI device "vernissage test"' in until(lambda: device.trouble)
    finally:
        device.close()
