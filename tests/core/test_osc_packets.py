"""The OSC parser: every type in its place, every bound held, and no bytes that cost more than a moment."""

import math
import random
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder, build_msg

from installation.core.osc_packets import (
    ARGUMENTS,
    DEPTH,
    EPOCH,
    LOOPBACK,
    NETWORK,
    Malformed,
    Message,
    ahead,
    parse,
)

LARGEST, MESSAGES = NETWORK

MOMENT = 0.02
"""Processor seconds that a hostile packet may take; the killers of other parsers take from 30 s to for ever."""


def text(value: bytes) -> bytes:
    """An OSC string: ended, and padded to a multiple of 4."""
    return value + b"\0" * (4 - len(value) % 4)


def message(address: bytes, tags: bytes = b"", data: bytes = b"") -> bytes:
    return text(address) + text(b"," + tags) + data


def bundle(*elements: bytes, when: int = 1) -> bytes:
    return b"#bundle\0" + struct.pack(">Q", when) + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def refused(packet: bytes, why: str) -> None:
    began = time.thread_time()
    with pytest.raises(Malformed, match=why):
        parse(packet)
    assert time.thread_time() - began < MOMENT


# ---------------------------------------------------------------- what is right

TYPES = [
    (b"i", struct.pack(">i", -7), -7),
    (b"f", struct.pack(">f", 0.5), 0.5),
    (b"h", struct.pack(">q", 1 << 40), 1 << 40),
    (b"d", struct.pack(">d", 0.1), 0.1),
    (b"t", struct.pack(">Q", 1 << 63), 1 << 63),
    (b"s", text(b"sitters"), "sitters"),
    (b"S", text(b"symbol"), "symbol"),
    (b"s", text("Zürich".encode()), "Zürich"),
    (b"s", text(b"\xff\xfe"), "\ufffd\ufffd"),
    (b"b", struct.pack(">i", 5) + b"bytes\0\0\0", b"bytes"),
    (b"c", b"\0\0\0A", "A"),
    (b"r", b"\x01\x02\x03\x04", b"\x01\x02\x03\x04"),
    (b"m", b"\x00\x90\x40\x7f", b"\x00\x90\x40\x7f"),
    (b"T", b"", True),
    (b"F", b"", False),
    (b"N", b"", None),
    (b"I", b"", True),
    (b"[ii]", struct.pack(">ii", 1, 2), (1, 2)),
    (b"[i[s]]", struct.pack(">i", 1) + text(b"in"), (1, ("in",))),
    (b"[]", b"", ()),
]


@pytest.mark.parametrize(("tags", "data", "value"), TYPES)
def test_every_type_is_read_and_shifts_nothing(tags: bytes, data: bytes, value: object) -> None:
    packet = message(b"/x", tags + b"f", data + struct.pack(">f", 0.25))
    assert parse(packet) == [Message("/x", (value, 0.25))]


@pytest.mark.parametrize("packet", [text(b"/show/next"), message(b"/show/next")])
def test_a_message_may_carry_nothing(packet: bytes) -> None:
    assert parse(packet) == [Message("/show/next", ())]


def test_bundles_are_read_in_order() -> None:
    packet = bundle(message(b"/a"), bundle(message(b"/b"), message(b"/c")), message(b"/d"))
    assert [one.address for one in parse(packet)] == ["/a", "/b", "/c", "/d"]


def test_an_empty_bundle_says_nothing() -> None:
    assert parse(bundle()) == []


def test_what_python_osc_builds_is_read() -> None:
    built = OscMessageBuilder("/mixed")
    for value in (1, 2.5, "three", b"four", True, False, None, [5, "six"], 1 << 40):
        built.add_arg(value)
    both = OscBundleBuilder(IMMEDIATELY)
    both.add_content(built.build())
    both.add_content(build_msg("/walk/speed", 0.5))
    expected = (1, 2.5, "three", b"four", True, False, None, (5, "six"), 1 << 40)
    assert parse(both.build().dgram) == [Message("/mixed", expected), Message("/walk/speed", (0.5,))]


# ---------------------------------------------------------------- packets that kill other receivers


def nested(depth: int) -> bytes:
    packet = message(b"/x")
    for _ in range(depth):
        packet = bundle(packet)
    return packet


def number(tag: bytes, value: float) -> bytes:
    return message(b"/walk/speed", tag, struct.pack(b">" + tag, value))


