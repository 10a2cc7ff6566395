"""Reads transitions: GLSL files in the gl-transitions contract. Text only, so that a show is checked without a GPU.

A transition is one file in ``installation/stage/transitions``. It defines ``vec4 transition(vec2 uv)`` and may call
``getFromColor(uv)``, ``getToColor(uv)`` and read ``progress`` (0..1) and ``ratio`` (width / height); ``uv`` is 0,0 at
the bottom left. Its options are uniforms with the default in a comment, ``uniform float speed; // = 1.0``; its one-line
doc is the first comment of the file. At progress 0 it should show *from* and at 1 *to*; the stage eases the last few
percent of what does not. A texture of its own, a ``sampler2D``, is refused, as a transition is one file.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from installation.core import parts
from installation.core.errors import PartError, did_you_mean

Value = bool | int | float | tuple[float, ...]

LARGEST = 64 * 1024
"""The most bytes that a transition may have."""

SIZES = {"float": 1, "int": 1, "bool": 1, "vec2": 2, "vec3": 3, "vec4": 4, "ivec2": 2, "ivec3": 3, "ivec4": 4}
GIVEN = frozenset({"progress", "ratio"})
"""Uniforms that the stage sets itself; a file may declare them again."""

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_UNIFORM = re.compile(
    r"^[ \t]*uniform[ \t]+(?P<type>\w+)[ \t]+(?P<name>\w+)"
    r"[ \t]*(?:=(?P<plain>[^;\n]*);|/\*[ \t]*=(?P<inside>[^*]*)\*/[ \t]*;|;[ \t]*/[/*][ \t]*=(?P<after>[^\n]*)|;)",
    re.MULTILINE,
)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_ENTRY = re.compile(r"\bvec4\s+transition\s*\(\s*(?:in\s+)?vec2\b")
_CREDIT = re.compile(r"(?i)\s*(?:author|licen[cs]e|copyright|name|source|spdx-[\w-]+)\b\s*[:=]")


@dataclass(frozen=True, slots=True)
class Option:
    """A uniform that a show may set: its GLSL type and its default, a tuple for vectors."""

    name: str
    type: str
    default: Value

    def accept(self, value: object) -> Value:
        """``value`` as this uniform takes it. Raises ValueError that says what is expected."""
        expected = ValueError(f"found {value!r}, expected {self.expects()}")
        if self.type == "bool":
            if value not in (0, 1):
                raise expected
            return bool(value)
        given = list(value) if isinstance(value, (list, tuple)) else [value]
        numbers = [float(number) for number in given if _is_number(number)]
        if len(given) != SIZES[self.type] or len(numbers) < len(given):
            raise expected
        whole = self.type.startswith("i")
        if whole and any(number != round(number) for number in numbers):
            raise expected
        settled = tuple(int(number) if whole else number for number in numbers)
        return settled if len(settled) > 1 else settled[0]

    def expects(self) -> str:
        """What it takes, in words: ``a list of 2 numbers``."""
        if self.type == "bool":
            return "true or false"
        kind = "whole number" if self.type.startswith("i") else "number"
        count = SIZES[self.type]
        return f"a {kind}" if count == 1 else f"a list of {count} {kind}s"


@dataclass(frozen=True, slots=True)
class Transition:
    """A transition as its file defines it: not compiled yet. ``doc`` is empty where its file has no comment on top."""

    name: str
    doc: str
    source: str
    options: tuple[Option, ...]
    path: Path

    def settle(self, given: Mapping[str, object]) -> dict[str, Value]:
        """Every option's value: as ``given``, else its default. Raises PartError for one that is unknown or unfit."""
        known = {option.name: option for option in self.options}
        for name in given:
            if name not in known:
                hint = did_you_mean(name, known)
                offer = f"it has {', '.join(known)}" if known else "it has none"
                tail = f"; {hint}" if hint else ""
                raise PartError(f'transition "{self.name}": no option "{name}"; {offer}{tail}')
        settled = {option.name: option.default for option in self.options}
        for name, value in given.items():
            try:
                settled[name] = known[name].accept(value)
            except ValueError as error:
                raise PartError(f'transition "{self.name}": {name}: {error}') from None
        return settled


def load_transition(name: str) -> Transition:
    """The transition of that name. Raises PartError, with the nearest name, when there is none."""
    return read_transition(parts.path("transition", name))


def read_transition(path: Path) -> Transition:
    """Reads one file. Raises PartError, with file and line, where it does not keep the contract."""
    source = _read(path)
    code = _COMMENT.sub(_blank, source)
    if not _ENTRY.search(code):
        raise PartError(f"{path}:1: found no function transition, expected vec4 transition(vec2 uv)")
    return Transition(path.stem, _doc(source), source, tuple(_options(path, source, code)), path)


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
        text = data.decode()
    except OSError as error:
        raise PartError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PartError(f"{path}: found byte {error.start} that is not UTF-8, expected a text file") from error
    if len(data) > LARGEST:
        raise PartError(f"{path}: found {len(data)} bytes, expected at most {LARGEST}")
    return text.replace("\r\n", "\n")


def _blank(comment: re.Match[str]) -> str:
    """Spaces in place of a comment, its line ends kept, so that positions in the text stay the same."""
    return re.sub(r"[^\n]", " ", comment.group())


def _doc(source: str) -> str:
    """The first line of the comment on top that is not a credit."""
    for line in source.splitlines():
        if not (text := line.strip()):
            continue
        if not text.startswith(("//", "/*", "*")):
            return ""
        text = text.strip("/* \t")
        if text and not _CREDIT.match(text):
            return text
    return ""


def _options(path: Path, source: str, code: str) -> list[Option]:
    options: list[Option] = []
    for match in _UNIFORM.finditer(source):
        type_, name = match["type"], match["name"]
        inside_a_comment = not code[match.start() : match.start("name")].strip()
        if inside_a_comment or name in GIVEN:
            continue
        line = source.count("\n", 0, match.start("name")) + 1
        if "sampler" in type_:
            raise PartError(
                f'{path}:{line}: transition "{path.stem}" needs the texture {name} (uniform {type_}), which the stage '
                "has not: it draws with the two pictures alone"
            )
        if type_ not in SIZES:
            raise PartError(f"{path}:{line}: {name}: found uniform {type_}, expected one of {', '.join(SIZES)}")
        text = match["plain"] or match["inside"] or match["after"] or ""
        try:
            options.append(Option(name, type_, _default(type_, text)))
        except ValueError as error:
            raise PartError(f"{path}:{line}: {name}: {error}") from None
    return options


def _default(type_: str, text: str) -> Value:
    """The value of ``vec2(1.0, 0.0)``, ``true``, ``.5`` or of nothing, which is zero as in GL."""
    if type_ == "bool":
        return text.strip().lower().startswith("true")
    size = SIZES[type_]
    listed = re.search(r"\w+\s*\(([^)]*)\)", text)
    numbers = [float(number) for number in _NUMBER.findall(listed[1] if listed else text)] if text.strip() else [0.0]
    if len(numbers) == 1:
        numbers *= size
    if not numbers or (listed and len(numbers) != size):
        raise ValueError(f"found default {text.strip()!r}, expected {type_} numbers, as in // = 1.0")
    value = numbers[0] if size == 1 else numbers[:size]
    return Option("", type_, 0).accept(value)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
