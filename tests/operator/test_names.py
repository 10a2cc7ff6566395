"""Surfaces by name: looked up again, as networks come and go."""

import socket
import threading
import time

import pytest

from installation.core.osc_backlog import Place
from installation.operator.names import Names
from tests.timeout import TIMEOUT, until


def test_addresses_need_no_look_up() -> None:
    found: list[list[Place]] = []
    names = Names(["10.0.0.5:9000", "[::1]:9001"], found.append, time.monotonic)
    names.start()
    until(lambda: found)
    names.close()
    assert found == [[Place("10.0.0.5", 9000), Place("::1", 9001)]]


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
    found: list[list[Place]] = []
    moved = threading.Event()

    def tell(places: list[Place]) -> None:
        found.append(places)
        if len(found) == 2:
            moved.set()

    names = Names(["tablet.local:9000"], tell, time.monotonic, again=0.01)
    names.start()
    assert moved.wait(TIMEOUT)
    names.close()
    assert found == [[Place("10.0.0.5", 9000)], [Place("10.0.0.9", 9000)]]
    assert caplog.text.count("tablet.local:9000 is not told the values") == 1
