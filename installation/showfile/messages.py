"""What is wrong with a table, in words for a person: where, what was found, what was expected, what was perhaps meant.

Every object of a show file is made by ``validate``.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic.fields import FieldInfo

from installation.core import durations
from installation.core.errors import Fault, Refused, VernissageError, did_you_mean
from installation.showfile.toml_lines import Lines, Loc, line_of

SHOWN = 60
"""The most characters of a value that a message repeats."""

Model = TypeVar("Model", bound=BaseModel)
Details = Any
"""One of pydantic's error_details."""

UNUSABLE = "one that can be used"
"""What is expected where a validator raised a message of its own, as for a model file."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong within a table; ``loc`` is the way to it from there."""

    loc: Loc
    found: str
    expected: str
    hint: str = ""

    def below(self, loc: Loc) -> "Finding":
        """The same, seen from further up."""
        return replace(self, loc=(*loc, *self.loc))


class Unfit(ValueError):
    """A table that is not what it should be. Raised within a validator too: findings add up on the way out."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(f"{key_text(f.loc)}: found {f.found}, expected {f.expected}" for f in self.findings))


def validate(model: type[Model], data: object, context: Mapping[str, Any]) -> Model:
    """``data`` (of tomllib) as a ``model``, nothing bent to fit: text is no number, 1 is not true. Raises Unfit."""
    try:
        # By way of JSON, as pydantic's strict mode takes a list for a tuple and text for a path only from there.
        return model.model_validate_json(json.dumps(data, default=str), strict=True, context=dict(context))
    except ValidationError as error:
        raise Unfit(findings(model, error, data)) from None


def findings(model: type[BaseModel], error: ValidationError, data: object) -> list[Finding]:
    """All of pydantic's errors in this project's words. Of a union's branches only those of the intended one."""
    told: dict[Loc, list[tuple[str, list[Finding]]]] = {}
    for details in error.errors(include_url=False):
        loc = _written(data, details)
        told.setdefault(loc, []).append((details["type"], _tell(model, loc, details, value_at(data, loc))))
    return [finding for loc, branches in told.items() for finding in _meant(branches, value_at(data, loc))]


def _written(data: object, details: Details) -> Loc:
    """The way to it as the file has it: without the names that pydantic gives to the branches of a union."""
    loc: list[str | int] = []
    for key in details["loc"]:
        if isinstance(data, dict) and (key in data or details["type"] == "missing"):
            loc.append(key)
            data = data.get(key)
        elif isinstance(data, list) and isinstance(key, int) and key < len(data):
            loc.append(key)
            data = data[key]
    return tuple(loc)


def value_at(data: object, loc: Loc) -> object:
    """The file's value there, or None."""
    for key in loc:
        if isinstance(data, dict):
            data = data.get(key)
        else:
            data = data[key] if isinstance(data, list) and isinstance(key, int) and key < len(data) else None
    return data


def _meant(branches: list[tuple[str, list[Finding]]], value: object) -> list[Finding]:
    """The findings at one key. Of a union: those of the branches of the value's own type or, if none has that type,
    what all branches expected."""
    if len(branches) == 1:
        return branches[0][1]
    other = {*TYPES} - ({"int_type"} if isinstance(value, float) else set())
    close = [told for kind, told in branches if kind not in other] or [told for _, told in branches]
    if any(len(told) != 1 or told[0].loc != close[0][0].loc for told in close):
        return max(close, key=lambda told: max((len(finding.loc) for finding in told), default=0))
    expected = dict.fromkeys(told[0].expected for told in close)
    return [replace(close[0][0], expected=" or ".join(expected))]


def _tell(model: type[BaseModel], loc: Loc, details: Details, value: object) -> list[Finding]:
    kind, found, cause = details["type"], shown(value), details.get("ctx", {}).get("error")
    if cause is not None:
        return _caused(loc, found, cause)
    if kind == "extra_forbidden":
        return [_unknown(loc, _model_at(model, loc[:-1]))]
    if kind == "too_short" and isinstance(value, list) and len(value) >= details["ctx"]["min_length"]:
        return []  # only because pydantic does not count the elements that it refused
    field = field_at(model, loc)
    if kind == "missing" and value is None:
        return [Finding(loc, "nothing", _describe(field))]
    return [Finding(loc, found, *_expected(field, details, value))]


