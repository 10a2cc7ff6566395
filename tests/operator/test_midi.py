"""A MIDI device at the show's controls. The ports are mido's own kind, in this process: CI has no sequencer."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import pytest

from installation.core.commands import commands
from installation.core.controls import Control
from installation.core.errors import DeviceError, OptionError
from installation.operator.inbox import Inbox
from installation.operator.midi import MidiDevice
from installation.operator.midi_knobs import Knobs
from installation.operator.midi_learn import learn
from installation.operator.midi_rehearsal import Rehearsal
from installation.showfile.midi_tables import Binding, Midi
from tests.timeout import until

CONTROLS = {
    "/walk/speed": Control("/walk/speed", "speed", "float", 0.0, 4.0, 1.0),
    "/generator/psi": Control("/generator/psi", "psi", "float", 0.0, 1.0, 0.7),
}
TABLE = {**commands(("sitters", "company", "nobody")), **CONTROLS}
CC, NOTE = 0xB0, 0x90


def binding(control: str, **named: Any) -> Binding:
    return Binding(control=control, **named)


def knobs(*bindings: Binding, takeover: Any = "pickup") -> Knobs:
    return Knobs(bindings, TABLE, takeover)


def hear(made: Knobs, *messages: list[int], now: float = 0.0) -> list[tuple[str, float]]:
    return [put for message in messages for put in made.hear(message, now)]


# ---------------------------------------------------------------- knobs and keys


def test_a_knob_goes_through_its_controls_range() -> None:
    made = knobs(binding("walk/speed", cc=7))
    assert hear(made, [CC, 7, 0], [CC, 7, 127]) == [("/walk/speed", 0.0), ("/walk/speed", 4.0)]
    narrow = knobs(binding("walk/speed", cc=7, out=(2.0, 1.0)))
    assert hear(narrow, [CC, 7, 0], [CC, 7, 127]) == [("/walk/speed", 2.0), ("/walk/speed", 1.0)]


def test_a_key_asks_for_a_command_once() -> None:
    made = knobs(binding("show/next", note=36), binding("show/piece", note=37, value="nobody"))
    assert hear(made, [NOTE, 36, 90], [NOTE, 36, 0], [NOTE, 37, 90]) == [("/show/next", 1.0), ("/show/piece", 2.0)]


def test_a_key_turns_a_switch_to_what_the_show_has_not() -> None:
    made = knobs(binding("show/hold", note=40))
    list(made.tell({"/show/hold": 1.0}, 0.0))
    assert hear(made, [NOTE, 40, 90], [NOTE, 40, 0], [NOTE, 40, 90]) == [("/show/hold", 0.0), ("/show/hold", 1.0)]


def test_a_knob_over_a_choice_names_each() -> None:
    made = knobs(binding("show/piece", cc=1))
    assert [value for _, value in hear(made, *([CC, 1, at] for at in (0, 50, 127)))] == [0.0, 1.0, 2.0]


def test_a_knob_that_stands_elsewhere_waits_until_it_passes() -> None:
    made = knobs(binding("generator/psi", cc=7))
    list(made.tell({"/generator/psi": 0.5}, 0.0))
    assert hear(made, [CC, 7, 10], [CC, 7, 40], now=1.0) == []
    assert [round(value, 2) for _, value in hear(made, [CC, 7, 70], [CC, 7, 80], now=1.1)] == [0.55, 0.63]
    list(made.tell({"/generator/psi": 0.63}, 2.0))
    assert len(hear(made, [CC, 7, 90], now=2.1)) == 1
    list(made.tell({"/generator/psi": 0.1}, 4.0))  # a cue took it away
    assert hear(made, [CC, 7, 91], now=4.1) == []


def test_a_knob_may_jump_and_a_motor_fader_never_waits() -> None:
    for made in (
        knobs(binding("generator/psi", cc=7), takeover="jump"),
        knobs(binding("generator/psi", cc=7, motor=True)),
    ):
        list(made.tell({"/generator/psi": 0.9}, 0.0))
        assert len(hear(made, [CC, 7, 10], now=1.0)) == 1


def test_motors_and_lamps_are_told_what_changed_but_not_under_a_finger() -> None:
    made = knobs(
        binding("walk/speed", cc14=1, motor=True),
        binding("show/piece", note=37, value="company"),
        binding("show/hold", note=40),
    )
    values = {"/walk/speed": 2.0, "/show/piece": 1.0, "/show/hold": 0.0}
    assert list(made.tell(values, 0.0)) == [[CC, 1, 64], [CC, 33, 0], [NOTE, 37, 127], [NOTE, 40, 0]]
    assert list(made.tell(values, 0.1)) == []
    hear(made, [CC, 1, 127], now=0.2)
    assert list(made.tell({**values, "/walk/speed": 4.0, "/show/piece": 0.0}, 0.3)) == [[NOTE, 37, 0]]
    assert list(made.tell({**values, "/walk/speed": 3.0}, 1.0))[:2] == [[CC, 1, 95], [CC, 33, 127]]


# ---------------------------------------------------------------- ports


class Port:
    """A port in this process: what is sent is kept, what the test plays is heard."""

    def __init__(self, callback: Any = None) -> None:
        self.callback, self.sent, self.closed = callback, [], False

    def send(self, message: mido.Message) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.closed = True


class Cable:
    """The ports of a machine to which devices are connected, and from which they are pulled."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.ins: list[Port] = []
        self.outs: list[Port] = []
        self.looked = threading.Event()

    def get_input_names(self) -> list[str]:
        self.looked.set()
        return list(self.names)

    get_output_names = get_input_names

    def open_input(self, name: str, *, callback: Any) -> Port:
        self.ins.append(Port(callback))
        return self.ins[-1]

    def open_output(self, name: str) -> Port:
        self.outs.append(Port())
        return self.outs[-1]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox(CONTROLS, commands(("sitters", "company", "nobody")))


