"""Messages that wait for their time."""

from installation.core.osc_backlog import Endpoint
from installation.core.osc_packets import Message
from installation.operator.later import KEPT, Later

WHO = Endpoint("10.0.0.5", 5000)


def test_they_come_in_the_order_of_their_times() -> None:
    later = Later()
    for due, name in ((3.0, "c"), (1.0, "a"), (2.0, "b"), (2.0, "b2")):
        assert later.add(due, Message(f"/{name}", ()), WHO)
    assert later.take(0.9) == []
    assert [one.address for one, _ in later.take(2.0)] == ["/a", "/b", "/b2"]
    assert [one.address for one, _ in later.take(10.0)] == ["/c"]


def test_the_wait_is_until_the_next_one() -> None:
    later = Later()
    assert later.wait(0.0, 0.05) == 0.05
    later.add(1.0, Message("/a", ()), WHO)
    assert later.wait(0.0, 0.05) == 0.05
    assert 0.0099 < later.wait(0.99, 0.05) < 0.0101
    assert later.wait(2.0, 0.05) == 0.0


def test_no_more_than_fit_are_kept() -> None:
    later = Later()
    assert all(later.add(1.0, Message("/a", ()), WHO) for _ in range(KEPT))
    assert not later.add(1.0, Message("/a", ()), WHO)
    assert len(later.take(1.0)) == KEPT
