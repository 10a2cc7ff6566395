"""A projector at the opening hours: a stand-in of ours that speaks PJLink class 1 as JBMIA publishes it."""

import asyncio
import hashlib
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from aiopjlink import PJLink

from installation.core.contracts import Surroundings
from installation.core.decision import Decision
from installation.outputs.pjlink import Config, Projector
from tests.outputs.test_output_contract import WALL, decision
from tests.timeout import TIMEOUT, until

SALT = "498e4a67"
"""As in the specification's own example."""

OFF, ON, COOLING = "0", "1", "2"


class Handler(socketserver.StreamRequestHandler):
    """One connection: the greeting, the digest of salt and password before the first command, POWR."""

    server: "StandIn"
    timeout = TIMEOUT

    def handle(self) -> None:
        secret = self.server.password
        self.wfile.write(f"PJLINK 1 {SALT}\r".encode() if secret else b"PJLINK 0\r")
        first = True
        while line := self._line():
            if first and secret:
                digest, line = line[:32], line[32:]
                if digest != hashlib.md5(f"{SALT}{secret}".encode()).hexdigest():
                    self.wfile.write(b"PJLINK ERRA\r")
                    return
            first = False
            self.wfile.write(f"%1POWR={self.server.power_command(line)}\r".encode())

    def _line(self) -> str:
        found = b""
        while not found.endswith(b"\r") and (byte := self.rfile.read(1)):
            found += byte
        return found.decode().rstrip("\r")


class StandIn(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, password: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.password, self.power = password, OFF
        self.orders: list[str] = []

    def power_command(self, line: str) -> str:
        if line == "%1POWR ?":
            return self.power
        if line not in ("%1POWR 0", "%1POWR 1"):
            return "ERR2"
        self.orders.append(line[-1])
        if self.power == COOLING:
            return "ERR3"
        self.power = line[-1]
        return "OK"


@pytest.fixture
def lamp() -> Iterator[StandIn]:
    with StandIn("JBMIAProjectorLink") as made:
        serving = threading.Thread(target=made.serve_forever, args=(0.01,))
        serving.start()
        yield made
        made.shutdown()
        serving.join()


def projector(lamp: StandIn, **named: Any) -> Projector:
    port = int(lamp.server_address[1])
    options = {"host": "127.0.0.1", "port": port, "password": "JBMIAProjectorLink", "off_after": 60.0, **named}
    return Config.model_validate(options).open(Surroundings((160, 90), 1 / 30))


def at(time: float, programme: str | None) -> Decision:
    return replace(decision(time), walls=(replace(WALL, programme=programme),))


def test_the_stand_in_is_a_projector_to_another_library(lamp: StandIn) -> None:
    async def turn_on() -> Any:
        async with PJLink("127.0.0.1", int(lamp.server_address[1]), lamp.password) as link:
            before = await link.power.get()
            await link.power.turn_on()
            writer = link._writer
        await writer.wait_closed()  # which the library leaves to the collector
        return before

    assert not asyncio.run(turn_on())
    assert lamp.power == ON


def test_it_is_on_in_the_hours_and_off_a_while_after(lamp: StandIn) -> None:
    output = projector(lamp)
    output.show(at(0.0, "day"), None)
    until(lambda: lamp.power == ON)
    output.show(at(100.0, None), None)
    output.show(at(159.0, None), None)
    assert lamp.power == ON
    output.show(at(161.0, None), None)
    until(lambda: lamp.power == OFF)
    output.close()
    output.close()
    assert lamp.orders == [ON, OFF]


def test_one_that_is_as_it_should_be_is_left_alone(lamp: StandIn) -> None:
    output = projector(lamp, every=1.0)
    output.show(at(0.0, None), None)
    until(lambda: output._wanted is False)
    lamp.power = ON  # somebody's remote control: put right again
    until(lambda: lamp.power == OFF)
    output.close()
    assert lamp.orders == [OFF]


def test_one_that_cools_down_is_asked_again(lamp: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    lamp.power = COOLING
    output = projector(lamp, every=1.0)
    output.show(at(0.0, "day"), None)
    until(lambda: "is not reached" in caplog.text)
    lamp.power = OFF
    until(lambda: lamp.power == ON)
    output.close()


@pytest.mark.parametrize("named", [{"password": "wrong"}, {"password": ""}, {"port": 1}])
def test_one_that_does_not_let_us_in_is_told(
    lamp: StandIn, named: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    output = projector(lamp, **named)
    output.show(at(0.0, "day"), None)
    until(lambda: "the projector 127.0.0.1 is not reached" in caplog.text)
    output.close()
    assert lamp.orders == []


def test_it_looks_once_a_second(lamp: StandIn) -> None:
    output = projector(lamp)
    output.show(at(0.0, "day"), None)
    assert (output.wants(0.5), output.wants(1.0)) == ("nothing", "decision")
    output.close()
