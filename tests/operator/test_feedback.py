"""What surfaces are told, second by second: time is an argument and no socket is open."""

import numpy as np
import pytest

from installation.core.controls import Control
from installation.core.osc_backlog import Endpoint
from installation.core.osc_packets import parse
from installation.operator.feedback import (
    AFRESH,
    BUNDLE,
    FINGER,
    PACKETS,
    REMEMBERED,
    ROUND,
    SHOWN,
    SURFACES,
    Feedback,
)

CONTROLS = {
    control.address: control
    for control in (
        Control("/walk/speed", "speed", "float", 0.0, 4.0, 1.0, "x"),
        Control("/show/hold", "hold", "bool"),
        Control("/show/piece", "piece", "choice", choices=("sitters", "company")),
    )
}
TABLET, PHONE = Endpoint("10.0.0.5", 9000), Endpoint("10.0.0.6", 9000)


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


def test_who_reads_no_bundles_is_told_each_value_alone() -> None:
    feedback = Feedback({}, [Endpoint("10.0.0.5", 9000)], 0, bundles=False)
    packets = [packet for _, packet in feedback.packets({"/a": 1.0, "/b": 2.0, "/c": "text"}, 0.0)]
    assert [packet[:2] for packet in packets] == [b"/a", b"/b", b"/c"]


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
    feedback.heard(TABLET, 0.0)
    assert told(feedback, {"/walk/speed": 1.0}, 0.1) == {TABLET: {"/walk/speed": 1.0}}
    feedback.heard(TABLET, 30.0)
    assert TABLET in told(feedback, {"/walk/speed": 2.0}, 30.0 + REMEMBERED)
    assert told(feedback, {"/walk/speed": 3.0}, 30.1 + REMEMBERED) == {}


def test_one_who_comes_back_is_told_everything() -> None:
    feedback = Feedback(CONTROLS, [], 9000)
    for now in (0.0, 2 * REMEMBERED):
        feedback.heard(TABLET, now)
        assert told(feedback, {"/walk/speed": 1.0}, now) == {TABLET: {"/walk/speed": 1.0}}
        assert told(feedback, {}, now + REMEMBERED + 0.1) == {}


def test_without_a_reply_port_only_the_configured_are_told() -> None:
    feedback = Feedback(CONTROLS, [TABLET], 0)
    feedback.heard(PHONE, 0.0)
    assert list(told(feedback, {"/walk/speed": 1.0}, 0.0)) == [TABLET]


def test_forged_senders_do_not_make_it_shout() -> None:
    feedback = Feedback(CONTROLS, [TABLET], 9000)
    for number in range(200):
        feedback.heard(Endpoint(f"10.1.0.{number}", 5000), 0.0)
        feedback.touched(f"10.1.0.{number}", "/walk/speed", 0.0)
    assert len(told(feedback, {"/show/hold": 1.0}, 0.0)) == 1 + SURFACES


@pytest.mark.parametrize("count", [1, BUNDLE, BUNDLE + 1, 100])
def test_no_packet_is_larger_than_a_network_takes(count: int) -> None:
    feedback = Feedback({}, [TABLET], 0)
    saying: dict[str, float | str] = {f"/generator/direction/{number}": float(number) for number in range(count)}
    packets = [packet for _, packet in feedback.packets(saying, 0.0)]
    assert all(len(packet) < 1400 for packet in packets)
    assert sum(len(parse(packet)) for packet in packets) == count


def test_a_thousand_values_are_paced() -> None:
    """Round by round, none twice, none left out."""
    feedback = Feedback({}, [TABLET], 0)
    saying: dict[str, float | str] = {f"/generator/direction/{number}": float(number) for number in range(1000)}
    heard: list[str] = []
    for number in range(10):
        packets = list(feedback.packets(saying, number / 30))
        assert len(packets) <= PACKETS
        heard += [one.address for _, packet in packets for one in parse(packet)]
    assert sorted(heard) == sorted(saying)


