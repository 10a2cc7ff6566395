"""A TouchOSC layout of a show's surface, for a tablet or an upright phone: a pager whose first page runs the night."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from installation.core.readouts import LEFT as TIME_LEFT
from installation.core.readouts import NOW, PROGRAMME, REFUSED
from installation.operator.surface import AMBER, GREY, Desk, Knob, Meter, Page, Surface, Widget
from installation.operator.tosc import LEFT, Box, Colour, Node, Property, packed
from installation.operator.touchosc_nodes import DIM, FAINT, GROUND, INK, PAGE, Style, armed, knob, label, press, text
from installation.operator.touchosc_nodes import widget as nodes_of

Size = Literal["tablet", "phone"]


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen in points; TouchOSC scales a layout to fit. ``columns`` of widgets at most, ``tabs`` side by side."""

    width: int
    height: int
    head: int
    tab: int
    tab_text: int
    columns: int
    tabs: int
    style: Style


SCREENS: dict[Size, Screen] = {
    "tablet": Screen(1024, 768, 48, 52, 16, 3, 14, Style(name=24, doc=18, text=17, gap=16, least=48, tallest=170)),
    "phone": Screen(375, 667, 40, 44, 11, 2, 8, Style(name=18, doc=0, text=14, gap=8, least=44, tallest=110)),
}
"""The phone is the smallest that is sold, so that a knob of 44 points is at least so high on any other."""

ALONE = 4
"""Up to so many widgets stand one under another, up to twice as many in two columns, and so on."""

GO = 110
"""Points: how high the go button is at most."""

Child = tuple[str, Colour, Callable[[Box, str], Node]]
"""A tab: its name and colour, and what makes its page for a box and a scope."""


