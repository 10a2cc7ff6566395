"""Surfaces by name: looked up again, as networks come and go."""

import socket
import threading
import time

import pytest

from installation.core.osc_backlog import Endpoint
from installation.operator.names import Names
from tests.timeout import TIMEOUT, until


def test_addresses_need_no_look_up() -> None:
    told: list[list[Endpoint]] = []
    names = Names(["10.0.0.5:9000", "[::1]:9001"], told.append, time.monotonic)
    names.start()
    until(lambda: told)
    names.close()
    assert told == [[Endpoint("10.0.0.5", 9000), Endpoint("::1", 9001)]]


def test_a_name_is_looked_up_until_it_is_there_and_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As a machine does whose network comes later, and whose tablet is given another address."""
    answers = [None, None, "10.0.0.5", "10.0.0.5", "10.0.0.9"]

    def resolve(name: str) -> str:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer is None:
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return answer

    monkeypatch.setattr(socket, "gethostbyname", resolve)
    told: list[list[Endpoint]] = []
    moved = threading.Event()

    def tell(endpoints: list[Endpoint]) -> None:
        told.append(endpoints)
        if len(told) == 2:
            moved.set()

    names = Names(["tablet.local:9000"], tell, time.monotonic, again=0.01)
    names.start()
    assert moved.wait(TIMEOUT)
    names.close()
    assert told == [[Endpoint("10.0.0.5", 9000)], [Endpoint("10.0.0.9", 9000)]]
    assert caplog.text.count("tablet.local:9000 is not told the values") == 1
