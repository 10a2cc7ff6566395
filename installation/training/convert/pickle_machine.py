"""A reader of pickles that runs nothing: it follows the opcodes and builds numbers, texts, lists, tuples and dicts.

A pickle is a program for a stack machine (protocols 0 to 5, as the standard library's `pickletools` documents them).
Here no name is ever imported: a global becomes a `Name` if it is in the caller's list of names, and a call runs the
caller's builder of that name. Any other name is refused with a one-line error that states it.

Time and memory are bounded: by the number of opcodes, of open marks and of digits; texts and bytes are slices of the
file. Dict keys are plain scalars, as hashing a deeply nested tuple could exhaust the stack of the processor. No value
but a scalar is ever shown or made a text, as a list that holds another twice, and so on, would never end.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

from installation.core.errors import ModelError

MOST_OPCODES = 500_000
"""Most opcodes in one file, nested pickles included. A network of 1024 px has about 20,000."""
LONGEST_LINE = 4_096
"""Bytes of an argument that ends with a new line: names, and numbers as text."""
KEYS = (str, int, float, bool, type(None))
LARGEST_KEY = sys.hash_info.modulus - 1
"""Of numbers that are keys: larger ones could share a hash, and a dict of these takes for ever."""


class Name(NamedTuple):
    """A global named in a pickle: its name only, never the imported object."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


Build = Callable[..., Any]
Builders = Mapping[str, Build | None]
"""{full name of a global: function run instead of calling it; None if it may be named but not called}."""


@dataclass
class Budget:
    """The remaining budget of one file, shared with the pickles nested in it."""

    opcodes: int = MOST_OPCODES

    def spend(self, count: int) -> bool:
        """Subtracts a cost; returns false if it exceeds what is left."""
        self.opcodes -= count
        return self.opcodes >= 0


@dataclass
class Reader:
    """The bytes of a file, taken one after the other. ``where`` begins every message; all refusals are ModelError."""

    data: memoryview
    where: str
    position: int = 0

    def refuse(self, what: str) -> NoReturn:
        raise ModelError(f"{self.where}: {what}. Refused; nothing in it was run.")

    def take(self, count: int) -> memoryview:
        end = self.position + count
        if end > len(self.data):
            self.refuse("ends in the middle of a value; copy the file again")
        piece, self.position = self.data[self.position : end], end
        return piece

    def number(self, form: str) -> int:
        """An unsigned or signed number in the form of the module struct."""
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def line(self) -> str:
        return self.text(self.raw_line(LONGEST_LINE))

    def raw_line(self, longest: int) -> bytes:
        """The bytes up to a new line, which is taken as well."""
        size = LONGEST_LINE
        start = bytes(self.data[self.position : self.position + size])
        while (length := start.find(b"\n")) < 0 and size < min(longest, len(self.data) - self.position):
            size *= 4
            start = bytes(self.data[self.position : self.position + size])
        if length < 0:
            self.refuse("has a line without an end")
        self.position += length + 1
        return start[:length]

    def text(self, raw: memoryview | bytes, encoding: str = "utf-8") -> str:
        try:
            return bytes(raw).decode(encoding)
        except UnicodeDecodeError:
            self.refuse("has a text that is none")


@dataclass
class Machine(Reader):
    """The stack and the memo of a pickle. ``persistent`` builds what a persistent id stands for, ``apply`` gives an
    object its state (the opcode BUILD), ``told`` says more about refused names that begin with a word."""

    builders: Builders = field(default_factory=dict)
    apply: Callable[[Any, Any], Any] = lambda thing, state: thing
    persistent: Callable[[Any], Any] | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def clear(self) -> None:
        self.stack, self.marks, self.memo = [], [], {}

    def spend(self, count: int) -> None:
        if not self.budget.spend(count):
            self.refuse(f"takes more than {MOST_OPCODES:,} steps to build")

    # -- the stack ----------------------------------------------------------------------------------------------------

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            self.refuse("takes a value that is not there")
        return self.stack.pop()

    def top(self) -> Any:
        value = self.pop()
        self.stack.append(value)
        return value

    def popped(self, count: int) -> tuple[Any, ...]:
        return tuple(reversed([self.pop() for _ in range(count)]))

    def since_mark(self) -> list[Any]:
        """The values pushed since the last mark; the mark is removed."""
        if not self.marks:
            self.refuse("takes values from a mark that is not there")
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    # -- what is built ------------------------------------------------------------------------------------------------

    def name(self, module: Any, name: Any) -> Name:
        if not isinstance(module, str) or not isinstance(name, str):
            self.refuse("names something by what is no text")
        named = Name(module, name)
        if str(named) not in self.builders:
            self.refuse(next((said for start, said in self.told.items() if str(named).startswith(start)), told(named)))
        return named

    def call(self, what: Any, arguments: Any) -> Any:
        """The value built in place of a call."""
        build = self.builders.get(str(what)) if isinstance(what, Name) else None
        if build is None or not isinstance(arguments, tuple):
            self.refuse(f"calls {what}" if isinstance(what, Name) else "calls what is no name")
        self.spend(sum(map(cost, arguments)))
        try:
            return build(*arguments)
        except ModelError:
            raise
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError) as error:
            self.refuse(f"gives {what} what it does not take ({type(error).__name__})")

    def state(self, thing: Any, state: Any) -> Any:
        self.spend(cost(state))
        try:
            return self.apply(thing, state)
        except (TypeError, ValueError, KeyError, IndexError, OverflowError) as error:
            self.refuse(f"gives a value a state that it does not take ({type(error).__name__})")

    def remember(self, index: int) -> None:
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        if index not in self.memo:
            self.refuse("remembers what it has not kept")
        self.push(self.memo[index])

    def stands_for(self, what: Any) -> Any:
        if self.persistent is None:
            self.refuse("refers to something outside of the file")
        try:
            return self.persistent(what)
        except (TypeError, ValueError, KeyError, IndexError) as error:
            self.refuse(f"refers to storage in a way that is not known ({type(error).__name__})")


def cost(argument: Any) -> int:
    """The cost of an argument in opcodes, charged to the budget, which bounds repeated building from one value."""
    if isinstance(argument, list | tuple | dict | set):
        return len(argument)
    return len(argument) // 1024 if isinstance(argument, str | memoryview) else 0


def told(name: Name) -> str:
    """A refused name for printing: without control characters, shortened."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in str(name))
    return f"holds {shown[:120]}, which is no data of a network"


def put(machine: Machine, target: Any, pairs: list[Any]) -> None:
    """Puts alternating keys and values into a dict."""
    if not isinstance(target, dict) or len(pairs) % 2:
        machine.refuse("sets keys of what is no dict")
    for name, value in zip(pairs[::2], pairs[1::2], strict=True):
        target[key(machine, name)] = value


def key(machine: Machine, value: Any) -> Any:
    if not is_key(value):
        machine.refuse(f"has a key that is a {type(value).__name__}")
    return value


def is_key(value: Any) -> bool:
    """Whether a value may be a key: a plain scalar, no number beyond LARGEST_KEY."""
    return isinstance(value, KEYS) and not (isinstance(value, int) and abs(value) > LARGEST_KEY)


def extend(machine: Machine, target: Any, values: list[Any]) -> None:
    if not isinstance(target, list):
        machine.refuse("appends to what is no list")
    target.extend(values)


def add(machine: Machine, target: Any, values: list[Any]) -> None:
    if not isinstance(target, set):
        machine.refuse("adds to what is no set")
    target.update(key(machine, value) for value in values)
