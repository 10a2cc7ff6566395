"""A show's surface as a session of Open Stage Control (1.x): its JSON, with a tab for each page.

Widgets and their properties are those of its reference, https://openstagecontrol.ammd.net/docs/widgets/properties-reference/.
They send to the server's default target (``--send``). What pairs under one finger is two faders here.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from installation.core.controls import Control
from installation.core.readouts import LEFT, NOW, PROGRAMME, REFUSED
from installation.operator.poster_colour import Rgb
from installation.operator.surface import AMBER, GREY, RED, Armed, Desk, Knob, Meter, Pad, Page, Press, Surface, Widget

VERSION = "1.25.0"
"""Of the program that the properties are written for; later ones read them too."""

CELL = 90
"""Pixels: the height of a widget with its caption."""

Item = dict[str, Any]


def session(surface: Surface) -> str:
    """The session's file."""
    tabs = [_desk(surface), *(_tab(page) for page in (*surface.pieces, *surface.others))]
    root = {"type": "root", "id": "root", "comments": surface.stamp, "tabs": tabs}
    whole = {"createdWith": "Open Stage Control", "version": VERSION, "type": "session", "content": root}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _desk(surface: Surface) -> Item:
    """The show's tab: first what hangs, then what runs the night."""
    scope, desk = "show", surface.desk
    told = [
        _text(scope, "title", surface.title),
        *(_label(scope, address) for address in (NOW, LEFT, PROGRAMME, REFUSED)),
    ]
    return _page(scope, AMBER, [*told, *_run(desk, scope), _text(scope, "stamp", surface.stamp)])


def _run(desk: Desk, scope: str) -> Iterator[Item]:
    for widget in (*desk.cues, *desk.steer, *desk.pieces, *((desk.master,) if desk.master else ())):
        yield from _items(widget, scope, AMBER)
    if desk.blackout.arm:
        yield _switch(desk.blackout.arm, "arm", scope)
    yield _armed(desk.blackout, scope)
    for press in desk.let_go:
        yield from _items(press, scope, GREY)


def _tab(page: Page) -> Item:
    widgets = (item for one in (*page.top, *page.widgets) for item in _items(one, page.name, page.colour))
    return _page(page.name, page.colour, widgets)


def _page(name: str, colour: Rgb, widgets: Iterable[Item]) -> Item:
    """A tab that scrolls: its widgets in a grid of columns that are at least as wide as a thumb's way along a fader."""
    grid = "auto-flow / repeat(auto-fill, minmax(220rem, 1fr))"
    return {
        "type": "tab",
        "id": f"tab {name}",
        "label": name,
        "colorWidget": _hex(colour),
        "layout": "grid",
        "gridTemplate": grid,
        "scroll": True,
        "widgets": list(widgets),
    }


# ---------------------------------------------------------------- widgets


def _items(one: Widget, scope: str, colour: Rgb) -> Iterator[Item]:
    match one:
        case Press():
            yield _press(one, scope)
        case Meter():
            bar = {"type": "fader", **_fader(one.readout.low, one.readout.high), "interaction": False, "bypass": True}
            yield _captioned(one.caption, _at(bar, scope, one.readout.address), scope, one.count)
        case Pad():
            for axis, control in (("x", one.x), ("y", one.y)):
                yield from _items(Knob(control, f"{one.caption} {axis}"), scope, colour)
        case Knob():
            yield _knob(one, scope)


def _knob(one: Knob, scope: str) -> Item:
    control = one.control
    if control.type == "bool":
        return _switch(control, one.caption, scope)
    if control.type == "choice":
        values = {"values": {"labels": list(control.choices), "values": list(range(len(control.choices)))}}
        item: Item = {
            "type": "switch",
            "layout": "horizontal",
            **values,
            "typeTags": "i",
            "default": int(control.default),
        }
    else:
        item = {"type": "fader", **_fader(control.low, control.high), "default": control.default}
        if control.type == "int":
            item |= {"typeTags": "i", "decimals": 0, "steps": int(control.high - control.low) + 1}
    return _captioned(one.caption, _at(item, scope, control.address), scope, one.hand)


def _fader(low: float, high: float) -> Item:
    return {"horizontal": True, "design": "compact", "decimals": 4, "range": {"min": low, "max": high}}


def _press(one: Press, scope: str) -> Item:
    """A button; where a lamp lights it, a panel of the two."""
    button = {"type": "button", "mode": "tap", "label": one.caption, "on": one.value, "typeTags": "i"}
    item = {**_at(button, scope, one.address, f" {one.value}"), "colorWidget": _hex(one.colour), "height": CELL}
    if not one.lamp:
        return item
    led = _at({"type": "led", "range": {"min": 0, "max": 1}, "bypass": True}, scope, one.lamp)
    lit = {**led, "colorWidget": _hex(one.colour), "height": CELL // 6}
    return _panel(f"{scope} {one.caption}", [{**item, "height": "auto", "expand": True}, lit])


def _switch(control: Control, caption: str, scope: str) -> Item:
    item = {"type": "button", "mode": "toggle", "label": caption, "on": 1, "off": 0, "typeTags": "i", "height": CELL}
    return _at({**item, "default": int(control.default)}, scope, control.address)


def _armed(one: Armed, scope: str) -> Item:
    """Goes on and off with a double tap, so that no sleeve puts the light out."""
    return {**_switch(one.control, f"{one.caption}: tap twice", scope), "doubleTap": True, "colorWidget": _hex(RED)}


def _captioned(caption: str, item: Item, scope: str, told: str) -> Item:
    """An item below its caption, with a readout on the right where there is one."""
    head = [_text(scope, f"{item['id']} caption", caption), *([_label(scope, told)] if told else [])]
    line = {**_panel(f"{item['id']} head", head, "horizontal"), "height": CELL // 3}
    return _panel(f"{item['id']} panel", [line, {**item, "expand": True}])


def _panel(id_: str, widgets: list[Item], layout: str = "vertical") -> Item:
    return {
        "type": "panel",
        "id": id_,
        "layout": layout,
        "height": CELL,
        "innerPadding": False,
        "alphaStroke": 0,
        "scroll": False,
        "widgets": widgets,
    }


def _text(scope: str, id_: str, words: str) -> Item:
    """Words that stay."""
    return {"type": "text", "id": f"{scope} {id_}", "default": words, "bypass": True, "expand": True, "align": "left"}


def _label(scope: str, address: str) -> Item:
    """What the show tells at an address."""
    return _at({"type": "text", "bypass": True, "expand": True, "align": "right"}, scope, address)


def _at(item: Item, scope: str, address: str, suffix: str = "") -> Item:
    """An item at an OSC address; ids are unique, as items that share one are clones."""
    return {"id": f"{scope} {address}{suffix}", "address": address, **item}


def _hex(colour: Rgb) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)
