"""The window, or an offscreen context in its place: pygame opens it, moderngl draws in it."""

import ctypes
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import moderngl
import pygame

from installation.core.errors import LOST, DeviceError, DisplayLost
from installation.stage.layout import Size

log = logging.getLogger(__name__)

Mode = Literal["headless", "windowed", "fullscreen"]

UNSEEN = ("offscreen", "dummy")
"""SDL's video drivers that open no window on a screen."""

SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swr (", "swiftshader", "basic render", "software renderer")

ASSUMED_HZ = 60.0
"""The refresh rate assumed for displays that do not report theirs."""


GONE = ("GL_UNKNOWN_ERROR", "GL_OUT_OF_MEMORY")
"""What moderngl calls errors after which nothing is drawn any more; a lost context is unknown to it."""
LOOKS = 60
"""Frames between two checks for the display and the graphics card, as checking makes some drivers wait."""

AGAIN = "start the show again when it is back; it goes on where it was"


class Window:
    """An open OpenGL 3.3 window. Raises DeviceError where none can be opened, DisplayLost where it is gone later."""

    def __init__(self, mode: Mode, size: Size, display: int, title: str) -> None:
        self.mode = mode
        self._broken = Broken()
        self._driver = os.environ.get("SDL_VIDEODRIVER")
        if mode == "headless" and sys.platform == "linux":
            os.environ["SDL_VIDEODRIVER"] = "offscreen"
        os.environ.setdefault("SDL_VIDEO_MINIMIZE_ON_FOCUS_LOSS", "0")
        os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")  # Ctrl-C is handled by the show
        os.environ.setdefault("SDL_WINDOWS_DPI_AWARENESS", "permonitorv2")
        try:
            self._open(size, display, title)
            self.context = moderngl.create_context(require=330, **_loader())
            self.finish = _finish() or self.context.finish
            """Waits until everything is drawn."""
            self._pixel = self.context.simple_framebuffer((1, 1), components=4)
        except (pygame.error, ValueError, OSError, RuntimeError, moderngl.Error) as error:
            self.close()
            raise DeviceError(_no_gl(mode, error)) from error
        self._frames = 0
        self._pads: list[pygame.joystick.JoystickType] = []
        if pygame.display.get_driver() == "x11":
            self._broken.watch_x11(pygame.display.get_wm_info().get("display"))

    def _open(self, size: Size, display: int, title: str) -> None:
        pygame.display.init()
        if self.mode != "headless" and pygame.display.get_driver() in UNSEEN:
            raise OSError("no screen")
        screens = pygame.display.get_desktop_sizes()
        if not 0 <= display < len(screens):
            raise OSError(f"found no display {display}, expected one from 0 to {len(screens) - 1}")
        for name, value in (
            (pygame.GL_CONTEXT_MAJOR_VERSION, 3),
            (pygame.GL_CONTEXT_MINOR_VERSION, 3),
            (pygame.GL_CONTEXT_PROFILE_MASK, pygame.GL_CONTEXT_PROFILE_CORE),
            (pygame.GL_CONTEXT_FORWARD_COMPATIBLE_FLAG, 1),
        ):
            pygame.display.gl_set_attribute(name, value)
        pygame.display.set_caption(title)
        flags = pygame.OPENGL | pygame.DOUBLEBUF
        if self.mode == "fullscreen":
            # At the display's own size SDL changes no video mode: a borderless window above everything.
            self._set_mode(screens[display], flags | pygame.FULLSCREEN, display)
            pygame.mouse.set_visible(False)
            pygame.display.set_allow_screensaver(False)
        else:
            # SDL's offscreen driver needs EGL, which is Linux'; elsewhere a window that is not shown does.
            hidden = 0 if sys.platform == "linux" else pygame.HIDDEN
            self._set_mode(size, flags | (pygame.RESIZABLE if self.mode == "windowed" else hidden), display)

    def _set_mode(self, size: Size, flags: int, display: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # hides the warning "regular vsync not available", which has no remedy
            try:
                pygame.display.set_mode(size, flags, display=display, vsync=self.mode != "headless")
            except pygame.error:
                pygame.display.set_mode(size, flags, display=display)

    @property
    def size(self) -> Size:
        width, height = pygame.display.get_window_size()
        return max(width, 2), max(height, 2)

    @property
    def refresh_hz(self) -> float:
        """Of the display the window is on."""
        ask = getattr(pygame.display, "get_current_refresh_rate", None)  # pygame-ce has it, pygame has not
        return float(ask() if ask else 0) or ASSUMED_HZ

    def flip(self) -> None:
        """Shows what was drawn. Raises DisplayLost."""
        self._unbroken()
        try:
            pygame.display.flip()
        except pygame.error as error:
            raise DisplayLost(f"the window is gone ({error}); {AGAIN}") from error
        self.look()

    def look(self) -> None:
        """Raises DisplayLost where the display or the OpenGL context is gone, as far as that can be noticed."""
        self._frames += 1
        self._unbroken()
        if self._frames % LOOKS:
            return
        if self.mode != "headless" and pygame.display.get_num_displays() < 1:
            self._broken.why = "no screen is connected"
        self._unbroken()
        if (code := self.context.error) in GONE:
            raise DisplayLost(f"the graphics card's OpenGL is gone ({code}); {AGAIN}")
        if not draws(self._pixel, self._frames // LOOKS % 2 == 0):
            raise DisplayLost(f"the graphics card's OpenGL draws nothing any more; {AGAIN}")

    def when_lost(self, close: Callable[[], None]) -> None:
        """What to do before the process ends where the screen's connection breaks in the middle of a call."""
        self._broken.closing = close

    def _unbroken(self) -> None:
        if self._broken.why:
            raise DisplayLost(f"the display is gone ({self._broken.why}); {AGAIN}")

    def events(self, pads: bool = False) -> list[str]:
        """What happened since the last call: ``quit`` for Esc and a closed window, ``key:n`` for other keys, and with
        ``pads`` ``key:button 0`` for those of gamepads. F11 and f change between full screen and window by themselves.
        Raises DisplayLost."""
        if pads and not pygame.joystick.get_init():
            os.environ.setdefault("SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", "1")  # a wall's window may not be in focus
            pygame.joystick.init()
        events = []
        for event in pygame.event.get():
            key = event.key if event.type == pygame.KEYDOWN else None
            if event.type == pygame.QUIT or key == pygame.K_ESCAPE:
                events.append("quit")
            elif key in (pygame.K_f, pygame.K_F11):
                self._toggle()
            elif key is not None:
                events.append(f"key:{pygame.key.name(key)}")
            elif event.type == pygame.JOYDEVICEADDED:
                self._pads.append(pygame.joystick.Joystick(event.device_index))  # only one that is open tells buttons
            elif event.type == pygame.JOYBUTTONDOWN:
                events.append(f"key:button {event.button}")
        self._unbroken()
        return events

    def _toggle(self) -> None:
        if self.mode == "headless":
            return
        pygame.display.toggle_fullscreen()
        self.mode = "fullscreen" if self.mode == "windowed" else "windowed"
        pygame.mouse.set_visible(self.mode == "windowed")
        pygame.display.set_allow_screensaver(self.mode == "windowed")

    def close(self) -> None:
        """Closes the window; what was drawn with ``context`` is gone. May be called twice."""
        if not self._broken.why:  # a window that is gone cannot be closed
            pygame.display.quit()
        if self.mode == "headless":
            if self._driver is None:
                os.environ.pop("SDL_VIDEODRIVER", None)
            else:
                os.environ["SDL_VIDEODRIVER"] = self._driver


class Broken:
    """Whether the connection to the screen broke, and ``why``.

    X11's library does not return after a broken connection. So the program ends inside its call: ``closing`` is called
    to close what is open, then the process leaves with the exit status LOST.
    """

    def __init__(self) -> None:
        self.why = ""
        self.closing: Callable[[], None] | None = None
        self._ended = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(self._ends)
        self._failed = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(self._fails)

    def watch_x11(self, display: object) -> None:
        """From now on a broken connection is an orderly end. ``display`` is the capsule of Xlib's. Needs libX11 1.7
        (2020), which calls two functions: one reports the error, the other ends the process."""
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        try:
            x11 = ctypes.CDLL("libX11.so.6")
            x11.XSetIOErrorExitHandler.argtypes = [ctypes.c_void_p, type(self._ended), ctypes.c_void_p]
            x11.XSetIOErrorExitHandler(pointer(display, b"display"), self._ended, None)
            x11.XSetIOErrorHandler.argtypes = [type(self._failed)]
            x11.XSetIOErrorHandler(self._failed)
        except (OSError, AttributeError, ValueError):
            log.info("this X11 library ends the show where the display is lost; whoever started it has to notice")

    def _fails(self, display: int) -> int:
        self.why = "the X server closed the connection"
        return 0

    def _ends(self, display: int, data: int) -> None:
        log.error("the display is gone (%s); %s", self.why, AGAIN)
        try:
            if self.closing:
                self.closing()
        except Exception:  # no caller could catch it, and the process has to end
            log.exception("not everything could be closed")
        logging.shutdown()
        os._exit(LOST)


class Loader:
    """Finds the functions of the OpenGL context that SDL has just made, as moderngl asks for them. Left to itself on
    Linux, moderngl finds contexts of X11 only, not those of EGL: Wayland's, and those without a screen."""

    def __init__(self, driver: str) -> None:
        x11 = driver == "x11"
        library = ctypes.CDLL("libGL.so.1" if x11 else "libEGL.so.1")
        self._find = library.glXGetProcAddressARB if x11 else library.eglGetProcAddress
        self._find.restype, self._find.argtypes = ctypes.c_void_p, [ctypes.c_char_p]

    def load_opengl_function(self, name: str) -> int:
        """The address of a function, 0 for one that is not there."""
        return self._find(name.encode()) or 0

    def __enter__(self) -> None:
        """SDL's context is always current."""

    def __exit__(self, *_: object) -> None:
        """And stays so."""

    def release(self) -> None:
        """SDL made it, SDL closes it."""


def draws(pixel: moderngl.Framebuffer, even: bool) -> bool:
    """Whether what is drawn can be read back: a context that is lost, or not this thread's any more, need not give an
    error. ``pixel`` is a framebuffer of one, which is given another colour where the turn is not ``even``."""
    red, told = 0.0 if even else 1.0, bytearray(4)
    pixel.clear(red, 1.0 - red, 0.0, 1.0)
    pixel.read_into(told, components=4)
    return told == bytes((round(255 * red), round(255 * (1.0 - red)), 0, 255))


def _finish() -> Callable[[], None] | None:
    """glFinish, during which Python's other threads go on: moderngl's own holds the interpreter's lock, so that a
    painter that shares the processor with the drawing would stand still for as long. None where it is not found."""
    address = Loader(pygame.display.get_driver()).load_opengl_function("glFinish") if sys.platform == "linux" else 0
    return ctypes.CFUNCTYPE(None)(address) if address else None


def _loader() -> dict[str, Any]:
    return {"context": Loader(pygame.display.get_driver())} if sys.platform == "linux" else {}


def has_display() -> bool:
    """Whether there is a screen to open a window on. Opens none."""
    if os.environ.get("SDL_VIDEODRIVER") in UNSEEN:
        return False
    try:
        with _silent_libraries():
            pygame.display.init()
        return pygame.display.get_driver() not in UNSEEN and bool(pygame.display.get_desktop_sizes())
    except pygame.error:
        return False
    finally:
        pygame.display.quit()


@contextmanager
def _silent_libraries() -> Iterator[None]:
    """Leaves out what C libraries print: libwayland calls it an error where nobody is logged in at the screen."""
    if sys.platform != "linux":
        yield
        return
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def is_software(renderer: str) -> bool:
    """Whether a GL_RENDERER draws on the CPU."""
    return any(name in renderer.lower() for name in SOFTWARE)


def _no_gl(mode: Mode, error: Exception) -> str:
    if "no display" in str(error):
        return str(error)
    if mode != "headless" and ("no screen" in str(error) or "video device" in str(error)):
        return "no display to open a window on; start with --headless, or on the machine's own screen"
    if sys.platform == "linux":
        help_ = "install libegl1 libgl1 libgl1-mesa-dri (software) or the graphics card's driver"
    else:
        help_ = "install the graphics card's driver"
    return f"no OpenGL 3.3 for the {mode} stage ({error}); {help_}"
