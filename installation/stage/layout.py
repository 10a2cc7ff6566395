"""Where everything hangs, for any size of the wall. Plain geometry in pixels, 0,0 at the top left."""

from dataclasses import dataclass
from typing import Literal

How = Literal["bleed", "wall"]
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rect:
    x: int
    y: int
    width: int
    height: int

    @property
    def size(self) -> Size:
        return self.width, self.height

    def moved(self, right: int, down: int) -> "Rect":
        return Rect(self.x + right, self.y + down, self.width, self.height)

    def grown(self, by: int) -> "Rect":
        return Rect(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a card: the largest it may be, and the corner of the box that it sits in."""

    box: Rect
    right: bool
    bottom: bool

    def rect(self, size: Size) -> Rect:
        """Where a card of this size lies."""
        x = self.box.x + (self.box.width - size[0]) * self.right
        y = self.box.y + (self.box.height - size[1]) * self.bottom
        return Rect(x, y, *size)


@dataclass(frozen=True, slots=True)
class Layout:
    """One piece on one wall. ``unit`` is a 720th of a wall that is seen as on a 1280x720 screen; type and mouldings are
    measured in it. ``moulding`` is 0 where the picture bleeds."""

    size: Size
    unit: float
    picture: Rect
    moulding: int
    label: Slot
    panel: Slot


def arrange(how: How, size: Size, aspect: float) -> Layout:
    """The layout for a picture of ``aspect`` (width / height), of which a bleed shows what fits."""
    width, height = size
    unit = min(max(size) / 1280, min(size) / 720)
    if how == "bleed":
        return _bleed(size, unit)
    return _upright(size, unit, aspect) if height > 1.1 * width else _across(size, unit, aspect)


def _bleed(size: Size, unit: float) -> Layout:
    edge, card = round(28 * unit), min(round(264 * unit), size[0] // 2)
    high = size[1] - 2 * edge
    poll = min(round(204 * unit), size[0] // 3)
    left, right = Rect(edge, edge, card, high), Rect(size[0] - edge - poll, edge, poll, high)
    return Layout(size, unit, Rect(0, 0, *size), 0, Slot(left, False, True), Slot(right, True, True))


def _across(size: Size, unit: float, aspect: float) -> Layout:
    """The frame in the middle, the label at its right foot, the vote panel at its left one."""
    edge, gap, card, moulding = (round(part * unit) for part in (36, 40, 256, 52))
    room = size[0] - 2 * (edge + gap + card + moulding), size[1] - 2 * (round(60 * unit) + moulding)
    picture = _centered(size, room, aspect, (size[1] - 8 * unit) / 2)
    frame = picture.grown(moulding)
    top = edge
    high = frame.y + frame.height - top
    left = Rect(frame.x - gap - card, top, card, high)
    right = Rect(frame.x + frame.width + gap, top, card, high)
    return Layout(size, unit, picture, moulding, Slot(right, False, True), Slot(left, True, True))


def _upright(size: Size, unit: float, aspect: float) -> Layout:
    """The frame above, the label and the vote panel under it."""
    edge, gap, card, moulding = (round(part * unit) for part in (40, 44, 300, 52))
    card = min(card, (size[0] - 3 * edge) // 2)
    room = size[0] - 2 * (edge + moulding), round(size[1] * 0.60) - 2 * moulding
    picture = _centered(size, room, aspect, size[1] * 0.39)
    frame = picture.grown(moulding)
    top = frame.y + frame.height + gap
    high = size[1] - edge - top
    left, right = Rect(edge, top, card, high), Rect(size[0] - edge - card, top, card, high)
    return Layout(size, unit, picture, moulding, Slot(left, False, False), Slot(right, True, False))


def _centered(size: Size, room: Size, aspect: float, middle: float) -> Rect:
    """The largest picture of that aspect in ``room``, its middle ``middle`` pixels below the top."""
    wide = max(1, round(min(room[0], room[1] * aspect)))
    high = max(1, round(min(room[1], room[0] / aspect)))
    return Rect((size[0] - wide) // 2, round(middle - high / 2), wide, high)
