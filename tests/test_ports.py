"""The operators' ports of a show: what does not work of them is told, and the show goes on."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from installation.core.errors import MissingDependency
from installation.operator.inbox import Inbox
from installation.ports import Ports
from installation.showfile.load import load
from tests.timeout import until

SHOW = """
[show]
title = "Ports"

[[piece]]
name = "plasma"
duration = "4 min"
generator = { kind = "plasma" }
walk = { kind = "wander" }

"""


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which another program listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, listening(datagrams) as stream:
        yield stream.getsockname()[1]


def listening(datagrams: socket.socket) -> socket.socket:
    """A listening socket at a port that was free for ``datagrams``, too."""
    stream = socket.create_server(("127.0.0.1", 0))
    try:
        datagrams.bind(stream.getsockname())
    except OSError:  # another test has it for its datagrams
        with stream:
            return listening(datagrams)
    return stream


def opened(folder: Path, tables: str) -> Ports:
    path = folder / "show.toml"
    path.write_text(SHOW + tables)
    show = load(path)
    return Ports(show, Inbox(show.controls(), show.commands()), lambda: 0.0)


def test_a_taken_port_is_in_health_and_the_show_goes_on(tmp_path: Path, taken: int) -> None:
    ports = opened(tmp_path, f"[operator]\nport = {taken}\n")
    assert ports.surfaces is None
    assert f"port {taken} is in use" in ports.notes()["OSC"]


def test_what_oscquery_lacks_is_in_health(tmp_path: Path, taken: int) -> None:
    ports = opened(tmp_path, f"[operator]\nport = 0\noscquery = true\noscquery_port = {taken}\n")
    with ExitStack() as rooms:
        ports.open(rooms)
        assert f"port {taken} is in use" in until(lambda: ports.notes().get("OSCQuery"), "a note on OSCQuery")


def test_midi_without_its_libraries_or_its_device_is_in_health(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise MissingDependency("[midi] needs mido; install it")

    monkeypatch.setattr("installation.operator.midi.system_ports", missing)
    ports = opened(tmp_path, '[operator]\nenabled = false\n[midi]\ndevice = "nano"\n')
    assert ports.notes() == {"MIDI": "MIDI: [midi] needs mido; install it"}
