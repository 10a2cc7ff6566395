"""The OSC sensor: any address becomes a signal, from a client that we did not write."""

import queue
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from installation.errors import DeviceError
from sensors.osc import Config, Osc

LISTEN = {
    "weight": {"address": "/floor/1", "low": 0.0, "high": 100.0},
    "second": {"address": "/pair", "arg": 1},
    "door": {"address": "/door", "pulse": True},
}
Said = queue.Queue


@pytest.fixture
def said() -> Iterator[tuple[Osc, "Said[tuple[str, float]]"]]:
    sensor, heard, stop = Config(name="floor", port=0, listen=LISTEN).open(), Said(), threading.Event()
    thread = threading.Thread(target=sensor.run, args=(lambda name, value: heard.put((name, value)), stop))
    thread.start()
    yield sensor, heard
    stop.set()
    thread.join(timeout=5)
    assert not thread.is_alive()


def test_its_signals_are_as_written() -> None:
    signals = {signal.name: signal for signal in Config(name="floor", listen=LISTEN).signals()}
    assert signals["weight"].high == 100.0
    assert signals["door"].pulse


@pytest.mark.skipif(not shutil.which("oscsend"), reason="needs oscsend (Debian: liblo-tools)")
def test_what_oscsend_says_is_heard(said: "tuple[Osc, Said[tuple[str, float]]]") -> None:
    sensor, heard = said
    for words in (["/floor/1", "f", "42.5"], ["/pair", "si", "text", "1"], ["/door"], ["/elsewhere", "f", "1"]):
        subprocess.run(["oscsend", "127.0.0.1", str(sensor.port), *words], check=True, timeout=10)
    assert [heard.get(timeout=5) for _ in range(3)] == [("weight", 42.5), ("second", 1.0), ("door", 1.0)]
    assert heard.empty()


@pytest.mark.parametrize(
    "datagram", [b"", b"x", b"/floor/1\0\0\0\0,f\0\0\x7f\xc0\0\0", b"#bundle\0" + b"\0" * 8 + b"\xff\xff\xff\xfc"]
)
def test_what_is_no_message_is_passed_over(said: "tuple[Osc, Said[tuple[str, float]]]", datagram: bytes) -> None:
    sensor, heard = said
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(datagram, ("127.0.0.1", sensor.port))
        client.sendto(b"/floor/1\0\0\0\0,i\0\0\0\0\0\x07", ("127.0.0.1", sensor.port))
    assert heard.get(timeout=5) == ("weight", 7.0)


def test_who_is_not_allowed_is_not_heard() -> None:
    sensor = Config(name="floor", port=0, listen=LISTEN, allow=("10.0.0.0/8",)).open()
    assert not sensor._allowed("127.0.0.1")
    assert sensor._allowed("10.1.2.3")
    sensor.socket.close()


def test_a_taken_port_is_told(said: "tuple[Osc, Said[tuple[str, float]]]") -> None:
    with pytest.raises(DeviceError, match=rf'port {said[0].port} is in use .*give the sensor "floor" another port'):
        Config(name="floor", port=said[0].port, listen=LISTEN).open()


def test_a_wrong_option_is_refused() -> None:
    with pytest.raises(ValidationError, match="adress"):
        Config(name="floor", listen={"weight": {"adress": "/floor/1"}})
