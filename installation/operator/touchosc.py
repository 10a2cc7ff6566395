"""A TouchOSC layout for a show, written from its control table: a page for each room, a knob for each control.

A knob's words are labels over it that let touches through. Colours are dim, for dark rooms.
"""

from collections.abc import Iterator, Mapping

from installation.core.controls import Control
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
    packed,
    value,
)

WIDTH, HEIGHT = 1024, 768
"""A tablet's screen in points; TouchOSC scales it to others."""

HEAD, TAB, GAP, TALLEST = 56, 52, 22, 160
"""Points: the title's height, the tabs', between knobs, and a knob with its words at most."""

NAME, DOC = 26, 20
"""Points: the heights of a knob's name and of what it does."""

ALONE, PAGEFUL = 3, 12
"""Up to so many knobs stand one under another; more in two columns, up to so many on a page."""

STEPS = 40
"""Up to so many whole numbers are marked on a fader."""

INK, FAINT = Colour(0.86, 0.83, 0.78), Colour(0.62, 0.6, 0.56)
GROUND, PAGE = Colour(0.03, 0.03, 0.035), Colour(0.07, 0.07, 0.075)
DIM = 0.4
"""How bright a tab is that is not chosen."""

ROOMS = {
    "show": Colour(0.8, 0.58, 0.25),
    "stage": Colour(0.72, 0.32, 0.28),
    "walk": Colour(0.3, 0.58, 0.5),
    "generator": Colour(0.36, 0.48, 0.74),
}
"""The first pages, in this order. The others follow, in OTHER."""

OTHER = Colour(0.52, 0.5, 0.48)

EDGE: Mapping[str, Property] = {"outline": True, "outlineStyle": 0}
"""Round whatever can be touched."""

HANDS_OFF = "function onReceiveOSC() return self.values.touch end"
"""While a finger is on a knob, values from the show are ignored."""


