"""The stage: a window, what hangs in it, and what draws it. It draws a View, and decides nothing."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from installation.core.contracts import Pixels
from installation.engine.flashes import Floats
from installation.engine.view import View
from installation.stage import gl
from installation.stage.compositor import Compositor
from installation.stage.hanging import Hanging, Hangings
from installation.stage.labels import Label
from installation.stage.layout import How, Rect, Size
from installation.stage.printing import Printer
from installation.stage.reading import Reader
from installation.stage.window import Mode, Window, is_software


class Stage:
    """A wall that pieces hang on. Only the thread that opened it may call it."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._context = window.context
        self.mode: Mode = window.mode
        self.size = window.size
        self.renderer = str(self._context.info["GL_RENDERER"])
        self.software = is_software(self.renderer)
        self._context.extra = window.finish if self.software else None
        self._copy = gl.Brush(self._context, gl.fragment("copy"), ("image",))
        self._printer = Printer(self._context, self._copy)
        self._hung = Hangings(self._context, self._printer, self.size)
        self._compositor = Compositor(
            self._context, self._copy, self._hung, self._printer, self.size, software=self.software
        )
        self._reader = Reader(self._context)

    @property
    def refresh_hz(self) -> float:
        """How often a second the display shows a picture, as far as it tells."""
        return self._window.refresh_hz

    # ------------------------------------------------------------ before the show

    def announce(self, titles: Sequence[str]) -> None:
        """Shows the show's title at once, in all the given languages, before anything else is prepared."""
        printed = self._printer.title(titles, self.size)
        self._compositor.announce(printed)
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
        self._hung.hang(piece, Hanging(how, label, tuple(languages), poster, aspect))
        self._compositor.hang(piece)

    def renumber(self, before: Mapping[int, int]) -> None:
        """Gives the pieces other numbers: ``before`` has the present number of each that stays, all others are let
        go."""
        self._compositor.renumber(before)

    def prepare(self, transition: str) -> None:
        """Compiles a transition before it is seen. Raises PartError, with file and line, where its shader is broken."""
        self._compositor.prepare(transition)

    def cap(self, kept: Floats | None) -> None:
        """How bright each area of the wall is from now on: the share of its sRGB values that it keeps, (rows, columns),
        the top row first. None: all. Cards keep theirs."""
        self._compositor.cap(kept)

    # ------------------------------------------------------------ a frame

    def draw(self, view: View) -> None:
        """Draws one frame, as ``view`` says; ``present`` shows it. Where one of two pieces is not hung yet, the other
        is alone; where none is, the wall stays as it is."""
        if self._window.size != self.size:
            self.size = self._window.size
            self._hung.resize(self.size)
            self._compositor.resize(self.size)
        self._compositor.draw(view)

    def present(self) -> None:
        """Shows what was drawn; offscreen, waits until it is drawn. Raises DisplayLost."""
        if self.mode == "headless":
            self._window.finish()
            self._window.look()
            return
        screen = self._context.screen
        self._copy.set({"corner": (0.0, 0.0), "gain": 1.0, "alpha": 1.0})
        self._copy.paint(screen, Rect(0, 0, *self.size), gl.texture_of(self._compositor.shown))
        self._window.flip()

    def read(self) -> Pixels:
        """The composed wall, (h, w, 3), the top row first. Waits for the GPU."""
        self._window.finish()
        return gl.read(self._compositor.shown)

    def read_small(self, width: int = 480) -> Pixels:
        """The composed wall made small, ``width`` wide, (h, width, 3), the top row first. Waits for the GPU."""
        self._window.finish()
        return self._reader.small(self._compositor.shown, width)

    # ------------------------------------------------------------ the window

    def events(self, pads: bool = False) -> list[str]:
        """The events of the keyboard and of the window: ``quit``, ``key:n``; with ``pads`` also of gamepads:
        ``key:button 0``."""
        return self._window.events(pads)

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
