"""A TouchOSC layout for a show, written from its control table: a page for each room, a knob for each control.

The format is that of TouchOSC 1.x: zlib over one line of XML, version 6, one GROUP at the root. Ids are made from the
addresses, so the same show gives the same bytes.
"""

import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from installation.controls import Control

WIDTH, HEIGHT = 1024, 768
TAB = 48
GAP = 16
ROWS = (60, 132)
"""Least and greatest height of a knob with its caption."""
COLUMNS = 2

INK = (0.92, 0.9, 0.86)
GROUND = (0.07, 0.07, 0.08)
PAGE = (0.11, 0.11, 0.12)
COLOURS = {
    "show": (0.86, 0.62, 0.25),
    "stage": (0.75, 0.3, 0.25),
    "walk": (0.3, 0.6, 0.55),
    "generator": (0.35, 0.5, 0.8),
}
OTHER = (0.6, 0.6, 0.6)

Rgb = tuple[float, float, float]
Box = tuple[int, int, int, int]

# Feedback while a finger is on a knob would fight it.
HANDS_OFF = "function onReceiveOSC(message, connections)\n  return self.values.touch\nend"


@dataclass(slots=True)
class Node:
    """One control of the layout: its kind, properties (type letter, value), values (key, default) and messages."""

    kind: str
    name: str
    box: Box
    colour: Rgb = INK
    properties: dict[str, tuple[str, object]] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    children: list["Node"] = field(default_factory=list)


def layout(controls: Mapping[str, Control], title: str) -> bytes:
    """The ``.tosc`` file: one page for each first part of the addresses, and what hangs now above them."""
    rooms: dict[str, list[Control]] = {}
    for control in controls.values():
        rooms.setdefault(control.address.split("/")[1], []).append(control)
    head = _label("now", "/show/now", title, (GAP, 6, WIDTH - 2 * GAP, 36), 22)
    pages = Node("PAGER", "pages", (0, TAB, WIDTH, HEIGHT - TAB), GROUND, values={"page": 0})
    pages.properties |= {"tabbarSize": ("i", TAB), "tabbar": ("b", 1)}
    pages.children = [_page(name, rooms[name]) for name in sorted(rooms, key=_order)]
    root = Node("GROUP", title, (0, 0, WIDTH, HEIGHT), GROUND, children=[head, pages])
    xml = f"<?xml version='1.0' encoding='UTF-8'?><lexml version='6'>{_xml(root, '/')}</lexml>"
    return zlib.compress(xml.encode(), 9)


def _order(room: str) -> tuple[int, str]:
    """The show first, then the stage, the walk, the generator; others after them."""
    known = list(COLOURS)
    return (known.index(room) if room in known else len(known), room)


