"""Lights that follow the show, heard at a socket."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from installation.core.contracts import Surroundings
from installation.core.controls import fixed
from installation.core.dmx import Packet, read
from installation.outputs.dmx import Config
from tests.outputs.test_output_contract import WALL, decision
from tests.timeout import TIMEOUT

CONTROLS = {one.address: one for one in fixed()}
SURROUNDINGS = Surroundings((160, 90), 1 / 30, controls=CONTROLS)
RED = np.full((90, 160, 3), (255, 0, 0), np.uint8)


@pytest.fixture
def node() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(TIMEOUT)
        yield made


def config(node: socket.socket, *fixtures: dict[str, Any], **named: Any) -> Config:
    port = node.getsockname()[1]
    return Config.model_validate({"host": "127.0.0.1", "port": port, "fixture": fixtures, **named})


def told(values: dict[str, float], blackout: bool = False) -> Any:
    return replace(decision(0.0), kept={}, walls=(replace(WALL, controls=values, blackout=blackout),))


def heard(node: socket.socket, protocol: Any = "sacn") -> Packet:
    packet = read(protocol, node.recv(1024))
    assert packet is not None
    return packet


@pytest.mark.parametrize("protocol", ["sacn", "artnet"])
def test_a_control_is_a_channel(node: socket.socket, protocol: str) -> None:
    lamps = [
        {"channel": 3, "control": "stage/brightness"},
        {"channel": 4, "control": "stage/lamp/x", "bits": 16},
        {"channel": 6, "control": "stage/varnish", "range": (1.0, 0.0)},
    ]
    output = config(node, *lamps, protocol=protocol, universe=5).open(SURROUNDINGS)
    output.show(told({"/stage/brightness": 0.5, "/stage/lamp/x": 0.0, "/stage/varnish": 0.25}), None)
    packet = heard(node, protocol)
    assert (packet.universe, packet.data[:6]) == (5, bytes([0, 0, 128, 128, 0, 191]))
    output.close()


def test_the_pictures_mean_is_light(node: socket.socket) -> None:
    lamps = [
        {"channel": 1, "picture": "rgb"},
        {"channel": 4, "picture": "rgbw", "dims": "stage/brightness"},
        {"channel": 8, "picture": "white"},
    ]
    output = config(node, *lamps).open(SURROUNDINGS)
    assert output.wants(0.0) == "small"
    half = np.concatenate([RED, np.full_like(RED, 255)])
    output.show(told({"/stage/brightness": 0.5}), half)
    assert heard(node).data == bytes([255, 128, 128, 64, 0, 0, 64, 155])
    assert (output.wants(0.04), output.wants(0.05)) == ("nothing", "small")
    output.close()


def test_the_lights_go_out_with_the_wall_and_the_source_says_farewell(node: socket.socket) -> None:
    output = config(node, {"channel": 1, "control": "stage/brightness"}).open(SURROUNDINGS)
    output.show(told({"/stage/brightness": 1.0}, blackout=True), None)
    assert heard(node).data == b"\0"
    output.close()
    last = [heard(node) for _ in range(3)]
    assert all(packet.ended for packet in last)
    assert len({packet.sequence for packet in last}) == 3


def test_what_does_not_change_is_sent_again(node: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("installation.outputs.dmx.KEPT_ALIVE", 0.02)
    output = config(node, {"channel": 1, "control": "stage/brightness"}).open(SURROUNDINGS)
    output.show(told({"/stage/brightness": 1.0}), None)
    assert [heard(node).data for _ in range(3)] == [b"\xff"] * 3
    output.close()


def test_it_says_which_controls_it_follows(node: socket.socket) -> None:
    lamps = [
        {"channel": 1, "control": "stage/varnish"},
        {"channel": 2, "picture": "white", "dims": "/stage/brightness"},
    ]
    assert config(node, *lamps).follows() == ("/stage/varnish", "/stage/brightness")


@pytest.mark.parametrize(
    "wrong",
    [
        {"fixture": [{"channel": 1}]},
        {"fixture": [{"channel": 1, "control": "a", "picture": "rgb"}]},
        {"fixture": [{"channel": 511, "picture": "rgb"}]},
        {"fixture": [{"channel": 1, "picture": "rgb"}], "universe": 0},
        {"fixture": [{"channel": 1, "picture": "rgb"}], "protocol": "artnet", "universe": 40_000},
        {"fixture": [{"channel": 1, "picture": "rgb"}], "rate": 45},
        {"fixture": [{"channel": 1, "picture": "rgb"}], "host": "lamp"},
        {"fixture": []},
    ],
)
def test_what_no_universe_has_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate(wrong)
