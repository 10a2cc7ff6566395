"""DMX over a network: Art-Net 4 (ArtDmx) and sACN (ANSI E1.31-2018) data packets, built and read. Pure: no socket.

A universe is up to 512 channels of 8 bits. Art-Net counts its universes from 0 to 32767, sACN from 1 to 63999.
"""

import struct
from dataclasses import dataclass
from typing import Literal

Protocol = Literal["artnet", "sacn"]

CHANNELS = 512
PORTS: dict[Protocol, int] = {"artnet": 6454, "sacn": 5568}
UNIVERSES: dict[Protocol, tuple[int, int]] = {"artnet": (0, 32767), "sacn": (1, 63999)}
LARGEST = 1024
"""Bytes that are read of a packet; the largest of either kind is shorter."""

ART_ID, ART_DMX, ART_VERSION = b"Art-Net\0", 0x5000, 14
ART_HEAD = struct.Struct("<8sH")
ART_REST = struct.Struct(">HBBBBH")

ACN_ID = b"ASC-E1.17\0\0\0"
ROOT_DATA, FRAME_DATA, DMP_SET = 0x00000004, 0x00000002, 0x02
ROOT = struct.Struct(">HH12sHI16s")
FRAME = struct.Struct(">HI64sBHBBH")
DMP = struct.Struct(">HBBHHH")
ADDRESSES, START = 0xA1, 0
TERMINATED, PREVIEW = 0x40, 0x80

PRIORITY = 100
"""Of a source that says nothing else."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A universe's channels. ``source`` tells senders apart, ``priority`` is 0..200 (Art-Net has none: 100), and
    ``ended`` is a source's last."""

    universe: int
    data: bytes
    sequence: int = 0
    source: bytes = b""
    priority: int = PRIORITY
    ended: bool = False


def multicast(universe: int) -> str:
    """The group to which a universe of sACN is sent (E1.31, 9.3.1)."""
    return f"239.255.{universe >> 8}.{universe & 0xFF}"


# ---------------------------------------------------------------- Art-Net


def artnet(packet: Packet) -> bytes:
    """An ArtDmx packet. Its sequence is 1..255, so 0 becomes 1; its length is even."""
    data = packet.data + b"\0" * (len(packet.data) % 2)
    low, net = packet.universe & 0xFF, packet.universe >> 8
    head = ART_HEAD.pack(ART_ID, ART_DMX)
    return head + ART_REST.pack(ART_VERSION, packet.sequence or 1, 0, low, net, len(data)) + data


def read_artnet(raw: bytes) -> Packet | None:
    """None for what is no ArtDmx packet, or not whole."""
    if len(raw) < ART_HEAD.size + ART_REST.size or ART_HEAD.unpack_from(raw) != (ART_ID, ART_DMX):
        return None
    version, sequence, _, low, net, length = ART_REST.unpack_from(raw, ART_HEAD.size)
    data = raw[ART_HEAD.size + ART_REST.size :][:length]
    if version < ART_VERSION or net > 0x7F or not 2 <= length <= CHANNELS or len(data) < length:
        return None
    return Packet(net << 8 | low, data, sequence)


# ---------------------------------------------------------------- sACN


def sacn(packet: Packet, name: str) -> bytes:
    """A data packet of the source ``name``, whose ``source`` is its component's identifier (16 bytes)."""
    count = len(packet.data) + 1
    dmp = DMP.pack(_sized(DMP.size + count), DMP_SET, ADDRESSES, 0, 1, count) + bytes([START]) + packet.data
    options = TERMINATED if packet.ended else 0
    words = name.encode()[:63]
    size = _sized(FRAME.size + len(dmp))
    frame = FRAME.pack(size, FRAME_DATA, words, packet.priority, 0, packet.sequence, options, packet.universe) + dmp
    return ROOT.pack(0x0010, 0, ACN_ID, _sized(len(frame) + 22), ROOT_DATA, packet.source) + frame


def _sized(length: int) -> int:
    """The flags and the length that every layer begins with."""
    return 0x7000 | length


def read_sacn(raw: bytes) -> Packet | None:
    """None for what is no data packet of E1.31, not whole, a preview, or of another start code."""
    if len(raw) < ROOT.size + FRAME.size + DMP.size + 1:
        return None
    preamble, _, acn, _, root, source = ROOT.unpack_from(raw)
    _, vector, _, priority, _, sequence, options, universe = FRAME.unpack_from(raw, ROOT.size)
    at = ROOT.size + FRAME.size
    _, command, addresses, first, step, count = DMP.unpack_from(raw, at)
    layers = (preamble, acn, root, vector, command, addresses, first, step)
    data = raw[at + DMP.size :][:count]
    if layers != (0x0010, ACN_ID, ROOT_DATA, FRAME_DATA, DMP_SET, ADDRESSES, 0, 1) or len(data) < count:
        return None
    if not 1 <= count <= CHANNELS + 1 or data[:1] != bytes([START]) or options & PREVIEW or priority > 200:
        return None
    return Packet(universe, data[1:], sequence, source, priority, bool(options & TERMINATED))


def build(protocol: Protocol, packet: Packet, name: str) -> bytes:
    return artnet(packet) if protocol == "artnet" else sacn(packet, name)


def read(protocol: Protocol, raw: bytes) -> Packet | None:
    return read_artnet(raw) if protocol == "artnet" else read_sacn(raw)


def is_late(sequence: int, before: int) -> bool:
    """Whether a packet comes after one that was sent later (E1.31, 6.7.2)."""
    return -20 < (sequence - before + 128) % 256 - 128 <= 0


LOST = 2.5
"""Seconds without a packet after which a source counts as gone (E1.31, 6.7.1)."""


SOURCES = 16
"""Senders of one universe that are told apart at most."""


class Merger:
    """Which packets of one universe count: of several sources the one with the highest priority, until it is gone."""

    def __init__(self, universe: int) -> None:
        self.universe = universe
        self._sources: dict[bytes, tuple[int, int, float]] = {}

    def accept(self, packet: Packet, sender: bytes, now: float) -> bool:
        """Whether a packet that came at ``now`` (s) from ``sender`` (its address) counts."""
        if packet.universe != self.universe:
            return False
        self._sources = {key: known for key, known in self._sources.items() if now - known[2] < LOST}
        key = packet.source + sender
        known = self._sources.get(key)
        if packet.ended:
            self._sources.pop(key, None)
            return False
        if known and packet.sequence and known[1] and is_late(packet.sequence, known[1]):
            return False
        if len(self._sources) < SOURCES or known:
            self._sources[key] = (packet.priority, packet.sequence, now)
        return packet.priority >= max((priority for priority, _, _ in self._sources.values()), default=0)
