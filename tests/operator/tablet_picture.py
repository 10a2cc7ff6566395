"""Draws a tablet, or a phone, with a show's TouchOSC layout on it, as an operator sees it while the show runs.

python -m tests.operator.tablet_picture shows/next_rembrandt.toml docs/tablet.png [tablet|phone] [page ...]
"""

import sys
from pathlib import Path
from typing import Any

import py2tosc
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from installation.core import readouts
from installation.core.osc_packets import Message
from installation.operator.surface import surface
from installation.operator.touchosc import layout
from installation.showfile.load import load
from tests.operator.tablet import Tablet, address, kind, messages

SCALE, BEZEL = 2, 44
"""Pixels a point, and points round the screen."""

Box = tuple[float, float, float, float]


class Screen:
    """``page`` names the tabs that are open, from the outermost in."""

    def __init__(self, tablet: Tablet, pages: list[str]) -> None:
        self.tablet, self.pages = tablet, pages
        root = tablet.document.root
        self.size = (int(root.frame.w), int(root.frame.h))
        self.image = Image.new("RGB", (self.size[0] * SCALE, self.size[1] * SCALE))
        self.draw = ImageDraw.Draw(self.image)
        self.nodes = {id(node.node): node for node in tablet.nodes}
        self.put(root, 0.0, 0.0)

    def put(self, node: py2tosc.Control, x: float, y: float) -> None:
        x, y = x + node.frame.x, y + node.frame.y
        box = (x, y, x + node.frame.w, y + node.frame.h)
        values, colour = self.nodes[id(node)].values, rgb(node.get("color"))
        match kind(node):
            case "TEXT" | "LABEL":
                self.words(node, str(values["text"]), box)
            case "GROUP":
                self.fill(box, colour, 0)
            case "PAGER":
                self.pager(node, box)
                return
            case "BUTTON":
                self.button(node, box, colour, float(values["x"]))
            case "FADER":
                self.fader(box, colour, float(values["x"]), bool(node.get("cursor")))
            case "XY":
                self.pad(box, colour, float(values["x"]), float(values["y"]))
        for child in node.children:
            self.put(child, x, y)

    def pager(self, node: py2tosc.Control, box: Box) -> None:
        shown = next((page for page in node.children if page.get("tabLabel") in self.pages), node.children[0])
        wide = (box[2] - box[0]) / len(node.children)
        for at, page in enumerate(node.children):
            tab = (box[0] + at * wide, box[1], box[0] + (at + 1) * wide, box[1] + node.get("tabbarSize"))
            open_ = page is shown
            self.fill(tab, rgb(page.get("tabColorOn" if open_ else "tabColorOff")), 0, inset=0.5)
            ink = rgb(page.get("textColorOn" if open_ else "textColorOff"))
            self.write(str(page.get("tabLabel")), tab, node.get("textSizeOn"), ink, 2)
        self.put(shown, box[0], box[1])

    def button(self, node: py2tosc.Control, box: Box, colour: tuple[int, int, int], on: float) -> None:
        if node.get("color").a > 0.0:
            self.fill(box, dimmed(colour, 1.0 if on else 0.38), 5)
        if node.get("outline"):
            self.draw.rounded_rectangle(scaled(box, 1.0), 5 * SCALE, outline=dimmed(colour, 0.8), width=SCALE)

    def fader(self, box: Box, colour: tuple[int, int, int], at: float, cursor: bool) -> None:
        self.fill(box, dimmed(colour, 0.22), 5)
        edge = box[0] + at * (box[2] - box[0])
        if at > 0.0:
            self.fill((box[0], box[1], edge, box[3]), dimmed(colour, 0.72), 5)
        if cursor:
            self.fill((max(box[0], edge - 3), box[1], min(box[2], edge + 3), box[3]), colour, 2)

    def pad(self, box: Box, colour: tuple[int, int, int], x: float, y: float) -> None:
        self.fill(box, dimmed(colour, 0.22), 5)
        across, up = box[0] + x * (box[2] - box[0]), box[3] - y * (box[3] - box[1])
        self.fill((across - 1, box[1], across + 1, box[3]), dimmed(colour, 0.6), 0)
        self.fill((box[0], up - 1, box[2], up + 1), dimmed(colour, 0.6), 0)
        self.draw.ellipse(scaled((across - 12, up - 12, across + 12, up + 12)), fill=colour)

    def words(self, node: py2tosc.Control, said: str, box: Box) -> None:
        length = int(node.get("textLength") or 0) if kind(node) == "LABEL" else 0
        self.write(
            said[:length] if length else said,
            box,
            node.get("textSize"),
            rgb(node.get("textColor")),
            node.get("textAlignH"),
        )

    def write(self, said: str, box: Box, size: float, ink: tuple[int, int, int], align: int) -> None:
        font = ImageFont.load_default(size * SCALE * 0.95)
        anchor, x = {1: ("lm", box[0]), 2: ("mm", (box[0] + box[2]) / 2), 3: ("rm", box[2])}[int(align)]
        self.draw.text((x * SCALE, (box[1] + box[3]) / 2 * SCALE), said, ink, font, anchor=anchor)

    def fill(self, box: Box, colour: tuple[int, int, int], radius: int, inset: float = 0.0) -> None:
        self.draw.rounded_rectangle(scaled(box, inset), radius * SCALE, fill=colour)

    def on_a_table(self) -> Image.Image:
        """In its casing, with a shadow."""
        wide, high = (side * SCALE + 2 * BEZEL * SCALE for side in self.size)
        margin = 60 * SCALE
        whole = Image.new("RGB", (wide + 2 * margin, high + 2 * margin), (38, 34, 31))
        shade = Image.new("L", whole.size, 0)
        casing = (margin, margin, margin + wide, margin + high)
        ImageDraw.Draw(shade).rounded_rectangle([side + 24 for side in casing], 44 * SCALE, fill=190)
        whole.paste((8, 7, 6), mask=shade.filter(ImageFilter.GaussianBlur(36)))
        draw = ImageDraw.Draw(whole)
        draw.rounded_rectangle(casing, 40 * SCALE, fill=(14, 14, 15), outline=(92, 92, 94), width=3)
        whole.paste(self.image, (margin + BEZEL * SCALE, margin + BEZEL * SCALE))
        return whole.resize((whole.width * 5 // 8, whole.height * 5 // 8), Image.Resampling.LANCZOS)


def rgb(colour: Any) -> tuple[int, int, int]:
    return (round(255 * colour.r), round(255 * colour.g), round(255 * colour.b))


def dimmed(colour: tuple[int, int, int], by: float) -> tuple[int, int, int]:
    return (round(colour[0] * by), round(colour[1] * by), round(colour[2] * by))


def scaled(box: Box, inset: float = 0.0) -> list[float]:
    left, top, right, bottom = (side * SCALE for side in box)
    inset *= SCALE
    return [left + inset, top + inset, max(left + inset, right - inset), max(top + inset, bottom - inset)]


def tell(tablet: Tablet, said: dict[str, float | str]) -> None:
    for node in tablet.nodes:
        for one in messages(node.node):
            if one.receive and address(one) in said:
                tablet._take(node, one, Message(address(one), (said[address(one)],)))


def draw(show_file: str, size: Any, pages: list[str]) -> Image.Image:
    show = load(show_file)
    tablet = Tablet(layout(surface(show), size), ("127.0.0.1", 9))
    told = readouts.readouts([], show.signals(), show.controls())
    shares = {one: 0.5 * (told[one].low + told[one].high) for one in told if told[one].type == "float"}
    hands = {readouts.hand_address(one): "rest" for one in show.controls()}
    now = {readouts.NOW: show.pieces[0].title_in(show.languages[0]), readouts.LEFT: "2:41", readouts.PROGRAMME: "day"}
    tell(tablet, {**shares, **hands, **now, readouts.lamp(0): 1.0, readouts.hand_address("/walk/speed"): "wire"})
    try:
        return Screen(tablet, pages).on_a_table()
    finally:
        tablet.socket.close()


if __name__ == "__main__":
    words = sys.argv[1:]
    kind_of = words[2] if len(words) > 2 else "tablet"
    draw(words[0], kind_of, words[3:]).save(Path(words[1]))
