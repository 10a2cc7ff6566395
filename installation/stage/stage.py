"""The stage: draws what a View says, and decides nothing."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import moderngl
import numpy as np

from installation.core.contracts import Pixels
from installation.core.decision import Panel
from installation.core.errors import DeviceError
from installation.engine.view import Picture, Surface, View
from installation.stage import gl, labels, pictures
from installation.stage.cards import CREAM, NIGHT, SMOKE, Card, Press
from installation.stage.changes import Changes
from installation.stage.labels import Label
from installation.stage.layout import How, Layout, Rect, Size, Slot, arrange
from installation.stage.panel import Poll, content
from installation.stage.walls import Walls
from installation.stage.window import Mode, Window, is_software

log = logging.getLogger(__name__)

BARE: dict[How, tuple[int, int, int]] = {"wall": (171, 160, 140), "bleed": (46, 43, 40)}
"""What hangs before there is a picture or a poster: primed canvas; the wall in the dark."""

Decor = tuple[object, ...]


@dataclass(slots=True)
class Printed:
    """A card as a texture, and where it lies with its shadow."""

    texture: moderngl.Texture
    place: Rect


Cards = tuple[tuple[Printed, float], ...]
"""Cards, and how much is to be seen of each (0..1)."""


@dataclass(slots=True)
class Hung:
    """A piece with all that stands still about it."""

    how: How
    label: Label
    languages: tuple[str, ...]
    poster: Path | None
    layout: Layout
    reel: pictures.Reel
    labels: dict[tuple[str, ...], Printed | None] = field(default_factory=dict)


@dataclass(slots=True)
class Scene:
    """One composed piece: a canvas, and what was last drawn on it around the picture and in it."""

    canvas: moderngl.Framebuffer
    piece: int = -1
    decor: Decor = ()
    picture: Decor = ()


class Stage:
    """A wall that pieces hang on. Only the thread that opened it may call it."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._context = window.context
        self.size = window.size
        self.renderer = str(self._context.info["GL_RENDERER"])
        self.software = is_software(self.renderer)
        self._hung: dict[int, Hung] = {}
        self._press = Press()
        self._poll = Poll(self._press)
        self._walls = Walls(self._context)
        self._enlarger = pictures.Enlarger(self._context)
        self._changes = Changes(self._context)
        self._copy = gl.Brush(self._context, gl.fragment("copy"), ("image",))
        self._preview: moderngl.Framebuffer | None = None
        self._panels: dict[Decor, Printed] = {}
        self._turn = False
        self._unfold()

    @cached_property
    def _small(self) -> gl.Brush:
        return gl.Brush(self._context, gl.fragment("small"), ("image",))

    def _unfold(self) -> None:
        """Makes what has the size of the wall."""
        self._scenes = (Scene(gl.canvas(self._context, self.size)), Scene(gl.canvas(self._context, self.size)))
        self._changing = gl.canvas(self._context, self.size)
        self._shown = self._scenes[0].canvas

    @property
    def mode(self) -> Mode:
        return self._window.mode

    @property
    def refresh_hz(self) -> float:
        """How often a second the display shows a picture, as far as it tells."""
        return self._window.refresh_hz

    # ------------------------------------------------------------ before the show

    def announce(self, titles: Sequence[str]) -> None:
        """Shows the show's title, in as many languages as are given, at once: the rest may take its time."""
        width, height = self.size
        unit = arrange("bleed", self.size, 1.0).unit
        card = labels.announce(self._press, titles, round(0.8 * width), unit, NIGHT)
        wide, high = card.paper
        place = Rect((width - wide) // 2, round(0.46 * height) - high // 2, wide, high)
        printed = Printed(gl.image(self._context, card.pixels[::-1]), place)
        self._forget()
        red, green, blue, _ = NIGHT.paper
        self._shown.clear(red / 255, green / 255, blue / 255, 1.0)
        self._stick(self._shown, printed, 1.0, 1.0)
        printed.texture.release()
        self.present()

    def hang(
        self,
        piece: int,
        how: How,
        label: Label,
        languages: Sequence[str],
        poster: Path | None = None,
        aspect: float | None = None,
    ) -> None:
        """Prepares a piece: draws its wall and sets its label. Where ``aspect`` (width / height) of its pictures is not
        told it is the poster's; the frame is made anew for a first picture that has another."""
        if poster is not None:
            try:
                wide, high = pictures.poster_size(poster)
                aspect = aspect or wide / high
            except DeviceError as error:
                log.warning("%s; the frame stays empty until the first picture", error)
                poster = None
        self._hang(piece, how, label, tuple(languages), poster, aspect or 1.0)
        # Drivers that compile late do so now and not in front of the visitors.
        hung = self._hung[piece]
        light = pictures.Light(self._walls.at(hung.layout).glaze, hung.layout.unit, Surface())
        self._enlarger.paint(self._changing, hung.layout.picture, hung.reel.textures(None, None), 0.0, light)

    def _hang(
        self, piece: int, how: How, label: Label, languages: tuple[str, ...], poster: Path | None, aspect: float
    ) -> None:
        layout = arrange(how, self.size, aspect)
        still = np.full((1, 1, 3), BARE[how], np.uint8)
        if poster is not None:
            try:
                still = pictures.poster(poster, layout)
            except DeviceError as error:
                log.warning("%s; the frame stays empty until the first picture", error)
        if piece in self._hung:
            self._take_down(self._hung.pop(piece))
        self._hung[piece] = Hung(how, label, languages, poster, layout, pictures.Reel(self._context, still))
        self._walls.at(layout)
        for language in languages:
            self._label(self._hung[piece], language)
        self._forget()

    def _forget(self) -> None:
        """Everything is drawn anew with the next frame."""
        for scene in self._scenes:
            scene.decor = scene.picture = ()

    def prepare(self, transition: str) -> None:
        """Compiles a transition before it is seen. Raises PartError, with file and line, where its shader is broken."""
        view = View(Picture(0, None, None, 0.0), transition=transition)
        before, after = (scene.canvas for scene in self._scenes)
        for area in (None, Rect(0, 0, 8, 8)):
            self._changes.paint(self._changing, area, before, after, view)

    def _take_down(self, hung: Hung) -> None:
        hung.reel.release()
        for printed in hung.labels.values():
            if printed:
                printed.texture.release()

    def _label(self, hung: Hung, language: str) -> Printed | None:
        """The label's card in that language, set once."""
        languages = labels.shown_languages(hung.languages, language)
        if languages not in hung.labels:
            layout = hung.layout
            stock = CREAM if layout.moulding else SMOKE
            card = labels.typeset(self._press, hung.label, languages, layout.label.box.size, layout.unit, stock)
            hung.labels[languages] = self._print(card, layout.label) if card else None
        return hung.labels[languages]

    def _panel(self, hung: Hung, panel: Panel, view: View) -> Printed:
        """The panel's card, set anew when what it says changes; the last few are kept, as two pieces may show it."""
        layout = hung.layout
        languages = labels.shown_languages(hung.languages, view.language)
        key = (content(panel), languages, layout.panel, layout.moulding > 0)
        if key not in self._panels:
            while len(self._panels) >= 4:
                self._panels.pop(next(iter(self._panels))).texture.release()
            stock = CREAM if layout.moulding else SMOKE
            card = self._poll.typeset(panel, languages, layout.panel.box.size, layout.unit, stock, view.words)
            self._panels[key] = self._print(card, layout.panel)
        self._panels[key] = self._panels.pop(key)  # the least used goes first
        return self._panels[key]

    def _print(self, card: Card, slot: Slot) -> Printed:
        return Printed(gl.image(self._context, card.pixels[::-1]), slot.place(card.paper).grown(card.margin))

    # ------------------------------------------------------------ a frame

    def draw(self, view: View) -> None:
        """Draws one frame, as ``view`` says; ``present`` shows it. Where one of two pieces is not hung yet, the other
        is alone; where none is, the wall stays as it is."""
        self._fit()
        hung = [picture for picture in (view.current, view.coming) if picture and picture.piece in self._hung]
        if not hung:
            return
        if len(hung) == 1:
            view = replace(view, current=hung[0], coming=None, progress=0.0)
        coming = view.coming if view.progress > 0.0 else None
        if coming is None or view.progress >= 1.0:
            picture = coming or view.current
            cards = self._cards(self._measured(picture), view, view.label)
            self._shown = self._compose(picture, None, cards, _gain(view)).canvas
        else:
            self._change(view, coming)
            self._shown = self._changing

    def _change(self, view: View, coming: Picture) -> None:
        """Draws what is between two pieces. Cards keep out of it: the old label goes before the new one comes."""
        old, new = self._measured(view.current), self._measured(coming)
        gain = _gain(view)
        # On the CPU a change costs most; there each of the two pictures moves with every other frame.
        self._turn = self.software and not self._turn
        before = self._compose(view.current, coming, (), gain, may_rest=self._turn)
        after = self._compose(coming, view.current, (), gain, may_rest=self.software and not self._turn)
        area = None
        if old.layout == new.layout:  # the frame stays, the picture in it changes
            area = new.layout.picture
            self._context.copy_framebuffer(self._changing, before.canvas)
        self._changes.paint(self._changing, area, before.canvas, after.canvas, view)
        gone, come = max(0.0, 1.0 - 2.0 * view.progress), max(0.0, 2.0 * view.progress - 1.0)
        panels = (1.0, 0.0) if old.layout.panel == new.layout.panel else (gone, come)
        self._lay(self._changing, self._cards(old, view, view.label * gone, panels[0]), gain)
        self._lay(self._changing, self._cards(new, view, view.label * come, panels[1]), gain)

    def _compose(
        self, picture: Picture, other: Picture | None, cards: Cards, gain: float, may_rest: bool = False
    ) -> Scene:
        """One piece on its wall, with cards, on a canvas that does not hold ``other``."""
        hung = self._hung[picture.piece]
        scene = self._scene(picture.piece, -1 if other is None else other.piece)
        decor = (gain, tuple((card.texture, alpha) for card, alpha in cards))
        drawn = (picture.earlier, picture.later, picture.mix, decor, picture.surface)
        if scene.picture and (_same(scene.picture, drawn) or (may_rest and scene.picture[3] == decor)):
            return scene
        framed = hung.layout.moulding > 0
        if framed and decor != scene.decor:
            self._wall(scene.canvas, hung.layout, gain)
            self._lay(scene.canvas, cards, gain)
        frames = hung.reel.textures(picture.earlier, picture.later)
        light = pictures.Light(self._walls.at(hung.layout).glaze, hung.layout.unit, picture.surface, gain)
        self._enlarger.paint(scene.canvas, hung.layout.picture, frames, picture.mix, light)
        if not framed:
            self._lay(scene.canvas, cards, gain)
        scene.decor, scene.picture = decor, drawn
        return scene

    def _measured(self, picture: Picture) -> Hung:
        """The piece, its frame made to the measure of its pictures."""
        hung, frame = self._hung[picture.piece], picture.later or picture.earlier
        if frame is not None and hung.how == "wall":
            aspect = frame.pixels.shape[1] / frame.pixels.shape[0]
            layout = arrange(hung.how, self.size, aspect)
            if layout != hung.layout:
                self._hang(picture.piece, hung.how, hung.label, hung.languages, hung.poster, aspect)
        return self._hung[picture.piece]

    def _scene(self, piece: int, other: int) -> Scene:
        """The canvas that holds the piece, or the one to draw it on."""
        first, second = self._scenes
        free = first if second.piece == other else second
        scene = next((scene for scene in self._scenes if scene.piece == piece), free)
        if scene.piece != piece:
            scene.piece, scene.decor, scene.picture = piece, (), ()
        return scene

    def _cards(self, hung: Hung, view: View, label: float, panel: float = 1.0) -> Cards:
        """What is to be seen of the label and of the panel (0..1)."""
        cards = []
        if label > 0.0 and (printed := self._label(hung, view.language)):
            cards.append((printed, min(label, 1.0)))
        if view.panel and panel > 0.0:
            cards.append((self._panel(hung, view.panel, view), panel))
        return tuple(cards)

    def _wall(self, target: moderngl.Framebuffer, layout: Layout, gain: float) -> None:
        wall = self._walls.at(layout).canvas
        if wall is None:
            return
        if gain == 1.0:
            self._context.copy_framebuffer(target, wall)
        else:
            self._copy.paint(target, None, gl.texture_of(wall), corner=(0.0, 0.0), gain=gain, alpha=1.0)

    def _lay(self, target: moderngl.Framebuffer, cards: Cards, gain: float) -> None:
        for card, alpha in cards:
            self._stick(target, card, gain, alpha)

    def _stick(self, target: moderngl.Framebuffer, card: Printed, gain: float, alpha: float) -> None:
        """Lays a card over what is there; premultiplied, so that its shadow darkens."""
        left, bottom, _, _ = gl.flipped(card.place, target.size[1])
        self._context.enable(moderngl.BLEND)
        self._context.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        corner = (float(left), float(bottom))
        self._copy.paint(target, card.place, card.texture, corner=corner, gain=gain, alpha=alpha)
        self._context.disable(moderngl.BLEND)

    def _fit(self) -> None:
        """Hangs everything anew when the window has another size."""
        if self._window.size == self.size:
            return
        self.size = self._window.size
        for target in (self._scenes[0].canvas, self._scenes[1].canvas, self._changing):
            gl.discard(target)
        self._walls.clear()
        self._enlarger.clear()
        self._unfold()
        for piece, hung in list(self._hung.items()):
            aspect = hung.layout.picture.width / hung.layout.picture.height
            self._hang(piece, hung.how, hung.label, hung.languages, hung.poster, aspect)

    # ------------------------------------------------------------ what comes of it

    def present(self) -> None:
        """Shows what was drawn. Where nobody looks, it waits until it is drawn. Raises DisplayLost."""
        if self.mode == "headless":
            self._context.finish()
            self._window.look()
            return
        screen = self._context.screen
        self._copy.set({"corner": (0.0, 0.0), "gain": 1.0, "alpha": 1.0})
        self._copy.paint(screen, Rect(0, 0, *self.size), gl.texture_of(self._shown))
        self._window.flip()

    def read(self) -> Pixels:
        """The composed wall, (h, w, 3), the top row first. Waits for the GPU."""
        return gl.read(self._shown)

    def read_small(self, width: int = 480) -> Pixels:
        """The composed wall made small, ``width`` wide, (h, width, 3), the top row first."""
        size = (width, max(1, round(width * self.size[1] / self.size[0])))
        if self._preview is None or self._preview.size != size:
            if self._preview is not None:
                gl.discard(self._preview)
            self._preview = gl.canvas(self._context, size)
        taps = max(1, -(-self.size[0] // (2 * width)))
        self._small.paint(self._preview, None, gl.texture_of(self._shown), taps=taps)
        return gl.read(self._preview)

    def events(self) -> list[str]:
        """What the keyboard and the window say: ``quit``, ``key:n``."""
        return self._window.events()

    def when_lost(self, close: Callable[[], None]) -> None:
        """What to do, without the stage, before the process ends where the screen's connection breaks."""
        self._window.when_lost(close)

    def close(self) -> None:
        """Closes the window. May be called twice."""
        self._window.close()


def open_stage(mode: Mode = "headless", size: Size = (1280, 720), display: int = 0, title: str = "Vernissage") -> Stage:
    """Opens the stage. ``fullscreen`` has the size of display number ``display``. Raises DeviceError where there is no
    such display or no OpenGL 3.3."""
    return Stage(Window(mode, size, display, title))


def _gain(view: View) -> float:
    return min(max(view.brightness, 0.0), 1.0) * (1.0 - min(max(view.blackout, 0.0), 1.0))


def _same(before: Decor, now: Decor) -> bool:
    """Whether the same is to be drawn: the same frames, not equal ones, as comparing pixels would cost more."""
    return before[0] is now[0] and before[1] is now[1] and before[2:] == now[2:]
