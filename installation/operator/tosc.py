"""TouchOSC's file format (1.1 and later): zlib over one line of XML, version 6, a GROUP at the root.

A file lists every property of a node in alphabetical order, so KINDS holds the default properties of each kind.
"""

import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Colour(NamedTuple):
    """Parts from 0 to 1."""

    r: float
    g: float
    b: float
    a: float = 1.0

    def times(self, by: float) -> "Colour":
        """Darker by this much, as opaque as before."""
        return Colour(round(self.r * by, 3), round(self.g * by, 3), round(self.b * by, 3), self.a)


class Box(NamedTuple):
    """Left, top, width and height in points, from the corner of the node that it lies in."""

    x: int
    y: int
    w: int
    h: int


Property = bool | int | float | str | Colour | Box

LEFT, CENTRE, RIGHT = 1, 2, 3
"""textAlignH."""

EAST = 1
"""orientation: from left to right."""

EVERY: dict[str, Property] = {
    "background": True,
    "cornerRadius": 4.0,
    "grabFocus": True,
    "interactive": True,
    "locked": False,
    "orientation": 0,
    "outline": False,
    "outlineStyle": 0,
    "pointerPriority": 0,
    "shape": 1,
    "visible": True,
}
WORDS: dict[str, Property] = {
    "background": False,
    "font": 0,
    "interactive": False,
    "textAlignH": CENTRE,
    "textAlignV": 2,
    "textClip": True,
    "textColor": Colour(1.0, 1.0, 1.0),
    "textSize": 16,
}
KINDS: dict[str, dict[str, Property]] = {
    "BUTTON": {"buttonType": 0, "press": True, "release": True, "valuePosition": False},
    "FADER": {
        "bar": True,
        "barDisplay": 0,
        "cursor": True,
        "cursorDisplay": 0,
        "grid": False,
        "gridColor": Colour(0.0, 0.0, 0.0, 0.4),
        "gridSteps": 10,
        "orientation": EAST,
        "response": 0,
        "responseFactor": 100,
    },
    "GROUP": {"cornerRadius": 0.0, "grabFocus": False, "interactive": False},
    "LABEL": {**WORDS, "textLength": 0},
    "BOX": {"interactive": False},
    "PAGER": {
        "cornerRadius": 0.0,
        "grabFocus": False,
        "tabLabels": True,
        "tabbar": True,
        "tabbarDoubleTap": False,
        "tabbarSize": 40,
        "textSizeOff": 18,
        "textSizeOn": 18,
    },
    "RADIO": {"orientation": EAST, "radioType": 0, "steps": 2},
    "TEXT": {**WORDS, "textWrap": True},
    "XY": {
        "cursor": True,
        "cursorDisplay": 0,
        "gridColor": Colour(0.0, 0.0, 0.0, 0.4),
        "gridStepsX": 10,
        "gridStepsY": 10,
        "gridX": True,
        "gridY": True,
        "lines": True,
        "linesDisplay": 0,
        "lockX": False,
        "lockY": False,
        "response": 0,
        "responseFactor": 100,
    },
}