def _caused(loc: Loc, found: str, cause: Exception) -> list[Finding]:
    """What a validator raised."""
    if isinstance(cause, Unfit):
        return [finding.below(loc) for finding in cause.findings]
    if isinstance(cause, Refused):
        return [Finding(loc, cause.found or found, cause.expected, cause.hint)]
    if isinstance(cause, VernissageError):  # a whole message of its own, such as what is wrong with a model file
        return [Finding(loc, found, UNUSABLE, str(cause))]
    return [Finding(loc, found, str(cause).removeprefix("expected "))]  # a part's ValueError says what it expected


def _unknown(loc: Loc, model: type[BaseModel] | None) -> Finding:
    known = names(model)
    noun = (model.model_config.get("title") if model else None) or "key"
    now = getattr(model, "renamed", {}).get(loc[-1])
    elsewhere = getattr(model, "elsewhere", {}).get(loc[-1])
    hint = f"it is called {now} now" if now else elsewhere or did_you_mean(str(loc[-1]), known)
    return Finding(loc, f"an unknown {noun}", f"one of {', '.join(known)}", hint)


# ---------------------------------------------------------------- fields: what was declared where


@dataclass(frozen=True, slots=True)
class Declared:
    """A type and what restricts it, as a model declares it."""

    type: Any = None
    limits: tuple[Any, ...] = ()
    description: str | None = None

    @property
    def is_time(self) -> bool:
        return any(isinstance(one, BeforeValidator) and one.func is durations.seconds for one in self.limits)


def names(model: type[BaseModel] | None) -> tuple[str, ...]:
    """The keys that a table of this model may have, in the order of their declaration."""
    return tuple(field.alias or name for name, field in model.model_fields.items()) if model else ()


def field_at(model: Any, loc: Loc) -> Declared:
    """What is declared at ``loc``, or nothing where that cannot be told."""
    here = Declared(model)
    for key in loc:
        here = _step(here, key)
    return here


def _step(here: Declared, key: str | int) -> Declared:
    for branch in _branches(here.type):
        inner, args = branch.type, get_args(branch.type)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            for name, field in inner.model_fields.items():
                if key in (name, field.alias):
                    return Declared(field.annotation, tuple(field.metadata), field.description)
        elif isinstance(key, int) and args:
            return _branches(args[min(key, len(args) - 1) if args[-1] is not ... else 0])[0]
        elif len(args) == 2:
            return _branches(args[1])[0]
    return Declared()


def _branches(annotation: Any) -> list[Declared]:
    """The types of a union, each without its Annotated and without None."""
    if get_origin(annotation) is Annotated:
        inner, *extras = get_args(annotation)
        fields = [extra for extra in extras if isinstance(extra, FieldInfo)]
        limits = [extra for extra in extras if extra not in fields]
        limits += [limit for field in fields for limit in field.metadata]
        words = next((field.description for field in fields if field.description), None)
        return [replace(one, limits=(*one.limits, *limits), description=words) for one in _branches(inner)]
    if get_origin(annotation) in (Union, UnionType):
        return [branch for arg in get_args(annotation) if arg is not type(None) for branch in _branches(arg)]
    return [Declared(annotation)]


