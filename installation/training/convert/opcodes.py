"""The opcodes of pickles, protocols 0 to 5, each as a function on the machine; and the loop that runs them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from installation.training.convert.pickle_machine import Machine, add, extend, key, put

MOST_MARKS = 1_000
MOST_DIGITS = 64
LONGEST_NUMBER = 16
"""The longest integer, in bytes."""
NEWEST = 5
"""The newest protocol."""
STOP = ord(".")


def load(machine: Machine) -> Any:
    """The value of the pickle that begins at the machine's position, which is then moved to its end. Raises ModelError
    for opcodes that are not data."""
    machine.clear()
    while True:
        opcode = machine.take(1)[0]
        if opcode == STOP:
            return machine.pop()
        machine.spend(1)
        if opcode not in OPCODES:
            machine.refuse(f"has the opcode 0x{opcode:02x}, which builds no data")
        OPCODES[opcode](machine)


def _whole(machine: Machine, text: str) -> int:
    if len(text) > MOST_DIGITS:
        machine.refuse("has a number without end")
    try:
        return int(text)
    except ValueError:
        machine.refuse("has a number that is none")


def _int(machine: Machine) -> None:
    line = machine.line()
    machine.push({"00": False, "01": True}[line] if line in ("00", "01") else _whole(machine, line))


def _float(machine: Machine) -> None:
    try:
        machine.push(float(machine.line()[:MOST_DIGITS]))
    except ValueError:
        machine.refuse("has a number that is none")


def _long(machine: Machine, form: str) -> None:
    length = machine.number(form)
    if not 0 <= length <= LONGEST_NUMBER:
        machine.refuse("has a number without end")
    machine.push(int.from_bytes(machine.take(length), "little", signed=True))


def _string(machine: Machine) -> None:
    line = machine.line()
    if len(line) < 2 or line[0] != line[-1] or line[0] not in "'\"" or "\\" in line:
        machine.refuse("has a text that is not quoted plainly")
    machine.push(line[1:-1])


def _unicode(machine: Machine) -> None:
    """Of any length: protocol 0 writes the numbers of a tensor so."""
    machine.push(machine.text(machine.raw_line(len(machine.data)), "raw-unicode-escape"))


def _sized(machine: Machine, form: str) -> memoryview:
    return machine.take(machine.number(form))


def _text(form: str, encoding: str = "utf-8") -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.text(_sized(machine, form), encoding))


def _bytes(form: str) -> Callable[[Machine], None]:
    return lambda machine: machine.push(_sized(machine, form))


def _mark(machine: Machine) -> None:
    if len(machine.marks) >= MOST_MARKS:
        machine.refuse(f"is nested more than {MOST_MARKS} deep")
    machine.marks.append(len(machine.stack))


def _pop(machine: Machine) -> None:
    if machine.marks and machine.marks[-1] == len(machine.stack):
        machine.marks.pop()
    else:
        machine.pop()


def _into_top(action: Callable[[Machine, Any, list[Any]], None], single: int = 0) -> Callable[[Machine], None]:
    """An opcode that adds ``single`` values, or those since the mark, to the container below them on the stack."""

    def opcode(machine: Machine) -> None:
        values = list(machine.popped(single)) if single else machine.since_mark()
        action(machine, machine.top(), values)

    return opcode


def _dict(machine: Machine) -> None:
    values = machine.since_mark()
    machine.push({})
    put(machine, machine.top(), values)


def _frozenset(machine: Machine) -> None:
    machine.push({key(machine, value) for value in machine.since_mark()})


def _tuple(count: int) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.popped(count))


def _global(machine: Machine) -> None:
    machine.push(machine.name(machine.line(), machine.line()))


def _stack_global(machine: Machine) -> None:
    machine.push(machine.name(*machine.popped(2)))


def _call(machine: Machine) -> None:
    machine.push(machine.call(*machine.popped(2)))


def _new_with_words(machine: Machine) -> None:
    what, arguments, words = machine.popped(3)
    if words != {}:
        machine.refuse(f"calls {what} with words")
    machine.push(machine.call(what, arguments))


def _inst(machine: Machine) -> None:
    what = machine.name(machine.line(), machine.line())
    machine.push(machine.call(what, tuple(machine.since_mark())))


def _obj(machine: Machine) -> None:
    what, *arguments = machine.since_mark() or [None]
    machine.push(machine.call(what, tuple(arguments)))


def _build(machine: Machine) -> None:
    thing, state = machine.popped(2)
    machine.push(machine.state(thing, state))


def _protocol(machine: Machine) -> None:
    protocol = machine.number("<B")
    if protocol > NEWEST:
        machine.refuse(f"is of protocol {protocol}; {NEWEST} is the newest known")


def _extension(machine: Machine) -> None:
    machine.refuse("names something by a number (an extension)")


def _buffer(machine: Machine) -> None:
    machine.refuse("refers to a buffer outside of the file")


def _remember_index(machine: Machine) -> None:
    machine.remember(_whole(machine, machine.line()))


def _recall_index(machine: Machine) -> None:
    machine.recall(_whole(machine, machine.line()))


OPCODES: dict[int, Callable[[Machine], object]] = {
    0x80: _protocol,
    0x95: lambda m: m.number("<Q"),
    # numbers
    ord("I"): _int,
    ord("L"): lambda m: m.push(_whole(m, m.line().removesuffix("L"))),
    ord("F"): _float,
    ord("J"): lambda m: m.push(m.number("<i")),
    ord("K"): lambda m: m.push(m.number("<B")),
    ord("M"): lambda m: m.push(m.number("<H")),
    0x8A: lambda m: _long(m, "<B"),
    0x8B: lambda m: _long(m, "<i"),
    ord("G"): lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
    ord("N"): lambda m: m.push(None),
    0x88: lambda m: m.push(True),
    0x89: lambda m: m.push(False),
    # text and bytes
    ord("S"): _string,
    ord("T"): _text("<I", "latin-1"),
    ord("U"): _text("<B", "latin-1"),
    ord("V"): _unicode,
    ord("X"): _text("<I"),
    0x8C: _text("<B"),
    0x8D: _text("<Q"),
    ord("B"): _bytes("<I"),
    ord("C"): _bytes("<B"),
    0x8E: _bytes("<Q"),
    0x96: _bytes("<Q"),
    # lists, tuples, dicts, sets
    ord("]"): lambda m: m.push([]),
    ord("l"): lambda m: m.push(m.since_mark()),
    ord("a"): _into_top(extend, 1),
    ord("e"): _into_top(extend),
    ord(")"): lambda m: m.push(()),
    ord("t"): lambda m: m.push(tuple(m.since_mark())),
    0x85: _tuple(1),
    0x86: _tuple(2),
    0x87: _tuple(3),
    ord("}"): lambda m: m.push({}),
    ord("d"): _dict,
    ord("s"): _into_top(put, 2),
    ord("u"): _into_top(put),
    0x8F: lambda m: m.push(set()),
    0x90: _into_top(add),
    0x91: _frozenset,
    # the stack and the memo
    ord("("): _mark,
    ord("0"): _pop,
    ord("1"): lambda m: m.since_mark(),
    ord("2"): lambda m: m.push(m.top()),
    ord("p"): _remember_index,
    ord("q"): lambda m: m.remember(m.number("<B")),
    ord("r"): lambda m: m.remember(m.number("<I")),
    0x94: lambda m: m.remember(len(m.memo)),
    ord("g"): _recall_index,
    ord("h"): lambda m: m.recall(m.number("<B")),
    ord("j"): lambda m: m.recall(m.number("<I")),
    # names, and what would be calls
    ord("c"): _global,
    0x93: _stack_global,
    ord("R"): _call,
    0x81: _call,
    0x92: _new_with_words,
    ord("i"): _inst,
    ord("o"): _obj,
    ord("b"): _build,
    ord("P"): lambda m: m.push(m.stands_for(m.line())),
    ord("Q"): lambda m: m.push(m.stands_for(m.pop())),
    # never data
    0x82: _extension,
    0x83: _extension,
    0x84: _extension,
    0x97: _buffer,
    0x98: _buffer,
}
