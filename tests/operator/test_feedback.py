"""What surfaces are told, second by second: time is an argument and no socket is open."""

import numpy as np
import pytest

from installation.core.controls import Control
from installation.core.osc_packets import parse
from installation.core.osc_socket import Endpoint
from installation.operator.feedback import AFRESH, BUNDLE, FINGER, REMEMBERED, SURFACES, Feedback

CONTROLS = {
    control.address: control
    for control in (
        Control("/walk/speed", "speed", "float", 0.0, 4.0, 1.0, "x"),
        Control("/show/hold", "hold", "bool"),
        Control("/show/piece", "piece", "choice", choices=("sitters", "company")),
    )
}
TABLET, PHONE = ("10.0.0.5", 9000), ("10.0.0.6", 9000)


def told(feedback: Feedback, saying: dict[str, float | str], now: float) -> dict[Endpoint, dict[str, object]]:
    values: dict[Endpoint, dict[str, object]] = {}
    for endpoint, packet in feedback.packets(saying, now):
        values.setdefault(endpoint, {}).update((one.address, one.args[0]) for one in parse(packet))
    return values


def test_each_kind_is_told_as_its_type() -> None:
    feedback = Feedback(CONTROLS, [TABLET], 9000)
    values = {"/walk/speed": np.float32(1.5), "/show/hold": 1.0, "/show/piece": 1.0, "/show/now": "Sitters"}
    (heard,) = told(feedback, values, 0.0).values()  # type: ignore[arg-type]
    assert heard == {"/walk/speed": 1.5, "/show/hold": 1.0, "/show/piece": 1, "/show/now": "Sitters"}
    assert [type(heard[address]) for address in ("/walk/speed", "/show/piece")] == [float, int]


def test_only_what_changed_is_told() -> None:
    feedback = Feedback(CONTROLS, [TABLET], 9000)
    told(feedback, {"/walk/speed": 1.0, "/show/hold": 0.0}, 0.0)
    assert told(feedback, {"/walk/speed": 1.0, "/show/hold": 0.0}, 0.1) == {}
    assert told(feedback, {"/walk/speed": 2.0, "/show/hold": 0.0}, 0.2) == {TABLET: {"/walk/speed": 2.0}}


def test_now_and_then_everything_is_told_again() -> None:
    feedback = Feedback(CONTROLS, [TABLET], 9000)
    told(feedback, {"/walk/speed": 1.0}, 0.0)
    assert told(feedback, {"/walk/speed": 1.0}, AFRESH - 0.1) == {}
    assert told(feedback, {"/walk/speed": 1.0}, AFRESH) == {TABLET: {"/walk/speed": 1.0}}


def test_the_finger_is_not_fought_but_others_are_told() -> None:
    feedback = Feedback(CONTROLS, [TABLET, PHONE], 9000)
    feedback.touched(TABLET[0], "/walk/speed", 0.0)
    assert told(feedback, {"/walk/speed": 2.0}, 0.1) == {PHONE: {"/walk/speed": 2.0}}
    assert told(feedback, {"/walk/speed": 2.0}, FINGER) == {TABLET: {"/walk/speed": 2.0}}


def test_who_sends_is_told_for_a_minute() -> None:
    feedback = Feedback(CONTROLS, [], 9000)
    assert told(feedback, {"/walk/speed": 1.0}, 0.0) == {}
    feedback.heard(TABLET[0], 0.0)
    assert told(feedback, {"/walk/speed": 1.0}, 0.1) == {TABLET: {"/walk/speed": 1.0}}
    feedback.heard(TABLET[0], 30.0)
    assert TABLET in told(feedback, {"/walk/speed": 2.0}, 30.0 + REMEMBERED)
    assert told(feedback, {"/walk/speed": 3.0}, 30.1 + REMEMBERED) == {}


def test_one_who_comes_back_is_told_everything() -> None:
    feedback = Feedback(CONTROLS, [], 9000)
    for now in (0.0, 2 * REMEMBERED):
        feedback.heard(TABLET[0], now)
        assert told(feedback, {"/walk/speed": 1.0}, now) == {TABLET: {"/walk/speed": 1.0}}
        assert told(feedback, {}, now + REMEMBERED + 0.1) == {}


def test_without_a_reply_port_only_the_configured_are_told() -> None:
    feedback = Feedback(CONTROLS, [TABLET], 0)
    feedback.heard(PHONE[0], 0.0)
    assert list(told(feedback, {"/walk/speed": 1.0}, 0.0)) == [TABLET]


def test_forged_senders_do_not_make_it_shout() -> None:
    feedback = Feedback(CONTROLS, [TABLET], 9000)
    for number in range(200):
        feedback.heard(f"10.1.0.{number}", 0.0)
        feedback.touched(f"10.1.0.{number}", "/walk/speed", 0.0)
    assert len(told(feedback, {"/show/hold": 1.0}, 0.0)) == 1 + SURFACES


@pytest.mark.parametrize("count", [1, BUNDLE, BUNDLE + 1, 100])
def test_no_packet_is_larger_than_a_network_takes(count: int) -> None:
    feedback = Feedback({}, [TABLET], 0)
    saying: dict[str, float | str] = {f"/generator/direction/{number}": float(number) for number in range(count)}
    packets = [packet for _, packet in feedback.packets(saying, 0.0)]
    assert all(len(packet) < 1400 for packet in packets)
    assert sum(len(parse(packet)) for packet in packets) == count
