"""A lighting console's channels as signals."""

import socket
import threading
from collections.abc import Iterator

import pytest

from installation.core.dmx import Packet, Protocol, build
from sensors.dmx import Config, Dmx
from tests.timeout import until

LISTEN = {
    "wash": {"channel": 1},
    "fine": {"channel": 2, "bits": 16, "low": -1.0, "high": 1.0},
    "bump": {"channel": 4, "pulse": True},
    "far": {"channel": 400},
}


class Heard:
    """A sensor that runs, and what it said."""

    def __init__(self, protocol: Protocol) -> None:
        config = Config.model_validate(
            {"name": "desk", "protocol": protocol, "universe": 2, "bind": "127.0.0.1", "listen": LISTEN}
        )
        self.protocol, self.said = protocol, list[tuple[str, float]]()
        config = config.model_copy(update={"port": free()})
        self.sensor: Dmx = config.open()
        self.stop = threading.Event()
        self.thread = threading.Thread(
            target=self.sensor.run, args=(lambda name, value: self.said.append((name, value)), self.stop)
        )
        self.thread.start()

    def send(self, data: bytes, sequence: int = 1, universe: int = 2, raw: bytes | None = None) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as desk:
            packet = Packet(universe, data, sequence, bytes(16))
            desk.sendto(
                raw if raw is not None else build(self.protocol, packet, "desk"), ("127.0.0.1", self.sensor.port)
            )

    def close(self) -> None:
        self.stop.set()
        self.thread.join()


def free() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(params=["sacn", "artnet"])
def heard(request: pytest.FixtureRequest) -> Iterator[Heard]:
    made = Heard(request.param)
    yield made
    made.close()


def test_channels_are_signals(heard: Heard) -> None:
    heard.send(bytes([255, 255, 255, 0]))
    until(lambda: len(heard.said) == 2)
    assert heard.said == [("wash", 1.0), ("fine", 1.0)]


def test_a_bump_is_said_once_each_time_it_rises(heard: Heard) -> None:
    for number, level in enumerate((0, 200, 255, 0, 255, 7)):
        heard.send(bytes([number, 0, 0, level]), 0)
    until(lambda: ("wash", 5 / 255) in heard.said)
    assert [name for name, _ in heard.said].count("bump") == 2


def test_other_universes_and_noise_are_passed_over(heard: Heard) -> None:
    heard.send(b"", raw=b"Art-Net\0")
    heard.send(b"", raw=bytes(1400))
    heard.send(bytes(4), universe=3)
    heard.send(bytes([51, 0, 0, 0]), 1)
    until(lambda: heard.said)
    assert heard.said[0] == ("wash", 0.2)


class Turns(threading.Event):
    """Is set once it was asked so many times."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.left = count

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize(("network", "said"), [("10.0.0.0/8", 0), ("127.0.0.1", 2)])
def test_who_is_not_allowed_is_not_heard(network: str, said: int) -> None:
    settings = {"name": "desk", "protocol": "artnet", "bind": "127.0.0.1", "listen": LISTEN, "allow": [network]}
    sensor = Config.model_validate({**settings, "port": free()}).open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as desk:
        desk.sendto(build("artnet", Packet(1, bytes(4)), "desk"), ("127.0.0.1", sensor.port))
    told = list[tuple[str, float]]()
    sensor.run(lambda name, value: told.append((name, value)), Turns(2))
    assert len(told) == said