@dataclass(slots=True)
class Node:
    """One node: its kind, a name that no other of its kind in its ``scope`` has, where it lies, and what it holds.

    ``values`` are what it starts with (``x``, ``text``); each node has a ``touch`` besides.
    """

    kind: str
    name: str
    box: Box
    colour: Colour
    properties: dict[str, Property] = field(default_factory=dict)
    values: dict[str, float | str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    children: list["Node"] = field(default_factory=list)
    scope: str = ""

    @property
    def id(self) -> str:
        """Made from its name, so that the same layout is the same file."""
        name = f"vernissage:{self.kind}:{self.scope}:{self.name}".encode(errors="replace").decode()
        return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def packed(root: Node) -> bytes:
    """The file with this node, a GROUP, as its root."""
    xml = f"<?xml version='1.0' encoding='UTF-8'?><lexml version='6'>{_node(root)}</lexml>"
    return zlib.compress(xml.encode(), 9)


# ---------------------------------------------------------------- messages


def value(key: str = "x", low: float = 0.0, high: float = 1.0, conversion: str = "FLOAT") -> str:
    """An argument that is the node's own value, from 0..1 to ``low``..``high`` (of a RADIO: a step to their span)."""
    return _partial("VALUE", conversion, key, low, high)


def constant(text: str, conversion: str = "STRING") -> str:
    """An argument, or an address, that stays the same."""
    return _partial("CONSTANT", conversion, text)


def osc(address: str, argument: str, *, on: str = "x", when: str = "ANY", send: bool = True, hear: bool = True) -> str:
    """A message at an address: sent when the value ``on`` changes (``RISE``: grows), and received. Never sent on
    receiving.

    It goes by the first connection alone, so that a tablet of several shows steers one.
    """
    return (
        f"<osc><enabled>1</enabled><send>{send:d}</send><receive>{hear:d}</receive><feedback>0</feedback>"
        f"<noDuplicates>0</noDuplicates><connections>0000000001</connections>{_triggers(on, when)}"
        f"<path>{constant(address)}</path><arguments>{argument}</arguments></osc>"
    )


def local(to: Node, low: float, high: float, conversion: str) -> str:
    """Writes the node's x, from 0..1 to ``low``..``high``, into the text of another one on the same tablet."""
    return (
        f"<local><enabled>1</enabled>{_triggers('x', 'ANY')}<type>VALUE</type><conversion>{conversion}</conversion>"
        f"<value>{_words('x')}</value><scaleMin>{_number(low)}</scaleMin><scaleMax>{_number(high)}</scaleMax>"
        f"<dstType>VALUE</dstType><dstVar>{_words('text')}</dstVar><dstID>{_words(to.id)}</dstID></local>"
    )


def _triggers(on: str, when: str) -> str:
    return f"<triggers><trigger><var>{_words(on)}</var><condition>{when}</condition></trigger></triggers>"


def _partial(kind: str, conversion: str, text: str, low: float = 0.0, high: float = 1.0) -> str:
    return (
        f"<partial><type>{kind}</type><conversion>{conversion}</conversion><value>{_words(text)}</value>"
        f"<scaleMin>{_number(low)}</scaleMin><scaleMax>{_number(high)}</scaleMax></partial>"
    )


# ---------------------------------------------------------------- XML


def _node(node: Node) -> str:
    properties = {
        **EVERY,
        **KINDS[node.kind],
        "color": node.colour,
        "frame": node.box,
        "name": node.name,
        **node.properties,
    }
    values = {**node.values, "touch": False}
    return (
        f"<node ID='{node.id}' type='{node.kind}'>"
        f"<properties>{_each(_property(key, properties[key]) for key in sorted(properties))}</properties>"
        f"<values>{_each(_value(key, first) for key, first in values.items())}</values>"
        f"<messages>{_each(node.messages)}</messages>"
        f"<children>{_each(map(_node, node.children))}</children></node>"
    )


def _each(parts: Iterable[str]) -> str:
    return "".join(parts)


def _property(key: str, is_: Property) -> str:
    kind, text = _typed(is_)
    return f"<property type='{kind}'><key>{_words(key)}</key><value>{text}</value></property>"


def _typed(is_: Property) -> tuple[str, str]:
    """The letter of a property's type, and how it is written."""
    match is_:
        case Box() | Colour():
            parts = zip(is_._fields, is_, strict=True)
            letter = "r" if isinstance(is_, Box) else "c"
            return letter, _each(f"<{part}>{_number(number)}</{part}>" for part, number in parts)
        case bool():
            return "b", f"{is_:d}"
        case int():
            return "i", str(is_)
        case float():
            return "f", _number(is_)
        case _:
            return "s", _words(is_)


def _value(key: str, first: float | str) -> str:
    said = first if isinstance(first, str) else str(first).lower() if isinstance(first, bool) else _number(first)
    return (
        f"<value><key>{_words(key)}</key><locked>0</locked><lockedDefaultCurrent>0</lockedDefaultCurrent>"
        f"<default>{_words(said)}</default><defaultPull>0</defaultPull></value>"
    )


def _number(number: float) -> str:
    return f"{number:.9g}"


def _words(text: str) -> str:
    """Text as it is; characters that XML forbids become spaces."""
    kept = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
    return f"<![CDATA[{kept.replace(']]>', ']]]]><![CDATA[>')}]]>"
