"""The mailbox where only the newest counts."""

import threading

from installation.core.latest import Latest
from tests.timeout import TIMEOUT


def test_the_newest_wins_and_may_carry_over_what_it_replaces() -> None:
    box: Latest[int] = Latest()
    assert box.take() is None
    box.put(1)
    box.put(2)
    assert box.take() == 2
    assert box.take() is None
    box.put(3, max)
    box.put(1, max)
    assert box.take() == 3


def test_who_waits_is_woken_and_let_go() -> None:
    box: Latest[int] = Latest()
    seen: list[int | None] = []
    waiting = threading.Thread(target=lambda: seen.extend((box.wait(), box.wait())))
    waiting.start()
    box.put(7)
    while box.take() is not None:  # taken by the thread, or not yet
        box.put(7)
    box.close()
    waiting.join(TIMEOUT)
    assert seen[-1] is None
    assert box.closed


def test_what_is_left_is_given_after_the_end() -> None:
    box: Latest[int] = Latest()
    box.put(3)
    box.close()
    assert box.wait() == 3
    assert box.wait() is None
    assert box.wait(0.0) is None
