"""The widgets of a surface as nodes of a TouchOSC layout. Words lie over what is touched, and let touches through."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from installation.core.controls import Control
from installation.operator.rules import ARMED
from installation.operator.surface import Armed, Knob, Meter, Pad, Press, Widget
from installation.operator.tosc import (
    CENTRE,
    LEFT,
    RIGHT,
    Box,
    Colour,
    Node,
    Property,
    constant,
    local,
    osc,
    value,
)

STEPS = 40
"""Up to so many whole numbers are marked on a fader."""

INK, FAINT = Colour(0.86, 0.83, 0.78), Colour(0.62, 0.6, 0.56)
GROUND, PAGE, LAMP_OFF = Colour(0.03, 0.03, 0.035), Colour(0.07, 0.07, 0.075), Colour(0.0, 0.0, 0.0, 0.0)
DIM = 0.4
"""How bright a tab or a button is that is not chosen."""

EDGE: Mapping[str, Property] = {"outline": True, "outlineStyle": 0}
"""Round whatever can be touched."""

HANDS_OFF = "function onReceiveOSC() return self.values.touch end"
"""While a finger is on a knob, values from the show are ignored."""

ARM, FIRE = "arm", "fire"
"""The names of the two buttons of a switch in two steps."""

ARMING = f"""\
local since, was, dark = 0, 0, 0
function update()
  local arm, fire = self.children.{ARM}, self.children.{FIRE}
  if arm.values.x == 1 and was == 0 then since = getMillis() end
  local over = getMillis() - since > {round(ARMED * 1000)} or fire.values.x ~= dark
  if arm.values.x == 1 and over then arm.values.x = 0 end
  was, dark = arm.values.x, fire.values.x
  fire.interactive = was == 1 or dark == 1
end"""
"""Lua: the second button can be pressed for some seconds after the first, and whenever it is on."""


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes in points: of a widget's words, of what they do (0: left out), of texts in them, and between widgets."""

    name: int
    doc: int
    text: int
    gap: int
    least: int
    """What a finger hits is at least so high."""
    tallest: int


def widget(one: Widget, box: Box, colour: Colour, style: Style, scope: str) -> Iterator[Node]:
    """The nodes of a widget that fill ``box``."""
    match one:
        case Press():
            yield from press(one, box, style, scope)
        case Meter():
            yield from _meter(one, box, colour, style, scope)
        case Pad():
            yield from _pad(one, box, colour, style, scope)
        case Knob():
            yield from knob(one, box, colour, style, scope)


# ---------------------------------------------------------------- knobs