KILLERS = {
    "an element of size -4": b"#bundle\0" + bytes(8) + struct.pack(">i", -4),
    "elements of size 0": b"#bundle\0" + bytes(LARGEST - 8),
    "an element past the end": b"#bundle\0" + bytes(8) + struct.pack(">i", 1 << 30) + message(b"/x"),
    "a pattern of sixty stars": message(b"/" + b"*" * 60 + b"!z"),
    "an address of 8000 letters": text(b"/" + b"a" * 8000),
    "not a number": number(b"f", math.nan),
    "not a number, twice as long": number(b"d", math.nan),
    "infinity": number(b"f", math.inf),
    "less than any number": number(b"d", -math.inf),
    "bundles in bundles": nested(400),
    "five hundred and thirteen messages": bundle(*[message(b"/x")] * 513),
    "arrays without end": message(b"/x", b"[" * 30),
    "five thousand arguments": message(b"/x", b"T" * 5000),
    "a blob of two gigabytes": message(b"/x", b"b", struct.pack(">i", 2**31 - 1)),
    "a blob of less than nothing": message(b"/x", b"b", struct.pack(">i", -1)),
    "a string without its end": b"/aaa",
    "nothing": b"",
    "three bytes": b"/a\0",
    "nine kilobytes": message(b"/x", b"s", text(b"x" * 9000)),
}
"""Packets that a server on a network has to outlive; other parsers hang, stall for 30 s or pass the poison on."""


@pytest.mark.parametrize("killer", KILLERS.values(), ids=KILLERS)
def test_a_killer_is_refused_at_once(killer: bytes) -> None:
    refused(killer, ".")


def ntp(posix: float) -> int:
    return int((posix + EPOCH) * 2**32)


@pytest.mark.parametrize("when", [1.7e9, 2.2e9])  # before and after February 2036, where the seconds begin again at 0
@pytest.mark.parametrize("seconds", [-3600.0, -0.5, 0.25, 3600.0])
def test_a_time_tag_says_how_far_ahead_it_is(when: float, seconds: float) -> None:
    assert ahead(ntp(when + seconds) % 2**64, when) == pytest.approx(seconds, abs=1e-6)


def test_what_is_to_be_at_once_is_not_ahead() -> None:
    assert ahead(parse(message(b"/x"))[0].tag, 1.7e9) == 0.0
    assert ahead(parse(bundle(message(b"/x"), when=1))[0].tag, 1.7e9) == 0.0
    assert ahead(parse(bundle(message(b"/x"), when=0))[0].tag, 1.7e9) == 0.0


def test_a_message_counts_at_its_bundles_time_and_in_two_at_the_later() -> None:
    early, late = ntp(1.7e9), ntp(1.7e9 + 5)
    packet = bundle(message(b"/a"), bundle(message(b"/b"), when=late), bundle(message(b"/c"), when=1), when=early)
    assert {one.address: one.tag for one in parse(packet)} == {"/a": early, "/b": late, "/c": early}


# ---------------------------------------------------------------- bounds


def test_this_machine_may_send_the_state_of_a_whole_show() -> None:
    packet = bundle(*[message(b"/generator/direction/%d" % number, b"f", bytes(4)) for number in range(1500)])
    assert NETWORK.bytes < len(packet) < LOOPBACK.bytes
    assert len(parse(packet, bounds=LOOPBACK)) == 1500
    refused(packet, "8192")
    with pytest.raises(Malformed, match="more than 4096 messages"):
        parse(bundle(*[message(b"/x")] * 4097), bounds=LOOPBACK._replace(bytes=1 << 20))


