"""Options as frozen dataclasses, from which argparse is made. Standard library only: --help is there at once."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
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
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {self.low:g} to {self.high:g}")
        return value


def option(
    default: Any,
    help: str,
    kind: Callable[[str], Any] | None = None,
    metavar: str | None = None,
    choices: Iterable[Any] | None = None,
) -> Any:
    """A field of a class of options. A default of True makes a switch that turns it off: --no-NAME."""
    told = {"help": help, "type": kind, "metavar": metavar, "choices": choices}
    return field(default=default, metadata={name: value for name, value in told.items() if value is not None})


def add_options(group: argparse._ArgumentGroup, options: type[Any]) -> None:
    """The fields of a class of options, made with `option`, as arguments of the same names."""
    for one in fields(options):
        flag = one.name.replace("_", "-")
        if one.default is True:
            group.add_argument(f"--no-{flag}", dest=one.name, action="store_false", **one.metadata)
        else:
            group.add_argument(f"--{flag}", default=one.default, **one.metadata)


def read_options(options: type[T], arguments: argparse.Namespace) -> T:
    """Those that were typed, as an object of their class."""
    return options(**{one.name: getattr(arguments, one.name) for one in fields(options)})  # type: ignore[arg-type]