def layout(surface: Surface, size: Size = "tablet") -> bytes:
    """The ``.tosc`` file."""
    screen = SCREENS[size]
    gap, wide, head = screen.style.gap, screen.width, screen.head
    body = Box(0, head, wide, screen.height - head)
    top = [
        text(surface.title, Box(gap, 0, wide // 2 - gap, head), screen.style.text, FAINT, "/", LEFT),
        label(NOW, "", Box(wide // 2, 0, wide // 2 - gap, head), screen.style.text, INK, "/"),
    ]
    pages = _Pages(screen)
    pager = pages.pager("pages", pages.tabs(surface), body, "")
    return packed(Node("GROUP", "/", Box(0, 0, wide, screen.height), GROUND, children=[*top, pager]))


class _Pages:
    """Makes pagers, and the pages in them, for one screen."""

    def __init__(self, screen: Screen) -> None:
        self.screen, self.style = screen, screen.style

    def tabs(self, surface: Surface) -> list[Child]:
        """The show, the pieces, the others; pieces share one tab where not all would have room."""
        show: Child = ("show", Colour(*AMBER), lambda box, scope: self._desk(surface, box, scope))
        pieces = [self._page(page) for page in surface.pieces]
        others = [self._page(page) for page in surface.others]
        if 1 + len(pieces) + len(others) > self.screen.tabs and len(pieces) > 1:
            several = self._several("pieces", pieces)
            return [show, several, *others]
        return [show, *pieces, *others]

    def _several(self, name: str, children: Sequence[Child]) -> Child:
        """A tab with tabs in it: in rows of as many as have room."""

        def make(box: Box, scope: str) -> Node:
            page = Node("GROUP", name, box, PAGE, scope=scope)
            page.children = [self.pager(name, children, Box(0, 0, box.w, box.h), scope)]
            return page

        return (name, Colour(*GREY), make)

    def pager(self, name: str, children: Sequence[Child], box: Box, scope: str) -> Node:
        """A pager that fills ``box``; a row of tabs that would be too narrow is split into tabs of tabs."""
        tabs = self.screen.tabs
        if len(children) > tabs:
            share = -(-len(children) // -(-len(children) // tabs))
            groups = [children[start : start + share] for start in range(0, len(children), share)]
            children = [self._several(f"{group[0][0]} – {group[-1][0]}", group) for group in groups]
        tab, words = self.screen.tab, self.screen.tab_text
        properties: dict[str, Property] = {"tabbarSize": tab, "textSizeOff": words, "textSizeOn": words}
        pager = Node("PAGER", name, box, GROUND, properties, {"page": 0}, scope=scope)
        for label_, colour, make in children:
            page = make(Box(0, tab, box.w, box.h - tab), f"{scope}/{label_}")
            page.properties |= _tab(label_, colour)
            pager.children.append(page)
        return pager

    # ------------------------------------------------------------ the first page

    def _desk(self, surface: Surface, box: Box, scope: str) -> Node:
        """The show: the time left; go and back, next and hold; the pieces; the master; blackout, and letting go; why
        what was pressed last does not count."""
        style, desk = self.style, surface.desk
        page = Node("GROUP", "show", box, PAGE, scope=scope)
        rows = self._desk_rows(desk, box)
        page.children = [
            label(PROGRAMME, "", Box(style.gap, rows[0].y, box.w // 2, rows[0].h), style.text, FAINT, scope, LEFT),
            label(
                TIME_LEFT, "", Box(box.w * 3 // 4, rows[0].y, box.w // 4 - style.gap, rows[0].h), style.text, INK, scope
            ),
        ]
        for presses, row in ((desk.cues, rows[1]), (desk.steer, rows[2])):
            page.children += self._row(presses, row, Colour(*AMBER), scope)
        for piece, place in zip(desk.pieces, _grid(rows[3], len(desk.pieces), self._columns(desk), style), strict=True):
            page.children += press(piece, place, style, scope)
        if desk.master:
            page.children += knob(desk.master, rows[4], Colour(*AMBER), replace(style, doc=0), scope)
        page.children.append(armed(desk.blackout, rows[5], style, scope))
        page.children += self._row(desk.let_go, rows[6], Colour(*GREY), scope)
        page.children.append(label(REFUSED, "", rows[7], style.text, Colour(*AMBER), scope))
        page.children.append(text(surface.stamp, rows[8], style.text * 2 // 3, FAINT, scope))
        return page

    def _columns(self, desk: Desk) -> int:
        """Of the pieces' buttons: so many that they keep within four rows, while each is wide enough for a name."""
        return min(max(self.screen.columns, -(-len(desk.pieces) // 4)), self.screen.width // 110)

    def _desk_rows(self, desk: Desk, box: Box) -> list[Box]:
        """The page's rows from top to bottom; what room there is goes to go and back, and to the pieces."""
        style = self.style
        fixed = [
            style.name,
            0,
            style.least,
            0,
            style.name + style.least,
            style.least,
            style.least,
            style.name,
            style.name,
        ]
        spare = box.h - sum(fixed) - style.gap * (len(fixed) + 1)
        pieces = -(-len(desk.pieces) // self._columns(desk)) * (style.least + style.gap)
        fixed[1] = min(max(spare - pieces, style.least), GO) if desk.cues else 0
        fixed[3] = max(0, spare - fixed[1])
        rows, top = [], style.gap
        for high in fixed:
            rows.append(Box(style.gap, top, box.w - 2 * style.gap, high))
            top += high + style.gap
        return rows

    def _row(self, widgets: Sequence[Widget], row: Box, colour: Colour, scope: str) -> Iterator[Node]:
        """Widgets side by side."""
        for one, place in zip(widgets, _grid(row, len(widgets), max(1, len(widgets)), self.style), strict=True):
            yield from nodes_of(one, place, colour, self.style, scope)

    # ------------------------------------------------------------ the others

    def _page(self, page: Page) -> Child:
        """A page of widgets, or, where it cannot hold them all, a pager of such pages."""
        colour = Colour(*page.colour)

        def make(box: Box, scope: str) -> Node:
            return self._whole(page, box, scope)

        return (page.name, colour, make)

    def _whole(self, page: Page, box: Box, scope: str) -> Node:
        node = Node("GROUP", page.name, box, PAGE, scope=scope)
        style = self.style
        top = style.gap + style.least if page.top else 0
        node.children = [
            *self._row(page.top, Box(style.gap, style.gap, box.w - 2 * style.gap, style.least), INK, scope)
        ]
        room = Box(0, top, box.w, box.h - top)
        held, colour = self._held(page.widgets, room), Colour(*page.colour)
        if len(page.widgets) <= held:
            node.children += self._widgets(page.widgets, room, colour, scope)
            return node
        held = self._held(page.widgets, room._replace(h=room.h - self.screen.tab))
        sheets = -(-len(page.widgets) // held)
        held = -(-len(page.widgets) // sheets)
        parts = [page.widgets[start : start + held] for start in range(0, len(page.widgets), held)]
        children = [self._sheet(f"{at} / {sheets}", part, colour) for at, part in enumerate(parts, 1)]
        node.children.append(self.pager(page.name, children, room, scope))
        return node

    def _sheet(self, name: str, widgets: Sequence[Widget], colour: Colour) -> Child:
        def make(box: Box, scope: str) -> Node:
            node = Node("GROUP", name, box, PAGE, scope=scope)
            node.children = [*self._widgets(widgets, Box(0, 0, box.w, box.h), colour, scope)]
            return node

        return (name, colour, make)

    def _held(self, widgets: Sequence[Widget], room: Box) -> int:
        """How many widgets have room in it, in all columns."""
        style = self._style(widgets)
        return self.screen.columns * max(1, (room.h - style.gap) // (style.name + style.doc + style.least + style.gap))

    def _widgets(self, widgets: Sequence[Widget], room: Box, colour: Colour, scope: str) -> Iterator[Node]:
        columns = min(self.screen.columns, -(-len(widgets) // ALONE))
        style = self._style(widgets)
        inner = Box(style.gap, room.y + style.gap, room.w - 2 * style.gap, room.h - 2 * style.gap)
        for one, place in zip(widgets, _grid(inner, len(widgets), columns, style), strict=True):
            yield from nodes_of(one, place, colour, style, scope)

    def _style(self, widgets: Sequence[Widget]) -> Style:
        """Without room for what they do where none says it; lower where no finger has to hit them."""
        style = self.style
        if all(isinstance(one, Meter) for one in widgets):
            return replace(style, doc=0, least=style.least // 2, tallest=style.name + style.least)
        return style if any(isinstance(one, Knob) and one.doc for one in widgets) else replace(style, doc=0)


def _tab(name: str, colour: Colour) -> dict[str, Property]:
    return {
        "tabColorOff": colour.times(DIM),
        "tabColorOn": colour,
        "tabLabel": name,
        "textColorOff": INK,
        "textColorOn": Colour(0.0, 0.0, 0.0),
    }


def _grid(area: Box, count: int, columns: int, style: Style) -> Iterator[Box]:
    """Where each of so many lies in an area: in so many columns, row by row, none higher than the style's tallest."""
    if not count:
        return
    rows = -(-count // columns)
    wide = (area.w - style.gap * (columns - 1)) // columns
    high = min(style.tallest, (area.h - style.gap * (rows - 1)) // rows)
    for number in range(count):
        row, column = divmod(number, columns)
        yield Box(area.x + column * (wide + style.gap), area.y + row * (high + style.gap), wide, high)
