"""Messages between processes: they come back as they went, or are refused in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from installation.core.errors import FrameError
from installation.core.typed_messages import pack, unpack


@dataclass(frozen=True)
class Inner:
    name: str
    weight: float = 1.0


@dataclass(frozen=True)
class Word:
    number: int
    folder: Path
    inner: tuple[Inner, ...] = ()
    text: Mapping[str, str] = field(default_factory=dict)
    left: float | None = None
    flag: bool = False
    rest: Any = None


GOOD = {"number": 1, "folder": "/tmp"}


def test_a_message_comes_back_as_it_went() -> None:
    word = Word(3, Path("/x"), (Inner("a", 2.0), Inner("b")), {"nl": "ja"}, 1.5, True, {"any": [1, None]})
    assert unpack(pack(word), (Word,)) == word
    assert unpack({"word": GOOD}, (Word,)) == Word(1, Path("/tmp"))


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ({}, r"found the message \[\], expected one of word"),
        ({"song": {}}, r"found the message \['song'\], expected one of word"),
        ({"word": GOOD, "more": 1}, "expected one of word"),
        ({"word": 7}, "found word = 7, expected its fields"),
        ({"word": {"number": 1}}, "found word without folder"),
        ({"word": GOOD | {"colour": 1}}, "found word.colour, expected only number"),
        ({"word": GOOD | {"number": True}}, "found word.number = True, expected int"),
        ({"word": GOOD | {"number": 1.5}}, "found word.number = 1.5, expected int"),
        ({"word": GOOD | {"left": float("inf")}}, "found word.left = inf, expected float"),
        ({"word": GOOD | {"text": {"nl": 3}}}, "found word.text.nl = 3, expected str"),
        ({"word": GOOD | {"inner": [{"name": "a"}, {}]}}, r"found word.inner\[2\] without name"),
        ({"word": GOOD | {"inner": "abc"}}, "found word.inner = 'abc'"),
    ],
)
def test_anything_else_is_refused(message: dict[str, Any], found: str) -> None:
    with pytest.raises(FrameError, match=found):
        unpack(message, (Word,))
