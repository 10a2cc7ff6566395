"""Art-Net and sACN packets: those of a library that we did not write, and what is none."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacn.messages.data_packet import DataPacket

from installation.core.dmx import LOST, Merger, Packet, artnet, is_late, multicast, read_artnet, read_sacn, sacn

SOURCE = bytes(range(16))
ART = bytes.fromhex("4172742d4e657400 0050 000e 2a 00 03 02 0004 01020304")
"""An ArtDmx packet, written by hand from the table of the Art-Net 4 specification: universe 3 of sub-net 0, net 2."""


def test_art_net_is_as_its_table_has_it() -> None:
    assert artnet(Packet(0x203, bytes([1, 2, 3, 4]), 42)) == ART
    assert read_artnet(ART) == Packet(0x203, bytes([1, 2, 3, 4]), 42)
    assert read_artnet(artnet(Packet(0, b"\x07"))) == Packet(0, b"\x07\0", 1)


def test_what_we_send_is_what_another_library_reads() -> None:
    made = DataPacket.make_data_packet(list(sacn(Packet(300, bytes(range(200)), 9, SOURCE, 150), "Vernissage")))
    assert (made.universe, made.priority, made.sequence, made.sourceName) == (300, 150, 9, "Vernissage")
    assert bytes(made.cid) == SOURCE
    assert bytes(made.dmxData[:200]) == bytes(range(200))
    ended = DataPacket.make_data_packet(list(sacn(Packet(1, b"\0", ended=True, source=SOURCE), "x")))
    assert ended.option_StreamTerminated


def test_what_another_library_sends_is_what_we_read() -> None:
    other = DataPacket(
        cid=tuple(SOURCE), sourceName="desk", universe=7, dmxData=tuple(range(256)), priority=90, sequence=3
    )
    found = read_sacn(bytes(other.getBytes()))
    assert found == Packet(7, bytes(range(256)) + bytes(256), 3, SOURCE, 90)


def test_a_universe_has_its_group() -> None:
    assert (multicast(1), multicast(300)) == ("239.255.0.1", "239.255.1.44")


@given(st.binary(max_size=700))
def test_noise_is_no_packet(raw: bytes) -> None:
    assert read_artnet(raw) is None
    assert read_sacn(raw) is None


@given(st.integers(0, 700), st.integers(0, 255), st.integers(0, 700))
def test_a_damaged_packet_is_read_whole_or_not_at_all(at: int, byte: int, length: int) -> None:
    for whole, read in ((ART, read_artnet), (sacn(Packet(1, bytes(512), 1, SOURCE), "x"), read_sacn)):
        raw = bytearray(whole)
        raw[at % len(raw)] = byte
        found = read(bytes(raw[:length]))
        assert found is None or (len(found.data) <= 512 and 0 <= found.universe <= 65535)


@pytest.mark.parametrize(
    ("sequence", "before", "late"), [(2, 1, False), (1, 1, True), (250, 5, True), (5, 250, False), (100, 200, False)]
)
def test_a_packet_that_was_overtaken_is_late(sequence: int, before: int, late: bool) -> None:
    assert is_late(sequence, before) is late


def test_the_highest_priority_counts_until_its_source_is_gone() -> None:
    merger = Merger(1)
    low, high = (Packet(1, b"\0", 1, os.urandom(16), priority) for priority in (50, 150))
    assert merger.accept(low, b"a", 0.0)
    assert merger.accept(high, b"b", 0.1)
    assert not merger.accept(Packet(1, b"\0", 2, low.source, 50), b"a", 0.2)
    assert merger.accept(Packet(1, b"\0", 3, low.source, 50), b"a", 0.2 + LOST)
    assert not merger.accept(Packet(2, b"\0", 4, low.source, 50), b"a", 3.0)


def test_a_source_that_says_farewell_is_gone_at_once() -> None:
    merger = Merger(1)
    assert merger.accept(Packet(1, b"\0", 1, SOURCE, 150), b"a", 0.0)
    assert not merger.accept(Packet(1, b"\0", 2, SOURCE, 150, ended=True), b"a", 0.1)
    assert merger.accept(Packet(1, b"\0", 1, b"other", 50), b"b", 0.2)
