"""The address space as the OSCQuery proposal describes it (github.com/Vidvox/OSCQueryProposal): a tree of JSON objects.
Pure.

A switch is an ``i`` of 0 or 1, as the proposal has no JSON for T and F; a choice is an ``s``, a pulse an ``I``. What
else a method takes stands under OVERLOADS.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from installation.core.osc_build import Said, message
from installation.web.oscquery.messages import Knob

ATTRIBUTES = (
    "ACCESS",
    "CLIPMODE",
    "CRITICAL",
    "DESCRIPTION",
    "EXTENDED_TYPE",
    "OVERLOADS",
    "RANGE",
    "TAGS",
    "UNIT",
    "VALUE",
)
"""The optional attributes that are served."""

REQUIRED = ("CONTENTS", "FULL_PATH", "TYPE")
COMMANDS = ("LISTEN", "PATH_ADDED", "PATH_CHANGED", "PATH_REMOVED")
"""The commands of the WebSocket that are known or sent; LISTEN implies IGNORE."""

UNSERVED = ("HTML",)
"""Attributes of the proposal that are not served."""

TYPES = {"bool": "i", "choice": "s", "count": "i", "float": "f", "int": "i", "pair": "ff", "pulse": "I", "text": "s"}
READ_ONLY = ("text", "count")
UNITS = {"s": "time.second"}
"""Units that the proposal has a word for."""

READ, WRITE = 1, 2
Node = dict[str, Any]


def host_info(title: str, osc_port: int) -> Node:
    """What HOST_INFO is answered with. Address and port of the WebSocket are those of the request."""
    extensions = dict.fromkeys((*ATTRIBUTES, *COMMANDS), True) | dict.fromkeys(UNSERVED, False)
    return {"NAME": title, "EXTENSIONS": extensions, "OSC_PORT": osc_port, "OSC_TRANSPORT": "UDP"}


def node(path: str, knobs: Mapping[str, Knob], values: Mapping[str, Said]) -> Node | None:
    """What stands at a path, with all below it; None where nothing does."""
    below = {address: knob for address, knob in knobs.items() if address.startswith(path.rstrip("/") + "/")}
    own = knobs.get(path)
    if own is None and not below and path != "/":
        return None
    described = _method(own, values) if own else {"FULL_PATH": path, "ACCESS": 0, "DESCRIPTION": _about(path)}
    if below or own is None:
        described["CONTENTS"] = _contents(path, below, values)
    return described


def attributes(described: Node, names: Iterable[str]) -> Node:
    """Those attributes of a node that it has."""
    return {name: described[name] for name in names if name in described}


def readable(described: Node) -> bool:
    return bool(described["ACCESS"] & READ)


def osc(knob: Knob, said: Said) -> bytes:
    """The OSC message with a value, of the type that the node says."""
    return message(knob.address, _value(knob, said)[0] if knob.type != "pair" else said)


def common_path(paths: Iterable[str]) -> str:
    """The path of the lowest node that holds all of these nodes."""
    shared: list[str] | None = None
    for path in paths:
        parts = path.split("/")[1:-1]
        shared = parts if shared is None else [one for one, other in zip(shared, parts, strict=False) if one == other]
    return "/" + "/".join(shared or [])


def _contents(path: str, below: Mapping[str, Knob], values: Mapping[str, Said]) -> dict[str, Node]:
    start = len(path.rstrip("/")) + 1
    names = dict.fromkeys(address[start:].partition("/")[0] for address in below)
    nodes = {name: node(f"{path.rstrip('/')}/{name}", below, values) for name in names}
    return {name: inner for name, inner in nodes.items() if inner is not None}


def _about(path: str) -> str:
    return "everything that can be moved or asked for" if path == "/" else f"all of {path}"


def _method(knob: Knob, values: Mapping[str, Said]) -> Node:
    access = READ if knob.type in READ_ONLY else WRITE if knob.type == "pulse" else READ | WRITE
    described: Node = {
        "FULL_PATH": knob.address,
        "TYPE": TYPES[knob.type],
        "ACCESS": access,
        "DESCRIPTION": knob.doc,
        "CRITICAL": knob.command,
        "TAGS": ["command" if knob.command else "state" if knob.type in READ_ONLY else "control"],
    }
    if access & READ and knob.address in values:
        described["VALUE"] = _value(knob, values[knob.address])
    return described | _range(knob) | _more(knob)


def _range(knob: Knob) -> Node:
    if knob.type == "choice":
        return {"RANGE": [{"VALS": list(knob.choices)}], "CLIPMODE": ["none"]}
    if knob.type == "bool":
        return {"RANGE": [{"MIN": 0, "MAX": 1, "VALS": [0, 1]}], "CLIPMODE": ["both"]}
    if knob.type not in ("float", "int", "pair"):
        return {}
    number = int if knob.type == "int" else float
    ends = [{"MIN": number(low), "MAX": number(high)} for low, high in zip(knob.low, knob.high, strict=True)]
    return {"RANGE": ends, "CLIPMODE": ["both"] * len(ends)}


def _more(knob: Knob) -> Node:
    described: Node = {"UNIT": [UNITS[knob.unit]]} if knob.unit in UNITS else {}
    if knob.type == "pair":
        described["EXTENDED_TYPE"] = ["position.cartesian.x", "position.cartesian.y"]
    overloads = {"float": "i", "int": "f", "bool": "TF", "choice": "i", "pulse": "iNT"}.get(knob.type, "")
    if overloads:
        described["OVERLOADS"] = [_overload(knob, tag) for tag in overloads]
    return described


def _overload(knob: Knob, tag: str) -> Node:
    told: Node = {"TYPE": tag, "FULL_PATH": knob.address}
    if knob.type == "choice":
        return told | {"RANGE": [{"MIN": 0, "MAX": max(0, len(knob.choices) - 1)}]}
    if knob.type in ("float", "int"):
        return told | _range(knob)
    return told


def _value(knob: Knob, said: Said) -> list[Any]:
    if isinstance(said, tuple | list):
        return list(said)
    if isinstance(said, str):
        return [said]
    if knob.type == "choice":
        return [knob.choices[min(max(0, round(said)), len(knob.choices) - 1)]] if knob.choices else [""]
    return [float(said) if knob.type == "float" else round(said)]
