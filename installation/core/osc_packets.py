"""Open Sound Control packets (OSC 1.0, and the types of 1.1), parsed with every bound checked first.

Pure: bytes in, messages out. The only error is Malformed, and it is cheap to raise. A message in a bundle that breaks a
rule may be left out alone; where the bundle itself does, nothing of the packet is taken.
"""

import math
import re
from struct import Struct
from typing import NamedTuple, TypeAlias


class Bounds(NamedTuple):
    """The most bytes and the most messages of a packet."""

    bytes: int
    messages: int


NETWORK, LOOPBACK = Bounds(8192, 512), Bounds(65536, 4096)
"""What a packet from the network may hold, and one from this machine: a show controller sends the state of a whole show
in one bundle, and UDP carries 64 KiB."""

DEPTH = 4
"""Bundles within one another, and arrays within one another, at most."""

ARGUMENTS = 512
"""Arguments of a message, at most; an array counts, and so does each value in it."""

ADDRESS = re.compile(rb'/[!"$-)+./0-9:;<=>@-Z\\^-z|~-]{0,254}')
"""A whole address: ASCII, no blanks and none of the pattern characters ``# * , ? [ ] { }``."""

Argument: TypeAlias = "int | float | bool | str | bytes | tuple[Argument, ...] | None"


class Malformed(ValueError):
    """The bytes are no packet within the bounds; the text says in a few words which rule they break."""


IMMEDIATELY = 1
"""The time tag of what counts at once, as does a message that is in no bundle."""

EPOCH = 2208988800
"""Seconds from 1900, where time tags begin, to 1970."""


class Message(NamedTuple):
    """``address`` (``/walk/speed``) and its arguments, in order; ``tag`` is when it counts, an NTP time of 64 bits.

    i h t are int, f d float (always finite), T I True, F False, N None, s S c str, b bytes, r m bytes of 4, and
    what stands between [ and ] is one tuple.
    """

    address: str
    args: tuple[Argument, ...]
    tag: int = IMMEDIATELY


def ahead(tag: int, posix: float) -> float:
    """Seconds from ``posix`` (seconds since 1970) to a time tag; 0 for what counts at once, negative for the past.

    Right beyond 2036, when the tags begin again at 0, for times less than 68 years apart."""
    if tag <= IMMEDIATELY:
        return 0.0
    since = (tag - int((posix + EPOCH) * 2**32)) % 2**64
    return (since - 2**64 if since >= 2**63 else since) / 2**32


_BUNDLE = b"#bundle\0"
_HEAD = 16  # "#bundle", NUL and the time tag
_TAG = Struct(">Q")
_SIZE = Struct(">i")
_NUMBERS = {ord(tag): Struct(code) for tag, code in {"i": ">i", "f": ">f", "h": ">q", "d": ">d", "t": ">Q"}.items()}
_CONSTANTS: dict[int, bool | None] = {ord("T"): True, ord("F"): False, ord("N"): None, ord("I"): True}
_OPEN, _CLOSE = ord("["), ord("]")


def parse(packet: bytes, spoiled: list[str] | None = None, bounds: Bounds = NETWORK) -> list[Message]:
    """The messages of a packet (bare, or in bundles), in their order. Raises Malformed and nothing else.

    With ``spoiled``, a message in a bundle that breaks a rule is left out, and which rule it was is noted there. A
    message in a bundle counts at the bundle's time; one in a bundle in a bundle at the later of both.
    """
    if not packet or len(packet) > bounds.bytes or len(packet) % 4:
        raise Malformed(f"{len(packet)} bytes, expected a multiple of 4 up to {bounds.bytes}")
    reader = _Reader(packet, bounds.messages, spoiled)
    reader.element(0, len(packet), 0, IMMEDIATELY)
    return reader.messages


