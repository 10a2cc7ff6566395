"""Open Sound Control packets (OSC 1.0, and the types of 1.1), parsed with every bound checked first.

Pure: bytes in, messages out. The only error is Malformed, and it is cheap to raise. A message in a bundle that breaks a
rule may be left out alone; where the bundle itself does, nothing of the packet is taken. Time tags are ignored: a
message counts on arrival, as a sender's wrong clock must not delay a blackout.
"""

import math
import re
from struct import Struct
from typing import NamedTuple, TypeAlias

LARGEST = 8192
"""Bytes in a packet, at most."""

DEPTH = 4
"""Bundles within one another, and arrays within one another, at most."""

MESSAGES = 512
"""Messages in a packet, at most."""

ARGUMENTS = 512
"""Arguments of a message, at most; an array counts, and so does each value in it."""

ADDRESS = re.compile(rb'/[!"$-)+./0-9:;<=>@-Z\\^-z|~-]{0,254}')
"""A whole address: ASCII, no blanks and none of the pattern characters ``# * , ? [ ] { }``."""

Argument: TypeAlias = "int | float | bool | str | bytes | tuple[Argument, ...] | None"


class Malformed(ValueError):
    """The bytes are no packet within the bounds; the text says in a few words which rule they break."""


class Message(NamedTuple):
    """``address`` (``/walk/speed``) and its arguments, in order.

    i h t are int, f d float (always finite), T I True, F False, N None, s S c str, b bytes, r m bytes of 4, and
    what stands between [ and ] is one tuple.
    """

    address: str
    args: tuple[Argument, ...]


_BUNDLE = b"#bundle\0"
_HEAD = 16  # "#bundle", NUL and the time tag
_SIZE = Struct(">i")
_NUMBERS = {ord(tag): Struct(code) for tag, code in {"i": ">i", "f": ">f", "h": ">q", "d": ">d", "t": ">Q"}.items()}
_CONSTANTS: dict[int, bool | None] = {ord("T"): True, ord("F"): False, ord("N"): None, ord("I"): True}
_OPEN, _CLOSE = ord("["), ord("]")


def parse(packet: bytes, spoiled: list[str] | None = None) -> list[Message]:
    """The messages of a packet (bare, or in bundles), in their order. Raises Malformed and nothing else.

    With ``spoiled``, a message in a bundle that breaks a rule is left out, and which rule it was is noted there.
    """
    if not packet or len(packet) > LARGEST or len(packet) % 4:
        raise Malformed("not a multiple of 4 bytes up to 8192")
    messages: list[Message] = []
    _element(packet, 0, len(packet), 0, messages, spoiled)
    return messages


def _element(
    packet: bytes, start: int, end: int, depth: int, messages: list[Message], spoiled: list[str] | None
) -> None:
    if not packet.startswith(_BUNDLE, start, end):
        if len(messages) + len(spoiled or ()) == MESSAGES:
            raise Malformed(f"more than {MESSAGES} messages")
        try:
            messages.append(_message(packet, start, end))
        except Malformed as error:
            if spoiled is None or depth == 0:
                raise
            spoiled.append(str(error))
        return
    if depth == DEPTH:
        raise Malformed("bundles nested too deep")
    at = start + _HEAD
    if at > end:
        raise Malformed("a bundle without a time tag")
    while at < end:
        size = _SIZE.unpack_from(packet, at)[0]
        at += 4
        if size <= 0 or size % 4 or size > end - at:
            raise Malformed("an element's size")
        _element(packet, at, at + size, depth + 1, messages, spoiled)
        at += size


def _message(packet: bytes, start: int, end: int) -> Message:
    address, at = _string(packet, start, end)
    if not ADDRESS.fullmatch(address):
        raise Malformed("an address that is none, or a pattern")
    if at == end:  # some senders leave out the type tags of a message that carries nothing
        return Message(address.decode("ascii"), ())
    tags, at = _string(packet, at, end)
    if tags[:1] != b",":
        raise Malformed("its type tags")
    if len(tags) > 1 + 3 * ARGUMENTS:
        raise Malformed(f"more than {ARGUMENTS} arguments")
    args, at = _arguments(packet, tags, at, end)
    if at != end:
        raise Malformed("bytes after the last argument")
    return Message(address.decode("ascii"), args)


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