def test_what_moves_all_the_time_does_not_hold_up_the_rest() -> None:
    feedback = Feedback({}, [TABLET], 0)
    names = [f"/generator/direction/{number}" for number in range(2 * PACKETS * BUNDLE)]
    heard: set[str] = set()
    for number in range(2):
        heard |= told(feedback, dict.fromkeys(names, float(number)), number / 30)[TABLET].keys()
    assert heard == {*names}


def test_who_asks_is_sent_everything_again() -> None:
    feedback = Feedback(CONTROLS, [TABLET, PHONE], 9000)
    told(feedback, {"/walk/speed": 1.0}, 0.0)
    feedback.sync(Endpoint(TABLET.host, 51000))
    assert told(feedback, {"/walk/speed": 1.0}, 0.1) == {TABLET: {"/walk/speed": 1.0}}


def test_a_surface_that_moves_to_another_address_is_found_there() -> None:
    feedback = Feedback(CONTROLS, [TABLET], 0)
    told(feedback, {"/walk/speed": 1.0}, 0.0)
    feedback.configure([PHONE])
    assert told(feedback, {"/walk/speed": 1.0}, 0.1) == {PHONE: {"/walk/speed": 1.0}}


def test_a_connection_is_told_as_long_as_it_is_there() -> None:
    feedback, one = Feedback(CONTROLS, [], 0), Endpoint("10.0.0.5", 51000, tcp=True)
    feedback.heard(one, 0.0)
    assert told(feedback, {"/walk/speed": 1.0}, 2 * REMEMBERED) == {one: {"/walk/speed": 1.0}}
    feedback.left(one)
    assert told(feedback, {"/walk/speed": 2.0}, 2 * REMEMBERED + 1) == {}


def test_a_pair_is_told_as_two_numbers() -> None:
    feedback = Feedback(CONTROLS, [TABLET], 0)
    ((_, packet),) = feedback.packets({"/stage/lamp": (0.5, -1.0)}, 0.0)
    assert parse(packet)[0].args == (0.5, -1.0)
    assert feedback.is_echo(TABLET.host, "/stage/lamp", (0.5, -1.0), 0.1)
    assert not feedback.is_echo(TABLET.host, "/stage/lamp", (0.5, -0.9), 0.1)


def test_who_is_refused_is_told_why_where_it_hears_and_nobody_else() -> None:
    feedback, sender = Feedback(CONTROLS, [TABLET, PHONE], 9000), Endpoint(TABLET.host, 51000)
    feedback.notes.add(feedback.hearing(sender), "this show has no /walk/sped")
    note = {"/show/refused": "this show has no /walk/sped"}
    assert told(feedback, {}, 0.0) == {sender: note, TABLET: note}
    assert told(feedback, {}, SHOWN - 0.1) == {}
    assert told(feedback, {}, SHOWN) == {TABLET: {"/show/refused": ""}}  # a surface has a label for it
    assert told(feedback, {}, SHOWN + 0.1) == {}
    assert feedback.hearing(Endpoint(TABLET.host, 0)) == [TABLET]  # who came in another way has no port here
    assert feedback.hearing(sender._replace(tcp=True)) == [sender._replace(tcp=True)]


def test_many_surfaces_are_told_in_turns() -> None:
    surfaces = [Endpoint(f"10.0.1.{number}", 9000) for number in range(50)]
    feedback = Feedback({}, surfaces, 0)
    saying: dict[str, float | str] = {f"/generator/direction/{number}": float(number) for number in range(1000)}
    heard: dict[Endpoint, set[str]] = {surface: set() for surface in surfaces}
    for number in range(40):
        packets = list(feedback.packets(saying, number / 30))
        assert len(packets) <= ROUND
        for endpoint, packet in packets:
            heard[endpoint] |= {one.address for one in parse(packet)}
    assert all(addresses == saying.keys() for addresses in heard.values())
