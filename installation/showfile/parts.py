"""The tables of a show file that name a part: it is found, and reads its own options."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, create_model

from installation.core import parts
from installation.core.contracts import OutputConfig, SensorConfig
from installation.core.controls import Control, table
from installation.core.durations import Seconds
from installation.core.errors import PartError, Refused, did_you_mean
from installation.core.signals import Signal
from installation.showfile.damaged import Damaged, stands_for
from installation.showfile.messages import Finding, Unfit, shown, validate
from installation.showfile.transitions import SIZES, Option, read_transition

Outgoing = Literal["play", "hold"]


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


# ---------------------------------------------------------------- transitions


@dataclass(frozen=True, slots=True)
class Transition:
    """A way to change: its file, ``duration`` in seconds, and the value of each of the file's options."""

    kind: str
    duration: float
    outgoing: Outgoing
    options: dict[str, Any]


class TransitionTable(Table):
    kind: str
    duration: Seconds = Field(2.0, le=120.0)
    outgoing: Outgoing = "play"


def read_change(value: object, context: Mapping[str, Any]) -> Transition:
    """``"dissolve"``, or a table with that as ``kind`` and the file's options. Raises Refused or Unfit."""
    data = with_kind("transition", value)
    try:
        options = read_transition(parts.path("transition", data["kind"])).options
    except PartError as error:
        raise _broken("transition", data["kind"], error) from error
    # By an alias, as a uniform may have a name that pydantic keeps for itself.
    names = {f"option{n}": one for n, one in enumerate(options) if one.name not in TransitionTable.model_fields}
    own = {name: (_type(one), Field(one.default, alias=one.name)) for name, one in names.items()}
    made = validate(create_model("Transition", __base__=TransitionTable, **cast(Any, own)), data, context)
    values = {one.name: getattr(made, name) for name, one in names.items()}
    return Transition(made.kind, made.duration, made.outgoing, values)


def _type(option: Option) -> Any:
    """The type of a uniform as TOML has it: ``vec2`` is a list of two numbers."""
    if option.type == "bool":
        return bool
    number: Any = int if option.type.startswith("i") else float
    size = SIZES[option.type]
    return number if size == 1 else tuple.__class_getitem__((number,) * size)


# ---------------------------------------------------------------- what a table is checked against


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of the show when one of its tables is read. ``controls`` is None where the piece's parts are at
    fault, ``unsure`` names the sensors that are: what they would have offered cannot be told."""

    folder: Path
    languages: tuple[str, ...] = ("en",)
    signals: Mapping[str, Signal] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    fixed: tuple[Control, ...] = ()
    commands: Mapping[str, Control] = field(default_factory=dict)
    controls: Mapping[str, Control] | None = None
    transition: Transition | None = None
    damage: Mapping[str, Damaged] = field(default_factory=dict)
    """What stands for generators, by their model (see showfile/damaged.py)."""
    no_calendar: str = ""
    """Why the calendar is left out; empty where it is read."""

    @property
    def context(self) -> dict[str, Any]:
        """For validation; parts find their ``folder`` in it."""
        return {"folder": self.folder, "reading": self}


def reading_of(info: ValidationInfo) -> Reading:
    return cast(Reading, cast(dict[str, Any], info.context)["reading"])


# ---------------------------------------------------------------- parts


def with_kind(room: str, value: object) -> dict[str, Any]:
    """A part's table, ``"loop"`` being short for ``{ kind = "loop" }``. Raises Refused or Unfit."""
    data = {"kind": value} if isinstance(value, str) else value
    if not isinstance(data, dict):
        raise Refused(f"a table that names a {room}, such as {{ kind = ... }}")
    kind, known = data.get("kind"), parts.kinds(room)
    if not isinstance(kind, str) or kind not in known:
        found = "nothing" if kind is None else shown(kind)
        hint = did_you_mean(kind, known) if isinstance(kind, str) else ""
        raise Unfit([Finding(("kind",), found, f"a {room}: {', '.join(known)}", hint)])
    return data


def read_part(room: str, value: object, context: Mapping[str, Any]) -> Any:
    """The part's own Config. Raises Refused or Unfit."""
    data = with_kind(room, value)
    reading = context.get("reading")
    stands = stands_for(data, reading.damage) if room == "generator" and reading else None
    if stands is not None:
        return stands
    try:
        config = parts.config(room, data["kind"])
    except (PartError, ImportError, SyntaxError) as error:
        raise _broken(room, data["kind"], error) from error
    return validate(config, data, context)


def _broken(room: str, kind: str, error: Exception) -> Unfit:
    return Unfit([Finding(("kind",), shown(kind), f"a {room} that loads", str(error))])


def controls_of(generator: object, walk: object, reading: Reading) -> dict[str, Control] | None:
    """Every control of a piece with these tables, or None where one is at fault; its own validation says how."""
    try:
        made = (read_part("generator", generator, reading.context), read_part("walk", walk, reading.context))
        return table((*reading.fixed, *(control for part in made for control in part.controls())))
    except ValueError:
        return None


def read_sensor(value: object, reading: Reading) -> SensorConfig:
    """A ``[[sensor]]``. Raises Refused or Unfit."""
    config: SensorConfig = read_part("sensor", value, reading.context)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,63}", config.name):
        expected = "a name of letters, digits, - and _, as signals are called name.signal"
        raise Unfit([Finding(("name",), shown(config.name), expected)])
    return config


def outputs_for_shows() -> tuple[str, ...]:
    """The kinds of outputs that a show file may ask for."""
    return tuple(kind for kind in parts.kinds("output") if parts.config("output", kind).in_show)


def read_output(value: object, reading: Reading) -> OutputConfig:
    """An ``[[output]]``. Raises Refused or Unfit."""
    known, kind = outputs_for_shows(), value.get("kind") if isinstance(value, dict) else None
    if kind not in known:
        found = "nothing" if kind is None else shown(kind)
        hint = did_you_mean(kind, known) if isinstance(kind, str) else ""
        raise Unfit([Finding(("kind",), found, f"an output: {', '.join(known)}", hint)])
    config: OutputConfig = read_part("output", value, reading.context)
    return config
