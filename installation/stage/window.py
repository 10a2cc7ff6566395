"""The window, or what stands for it where nobody looks: pygame opens it, moderngl draws in it."""

import ctypes
import os
import sys
import warnings
from typing import Any, Literal

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import moderngl
import pygame

from installation.core.errors import DeviceError
from installation.stage.layout import Size

Mode = Literal["headless", "windowed", "fullscreen"]

UNSEEN = ("offscreen", "dummy")
"""SDL's video drivers that open no window on a screen."""

SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swr (", "swiftshader", "basic render", "software renderer")

ASSUMED_HZ = 60.0
"""The refresh rate of displays that do not tell theirs."""


class Window:
    """An open OpenGL 3.3 window. Raises DeviceError where none can be opened."""

    def __init__(self, mode: Mode, size: Size, display: int, title: str) -> None:
        self.mode = mode
        self._driver = os.environ.get("SDL_VIDEODRIVER")
        if mode == "headless" and sys.platform == "linux":
            os.environ["SDL_VIDEODRIVER"] = "offscreen"
        os.environ.setdefault("SDL_VIDEO_MINIMIZE_ON_FOCUS_LOSS", "0")
        os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")  # Ctrl-C is the show's to hear
        os.environ.setdefault("SDL_WINDOWS_DPI_AWARENESS", "permonitorv2")
        try:
            self._open(size, display, title)
            self.context = moderngl.create_context(require=330, **_loader())
        except (pygame.error, ValueError, OSError, RuntimeError, moderngl.Error) as error:
            self.close()
            raise DeviceError(_no_gl(mode, error)) from error

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
            warnings.simplefilter("ignore")  # "regular vsync not available" is no news to anyone who can change it
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
        pygame.display.flip()

    def events(self) -> list[str]:
        """What happened since the last call: ``quit`` for Esc and a closed window, ``key:n`` for other keys. F11 and f
        change between full screen and window by themselves."""
        events = []
        for event in pygame.event.get():
            key = event.key if event.type == pygame.KEYDOWN else None
            if event.type == pygame.QUIT or key == pygame.K_ESCAPE:
                events.append("quit")
            elif key in (pygame.K_f, pygame.K_F11):
                self._toggle()
            elif key is not None:
                events.append(f"key:{pygame.key.name(key)}")
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
        pygame.display.quit()
        if self.mode == "headless":
            if self._driver is None:
                os.environ.pop("SDL_VIDEODRIVER", None)
            else:
                os.environ["SDL_VIDEODRIVER"] = self._driver


class Loader:
    """Finds the functions of the OpenGL context that SDL has just made, as moderngl asks for them. Left to itself on
    Linux, moderngl knows contexts of X11 only, not those of EGL: Wayland's, and those without a screen."""

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


def _loader() -> dict[str, Any]:
    return {"context": Loader(pygame.display.get_driver())} if sys.platform == "linux" else {}


def has_display() -> bool:
    """Whether there is a screen to open a window on. Opens none."""
    if os.environ.get("SDL_VIDEODRIVER") in UNSEEN:
        return False
    try:
        pygame.display.init()
        return pygame.display.get_driver() not in UNSEEN and bool(pygame.display.get_desktop_sizes())
    except pygame.error:
        return False
    finally:
        pygame.display.quit()


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
