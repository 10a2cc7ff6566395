"""MIDI messages, built and read back with a library that we did not write."""

import mido
import pytest

from installation.core.midi import Decoder, Moved, Source, encode, recognised

SOURCES = (
    Source("note", 1, 60),
    Source("cc", 3, 7),
    Source("cc14", 16, 1),
    Source("nrpn", 2, 300),
    Source("pitch", 5),
)


def feed(decoder: Decoder, *messages: mido.Message) -> list[Moved]:
    return [moved for message in messages for moved in decoder.feed(message.bytes())]


@pytest.mark.parametrize("source", SOURCES, ids=str)
@pytest.mark.parametrize("value", [0.0, 0.25, 1.0])
def test_what_is_told_is_what_is_heard(source: Source, value: float) -> None:
    decoder = Decoder([source])
    decoder.feed(encode(source, 0.5)[-1])
    messages = [mido.Message.from_bytes(data) for data in encode(source, value)]
    heard = feed(decoder, *messages)[-1]
    assert heard.source == source
    assert heard.value == pytest.approx(value, abs=0.005 if source.kind in ("note", "cc") else 0.0001)


def test_fourteen_bits_are_told_once_when_both_parts_are_there() -> None:
    decoder = Decoder([Source("cc14", 1, 1)])
    high, low = (mido.Message("control_change", control=number, value=64) for number in (1, 33))
    feed(decoder, high, low)
    assert [len(feed(decoder, one)) for one in (high, low)] == [0, 1]


def test_a_device_that_sends_the_high_part_alone_is_heard() -> None:
    heard = feed(Decoder([Source("cc14", 1, 1)]), mido.Message("control_change", control=1, value=127))
    assert heard == [Moved(Source("cc14", 1, 1), 1.0)]


def test_a_key_that_is_let_go_is_at_nothing_either_way() -> None:
    off = [mido.Message("note_off", note=60, velocity=64), mido.Message("note_on", note=60, velocity=0)]
    assert [one.value for one in feed(Decoder(), *off)] == [0.0, 0.0]


@pytest.mark.parametrize("data", [[], [0xB0], [0xB0, 7], [0xB0, 200, 3], [0xF0, 1, 2, 0xF7], [0xF8], [0xC0, 4]])
def test_what_is_no_whole_channel_message_is_nothing(data: list[int]) -> None:
    assert Decoder().feed(data) == []


def test_a_knob_is_recognised_once_it_is_clear_which() -> None:
    decoder = Decoder()
    few = feed(decoder, *(mido.Message("control_change", control=7, value=at) for at in range(4)))
    assert recognised(few) is None
    more = feed(decoder, *(mido.Message("control_change", control=7, value=at) for at in range(10)))
    assert recognised(more) == Source("cc", 1, 7)
    assert recognised([*few, *feed(decoder, mido.Message("note_on", note=36, velocity=90))]) == Source("note", 1, 36)


def test_a_knob_of_fourteen_bits_is_recognised() -> None:
    pairs = [
        mido.Message("control_change", control=number, value=at, channel=2) for at in range(10) for number in (5, 37)
    ]
    assert recognised(feed(Decoder(), *pairs)) == Source("cc14", 3, 5)
    nrpn = [mido.Message.from_bytes(data) for at in range(10) for data in encode(Source("nrpn", 1, 300), at / 10)]
    assert recognised(feed(Decoder(), *nrpn)) == Source("nrpn", 1, 300)