def test_the_bounds_themselves_are_allowed() -> None:
    assert len(parse(nested(DEPTH))) == 1
    assert len(parse(bundle(*[message(b"/x")] * MESSAGES))) == MESSAGES
    assert len(parse(message(b"/x", b"T" * ARGUMENTS))[0].args) == ARGUMENTS
    assert len(parse(message(b"/x", b"b", struct.pack(">i", 8180) + bytes(8180)))) == 1


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"", "multiple"),
        (b"/x", "multiple"),
        (message(b"/x", b"b", struct.pack(">i", 8184) + bytes(8184)), "8192"),
        (nested(DEPTH + 1), "deep"),
        (bundle(*[message(b"/x")] * (MESSAGES + 1)), "512 messages"),
        (bundle(*[bundle(*[message(b"/x")] * (MESSAGES // 2 + 1))] * 2), "512 messages"),
        (message(b"/x", b"T" * (ARGUMENTS + 1)), "512 arguments"),
        (message(b"/x", b"[" + b"T" * ARGUMENTS + b"]"), "512 arguments"),
        (message(b"/x", b"T" * 5000), "512 arguments"),
        (message(b"/x", b"[" * 5 + b"]" * 5), "deep"),
        (message(b"/x", b"]"), "not opened"),
        (message(b"/x", b"[i", bytes(4)), "not closed"),
        (message(b"x"), "address"),
        (message(b"/a b"), "address"),
        (message("/é".encode()), "address"),
        (b"/x\0\0abc\0", "type tags"),
        (b"/abc" * 2, "without its end"),
        (message(b"/x", b"i"), "cut short"),
        (message(b"/x", b"d", bytes(4)), "cut short"),
        (message(b"/x", b"m"), "cut short"),
        (message(b"/x", b"b"), "cut short"),
        (message(b"/x", b"b", struct.pack(">i", -1)), "blob"),
        (message(b"/x", b"b", struct.pack(">i", 4)), "blob"),
        (message(b"/x", b"s", b"abcd"), "without its end"),
        (message(b"/x", b"c", b"\0\0\1A"), "ASCII"),
        (message(b"/x", b"c", b"\xff" * 4), "ASCII"),
        (message(b"/x", b"i", bytes(8)), "after the last"),
        (message(b"/x", b"Z", bytes(4)), "unknown type"),
        (b"#bundle\0" + bytes(4), "time tag"),
        (b"#bundle\0" + bytes(8) + struct.pack(">i", 6) + bytes(8), "size"),
        (b"#bundle\0" + bytes(8) + struct.pack(">i", 400) + message(b"/x"), "size"),
    ],
)
def test_what_breaks_a_bound_is_refused_and_told(packet: bytes, why: str) -> None:
    refused(packet, why)


@pytest.mark.parametrize("character", "#*,?[]{} ")
def test_no_address_is_a_pattern(character: str) -> None:
    refused(message(b"/a" + character.encode() + b"z"), "pattern")


def test_an_argument_does_not_reach_into_the_next_element() -> None:
    short, after = message(b"/x", b"h", bytes(4)), message(b"/y")
    refused(bundle(short, after), "cut short")


def test_a_bad_message_in_a_bundle_loses_itself_alone() -> None:
    good, bad = message(b"/a", b"i", bytes(4)), message(b"/x", b"i", bytes(8))
    spoiled: list[str] = []
    assert [one.address for one in parse(bundle(good, bad, bundle(bad, good)), spoiled)] == ["/a", "/a"]
    assert spoiled == ["bytes after the last argument"] * 2
    with pytest.raises(Malformed, match="after the last"):
        parse(bad, [])


def test_a_face_trackers_bundle_and_a_whole_surfaces_arrive() -> None:
    face = bundle(message(b"/found", b"f", bytes(4)), message(b"/raw", b"f" * 132, bytes(528)))
    assert [len(one.args) for one in parse(face)] == [1, 132]
    assert len(parse(bundle(*[message(b"/walk/speed", b"f", bytes(4))] * 70))) == 70


# ---------------------------------------------------------------- any bytes at all

SEEDS = [
    message(b"/walk/speed", b"f", struct.pack(">f", 1.0)),
    message(b"/x", b"ifsbhdtTFNIcrm[ii]", bytes(96)),
    bundle(message(b"/a", b"i", bytes(4)), bundle(message(b"/b", b"s", text(b"text")))),
    nested(DEPTH),
    bundle(*[message(b"/stage/brightness", b"f", struct.pack(">f", 0.5))] * 20),
]


def spoiled(dice: random.Random) -> bytes:
    """A right packet with some bytes changed, cut out, doubled or added, or bytes of pure chance."""
    if dice.random() < 0.1:
        return dice.randbytes(dice.randrange(0, 400))
    packet = dice.choice(SEEDS)
    for _ in range(dice.randrange(0, 5)):
        at = dice.randrange(len(packet))
        old = packet[at : at + dice.choice((1, 4))]
        size = struct.pack(">i", dice.choice((-4, -1, 0, 4, 2**31 - 1)))
        new = dice.choice((dice.randbytes(len(old)), size, old * 3, b"", dice.choice(SEEDS)))
        packet = packet[:at] + new + packet[at + len(old) :]
    return packet[: len(packet) & ~3] if dice.random() < 0.8 else packet


def attack(packets: int, seed: int) -> tuple[int, float]:
    """How many of these spoiled packets were right after all, and the longest that one took (processor seconds)."""
    dice, right, worst = random.Random(seed), 0, 0.0
    for _ in range(packets):
        packet = spoiled(dice)
        began = time.thread_time()
        try:
            for one in parse(packet):
                assert one.address.startswith("/")
            right += 1
        except Malformed:
            pass
        worst = max(worst, time.thread_time() - began)
    return right, worst


def test_a_hundred_thousand_spoiled_packets() -> None:
    right, worst = attack(100_000, seed=1)
    assert 5_000 < right < 95_000  # both ways are tried
    assert worst < MOMENT


@given(st.binary(max_size=512))
def test_any_bytes_are_read_or_refused(packet: bytes) -> None:
    try:
        messages = parse(packet)
    except Malformed:
        return
    assert len(messages) <= MESSAGES


NUMBERS = st.one_of(
    st.integers(-(2**31), 2**31 - 1),
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    st.binary(min_size=1, max_size=20),  # python-osc builds no empty one
)


@given(st.from_regex(r"/[a-z0-9_/.-]{0,30}", fullmatch=True), st.lists(NUMBERS, max_size=ARGUMENTS))
def test_what_is_built_comes_back(address: str, values: list[object]) -> None:
    built = OscMessageBuilder(address)
    for value in values:
        built.add_arg(value)  # type: ignore[arg-type]
    assert parse(built.build().dgram) == [Message(address, tuple(values))]
