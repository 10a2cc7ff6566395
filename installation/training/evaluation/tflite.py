"""Reads a network from a TensorFlow Lite file: its constants and operators, as numpy arrays and names, nothing run.

The file is a FlatBuffer of the schema of TensorFlow Lite, version 3 (tensorflow/lite/schema/schema.fbs); the options of
operators that are not built in are a FlexBuffer map (google.github.io/flatbuffers, "FlexBuffers"). Only what the one
file that `landmarks` runs consists of is read; anything else is an error.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPERATORS = {
    0: "ADD",
    3: "CONV_2D",
    4: "DEPTHWISE_CONV_2D",
    6: "DEQUANTIZE",
    17: "MAX_POOL_2D",
    18: "MUL",
    22: "RESHAPE",
    32: "CUSTOM",
    34: "PAD",
    45: "STRIDED_SLICE",
    54: "PRELU",
}
TYPES = {0: np.float32, 1: np.float16, 2: np.int32}
STRIDES = {"CONV_2D": (1, 2), "DEPTHWISE_CONV_2D": (1, 2), "MAX_POOL_2D": (1, 2)}
"""Fields of the options that hold the stride across and down; field 0 is the padding: 0 SAME, 1 VALID."""


class TfliteError(ValueError):
    """Bytes that are no such file, or hold an operator that is not known here."""


@dataclass(frozen=True)
class Operator:
    """`inputs` and `outputs` are numbers of tensors, -1 for one that is left out."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Any]


@dataclass(frozen=True)
class Graph:
    """Tensors are numbered. `constants` are those whose values are in the file; `names` are of all of them."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    constants: dict[int, NDArray[Any]]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read(content: bytes) -> Graph:
    """The first graph of a file. Raises TfliteError."""
    if content[4:8] != b"TFL3":
        raise TfliteError("not a TensorFlow Lite file of version 3")
    try:
        return Reader(content).graph()
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise TfliteError(f"damaged ({error})") from None


class Reader:
    """A FlatBuffer's tables. A place is an offset into the file; 0 means absent."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def number(self, kind: str, offset: int, default: int = 0) -> int:
        return int(struct.unpack_from(f"<{kind}", self.content, offset)[0]) if offset else default

    def target(self, offset: int) -> int:
        """The place that the offset at a place points to."""
        return offset + int(struct.unpack_from("<I", self.content, offset)[0])

    def field(self, table: int, index: int) -> int:
        """The place of a table's field, 0 where it has its default."""
        listing = table - self.number("i", table)
        at = 4 + 2 * index
        offset = self.number("H", listing + at) if at < self.number("H", listing) else 0
        return table + offset if offset else 0

    def vector(self, table: int, index: int) -> tuple[int, int]:
        """(place of the first element, how many)."""
        offset = self.field(table, index)
        return (self.target(offset) + 4, self.number("I", self.target(offset))) if offset else (0, 0)

    def tables(self, table: int, index: int) -> list[int]:
        first, count = self.vector(table, index)
        return [self.target(first + 4 * at) for at in range(count)]

    def integers(self, table: int, index: int) -> tuple[int, ...]:
        first, count = self.vector(table, index)
        return struct.unpack_from(f"<{count}i", self.content, first)

    def raw(self, table: int, index: int) -> bytes:
        first, count = self.vector(table, index)
        return self.content[first : first + count]

    def graph(self) -> Graph:
        model = self.target(0)
        codes = [self.code(table) for table in self.tables(model, 1)]
        buffers, graph = self.tables(model, 4), self.tables(model, 2)[0]
        tensors = self.tables(graph, 0)
        shapes = tuple(self.integers(table, 0) for table in tensors)
        constants = {}
        for number, (table, shape) in enumerate(zip(tensors, shapes, strict=True)):
            raw = self.raw(buffers[self.number("I", self.field(table, 2))], 0)
            if raw:
                constants[number] = self.constant(raw, self.number("b", self.field(table, 1)), shape)
        return Graph(
            tuple(self.raw(table, 3).decode() for table in tensors),
            shapes,
            constants,
            tuple(self.operator(table, codes) for table in self.tables(graph, 3)),
            self.integers(graph, 1),
            self.integers(graph, 2),
        )

    def code(self, table: int) -> str:
        number = max(self.number("b", self.field(table, 0)), self.number("i", self.field(table, 3)))
        if number not in OPERATORS:
            raise TfliteError(f"holds the operator {number}, which is not known here")
        return OPERATORS[number] if OPERATORS[number] != "CUSTOM" else self.raw(table, 1).decode()

    def constant(self, raw: bytes, kind: int, shape: tuple[int, ...]) -> NDArray[Any]:
        if kind not in TYPES:
            raise TfliteError(f"holds numbers of the type {kind}, which is not known here")
        values = np.frombuffer(raw, np.dtype(TYPES[kind]).newbyteorder("<"))
        if values.size != np.prod(shape, dtype=int):
            raise TfliteError(f"holds {values.size} numbers for a tensor of the shape {shape}")
        return values.reshape(shape)

    def operator(self, table: int, codes: list[str]) -> Operator:
        name = codes[self.number("I", self.field(table, 0))]
        custom = self.raw(table, 5)
        offset = self.field(table, 4)
        options = flex_map(custom) if custom else self.options(name, self.target(offset) if offset else 0)
        return Operator(name, self.integers(table, 1), self.integers(table, 2), options)

    def options(self, name: str, table: int) -> dict[str, Any]:
        if name not in STRIDES:
            return {}
        across, down = (self.number("i", self.field(table, index)) for index in STRIDES[name])
        options: dict[str, Any] = {"same": self.number("b", self.field(table, 0)) == 0, "stride": (down, across)}
        if name == "MAX_POOL_2D":
            options["side"] = self.number("i", self.field(table, 4)), self.number("i", self.field(table, 3))
        return options