class _Reader:
    """Takes the messages out of a packet."""

    __slots__ = ("messages", "most", "packet", "spoiled")

    def __init__(self, packet: bytes, most: int, spoiled: list[str] | None) -> None:
        self.packet, self.most, self.spoiled = packet, most, spoiled
        self.messages: list[Message] = []

    def element(self, start: int, end: int, depth: int, tag: int) -> None:
        if self.packet.startswith(_BUNDLE, start, end):
            self.bundle(start, end, depth, tag)
            return
        if len(self.messages) + len(self.spoiled or ()) == self.most:
            raise Malformed(f"more than {self.most} messages")
        try:
            self.messages.append(_message(self.packet, start, end, tag))
        except Malformed as error:
            if self.spoiled is None or depth == 0:
                raise
            self.spoiled.append(str(error))

    def bundle(self, start: int, end: int, depth: int, tag: int) -> None:
        if depth == DEPTH:
            raise Malformed("bundles nested too deep")
        at = start + _HEAD
        if at > end:
            raise Malformed("a bundle without a time tag")
        tag = max(tag, _TAG.unpack_from(self.packet, at - 8)[0])
        while at < end:
            size = _SIZE.unpack_from(self.packet, at)[0]
            at += 4
            if size <= 0 or size % 4 or size > end - at:
                raise Malformed("an element's size")
            self.element(at, at + size, depth + 1, tag)
            at += size


def _message(packet: bytes, start: int, end: int, tag: int) -> Message:
    address, at = _string(packet, start, end)
    if not ADDRESS.fullmatch(address):
        raise Malformed("an address that is none, or a pattern")
    if at == end:  # some senders leave out the type tags of a message that carries nothing
        return Message(address.decode("ascii"), (), tag)
    tags, at = _string(packet, at, end)
    if tags[:1] != b",":
        raise Malformed("its type tags")
    if len(tags) > 1 + 3 * ARGUMENTS:
        raise Malformed(f"more than {ARGUMENTS} arguments")
    args, at = _arguments(packet, tags, at, end)
    if at != end:
        raise Malformed("bytes after the last argument")
    return Message(address.decode("ascii"), args, tag)


def _arguments(packet: bytes, tags: bytes, at: int, end: int) -> tuple[tuple[Argument, ...], int]:
    args: list[Argument] = []
    outer: list[list[Argument]] = []
    room = ARGUMENTS
    for tag in tags[1:]:
        if tag == _CLOSE:
            if not outer:
                raise Malformed("an array that was not opened")
            array, args = tuple(args), outer.pop()
            args.append(array)
            continue
        room -= 1
        if room < 0:
            raise Malformed(f"more than {ARGUMENTS} arguments")
        if tag == _OPEN:
            if len(outer) == DEPTH:
                raise Malformed("arrays nested too deep")
            outer.append(args)
            args = []
            continue
        value, at = _argument(packet, tag, at, end)
        args.append(value)
    if outer:
        raise Malformed("an array that is not closed")
    return tuple(args), at


def _argument(packet: bytes, tag: int, at: int, end: int) -> tuple[Argument, int]:
    """One argument and where the next one starts."""
    number = _NUMBERS.get(tag)
    if number is not None:
        stop = at + number.size
        if stop > end:
            raise Malformed("an argument cut short")
        value: int | float = number.unpack_from(packet, at)[0]
        if not math.isfinite(value):
            raise Malformed("a number that is not finite")
        return value, stop
    if tag in _CONSTANTS:
        return _CONSTANTS[tag], at
    if tag in b"sS":
        text, stop = _string(packet, at, end)
        return text.decode("utf-8", "replace"), stop
    if tag == ord("b"):
        return _blob(packet, at, end)
    if tag in b"crm":
        return _quad(packet, tag, at, end)
    raise Malformed("an unknown type tag")


def _string(packet: bytes, at: int, end: int) -> tuple[bytes, int]:
    """Bytes up to a NUL, and where what follows starts: the next multiple of 4, as every element starts on one."""
    stop = packet.find(0, at, end)
    if stop < 0:
        raise Malformed("a string without its end")
    return packet[at:stop], (stop + 4) & ~3


def _blob(packet: bytes, at: int, end: int) -> tuple[bytes, int]:
    if end - at < 4:
        raise Malformed("an argument cut short")
    size = _SIZE.unpack_from(packet, at)[0]
    at += 4
    if not 0 <= size <= end - at:
        raise Malformed("a blob's size")
    return packet[at : at + size], (at + size + 3) & ~3


def _quad(packet: bytes, tag: int, at: int, end: int) -> tuple[str | bytes, int]:
    """Four bytes: a character (ASCII, in the last of them), a colour or a MIDI message."""
    quad = packet[at : at + 4]
    if end - at < 4:
        raise Malformed("an argument cut short")
    if tag != ord("c"):
        return quad, at + 4
    if quad[:3] != b"\0\0\0" or quad[3] > 127:
        raise Malformed("a character that is not ASCII")
    return chr(quad[3]), at + 4
