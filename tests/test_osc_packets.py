"""The OSC parser: what a library builds is read as it was meant; everything else is refused, cheaply and completely."""

import random
import struct
from contextlib import suppress
from time import perf_counter, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from installation.osc_packets import Malformed, Message, parse


def message(address: str, *args: object, types: str = "") -> bytes:
    builder = OscMessageBuilder(address)
    for index, arg in enumerate(args):
        builder.add_arg(arg, types[index] if types else None)  # type: ignore[arg-type]
    return builder.build().dgram


def bundle(*contents: bytes) -> bytes:
    parts = b"".join(struct.pack(">i", len(content)) + content for content in contents)
    return b"#bundle\0" + b"\0\0\0\0\0\0\0\1" + parts


KILLERS = {
    "an element of size -4": b"#bundle\0" + b"\0" * 8 + struct.pack(">i", -4),
    "a pattern that explodes": b"/" + b"*" * 60 + b"!z\0" + b",\0\0\0",
    "a number that is none": b"/a\0\0,f\0\0\x7f\xc0\0\0",
    "infinity": b"/a\0\0,d\0\0\x7f\xf0\0\0\0\0\0\0",
    "an element past the end": b"#bundle\0" + b"\0" * 8 + struct.pack(">i", 1 << 30) + b"/a\0\0",
    "bundles in bundles": bundle(bundle(bundle(bundle(bundle(message("/a")))))),
    "sixty-five messages": bundle(*[message("/a", 1)] * 65),
    "arrays without end": b"/a\0\0" + b"," + b"[" * 30 + b"\0",
    "a blob of two gigabytes": b"/a\0\0,b\0\0\x7f\xff\xff\xff",
    "a negative blob": b"/a\0\0,b\0\0\xff\xff\xff\xff",
    "no end of its string": b"/aaa",
    "nothing": b"",
    "three bytes": b"/a\0",
    "nine kilobytes": message("/a", "x" * 9000),
}


@pytest.mark.parametrize("killer", KILLERS.values(), ids=KILLERS)
def test_a_killer_is_refused_at_once(killer: bytes) -> None:
    began = perf_counter()
    with pytest.raises(Malformed):
        parse(killer)
    assert perf_counter() - began < 0.05


def test_a_bundle_for_an_hour_from_now_counts_now() -> None:
    builder = OscBundleBuilder(time() + 3600)  # type: ignore[arg-type]
    builder.add_content(OscMessageBuilder("/a").build())
    assert parse(builder.build().dgram) == [Message("/a", ())]


def test_every_type_stays_in_its_place() -> None:
    read = parse(message("/all", 1, 2.5, "text", b"blob", True, None, 7, 1.25, types="ifsbTNhd"))
    assert read == [Message("/all", (1, 2.5, "text", b"blob", True, None, 7, 1.25))]


def test_types_that_libraries_drop_shift_nothing() -> None:
    raw = b"/a\0\0" + b",cIrmi\0\0" + b"\0\0\0x" + b"\1\2\3\4" + b"\5\6\7\10" + b"\0\0\0\x2a"
    assert parse(raw) == [Message("/a", ("x", True, b"\1\2\3\4", b"\5\6\7\10", 42))]


def test_bundles_are_read_in_order() -> None:
    assert [m.address for m in parse(bundle(message("/a"), bundle(message("/b")), message("/c")))] == ["/a", "/b", "/c"]


@given(
    st.text("abcxyz/0123456789_-", min_size=0, max_size=40).map(lambda text: "/" + text),
    st.lists(
        st.one_of(
            st.integers(-(2**31), 2**31 - 1), st.text(max_size=20), st.binary(min_size=1, max_size=20), st.booleans()
        ),
        max_size=8,
    ),
)
def test_what_a_library_builds_is_read_as_meant(address: str, args: list[object]) -> None:
    args = [arg.replace("\0", "") if isinstance(arg, str) else arg for arg in args]
    try:
        built = message(address, *args)
    except (UnicodeEncodeError, ValueError):
        return
    assert parse(built) == [Message(address, tuple(args))]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(Malformed):
        parse(raw)


@pytest.mark.slow
def test_a_hundred_thousand_broken_packets_cost_little() -> None:
    rng, whole = (
        random.Random(1),
        [message("/walk/speed", 1.5), bundle(message("/a", 1, "x"), message("/b", b"yy", True))],
    )
    worst = 0.0
    for _ in range(100_000):
        packet = bytearray(rng.choice(whole))
        for _ in range(rng.randint(1, 4)):
            packet[rng.randrange(len(packet))] = rng.randrange(256)
        began = perf_counter()
        with suppress(Malformed):
            parse(bytes(packet[: rng.randint(1, len(packet))] if rng.random() < 0.3 else packet))
        worst = max(worst, perf_counter() - began)
    assert worst < 0.1
