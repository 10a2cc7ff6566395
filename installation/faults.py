"""What is wrong with a table, in words for a person: where, what was found, what was expected, what was perhaps meant.

``validate`` is the one door through which anything of a show file becomes an object.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic.fields import FieldInfo

from installation import durations
from installation.errors import Fault, Refused, VernissageError, did_you_mean
from installation.toml_lines import Lines, Loc, line_of

SHOWN = 60
"""The most characters of a value that a message repeats."""

Model = TypeVar("Model", bound=BaseModel)
Details = Any
"""One of pydantic's error_details."""


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
    """Everything that pydantic refused, in our words. Of a union's branches, what the one that was meant has to say."""
    told: dict[Loc, list[Finding]] = {}
    kinds: dict[Loc, list[str]] = {}
    for details in error.errors(include_url=False):
        loc = _written(data, details)
        told.setdefault(loc, []).extend(_tell(model, loc, details))
        kinds.setdefault(loc, []).append(details["type"])
    return [finding for loc, several in told.items() for finding in _meant(several, kinds[loc])]


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


def _meant(several: list[Finding], kinds: list[str]) -> list[Finding]:
    """Where every branch of a union refused a value for its type, all that they expected; else what the others say."""
    if len(kinds) < 2:
        return several
    if len(several) > len(kinds) or {finding.loc for finding in several} != {several[0].loc}:
        return [finding for finding in several if len(finding.loc) > len(several[0].loc)] or several
    closer = [finding for finding, kind in zip(several, kinds, strict=False) if kind not in TYPES] or several
    expected = " or ".join(dict.fromkeys(finding.expected for finding in closer))
    return [replace(closer[0], expected=expected)]


def _tell(model: type[BaseModel], loc: Loc, details: Details) -> list[Finding]:
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, Unfit):
        return [finding.below(loc) for finding in cause.findings]
    found = shown(details["input"])
    if isinstance(cause, Refused):
        return [Finding(loc, cause.found or found, cause.expected, cause.hint)]
    if isinstance(cause, VernissageError):  # a whole message of its own, such as what is wrong with a model file
        return [Finding(loc, found, "one that can be used", str(cause))]
    if cause is not None:  # a ValueError of a part's own validator: its text says what it expected
        return [Finding(loc, found, str(cause).removeprefix("expected "))]
    if details["type"] == "missing":
        return [Finding(loc, "nothing", _describe(field_at(model, loc)))]
    if details["type"] == "extra_forbidden":
        return [_unknown(loc, names(_model_at(model, loc[:-1])))]
    expected, hint = _expected(field_at(model, loc), details)
    return [Finding(loc, found, expected, hint)]


def _unknown(loc: Loc, known: Iterable[str]) -> Finding:
    known = tuple(known)
    expected = f"one of {', '.join(known)}" if known else "no key here"
    return Finding(loc, "an unknown key", expected, did_you_mean(str(loc[-1]), known))


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
        limits: list[Any] = []
        for extra in extras:
            limits.extend(extra.metadata if isinstance(extra, FieldInfo) else [extra])
        return [replace(branch, limits=(*branch.limits, *limits)) for branch in _branches(inner)]
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
    "int_from_float": "a whole number",
}
"""The errors that say: this is another type."""
NUMBERS = {float: "a number", int: "a whole number"}
ONE_SIDED = {
    "greater_than_equal": ("ge", "{} or more"),
    "greater_than": ("gt", "more than {}"),
    "less_than_equal": ("le", "{} or less"),
    "less_than": ("lt", "less than {}"),
}


def _expected(field: Declared, details: Details) -> tuple[str, str]:
    """What a value should have been, and what was perhaps meant, for every error that options of ours can give."""
    kind, limits = details["type"], details.get("ctx", {})
    if kind == "literal_error" or kind == "enum":
        known = _choices(field, limits)
        return _either(known), did_you_mean(details["input"], known) if isinstance(details["input"], str) else ""
    if kind in ONE_SIDED or kind == "finite_number" or (kind in TYPES and "number" in TYPES[kind]):
        return _number(field, kind, limits), ""
    if kind in ("too_short", "too_long", "string_too_short", "string_too_long"):
        return _sized(kind, limits), ""
    if kind in TYPES:
        return TYPES[kind], ""
    if kind == "string_pattern_mismatch":
        return field.description or f"text that matches {limits.get('pattern')}", ""
    return re.sub(r"^(Input|Value) should be ", "", details["msg"]), ""


