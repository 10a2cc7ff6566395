"""The OSC sensor: any address becomes a signal, from a client that we did not write."""

import queue
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest
from pydantic import ValidationError
from pythonosc.udp_client import SimpleUDPClient

from installation.core.errors import DeviceError
from sensors.osc import Config, Osc
from tests.timeout import TIMEOUT, until

LISTEN = {
    "weight": {"address": "/floor/1", "low": 0.0, "high": 100.0},
    "second": {"address": "/pair", "arg": 1},
    "door": {"address": "/door", "pulse": True},
    "cold": {"address": "/outside", "low": -30.0, "high": -5.0, "stale_after": "1 min"},
}
Said = queue.Queue


@pytest.fixture
def said() -> Iterator[tuple[Osc, "Said[tuple[str, float]]"]]:
    sensor, heard, stop = Config(name="floor", port=0, listen=LISTEN).open(), Said(), threading.Event()
    thread = threading.Thread(target=sensor.run, args=(lambda name, value: heard.put((name, value)), stop))
    thread.start()
    yield sensor, heard
    stop.set()
    thread.join(timeout=TIMEOUT)
    assert not thread.is_alive()


def test_its_signals_are_as_written() -> None:
    signals = {signal.name: signal for signal in Config(name="floor", listen=LISTEN).signals()}
    assert signals["weight"].high == 100.0
    assert signals["door"].pulse
    assert signals["cold"].rest == -5.0
    assert signals["cold"].stale_after == 60.0
    assert signals["second"].doc == "what comes at /pair, argument 1"


@pytest.mark.skipif(not shutil.which("oscsend"), reason="needs oscsend (Debian: liblo-tools)")
def test_what_oscsend_says_is_heard(said: "tuple[Osc, Said[tuple[str, float]]]") -> None:
    sensor, heard = said
    for words in (["/floor/1", "f", "42.5"], ["/pair", "si", "text", "1"], ["/door"], ["/elsewhere", "f", "1"]):
        subprocess.run(["oscsend", "127.0.0.1", str(sensor.port), *words], check=True, timeout=TIMEOUT)
    assert [heard.get(timeout=TIMEOUT) for _ in range(3)] == [("weight", 42.5), ("second", 1.0), ("door", 1.0)]
    assert heard.empty()


@pytest.mark.parametrize(
    "datagram", [b"", b"x", b"/floor/1\0\0\0\0,f\0\0\x7f\xc0\0\0", b"#bundle\0" + b"\0" * 8 + b"\xff\xff\xff\xfc"]
)
def test_what_is_no_message_is_passed_over(said: "tuple[Osc, Said[tuple[str, float]]]", datagram: bytes) -> None:
    sensor, heard = said
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(datagram, ("127.0.0.1", sensor.port))
        client.sendto(b"/floor/1\0\0\0\0,i\0\0\0\0\0\x07", ("127.0.0.1", sensor.port))
    assert heard.get(timeout=TIMEOUT) == ("weight", 7.0)


def test_what_is_not_allowed_is_not_heard() -> None:
    sensor, heard, stop = (
        Config(name="floor", port=0, listen=LISTEN, allow=("10.0.0.0/8",)).open(),
        Said(),
        threading.Event(),
    )
    thread = threading.Thread(target=sensor.run, args=(lambda name, value: heard.put((name, value)), stop))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"/door\0\0\0", ("127.0.0.1", sensor.port))
        thread.start()
        until(lambda: sensor.socket.refused == 1)
    stop.set()
    thread.join(timeout=TIMEOUT)
    assert heard.empty()


def test_it_stops_soon_and_gives_its_port_back() -> None:
    sensor, stop = Config(name="floor", port=0, listen=LISTEN).open(), threading.Event()
    thread = threading.Thread(target=sensor.run, args=(lambda name, value: None, stop))
    thread.start()
    stop.set()
    thread.join(timeout=3.0)
    assert not thread.is_alive()
    Config(name="floor", port=sensor.port, listen=LISTEN).open().socket.close()


def test_text_is_no_number_and_a_pulse_of_0_is_none(said: "tuple[Osc, Said[tuple[str, float]]]") -> None:
    sensor, heard = said
    with SimpleUDPClient("127.0.0.1", sensor.port) as client:
        for address, value in [("/floor/1", "much"), ("/pair", 1.0), ("/door", 0), ("/door", False), ("/door", True)]:
            client.send_message(address, value)
    assert heard.get(timeout=TIMEOUT) == ("door", 1.0)
    assert heard.empty()


def test_a_taken_port_is_told(said: "tuple[Osc, Said[tuple[str, float]]]") -> None:
    with pytest.raises(DeviceError, match=rf'port {said[0].port} is in use .*give the sensor "floor" another port'):
        Config(name="floor", port=said[0].port, listen=LISTEN).open()


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"adress": "/floor/1"}, "adress"),
        ({"address": "floor/1"}, "expected an OSC address"),
        ({"address": "/floor/*"}, "expected an OSC address"),
        ({"address": "/floor/1", "arg": 512}, "arg"),
        ({"address": "/floor/1", "low": 2.0}, "expected low below high"),
        ({"address": "/floor/1", "rest": 2.0}, "expected a rest from 0 to 1"),
        ({"address": "/floor/1", "stale_after": "soon"}, "expected a time"),
        ({"address": "/floor/1", "high": float("inf")}, "finite"),
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, object], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Config(name="floor", listen={"weight": options})


def test_a_wrong_network_is_refused() -> None:
    with pytest.raises(ValidationError, match="expected an address or network"):
        Config(name="floor", listen=LISTEN, allow=("192.168.1.x",))
