"""Builds OSC messages and bundles (OSC 1.0) of numbers and texts."""

from collections.abc import Iterable
from struct import pack

Said = float | int | str | tuple[float, ...]
"""What a message says: a number (a float as float32, an int as int32), a text, or several floats."""

HEAD = b"#bundle\0" + pack(">Q", 1)
"""How a bundle begins that counts immediately."""


def message(address: str, said: Said) -> bytes:
    """A message with one argument, or with as many floats as a tuple has. ``address`` is ASCII."""
    if isinstance(said, tuple):
        return _text(address) + _text("," + "f" * len(said)) + pack(f">{len(said)}f", *said)
    if isinstance(said, str):
        return _text(address) + b",s\0\0" + _text(said)
    if isinstance(said, int):
        return _text(address) + b",i\0\0" + pack(">i", said)
    return _text(address) + b",f\0\0" + pack(">f", said)


def bundle(messages: Iterable[bytes]) -> bytes:
    """A bundle of messages that count at once."""
    return HEAD + b"".join(pack(">i", len(one)) + one for one in messages)


def _text(text: str) -> bytes:
    """A string as OSC holds it: ended by NUL, and padded to a multiple of 4."""
    data = text.encode()
    return data + bytes(4 - len(data) % 4)