# -- FlexBuffers -------------------------------------------------------------------------------------------------------

INTEGER, UNSIGNED, FLOAT, MAP, INTEGERS = 1, 2, 3, 9, 11
KINDS = {1: "bBe", 2: "hHe", 4: "iIf", 8: "qQd"}
"""By their width in bytes: how signed, unsigned and real numbers are packed."""


def flex_map(content: bytes) -> dict[str, Any]:
    """A map of numbers and vectors of integers."""
    width, kind, start = content[-1], content[-2], len(content) - 2 - content[-1]
    if kind >> 2 != MAP:
        raise TfliteError("an operator's options are no map")
    at_, width = start - flex_number(content, start, width, UNSIGNED), 1 << (kind & 3)
    count = flex_number(content, at_ - width, width, UNSIGNED)
    keys = at_ - 3 * width - flex_number(content, at_ - 3 * width, width, UNSIGNED)
    key_width = flex_number(content, at_ - 2 * width, width, UNSIGNED)
    types = at_ + count * width
    return {
        flex_key(content, keys + at * key_width, key_width): flex_value(
            content, at_ + at * width, width, content[types + at]
        )
        for at in range(count)
    }


def flex_number(content: bytes, offset: int, width: int, kind: int) -> Any:
    return struct.unpack_from(f"<{KINDS[width][kind - 1]}", content, offset)[0]


def flex_key(content: bytes, offset: int, width: int) -> str:
    start = offset - int(flex_number(content, offset, width, UNSIGNED))
    return content[start : content.index(b"\0", start)].decode()


def flex_value(content: bytes, offset: int, width: int, kind: int) -> Any:
    if kind >> 2 in (INTEGER, UNSIGNED, FLOAT):
        return flex_number(content, offset, width, kind >> 2)
    if kind >> 2 != INTEGERS:
        raise TfliteError(f"an operator's option is of the type {kind >> 2}, which is not known here")
    first, wide = offset - flex_number(content, offset, width, UNSIGNED), 1 << (kind & 3)
    count = flex_number(content, first - wide, wide, UNSIGNED)
    return [flex_number(content, first + at * wide, wide, INTEGER) for at in range(count)]