def knob(one: Knob, box: Box, colour: Colour, style: Style, scope: str) -> Iterator[Node]:
    """A fader, a switch or a choice with its name, what it does, its value and who has it."""
    control = one.control
    if control.type == "bool":
        yield _switch(control, box, colour, scope)
        yield text(one.caption, box, style.text, INK, scope)
        return
    head = _head(one.caption, one.doc, box, style, scope)
    body = Box(box.x, box.y + style.name + style.doc, box.w, box.h - style.name - style.doc)
    quarter = box.w // 4
    hand = Box(box.x + box.w - 2 * quarter, box.y, quarter, style.name)
    yield from head
    yield label(one.hand, "", hand, style.text * 3 // 4, FAINT, scope)
    if control.type == "choice":
        yield _radio(control, body, colour, scope)
        yield from _choices(control, body, scope)
        return
    where = Box(box.x + box.w - quarter, box.y, quarter, style.name)
    shown = label(control.address, f"{control.default:g}", where, style.text, INK, scope)
    yield shown
    yield _fader(control, body, colour, shown, scope)


def _head(caption: str, doc: str, box: Box, style: Style, scope: str) -> Iterator[Node]:
    """A widget's name, and under it what it does where there is room."""
    yield text(caption, Box(box.x, box.y, box.w // 2, style.name), style.text, INK, scope, LEFT)
    if doc and style.doc:
        below = Box(box.x, box.y + style.name, box.w, style.doc)
        yield text(doc, below, style.text * 3 // 4, FAINT, f"{scope}/{caption}", LEFT)


def _fader(control: Control, box: Box, colour: Colour, shown: Node, scope: str) -> Node:
    """Sends its control's own range; ``shown`` follows the finger on the tablet, and the show besides."""
    conversion = "INTEGER" if control.type == "int" else "FLOAT"
    node = Node("FADER", control.address, box, colour, {**EDGE, "script": HANDS_OFF}, {"x": _at(control)}, scope=scope)
    if control.type == "int" and control.high - control.low <= STEPS:
        node.properties |= {"grid": True, "gridSteps": int(control.high - control.low) + 1}
    node.messages = [
        osc(control.address, value("x", control.low, control.high, conversion)),
        local(shown, control.low, control.high, conversion),
    ]
    return node


def _at(control: Control) -> float:
    """Where its default lies in its range, 0..1."""
    span = control.high - control.low
    return (control.default - control.low) / span if span else 0.0


def _switch(control: Control, box: Box, colour: Colour, scope: str) -> Node:
    """Stays, sends both states, and shows the show's."""
    properties = {**EDGE, "buttonType": 2}
    message = osc(control.address, value())
    return Node("BUTTON", control.address, box, colour, properties, {"x": control.default}, [message], scope=scope)


def _radio(control: Control, box: Box, colour: Colour, scope: str) -> Node:
    properties = {**EDGE, "script": HANDS_OFF, "steps": max(1, len(control.choices))}
    message = osc(control.address, value("x", 0.0, 1.0, "INTEGER"))
    values: dict[str, float | str] = {"x": int(control.default)}
    return Node("RADIO", control.address, box, colour, properties, values, [message], scope=scope)


def _choices(control: Control, box: Box, scope: str) -> Iterator[Node]:
    """The name of each choice over its step."""
    count = len(control.choices)
    for index, choice in enumerate(control.choices):
        start, end = box.w * index // count, box.w * (index + 1) // count
        place = Box(box.x + start, box.y, end - start, box.h)
        yield text(choice, place, 16 if count <= 8 else 12, INK, f"{scope}/{control.address}/{index}")


def _pad(one: Pad, box: Box, colour: Colour, style: Style, scope: str) -> Iterator[Node]:
    """Both controls, each at its own address: neither has to share a message with the other."""
    yield text(one.caption, Box(box.x, box.y, box.w, style.name), style.text, INK, scope, LEFT)
    body = Box(box.x, box.y + style.name, box.w, box.h - style.name)
    node = Node("XY", one.x.address, body, colour, {**EDGE, "script": HANDS_OFF}, scope=scope)
    node.values = {"x": _at(one.x), "y": _at(one.y)}
    node.messages = [
        osc(control.address, value(key, control.low, control.high), on=key)
        for key, control in (("x", one.x), ("y", one.y))
    ]
    yield node


# ---------------------------------------------------------------- buttons


def press(one: Press, box: Box, style: Style, scope: str) -> Iterator[Node]:
    """A pulse, or a number to an address. Where it has a lamp, that is a node of its own below, which only listens."""
    colour, name = Colour(*one.colour), f"{one.address} {one.value}"
    if one.lamp:
        lit = osc(one.lamp, value(), send=False)
        off: dict[str, Property] = {"interactive": False}
        yield Node("BUTTON", one.lamp, box, colour, off, {"x": 0.0}, [lit], scope=scope)
    face = LAMP_OFF if one.lamp else colour
    message = osc(one.address, constant(str(one.value), "INTEGER"), when="RISE", hear=False)
    yield Node("BUTTON", name, box, face, {**EDGE, "buttonType": 0}, {"x": 0.0}, [message], scope=scope)
    yield text(one.caption, box, style.text, INK, f"{scope}/{name}")


def armed(one: Armed, box: Box, style: Style, scope: str) -> Node:
    """Two buttons side by side, whose group's script lets the second be pressed after the first."""
    red, half = Colour(0.72, 0.32, 0.28), (box.w - style.gap) // 2
    first, second = Box(0, 0, half, box.h), Box(half + style.gap, 0, box.w - half - style.gap, box.h)
    fire = _switch(one.control, second, red, scope)
    fire.name = FIRE
    fire.properties["interactive"] = False
    arm = Node("BUTTON", ARM, first, red.times(DIM), {**EDGE, "buttonType": 2}, {"x": 0.0}, scope=scope)
    arm.messages = [osc(one.arm.address, value())] if one.arm else []
    group = Node("GROUP", one.caption, box, PAGE, {"script": ARMING}, scope=scope)
    group.children = [
        arm,
        text(f"arm {one.caption}", first, style.text, INK, scope),
        fire,
        text(one.caption, second, style.text, INK, scope),
    ]
    return group


# ---------------------------------------------------------------- what is only shown


def _meter(one: Meter, box: Box, colour: Colour, style: Style, scope: str) -> Iterator[Node]:
    """A bar that nobody can move, with its number."""
    told = one.readout
    yield text(one.caption, Box(box.x, box.y, box.w * 2 // 3, style.name), style.text, INK, scope, LEFT)
    where = Box(box.x + box.w * 2 // 3, box.y, box.w - box.w * 2 // 3, style.name)
    yield label(one.count or told.address, "0", where, style.text, INK, scope)
    bar = Box(box.x, box.y + style.name, box.w, min(style.least, box.h - style.name))
    message = osc(told.address, value("x", told.low, told.high), send=False)
    shown: dict[str, Property] = {"interactive": False, "cursor": False}
    yield Node("FADER", told.address, bar, colour, shown, {"x": 0.0}, [message], scope=scope)


def label(address: str, first: str, box: Box, size: int, colour: Colour, scope: str, align: int = RIGHT) -> Node:
    """Shows what the show sends to an address: a text, or five characters of a number."""
    properties: dict[str, Property] = {"textSize": size, "textColor": colour, "textAlignH": align}
    properties["textLength"] = 5 if first else 0
    node = Node("LABEL", address, box, GROUND, properties, {"text": first}, scope=scope)
    node.messages = [osc(address, value("text", 0.0, 1.0, "STRING"), on="text", send=False)]
    return node


def text(said: str, box: Box, size: int, colour: Colour, scope: str, align: int = CENTRE) -> Node:
    """Words that stay; no two of a page say the same."""
    looks: dict[str, Property] = {"textAlignH": align, "textColor": colour, "textSize": size}
    return Node("TEXT", said, box, GROUND, looks, {"text": said}, scope=scope)