def _choices(field: Declared, limits: Mapping[str, Any]) -> list[str]:
    for branch in _branches(field.type):
        if get_origin(branch.type) is Literal:
            return [str(choice) for choice in get_args(branch.type)]
    return re.findall(r"'([^']*)'", str(limits.get("expected")))


def _number(field: Declared, kind: str, limits: Mapping[str, Any]) -> str:
    """``a whole number from 32 to 1024``: the noun from the type, the range from all that limits it."""
    branches = [branch for branch in _branches(field.type) if branch.type in NUMBERS]
    types = {branch.type for branch in branches}
    noun = TYPES.get(kind) or NUMBERS[int if types == {int} else float]
    every = Declared(None, (*(limit for branch in branches for limit in branch.limits), *field.limits))
    if every.is_time:
        noun = "a time"
    span = _range(every, durations.spoken if every.is_time else "{:g}".format)
    if not span and kind in ONE_SIDED:
        name, words = ONE_SIDED[kind]
        span = words.format(limits[name])
    return f"{noun} {span}".strip() if span or not every.is_time else durations.EXPECTED


def _range(field: Declared, spell: Any) -> str:
    low = next((limit for limit in field.limits if isinstance(limit, Ge | Gt)), None)
    high = next((limit for limit in field.limits if isinstance(limit, Le | Lt)), None)
    above = "" if low is None else f"more than {spell(low.gt)}" if isinstance(low, Gt) else f"from {spell(low.ge)}"
    below = "" if high is None else f"less than {spell(high.lt)}" if isinstance(high, Lt) else f"to {spell(high.le)}"
    if low is not None and high is None and isinstance(low, Ge):
        return f"of at least {spell(low.ge)}"
    if isinstance(low, Gt) and isinstance(high, Le):
        return f"{above}, up to {spell(high.le)}"
    if low is None and isinstance(high, Le):
        return f"up to {spell(high.le)}"
    return f"{above} {below}".strip()


def _sized(kind: str, limits: Mapping[str, Any]) -> str:
    what = "characters" if kind.startswith("string") else "values"
    if kind.endswith("short"):
        least = limits["min_length"]
        return f"text of at least {least} {what}" if what == "characters" else f"{least} {what} or more"
    return f"no more than {limits['max_length']} {what}"


def _describe(field: Declared) -> str:
    """What a key that is missing should say."""
    if field.description:
        return field.description
    branches = _branches(field.type)
    for branch in branches:
        if branch.type in NUMBERS:
            return _number(field, "", {})
        if get_origin(branch.type) is Literal:
            return _either([str(choice) for choice in get_args(branch.type)])
        if branch.type is str:
            return TYPES["string_type"]
    return "a value, as it has no default"


def _either(choices: list[str]) -> str:
    """``"a", "b" or "c"``."""
    quoted = [f'"{choice}"' for choice in choices]
    return " or ".join(filter(None, (", ".join(quoted[:-1]), *quoted[-1:])))


def shown(value: object) -> str:
    """A value as the file has it, cut where it is long."""
    if isinstance(value, dict):
        return "a table" if value else "an empty table"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 4]} ..."


def key_text(loc: Loc, root: object = None) -> str:
    """The way as people read it: ``piece[1] "sitters".generator.psi``. What is in a list counts from 1."""
    text, here = "", root
    for key in loc:
        here = _child(here, key)
        if isinstance(key, int):
            text += f"[{key + 1}]"
            name = here.get("name") if isinstance(here, dict) else None
            text += f" {shown(name)}" if isinstance(name, str) else ""
        else:
            bare = re.fullmatch(r"[\w-]+", key, re.ASCII)
            text += "." * bool(text) + (key if bare else shown(key))
    return text


def _child(value: object, key: str | int) -> object:
    if isinstance(value, dict):
        return value.get(key)
    return value[key] if isinstance(value, list) and isinstance(key, int) and key < len(value) else None


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: it knows where each finding stands."""

    file: str
    data: Mapping[str, Any]
    lines: Lines

    def fault(self, finding: Finding) -> Fault:
        loc = finding.loc
        key = key_text(loc, self.data)
        return Fault(self.file, line_of(self.lines, loc), key, finding.found, finding.expected, finding.hint)
