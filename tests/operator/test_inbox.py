"""What operators ask for, collected between two frames."""

import pytest

from installation.core.commands import NEXT, commands
from installation.core.controls import Control
from installation.operator.inbox import COMMANDS, Inbox

CONTROLS = {"/walk/speed": Control("/walk/speed", "speed", "float", 0.0, 4.0)}


def made(guard: float = 0.0) -> Inbox:
    return Inbox(CONTROLS, commands(("sitters",)), guard)


def test_two_operators_at_once_are_told_and_the_later_counts(caplog: pytest.LogCaptureFixture) -> None:
    inbox = made()
    for number in range(20):
        inbox.put("/walk/speed", number / 10, number / 30, f"osc 10.0.0.{5 + number % 2}")
    touch = inbox.drain().touches["/walk/speed"]
    assert (touch.value, touch.who) == (1.9, "osc 10.0.0.6")
    told = [record.getMessage() for record in caplog.records]
    expected = "/walk/speed: moved by osc 10.0.0.5 and osc 10.0.0.6 at the same time; the later touch counts"
    assert told[0] == expected
    assert len(told) <= 2


def test_one_after_the_other_is_no_contest(caplog: pytest.LogCaptureFixture) -> None:
    inbox = made()
    inbox.put("/walk/speed", 1.0, 0.0, "osc 10.0.0.5")
    inbox.put("/walk/speed", 2.0, 5.0, "keyboard")
    assert not caplog.records


def test_a_button_let_go_asks_for_nothing() -> None:
    inbox = made()
    for value in (1.0, 0.0, 1.0, 0.0):
        assert inbox.put(NEXT, value, 0.0, "osc 10.0.0.5") == ""
    assert [command.value for command in inbox.drain().commands] == [1.0, 1.0]


def test_a_double_press_is_refused_and_told() -> None:
    inbox = made(guard=0.3)
    assert inbox.put(NEXT, 1.0, 0.0, "osc 10.0.0.5") == ""
    assert "double press" in inbox.put(NEXT, 1.0, 0.1, "osc 10.0.0.5")
    assert len(inbox.drain().commands) == 1


def test_more_commands_than_fit_are_told(caplog: pytest.LogCaptureFixture) -> None:
    inbox = made()
    for number in range(COMMANDS + 3):
        inbox.put(NEXT, 1.0, float(number), "osc 10.0.0.5")
    assert inbox.drain().commands[-1].when == COMMANDS + 2
    assert "256 commands in one frame; the oldest are dropped" in caplog.text
