"""Builds OSC messages and bundles (OSC 1.0) of numbers and texts, of what python-osc writes.

Its builders of whole messages take several times as long, which counts where many surfaces follow many controls.
"""

from collections.abc import Iterable
from functools import lru_cache

from pythonosc.osc_bundle_builder import IMMEDIATELY
from pythonosc.parsing.osc_types import write_date, write_float, write_int, write_string

Said = float | int | str | tuple[float, ...]
"""What a message says: a number (a float as float32, an int as int32), a text, or several floats."""

HEAD = write_string("#bundle") + write_date(IMMEDIATELY)
"""How a bundle begins that counts immediately."""


def message(address: str, said: Said) -> bytes:
    """A message with one argument, or with as many floats as a tuple has."""
    if isinstance(said, tuple):
        return _head(address, "f" * len(said)) + b"".join(map(write_float, said))
    if isinstance(said, str):
        return _head(address, "s") + write_string(said)
    if isinstance(said, int):
        return _head(address, "i") + write_int(said)
    return _head(address, "f") + write_float(said)


@lru_cache(8192)
def _head(address: str, tags: str) -> bytes:
    """What comes before the arguments: surfaces are told of the same addresses over and over."""
    return write_string(address) + write_string(f",{tags}")


def bundle(messages: Iterable[bytes]) -> bytes:
    """A bundle of messages that count at once."""
    return HEAD + b"".join(write_int(len(one)) + one for one in messages)
