"""Frozen dataclasses as messages of a pipe, checked field by field when they arrive.

A message is ``{kind: {field: value, ...}}``; the kind is the class's name in small letters. Fields may be of type str,
bool, int, float, Path, Any, Literal, another dataclass, or made of these: ``T | None``, ``tuple[T, ...]``,
``Mapping[str, T]``.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from installation.core.errors import FrameError


def kind_of(kind: type) -> str:
    """The name of a class of messages on the pipe: ``Playback`` -> ``playback``."""
    return kind.__name__.lower()


def pack(message: Any) -> dict[str, Any]:
    """A dataclass as the JSON object that is sent."""
    return {kind_of(type(message)): _plain(message)}


def unpack(message: Mapping[str, Any], kinds: Iterable[type]) -> Any:
    """The dataclass (one of ``kinds``) that a JSON object is. Raises FrameError, which names the fault, for anything
    else."""
    known = {kind_of(kind): kind for kind in kinds}
    name = next(iter(message), "")
    if len(message) != 1 or name not in known:
        raise FrameError(f"found the message {sorted(message)}, expected one of {', '.join(known)}")
    return _made(known[name], message[name], name)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _made(kind: Any, value: Any, where: str) -> Any:
    """An instance of the dataclass ``kind``."""
    if not isinstance(value, Mapping):
        raise _unfit(where, value, "its fields")
    hints = _hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if unknown := sorted(set(value) - set(fields)):
        raise FrameError(f"found {where}.{unknown[0]}, expected only {', '.join(fields)}")
    missing = [name for name, field in fields.items() if name not in value and _is_required(field)]
    if missing:
        raise FrameError(f"found {where} without {missing[0]}, expected all of its fields")
    return kind(**{name: _read(hints[name], item, f"{where}.{name}") for name, item in value.items()})


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _read(hint: Any, value: Any, where: str) -> Any:
    """The value as its type hint has it."""
    if dataclasses.is_dataclass(hint):
        return _made(hint, value, where)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal and value in inner:
        return value
    if origin is UnionType:
        return None if value is None else _read(inner[0], value, where)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_read(inner[0], item, f"{where}[{number}]") for number, item in enumerate(value, 1))
    if origin is not None and isinstance(value, Mapping):
        return {str(key): _read(inner[1], item, f"{where}.{key}") for key, item in value.items()}
    return _scalar(hint, value, where)


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    if hint is Path and isinstance(value, str):
        return Path(value)
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if hint in (str, bool, int) and type(value) is hint:
        return value
    raise _unfit(where, value, getattr(hint, "__name__", str(hint)))


def _unfit(where: str, value: Any, expected: str) -> FrameError:
    return FrameError(f"found {where} = {value!r:.60}, expected {expected}")
