"""Packets that wait: bounded, in turns, and a flood ends with exact values. Time is an argument."""

import pytest

from installation.core.osc_backlog import BROKEN, BURST, BYTES, RATE, SENDERS, WAITING, Backlog, Endpoint
from tests.core.test_osc_packets import message

TABLET, PHONE = Endpoint("10.0.0.5", 5000), Endpoint("10.0.0.6", 5000)
SPEED, NEXT = b"/walk/speed", b"/show/next"


def number(address: bytes, value: int) -> bytes:
    return message(address, b"i", value.to_bytes(4, "big"))


def everything(backlog: Backlog, now: float = 0.0) -> list[bytes]:
    """All that waits, read as slowly as it may be."""
    packets = []
    while backlog.waiting:
        now += 1 / RATE
        if (taken := backlog.take(now)) is not None:
            packets.append(taken[0])
    return packets


def test_packets_are_read_in_their_order() -> None:
    backlog = Backlog()
    for value in range(10):
        assert not backlog.add(number(NEXT, value), TABLET, 0.0)
    assert everything(backlog) == [number(NEXT, value) for value in range(10)]


def test_senders_take_turns() -> None:
    backlog = Backlog()
    for value in range(500):
        backlog.add(number(NEXT, value), TABLET, 0.0)
    backlog.add(number(SPEED, 1), PHONE, 0.0)
    assert number(SPEED, 1) in [backlog.take(0.0)[0] for _ in range(2)]  # type: ignore[index]


def test_no_sender_is_read_faster_than_its_rate() -> None:
    backlog, read = Backlog(), 0
    for value in range(5000):
        now = value / 10_000
        backlog.add(number(SPEED, value), TABLET, now)
        read += backlog.take(now) is not None
    assert read <= BURST + RATE * 0.5 + 1


def test_of_packets_that_came_together_the_latest_of_each_control_is_kept() -> None:
    backlog = Backlog({SPEED})
    batch = [(number(SPEED, 1), TABLET), (number(NEXT, 1), TABLET), (number(SPEED, 2), PHONE)]
    batch += [(number(SPEED, 3), TABLET), (number(NEXT, 1), TABLET), (b"no OSC", TABLET)]
    assert backlog.latest(batch) == batch[1:]
    assert backlog.superseded == 1


def test_of_a_flood_the_latest_value_of_every_control_counts() -> None:
    names = [b"/generator/direction/%d" % index for index in range(50)]
    backlog = Backlog({*names})
    for value in range(100_000):
        backlog.add(number(names[value % 50 if value < 99_000 else 0], value), TABLET, 0.0)
    latest = {packet[: packet.find(0)]: packet for packet in everything(backlog)}
    assert latest == {name: number(name, 98_950 + index) for index, name in enumerate(names)} | {
        names[0]: number(names[0], 99_999)
    }
    assert backlog.dropped == 0
    assert backlog.superseded > 90_000


def test_a_press_survives_a_flood_of_values() -> None:
    backlog = Backlog({SPEED})
    for value in range(3000):
        backlog.add(number(SPEED, value), TABLET, 0.0)
        if value == 100:
            backlog.add(number(NEXT, 1), TABLET, 0.0)
            backlog.add(number(NEXT, 0), TABLET, 0.0)
    packets = everything(backlog)
    assert packets.index(number(NEXT, 1)) + 1 == packets.index(number(NEXT, 0))


@pytest.mark.parametrize("size", [16, 8192])
def test_what_waits_is_bounded(size: int) -> None:
    backlog = Backlog({SPEED})
    for value in range(WAITING * 3):
        backlog.add(message(b"/x%d" % value, b"b", size.to_bytes(4, "big") + bytes(size)), TABLET, 0.0)
    packets = everything(backlog)
    assert len(packets) <= WAITING
    assert sum(map(len, packets)) <= BYTES
    assert b"/x%d\0" % (WAITING * 3 - 1) in packets[-1]


def test_forged_senders_find_no_endless_room() -> None:
    backlog = Backlog()
    for host in range(200):
        backlog.add(number(NEXT, 1), Endpoint(f"10.1.0.{host}", 1), 0.0)
    assert len(everything(backlog)) == SENDERS
    assert backlog.dropped == 200 - SENDERS
    backlog.add(number(NEXT, 2), Endpoint("10.2.0.1", 1), 1.0)
    assert everything(backlog, 1.0) == [number(NEXT, 2)]


def test_who_sends_a_little_too_fast_does_not_wait_long() -> None:
    """Thirty controls sixty times a second: none is more than an eighth of a second behind."""
    names = [b"/generator/direction/%d" % index for index in range(30)]
    backlog, late = Backlog({*names}), []
    for frame in range(600):
        for index, name in enumerate(names):
            backlog.add(number(name, frame * 30 + index), TABLET, frame / 60)
        while (taken := backlog.take(frame / 60)) is not None:
            late.append(frame - int.from_bytes(taken[0][-4:], "big") // 30)
    assert max(late) <= 60 / 8


def test_what_is_right_among_much_that_is_wrong_is_read_soon() -> None:
    backlog, now = Backlog({SPEED}), 0.0
    for value in range(100_000):
        now = value / 2500
        backlog.add(number(NEXT, value), TABLET, now)
        while backlog.take(now):
            backlog.refused(TABLET)
        if value == 99_000:
            backlog.add(number(SPEED, 7), TABLET, now)
    backlog.add(number(SPEED, 8), TABLET, now)
    ends, read = now + 3.0, list[bytes]()
    while (now := now + 0.001) < ends:
        if taken := backlog.take(now):
            read.append(taken[0])
            if taken[0] not in (number(SPEED, 7), number(SPEED, 8)):
                backlog.refused(TABLET)
    assert number(SPEED, 8) in read


def test_what_breaks_a_rule_counts_as_several() -> None:
    backlog, read = Backlog(), 0
    for value in range(20_000):
        backlog.add(number(NEXT, value), TABLET, value / 10_000)
        if backlog.take(value / 10_000) is not None:
            backlog.refused(TABLET)
            read += 1
    assert read <= (BURST + 2 * RATE) / BROKEN + 1