SETTINGS = Midi(device="nano", map=(binding("walk/speed", cc=7), binding("show/hold", note=40)))


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("installation.operator.midi.AGAIN", 0.02)


@pytest.fixture
def cable() -> Cable:
    return Cable("Midi Through 14:0", "nanoKONTROL2 20:0")


@pytest.fixture
def device(inbox: Inbox, cable: Cable) -> Iterator[MidiDevice]:
    made = MidiDevice(SETTINGS, inbox, cable)
    yield made
    made.close()


def test_what_a_device_sends_is_an_operators_touch(device: MidiDevice, cable: Cable, inbox: Inbox) -> None:
    until(lambda: device.is_open)
    cable.ins[0].callback(mido.Message("control_change", control=7, value=127))
    (touch,) = inbox.drain().touches.values()
    assert (touch.value, touch.who) == (4.0, "midi nano")


def test_an_edited_shows_ranges_count(device: MidiDevice, cable: Cable, inbox: Inbox) -> None:
    until(lambda: device.is_open)
    inbox.describe({"/walk/speed": Control("/walk/speed", "speed", "float", 0.0, 2.0, 1.0)}, {})
    device.follow()
    cable.ins[0].callback(mido.Message("control_change", control=7, value=127))
    cable.ins[0].callback(mido.Message("note_on", note=40, velocity=127))
    assert {address: touch.value for address, touch in inbox.drain().touches.items()} == {"/walk/speed": 2.0}


def test_its_lamps_are_told(device: MidiDevice, cable: Cable) -> None:
    until(lambda: device.is_open)
    device.echo({"/show/hold": 1.0})
    message = until(lambda: cable.outs[0].sent)[0]
    assert message == mido.Message("note_on", note=40, velocity=127)


def test_a_device_that_is_pulled_is_told_and_opened_again(
    device: MidiDevice, cable: Cable, caplog: pytest.LogCaptureFixture
) -> None:
    until(lambda: device.is_open)
    device.echo({"/show/hold": 1.0})
    name = cable.names.pop()
    until(lambda: "is gone; it is opened again" in caplog.text)
    assert cable.ins[0].closed
    cable.names.append(name)
    until(lambda: len(cable.ins) == 2)
    until(lambda: cable.outs[1].sent)  # its lamps were dark


def test_a_device_that_is_not_there_is_told_once(inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    cable = Cable("Midi Through 14:0")
    device = MidiDevice(SETTINGS, inbox, cable)
    for _ in range(5):
        cable.looked.clear()
        assert cable.looked.wait(30)
    device.close()
    lines = [line for line in caplog.messages if 'no MIDI device "nano" is connected; connected are: Midi' in line]
    assert 1 <= len(lines) <= 2


def test_a_machine_without_midi_is_told(inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Cable):
        def get_input_names(self) -> list[str]:
            raise OSError("no sequencer")

    device = MidiDevice(SETTINGS, inbox, Broken())
    until(lambda: "MIDI does not work here (no sequencer)" in caplog.text)
    device.close()


# ---------------------------------------------------------------- a file in its place


def take(path: Path) -> Path:
    """A session: a fader that goes up."""
    track = mido.MidiTrack(mido.Message("control_change", control=7, value=at, time=2) for at in range(0, 128, 8))
    mido.MidiFile(tracks=[track]).save(path)
    return path


def test_a_midi_file_plays_the_device(tmp_path: Path, inbox: Inbox) -> None:
    ports = Rehearsal(take(tmp_path / "take.mid"))
    device = MidiDevice(Midi(rehearse=tmp_path / "take.mid", map=SETTINGS.map), inbox, ports)
    until(lambda: inbox.drain().touches.get("/walk/speed"))
    device.echo({"/show/hold": 1.0})
    until(lambda: ports.told)
    device.close()


def test_what_is_no_midi_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "take.mid").write_bytes(b"RIFF nothing")
    with pytest.raises(DeviceError, match="no standard MIDI file"):
        Rehearsal(tmp_path / "take.mid")


# ---------------------------------------------------------------- learning


def test_the_line_of_a_knob_is_learned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ports = Rehearsal(take(tmp_path / "take.mid"))
    learned = learn(Midi(), "walk/speed", TABLE, ports)
    assert learned == '[[midi.map]]\ncontrol = "walk/speed"\ncc = 7\nchannel = 1'
    assert 'move the knob or hit the key of "rehearsal"' in capsys.readouterr().out


def test_who_learns_for_nothing_is_told() -> None:
    with pytest.raises(OptionError, match='no /walk/sped; did you mean "/walk/speed"'):
        learn(Midi(), "walk/sped", TABLE, Cable())
    with pytest.raises(DeviceError, match=r'found no one MIDI device "".*"a", "b"'):
        learn(Midi(), "walk/speed", TABLE, Cable("a", "b"))