def _model_at(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    types = (branch.type for branch in _branches(field_at(model, loc).type))
    return next((one for one in types if isinstance(one, type) and issubclass(one, BaseModel)), None)


# ---------------------------------------------------------------- words

TYPES = {
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "dict_type": "a table",
    "model_type": "a table",
    "mapping_type": "a table",
    "tuple_type": "a list in brackets",
    "list_type": "a list in brackets",
    "set_type": "a list in brackets",
    "frozen_set_type": "a list in brackets",
    "path_type": "the path of a file",
    "float_type": "a number",
    "int_type": "a whole number",
}
"""The errors for a value of another type."""
NUMBERS = {float: "a number", int: "a whole number"}
NUMERIC = {"float_type", "int_type", "int_from_float", "finite_number"}
NUMERIC |= {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
SIZES = {
    "string_too_short": ("text of at least {} character", "min_length"),
    "string_too_long": ("text of no more than {} character", "max_length"),
    "too_short": ("at least {} value", "min_length"),
    "too_long": ("no more than {} value", "max_length"),
}


def _expected(field: Declared, details: Details, value: object) -> tuple[str, str]:
    """What a value should have been, and what was perhaps meant, for every error that a part's options can give."""
    kind, limits = details["type"], details.get("ctx", {})
    if kind in ("literal_error", "enum"):
        known = _choices(field) or re.findall(r"'([^']*)'", str(limits.get("expected")))
        return _either(known), did_you_mean(value, known) if isinstance(value, str) else ""
    if kind in NUMERIC:
        return _number(field), ""
    if kind in ("tuple_type", "list_type", "too_short", "too_long", "missing"):
        listed = _listed(field)
        if listed:
            return listed, ""
    if kind in SIZES:
        words, name = SIZES[kind]
        return words.format(limits[name]) + "s" * (limits[name] != 1), ""
    if kind == "string_pattern_mismatch":
        return field.description or f"text that matches {limits['pattern']}", ""
    return TYPES.get(kind) or re.sub(r"^(Input|Value) should be ", "", details["msg"]), ""


def _choices(field: Declared) -> list[str]:
    literals = (branch.type for branch in _branches(field.type) if get_origin(branch.type) is Literal)
    return [str(choice) for literal in literals for choice in get_args(literal)]


def _listed(field: Declared) -> str:
    """``a list of 2 numbers`` and ``tables in double brackets`` where a list is that, else nothing."""
    for branch in _branches(field.type):
        args = get_args(branch.type)
        if args and isinstance(args[0], type) and issubclass(args[0], BaseModel):
            return "a list of tables, each written in [[double brackets]]"
        if args and args[-1] is not ... and set(args) <= set(NUMBERS):
            return f"a list of {len(args)} {'whole ' * (args[0] is int)}numbers"
    return ""


def _number(field: Declared) -> str:
    """``a whole number from 32 to 1024``: the noun from the type, the range from all that limits it."""
    branches = [branch for branch in _branches(field.type) if branch.type in NUMBERS]
    every = Declared(None, (*(limit for branch in branches for limit in branch.limits), *field.limits))
    if every.is_time:
        return f"a time {_range(every, durations.spoken)}"
    noun = NUMBERS[int if branches and all(branch.type is int for branch in branches) else float]
    return f"{noun} {_range(every, _plain)}".strip()


def _range(field: Declared, spell: Callable[[Any], str]) -> str:
    low = next((limit for limit in field.limits if isinstance(limit, Ge | Gt)), None)
    high = next((limit for limit in field.limits if isinstance(limit, Le | Lt)), None)
    above = "" if low is None else f"above {spell(low.gt)}" if isinstance(low, Gt) else f"from {spell(low.ge)}"
    below = "" if high is None else f"below {spell(high.lt)}" if isinstance(high, Lt) else f"to {spell(high.le)}"
    if not below:
        return f"{above} up" if above.startswith("from") else above
    return f"{above} {'up ' * (not above.startswith('from') and below.startswith('to'))}{below}".strip()


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:g}"


def _describe(field: Declared) -> str:
    """What a missing key should contain."""
    if field.description:
        return field.description
    if _choices(field):
        return _either(_choices(field))
    types = {branch.type for branch in _branches(field.type)}
    if types & set(NUMBERS):
        return _number(field)
    return TYPES["string_type"] if str in types else "a value, as it has no default"


def _either(choices: list[str]) -> str:
    """``"a", "b" or "c"``."""
    quoted = [f'"{choice}"' for choice in choices]
    return " or ".join(filter(None, (", ".join(quoted[:-1]), *quoted[-1:])))


def shown(value: object) -> str:
    """A value as the file has it, cut where it is long."""
    if isinstance(value, dict):
        return "a table" if value else "an empty table"
    text = f"[{', '.join(map(shown, value[:SHOWN]))}]" if isinstance(value, list) else _scalar(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 4]} ..."


def _scalar(value: object) -> str:
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def key_text(loc: Loc, root: object = None) -> str:
    """The way as people read it: ``piece[1] "sitters".generator.psi``. What is in a list counts from 1."""
    text = ""
    for depth, key in enumerate(loc, start=1):
        if isinstance(key, int):
            table = value_at(root, loc[:depth])
            name = table.get("name") if isinstance(table, dict) else None
            text += f"[{key + 1}]" + (f" {shown(name)}" if isinstance(name, str) else "")
        else:
            text += "." * bool(text) + (key if re.fullmatch(r"[\w-]+", key, re.ASCII) else shown(key))
    return text


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: it gives the line of each finding. ``files`` names the other file of the tables that come
    from one, by their place in ``data``. ``cues`` is the text of its cue file; None where that cannot be read."""

    file: str
    data: Mapping[str, Any]
    lines: Lines
    files: Mapping[Loc, str] = field(default_factory=dict)
    text: str = field(default="", repr=False)
    cues: str | None = field(default="", repr=False)

    def fault(self, finding: Finding) -> Fault:
        loc = finding.loc
        key, file = key_text(loc, self.data), self.files.get(loc[:2], self.file)
        return Fault(file, line_of(self.lines, loc), key, finding.found, finding.expected, finding.hint)
