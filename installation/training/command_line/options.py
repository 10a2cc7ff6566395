"""Options as frozen dataclasses, from which argparse is made. Standard library only, so that --help starts fast.

A class of options has a field for each, made by one of the functions below; a field that is made with `group` holds
another such class, which is a group of --help. `add_options` adds them to a parser in the order of the fields, and
`read_options` makes an object of the parsed arguments; the rest of the program uses only that object.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Bounds:
    """A number from `low` to `high`, as an argparse type."""

    kind: type[int] | type[float]
    low: float
    high: float

    def __call__(self, text: str) -> float:
        try:
            value = self.kind(text)
        except ValueError:
            value = float("nan")
        if not self.low <= value <= self.high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {self.low:.15g} to {self.high:.15g}")
        return value


# -- fields -----------------------------------------------------------------------------------------------------------


def option(
    default: Any,
    help: str,
    kind: Callable[[str], Any] | None = None,
    metavar: str | None = None,
    choices: Iterable[Any] | None = None,
    flag: str = "",
) -> Any:
    """--NAME VALUE. A default of True makes a switch that turns it off, --no-NAME; of False one that turns it on."""
    told = {"help": help, "type": kind, "metavar": metavar, "choices": choices, "flag": flag}
    return field(default=default, metadata=_told(told))


def required(help: str, kind: Callable[[str], Any], metavar: str | None = None) -> Any:
    """--NAME VALUE, required."""
    return field(metadata=_told({"help": help, "type": kind, "metavar": metavar, "required": True}))


def repeated(
    help: str,
    kind: Callable[[str], Any] | None = None,
    metavar: str | None = None,
    choices: Iterable[Any] | None = None,
) -> Any:
    """--NAME VALUE, any number of times: a tuple."""
    told = {"help": help, "type": kind, "metavar": metavar, "choices": choices, "action": "append"}
    return field(default=(), metadata=_told(told))


def argument(help: str, kind: Callable[[str], Any], metavar: str, nargs: str | None = None) -> Any:
    """A positional argument. `nargs` as in argparse; "+" and "*" give a tuple, "?" gives None if it is left out."""
    return field(metadata=_told({"help": help, "type": kind, "metavar": metavar, "nargs": nargs, "positional": True}))


def model_argument() -> Any:
    return argument("a model file (.safetensors)", Path, "MODEL")


def group(title: str, options: type[Any]) -> Any:
    """A class of options as a group of its own."""
    return field(default_factory=options, metadata={"title": title, "options": options})


def _told(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value not in (None, "")}


# -- from and to argparse ---------------------------------------------------------------------------------------------


def add_options(parser: argparse._ActionsContainer, options: type[Any]) -> None:
    """The fields of a class of options, as arguments of the same names."""
    for one in fields(options):
        told = dict(one.metadata)
        if "options" in told:
            add_options(parser.add_argument_group(told["title"]), told["options"])
            continue
        flag = told.pop("flag", one.name.replace("_", "-"))
        if told.pop("positional", False):
            parser.add_argument(one.name, **told)
        elif one.default is True:
            parser.add_argument(f"--no-{flag}", dest=one.name, action="store_false", **told)
        elif one.default is False:
            parser.add_argument(f"--{flag}", dest=one.name, action="store_true", **told)
        elif told.get("required"):
            parser.add_argument(f"--{flag}", dest=one.name, **told)
        else:
            default = [] if told.get("action") == "append" else one.default
            parser.add_argument(f"--{flag}", dest=one.name, default=default, **told)


def read_options(options: type[T], arguments: argparse.Namespace) -> T:
    """The parsed options as an object of their class."""
    values: dict[str, Any] = {}
    for one in fields(options):  # type: ignore[arg-type]
        inner = one.metadata.get("options")
        value = read_options(inner, arguments) if inner else getattr(arguments, one.name)
        values[one.name] = tuple(value) if isinstance(value, list) else value
    return options(**values)