def _page(name: str, controls: list[Control]) -> Node:
    page = Node("GROUP", name, (0, TAB, WIDTH, HEIGHT - 2 * TAB), PAGE)
    page.properties |= {"tabLabel": ("s", name.capitalize()), "tabColorOn": ("c", COLOURS.get(name, OTHER))}
    wide = (WIDTH - GAP * (COLUMNS + 1)) // COLUMNS
    per_column = max(1, -(-len(controls) // COLUMNS))
    high = min(ROWS[1], max(ROWS[0], (HEIGHT - 2 * TAB - GAP) // per_column - GAP))
    for number, control in enumerate(controls):
        column, row = divmod(number, per_column)
        box = (GAP + column * (wide + GAP), GAP + row * (high + GAP), wide, high)
        page.children.extend(_knob(control, box, COLOURS.get(name, OTHER)))
    return page


def _knob(control: Control, box: Box, colour: Rgb) -> Iterator[Node]:
    """A control with its caption above it, and its value where it has one."""
    left, top, wide, high = box
    caption = control.address.partition("/")[2] + (f" ({control.unit})" if control.unit else "")
    yield _text(f"{control.address} caption", caption, (left, top, wide * 3 // 4, 26))
    body = (left, top + 28, wide, high - 28)
    if control.type in ("bool", "pulse"):
        yield _button(control, body, colour)
    elif control.type == "choice":
        yield _radio(control, body, colour)
        steps = max(len(control.choices), 1)
        for index, choice in enumerate(control.choices):
            yield _text(
                f"{control.address} {choice}",
                choice,
                (left + index * wide // steps, top + 28, wide // steps, high - 28),
            )
    else:
        yield _label(f"{control.address} value", control.address, "", (left + wide * 3 // 4, top, wide // 4, 26), 14)
        yield _fader(control, body, colour)


def _fader(control: Control, box: Box, colour: Rgb) -> Node:
    span = control.high - control.low
    at = (control.default - control.low) / span if span else 0.0
    node = Node("FADER", control.address, box, colour, values={"x": at, "touch": False})
    node.properties |= {"orientation": ("i", 1), "script": ("s", HANDS_OFF), "grid": ("b", control.type == "int")}
    if control.type == "int":
        node.properties["gridSteps"] = ("i", int(span) + 1)
    node.messages.append(_message(control.address, "ANY", _value("x", control.low, control.high)))
    return node


def _button(control: Control, box: Box, colour: Rgb) -> Node:
    """A pulse is sent when the button goes down; a switch stays, and sends both ways."""
    press = control.type == "pulse"
    node = Node("BUTTON", control.address, box, colour, values={"x": control.default, "touch": False})
    node.properties["buttonType"] = ("i", 0 if press else 1)
    said = _constant("1") if press else _value("x", 0, 1)
    node.messages.append(_message(control.address, "RISE" if press else "ANY", said))
    return node


def _radio(control: Control, box: Box, colour: Rgb) -> Node:
    node = Node("RADIO", control.address, box, colour, values={"x": int(control.default), "touch": False})
    node.properties |= {"steps": ("i", max(len(control.choices), 1)), "orientation": ("i", 1)}
    node.messages.append(_message(control.address, "ANY", _value("x", 0, 1, "INTEGER")))
    return node


def _label(name: str, address: str, text: str, box: Box, size: int) -> Node:
    """Shows what comes in at ``address``."""
    node = Node("LABEL", name, box, INK, values={"text": text, "touch": False})
    node.properties |= _words(size)
    node.messages.append(_message(address, "ANY", _value("text", 0, 1, "STRING"), send=0))
    return node


def _text(name: str, text: str, box: Box) -> Node:
    """Words over or beside a knob, which has no caption of its own."""
    node = Node("TEXT", name, box, INK, values={"text": text, "touch": False})
    node.properties |= _words(16)
    return node


def _words(size: int) -> dict[str, tuple[str, object]]:
    """Bare text: no box around it, and fingers go through it."""
    bare = dict.fromkeys(("background", "outline", "interactive"), ("b", 0))
    return {"textSize": ("i", size), "textColor": ("c", INK), **bare}


# ---------------------------------------------------------------- XML


def _message(address: str, condition: str, argument: str, send: int = 1) -> str:
    trigger = "text" if not send else "x"
    return (
        f"<osc><enabled>1</enabled><send>{send}</send><receive>1</receive><feedback>0</feedback>"
        "<noDuplicates>0</noDuplicates><connections>0000000001</connections>"
        f"<triggers><trigger><var>{_cdata(trigger)}</var><condition>{condition}</condition></trigger></triggers>"
        f"<path>{_constant(address)}</path><arguments>{argument}</arguments></osc>"
    )


def _value(key: str, low: float, high: float, conversion: str = "FLOAT") -> str:
    return _partial("VALUE", conversion, key, low, high)


def _constant(text: str) -> str:
    return _partial("CONSTANT", "FLOAT" if text == "1" else "STRING", text, 0, 1)


def _partial(kind: str, conversion: str, value: str, low: float, high: float) -> str:
    return (
        f"<partial><type>{kind}</type><conversion>{conversion}</conversion><value>{_cdata(value)}</value>"
        f"<scaleMin>{low:g}</scaleMin><scaleMax>{high:g}</scaleMax></partial>"
    )


def _xml(node: Node, path: str) -> str:
    path = f"{path}/{node.name}"
    left, top, wide, high = node.box
    properties: dict[str, tuple[str, object]] = {
        "color": ("c", node.colour),
        "frame": ("r", f"<x>{left}</x><y>{top}</y><w>{wide}</w><h>{high}</h>"),
        "name": ("s", node.name),
        **node.properties,
    }
    return (
        f"<node ID='{uuid.uuid5(uuid.NAMESPACE_URL, path + node.kind)}' type='{node.kind}'>"
        f"<properties>{_each(_property(key, *properties[key]) for key in sorted(properties))}</properties>"
        f"<values>{_each(_default(key, value) for key, value in node.values.items())}</values>"
        f"<messages>{_each(node.messages)}</messages>"
        f"<children>{_each(_xml(child, path) for child in node.children)}</children></node>"
    )


def _each(parts: Iterable[str]) -> str:
    return "".join(parts)


def _property(key: str, kind: str, value: object) -> str:
    if isinstance(value, tuple):
        said = "".join(f"<{letter}>{part}</{letter}>" for letter, part in zip("rgba", (*value, 1), strict=True))
    elif kind == "r":
        said = str(value)
    elif kind == "s":
        said = _cdata(str(value))
    else:
        said = str(int(value))  # type: ignore[call-overload]
    return f"<property type='{kind}'><key>{_cdata(key)}</key><value>{said}</value></property>"


def _default(key: str, value: object) -> str:
    said = str(value).lower() if isinstance(value, bool) else escape(str(value))
    return (
        f"<value><key>{_cdata(key)}</key><locked>0</locked><lockedDefaultCurrent>0</lockedDefaultCurrent>"
        f"<default>{_cdata(said)}</default><defaultPull>0</defaultPull></value>"
    )


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']] >')}]]>"