def layout(controls: Mapping[str, Control], title: str) -> bytes:
    """The ``.tosc`` file: pages by the first part of the addresses, and above them what hangs now."""
    rooms: dict[str, list[Control]] = {}
    for control in controls.values():
        rooms.setdefault(_room(control), []).append(control)
    pager = Node("PAGER", "pages", Box(0, HEAD, WIDTH, HEIGHT - HEAD), GROUND, {"tabbarSize": TAB}, {"page": 0})
    pager.children = [page for room in sorted(rooms, key=_order) for page in _pages(room, rooms[room])]
    head = [
        _text("title", title, Box(GAP, 0, WIDTH // 2 - GAP, HEAD), 20, FAINT, LEFT),
        _label("/show/now", "", Box(WIDTH // 2, 0, WIDTH // 2 - GAP, HEAD), 20),
    ]
    return packed(Node("GROUP", "/", Box(0, 0, WIDTH, HEIGHT), GROUND, children=[*head, pager]))


def _room(control: Control) -> str:
    return control.address.split("/")[1]


def _name(control: Control) -> str:
    """``direction 1`` of ``/generator/direction/1``."""
    return " ".join(control.address.split("/")[2:]) or _room(control)


def _order(room: str) -> tuple[int, str]:
    return (list(ROOMS).index(room) if room in ROOMS else len(ROOMS), room)


def _pages(room: str, controls: list[Control]) -> Iterator[Node]:
    """One page, or as many as the room needs."""
    colour = ROOMS.get(room, OTHER)
    for number, start in enumerate(range(0, len(controls), PAGEFUL), 1):
        name = room if number == 1 else f"{room} {number}"
        page = Node("GROUP", name, Box(0, TAB, WIDTH, HEIGHT - HEAD - TAB), PAGE)
        page.properties = {
            "tabColorOff": colour.times(DIM),
            "tabColorOn": colour,
            "tabLabel": name.capitalize(),
            "textColorOff": INK,
            "textColorOn": Colour(0.0, 0.0, 0.0),
        }
        shown = controls[start : start + PAGEFUL]
        for control, box in zip(shown, _boxes(len(shown)), strict=True):
            page.children.extend(_knob(control, box, colour))
        yield page


def _boxes(count: int) -> Iterator[Box]:
    """Where each of so many knobs lies on a page: one column or two, filled downwards."""
    columns = 1 if count <= ALONE else 2
    rows = -(-count // columns)
    wide = (WIDTH - GAP * (columns + 1)) // columns
    high = min(TALLEST, (HEIGHT - HEAD - TAB - GAP) // rows - GAP)
    for number in range(count):
        column, row = divmod(number, rows)
        yield Box(GAP + column * (wide + GAP), GAP + row * (high + GAP), wide, high)


def _knob(control: Control, box: Box, colour: Colour) -> Iterator[Node]:
    """A control with its words: over a button, above all else."""
    left, top, wide, high = box
    if control.type in ("bool", "pulse"):
        yield _button(control, box, colour)
        yield from _words(control, Box(left, top + (high - NAME - DOC) // 2, wide, NAME + DOC), CENTRE)
        return
    yield from _words(control, Box(left, top, wide, NAME + DOC), LEFT)
    body = Box(left, top + NAME + DOC, wide, high - NAME - DOC)
    if control.type == "choice":
        yield _radio(control, body, colour)
        yield from _choices(control, body)
    else:
        shown = _label(control.address, f"{control.default:g}", Box(left + wide * 4 // 5, top, wide // 5, NAME), 18)
        yield shown
        yield _fader(control, body, colour, shown)


def _words(control: Control, box: Box, align: int) -> Iterator[Node]:
    """A knob's name, and under it what it does."""
    unit = f" ({control.unit})" if control.unit else ""
    yield _text(f"{control.address} name", _name(control) + unit, box._replace(h=NAME), 18, INK, align)
    below = Box(box.x, box.y + NAME, box.w, DOC)
    yield _text(f"{control.address} doc", control.doc, below, 13, FAINT, align)


def _fader(control: Control, box: Box, colour: Colour, shown: Node) -> Node:
    """Sends its control's own range; ``shown`` follows the finger on the tablet, and the show besides."""
    span = control.high - control.low
    at = (control.default - control.low) / span if span else 0.0
    conversion = "INTEGER" if control.type == "int" else "FLOAT"
    node = Node("FADER", control.address, box, colour, {**EDGE, "script": HANDS_OFF}, {"x": at})
    if control.type == "int" and span <= STEPS:
        node.properties |= {"grid": True, "gridSteps": int(span) + 1}
    node.messages = [
        osc(control.address, value("x", control.low, control.high, conversion)),
        local(shown, control.low, control.high, conversion),
    ]
    return node


def _button(control: Control, box: Box, colour: Colour) -> Node:
    """A pulse is sent when the button goes down. A switch stays, sends both states, and shows the show's state."""
    if control.type == "pulse":
        message = osc(control.address, constant("1", "FLOAT"), when="RISE", hear=False)
        return Node("BUTTON", control.address, box, colour, {**EDGE, "buttonType": 0}, {"x": 0.0}, [message])
    message = osc(control.address, value())
    return Node("BUTTON", control.address, box, colour, {**EDGE, "buttonType": 2}, {"x": control.default}, [message])


def _radio(control: Control, box: Box, colour: Colour) -> Node:
    node = Node("RADIO", control.address, box, colour, {**EDGE, "script": HANDS_OFF}, {"x": int(control.default)})
    node.properties["steps"] = max(1, len(control.choices))
    node.messages = [osc(control.address, value("x", 0.0, 1.0, "INTEGER"))]
    return node


def _choices(control: Control, box: Box) -> Iterator[Node]:
    """The name of each choice over its step."""
    count = len(control.choices)
    for index, choice in enumerate(control.choices):
        start, end = box.w * index // count, box.w * (index + 1) // count
        cell = Box(box.x + start, box.y, end - start, box.h)
        yield _text(f"{control.address} {index}", choice, cell, 16 if count <= 8 else 12, INK)


def _label(address: str, text: str, box: Box, size: int) -> Node:
    """Shows what the show sends to an address: a text, or five characters of a number."""
    node = Node("LABEL", address, box, GROUND, {"textSize": size, "textColor": INK, "textAlignH": RIGHT})
    node.properties["textLength"] = 5 if text else 0
    node.values = {"text": text}
    node.messages = [osc(address, value("text", 0.0, 1.0, "STRING"), on="text", send=False)]
    return node


def _text(name: str, text: str, box: Box, size: int, colour: Colour, align: int = CENTRE) -> Node:
    looks: dict[str, Property] = {"textAlignH": align, "textColor": colour, "textSize": size}
    return Node("TEXT", name, box, GROUND, looks, {"text": text})
