"""Puts a frame together: the wall, the picture, the cards, and what is between two pieces."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import moderngl

from installation.engine.flashes import Floats
from installation.engine.view import Picture, Surface, View
from installation.stage import gl, labels, pictures
from installation.stage.cards import NIGHT
from installation.stage.changes import Changes
from installation.stage.hanging import Hangings, Hung
from installation.stage.layout import Layout, Rect, Size
from installation.stage.marks import Rings
from installation.stage.printing import Cards, Printed, Printer
from installation.stage.walls import Walls

Drawn = tuple[object, ...]

BARELY = 0.01
"""The progress of a change up to which, where the CPU draws, its first frame may show what was there before it."""


@dataclass(slots=True)
class Scene:
    """One composed piece: a canvas, and what was last drawn on it around the picture and in it."""

    canvas: moderngl.Framebuffer
    piece: int = -1
    decor: Drawn = ()
    picture: Drawn = ()


class Scenes:
    """Two canvases, so that a piece stays drawn while another one comes."""

    def __init__(self, context: moderngl.Context, size: Size) -> None:
        self.both = (Scene(gl.canvas(context, size)), Scene(gl.canvas(context, size)))

    def of(self, piece: int, other: int) -> Scene:
        """The canvas that holds the piece, or the one to draw it on, which is not the one of ``other``."""
        first, second = self.both
        free = first if second.piece == other else second
        scene = next((scene for scene in self.both if scene.piece == piece), free)
        if scene.piece != piece:
            scene.piece, scene.decor, scene.picture = piece, (), ()
        return scene

    def lack(self, piece: int, other: int) -> bool:
        """Whether the other piece is drawn on a canvas, and this one is not yet."""
        drawn = [scene.piece for scene in self.both]
        return other in drawn and piece not in drawn

    def forget(self) -> None:
        """Everything is drawn anew with the next frame."""
        for scene in self.both:
            scene.piece, scene.decor, scene.picture = -1, (), ()

    def release(self) -> None:
        for scene in self.both:
            gl.discard(scene.canvas)


class Compositor:
    """Draws views on canvases of the wall's size; ``shown`` is the one to look at. ``software``: the CPU draws."""

    def __init__(
        self, context: moderngl.Context, copy: gl.Brush, hung: Hangings, printer: Printer, size: Size, software: bool
    ) -> None:
        self._context, self._copy, self._hung, self._printer = context, copy, hung, printer
        self._software = software
        self._walls = Walls(context)
        self._enlarger = pictures.Enlarger(context)
        self._changes = Changes(context)
        self._rings = Rings(context)
        self._second_rests = False
        self._open(size)

    def _open(self, size: Size) -> None:
        self._scenes = Scenes(self._context, size)
        self._changing = gl.canvas(self._context, size)
        self.shown = self._scenes.both[0].canvas

    def resize(self, size: Size) -> None:
        """Everything of the wall's size is made anew; the pieces have been hung for that size."""
        self._scenes.release()
        gl.discard(self._changing)
        self._walls.clear()
        self._enlarger.clear()
        self._open(size)
        for layout in self._hung.layouts():
            self._walls.at(layout)

    # ------------------------------------------------------------ before the show

    def announce(self, card: Printed) -> None:
        """Draws a title alone in the dark."""
        self._scenes.forget()
        red, green, blue, _ = NIGHT.paper
        self.shown.clear(red / 255, green / 255, blue / 255, 1.0)
        self._printer.lay(self.shown, ((card, 1.0),), 1.0)

    def hang(self, piece: int) -> None:
        """Draws the wall of a piece that was just hung, so that drivers which compile late do so before visitors
        look."""
        self._scenes.forget()
        hung = self._hung[piece]
        light = pictures.Light(self._walls.at(hung.layout).glaze, hung.layout.unit, Surface())
        self._enlarger.paint(self._changing, hung.layout.picture, hung.reel.textures(None, None), 0.0, light)

    def renumber(self, before: Mapping[int, int]) -> None:
        """Gives the pieces other numbers, as Hangings.renumber does. What is shown stays until the next frame."""
        self._hung.renumber(before)
        self._scenes.forget()

    def prepare(self, transition: str) -> None:
        """Compiles a transition before it is seen. Raises PartError, with file and line, where its shader is broken."""
        view = View(Picture(0, None, None, 0.0), transition=transition)
        before, after = (scene.canvas for scene in self._scenes.both)
        for area in (None, Rect(0, 0, 8, 8)):
            self._changes.paint(self._changing, area, before, after, view)

    def cap(self, kept: Floats | None) -> None:
        """What each area of the wall keeps of its light, as Walls.cap has it."""
        self._walls.cap(kept)
        self._scenes.forget()

    # ------------------------------------------------------------ a frame

    def draw(self, view: View) -> None:
        """Draws one frame. Where one of two pieces is not hung yet, the other is alone; where none is, the wall stays
        as it is."""
        hung = [picture for picture in (view.current, view.coming) if picture and picture.piece in self._hung]
        if not hung:
            return
        if len(hung) == 1:
            view = replace(view, current=hung[0], coming=None, progress=0.0)
        coming = view.coming if view.progress > 0.0 else None
        if coming is None or view.progress >= 1.0:
            picture = coming or view.current
            cards = self._cards(self._fitted(picture), view, view.label)
            self.shown = self._compose(picture, None, cards, _gain(view)).canvas
        elif self._software and view.progress < BARELY and self._scenes.lack(coming.piece, view.current.piece):
            self._fitted(coming)  # two walls at once are more than a frame; what is shown stays for one
            self._compose(coming, view.current, (), _gain(view))
        else:
            self._change(view, coming)
            self.shown = self._changing

    def _change(self, view: View, coming: Picture) -> None:
        """Draws the change between two pieces. Cards are not part of it: the old label fades out before the new one
        fades in."""
        old, new = self._fitted(view.current), self._fitted(coming)
        gain = _gain(view)
        # On the CPU a change costs most; there each of the two pictures moves with every other frame.
        self._second_rests = self._software and not self._second_rests
        before = self._compose(view.current, coming, (), gain, may_rest=self._second_rests)
        after = self._compose(coming, view.current, (), gain, may_rest=self._software and not self._second_rests)
        area = None
        if old.layout == new.layout:  # the frame stays, the picture in it changes
            area = new.layout.picture
            gl.copy(self._context, self._changing, before.canvas)
        self._changes.paint(self._changing, area, before.canvas, after.canvas, view)
        gone, come = max(0.0, 1.0 - 2.0 * view.progress), max(0.0, 2.0 * view.progress - 1.0)
        panels = (1.0, 0.0) if old.layout.panel == new.layout.panel else (gone, come)
        self._printer.lay(self._changing, self._cards(old, view, view.label * gone, panels[0]), gain)
        self._printer.lay(self._changing, self._cards(new, view, view.label * come, panels[1]), gain)

    def _compose(
        self, picture: Picture, other: Picture | None, cards: Cards, gain: float, may_rest: bool = False
    ) -> Scene:
        """One piece on its wall, with cards, on a canvas that does not hold ``other``."""
        hung = self._hung[picture.piece]
        scene = self._scenes.of(picture.piece, -1 if other is None else other.piece)
        decor = (gain, tuple((card.texture, card.rect, alpha) for card, alpha in cards))
        drawn = (picture.earlier, picture.later, picture.mix, decor, picture.surface)
        if scene.picture and (_same(scene.picture, drawn) or (may_rest and scene.picture[3] == decor)):
            return scene
        framed = hung.layout.moulding > 0
        if framed and decor != scene.decor:
            self._draw_wall(scene.canvas, hung.layout, gain)
            self._printer.lay(scene.canvas, cards, gain)
        frames = hung.reel.textures(picture.earlier, picture.later)
        light = pictures.Light(self._walls.at(hung.layout).glaze, hung.layout.unit, picture.surface, gain)
        self._enlarger.paint(scene.canvas, hung.layout.picture, frames, picture.mix, light)
        if not framed:
            self._printer.lay(scene.canvas, cards, gain)
        scene.decor, scene.picture = decor, drawn
        return scene

    def _fitted(self, picture: Picture) -> Hung:
        """The piece, its frame made to the measure of its pictures."""
        if self._hung.fit(picture):
            self._scenes.forget()
        return self._hung[picture.piece]

    def _cards(self, hung: Hung, view: View, label: float, panel: float = 1.0) -> Cards:
        """What is to be seen of the label and of the panel (0..1)."""
        cards = []
        if label > 0.0 and (printed := hung.label(view.language, labels.said_of(view))):
            cards.append((printed, min(label, 1.0)))
        if view.panel and panel > 0.0:
            languages = labels.shown_languages(hung.hanging.languages, view.language)
            cards.append((self._printer.panel(view.panel, languages, hung.layout, view), panel))
        cards += self._rings.cards(view.marks, hung.layout) if panel > 0.0 else ()
        right, down = (round(way * hung.layout.unit) for way in view.shift)
        return tuple((Printed(card.texture, card.rect.moved(right, down)), alpha) for card, alpha in cards)

    def _draw_wall(self, target: moderngl.Framebuffer, layout: Layout, gain: float) -> None:
        wall = self._walls.at(layout).canvas
        if wall is None:
            return
        if gain == 1.0:
            gl.copy(self._context, target, wall)
        else:
            self._copy.paint(target, None, gl.texture_of(wall), corner=(0.0, 0.0), gain=gain, alpha=1.0)


def _gain(view: View) -> float:
    return min(max(view.brightness, 0.0), 1.0) * (1.0 - min(max(view.blackout, 0.0), 1.0))


def _same(before: Drawn, now: Drawn) -> bool:
    """Whether the same is to be drawn: the same frames, not equal ones, as comparing pixels would cost more."""
    return before[0] is now[0] and before[1] is now[1] and before[2:] == now[2:]
