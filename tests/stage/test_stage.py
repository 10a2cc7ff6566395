"""The stage, on a real OpenGL: what is drawn, what is drawn again and what is not, and what is told where it cannot."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import moderngl
import numpy as np
import pygame
import pytest
from PIL import Image

from installation.core.contracts import Frame
from installation.core.controls import fixed
from installation.core.errors import LOST, DeviceError, DisplayLost, PartError
from installation.core.words import PanelWords
from installation.engine.view import Panel, Picture, Surface, View
from installation.stage import Stage, has_display, open_stage
from installation.stage.panel import Poll
from installation.stage.pictures import crop, reached, taps
from installation.stage.window import LOOKS, is_software
from tests.plain_label import Label
from tests.timeout import TIMEOUT

SIZE = (640, 360)
pytestmark = pytest.mark.gl


LABEL = Label({"en": "A title", "nl": "Een titel", "de": "Ein Titel"}, text={"en": "A text"})
NONE = Label()


def frame(pixels: np.ndarray | int, size: tuple[int, int] = (16, 16)) -> Frame:
    if isinstance(pixels, int):
        pixels = np.full((size[1], size[0], 3), pixels, np.uint8)
    return Frame(pixels, 0.0)


def picture(piece: int, *frames: Frame, mix: float = 0.0) -> Picture:
    return Picture(piece, frames[0] if frames else None, frames[-1] if frames else None, mix)


BARE = Surface(relief=0.0, weave=0.0)


def shown(stage: Stage, current: Picture, **more: object) -> np.ndarray:
    stage.draw(View(current, **more))  # type: ignore[arg-type]
    stage.present()
    return stage.read().astype(int)


@pytest.fixture(scope="module")
def opened() -> Iterator[Stage]:
    stage = open_stage("headless", SIZE)
    yield stage
    stage.close()


@pytest.fixture
def stage(opened: Stage) -> Stage:
    """Piece 0 and 1 bleed, 2 and 3 hang on the wall, without labels."""
    for piece, how in enumerate(("bleed", "bleed", "wall", "wall")):
        opened.hang(piece, how, NONE, ("en",))
    return opened


def seen(stage: Stage, piece: int) -> tuple[slice, slice]:
    """The part of the wall where the picture is, a little inside its rim."""
    rect = stage._hung[piece].layout.picture.grown(-stage._hung[piece].layout.picture.width // 6)
    return slice(rect.y, rect.y + rect.height), slice(rect.x, rect.x + rect.width)


# ---------------------------------------------------------------- opening


def test_a_headless_stage_tells_about_itself(stage: Stage) -> None:
    assert stage.mode == "headless"
    assert stage.size == SIZE
    assert stage.renderer
    assert stage.refresh_hz > 0
    assert stage.events() == []


@pytest.mark.parametrize(
    ("renderer", "software"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("softpipe", True),
        ("Google SwiftShader", True),
        ("Apple M2", False),
        ("NVIDIA H100 80GB HBM3/PCIe/SSE2", False),
        ("Mesa Intel(R) UHD Graphics 620", False),
    ],
)
def test_software_is_known_by_its_name(renderer: str, software: bool) -> None:
    assert is_software(renderer) is software


@pytest.mark.parametrize("driver", ["offscreen", "dummy"])
def test_no_screen_is_found_without_raising(driver: str) -> None:
    script = "from installation.stage import has_display; print(has_display())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**_environment(), "SDL_VIDEODRIVER": driver},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a screen")
def test_looking_for_a_screen_prints_nothing() -> None:
    """Nor does any library, where nobody is logged in: what is printed later still is."""
    session = ("XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    script = "import os; from installation.stage import has_display; has_display(); os.write(2, b'later')"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={name: value for name, value in _environment().items() if name not in session},
        capture_output=True,
        text=True,
    )
    assert done.stderr == "later"


def test_a_window_without_a_screen_is_one_clear_message() -> None:
    script = (
        "from installation.stage import open_stage\nfrom installation.core.errors import DeviceError\n"
        "try:\n    open_stage('fullscreen')\nexcept DeviceError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**_environment(), "SDL_VIDEODRIVER": "offscreen"},
        capture_output=True,
        text=True,
    )
    expected = "no display to open a window on; start with --headless, or on the machine's own screen"
    assert done.stdout.strip() == expected, done.stderr


def test_no_opengl_is_one_clear_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own, as it closes SDL's one display."""
    script = (
        "import moderngl\nfrom installation.core.errors import DeviceError\nfrom installation.stage import open_stage\n"
        "def none(**_): raise moderngl.Error('requested OpenGL version 330, got version 210')\n"
        "moderngl.create_context = none\n"
        "try:\n    open_stage('headless')\nexcept DeviceError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], env=_environment(), capture_output=True, text=True)
    told = done.stdout.strip()
    assert told.startswith("no OpenGL 3.3 for the headless stage (requested OpenGL version 330, got version 210);")
    if sys.platform == "linux":
        assert told.endswith("install libegl1 libgl1 libgl1-mesa-dri (software) or the graphics card's driver")


def test_a_display_that_is_not_there() -> None:
    script = (
        "from installation.core.errors import DeviceError\nfrom installation.stage import open_stage\n"
        "try:\n    open_stage('headless', display=7)\nexcept DeviceError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], env=_environment(), capture_output=True, text=True)
    assert done.stdout.startswith("found no display 7, expected one from 0 to"), done.stderr


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": root}


# ---------------------------------------------------------------- pictures


def test_a_bleed_is_the_picture_and_nothing_else(stage: Stage) -> None:
    """Its levels, within the weave of the canvas; the top row first, the left column first."""
    pixels = np.zeros((9, 16, 3), np.uint8)
    pixels[:4, :, 0] = 200
    pixels[:, :8, 1] = 100
    wall = shown(stage, picture(0, frame(pixels)))
    assert wall.shape == (SIZE[1], SIZE[0], 3)
    assert wall[20, 20] == pytest.approx((200, 100, 0), abs=12)
    assert wall[-20, 20] == pytest.approx((0, 100, 0), abs=12)
    assert wall[20, -20] == pytest.approx((200, 0, 0), abs=12)
    assert wall[-20, -20] == pytest.approx((0, 0, 0), abs=2)


@pytest.mark.parametrize("size", [(64, 64), (700, 700), (200, 20)])
def test_all_that_is_seen_of_a_larger_picture_is_drawn_anew(stage: Stage, size: tuple[int, int]) -> None:
    before, now = (frame(np.full((size[1], size[0], 3), level, np.uint8)) for level in (250, 0))
    assert shown(stage, picture(0, before)).min() > 150
    assert shown(stage, picture(0, now)).max() <= 2


@pytest.mark.parametrize("size", [(5, 7), (33, 19), (100, 100), (1000, 700)])
def test_odd_widths_keep_their_rows(stage: Stage, size: tuple[int, int]) -> None:
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[:, size[0] // 2 :] = 180
    wall = shown(stage, picture(0, frame(pixels)))
    assert wall[:, : SIZE[0] // 12].max() <= 2
    assert wall[:, SIZE[0] * 3 // 4 :].mean() == pytest.approx(180, abs=3)


def test_a_strided_frame_is_drawn_as_it_looks(stage: Stage) -> None:
    pixels = np.zeros((16, 32, 6), np.uint8)
    pixels[:, :, 0] = 150
    wall = shown(stage, picture(0, frame(pixels[:, ::2, :3])))
    assert wall.mean(axis=(0, 1)) == pytest.approx((150, 0, 0), abs=3)


@pytest.mark.parametrize("bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))])
def test_what_is_no_frame_is_refused(stage: Stage, bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected \(height, width, 3\) uint8"):
        shown(stage, picture(0, frame(bad)))


def test_two_frames_are_mixed_as_light_is(stage: Stage) -> None:
    dark, light = frame(40), frame(200)
    levels = [shown(stage, picture(0, dark, light, mix=mix)).mean() for mix in (0.0, 0.5, 1.0)]
    assert levels == pytest.approx([40, 144, 200], abs=3)


def test_one_frame_is_enough(stage: Stage) -> None:
    light = frame(200)
    for current in (Picture(0, light, None, 0.5), Picture(0, None, light, 0.5)):
        assert shown(stage, current).mean() == pytest.approx(200, abs=3)


def test_a_frame_goes_to_the_gpu_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal pixels in a new frame are sent; the same frame is not, whatever else changes."""
    sent: list[tuple[int, int]] = []
    reel = stage._hung[0].reel
    monkeypatch.setattr(type(reel), "_free", _counted(type(reel)._free, sent))
    first, second, third = frame(10), frame(20), frame(10)
    for mix in (0.0, 0.3, 0.6):
        shown(stage, picture(0, first, second, mix=mix), brightness=1.0 - mix / 2)
    assert len(sent) == 2
    shown(stage, picture(0, second, third))
    shown(stage, picture(0, third))
    assert len(sent) == 3


def _counted(act: Callable[..., object], calls: list[tuple[int, int]]) -> Callable[..., object]:
    def counting(self: object, needed: object, size: tuple[int, int]) -> object:
        calls.append(size)
        return act(self, needed, size)

    return counting


def test_memory_does_not_grow_with_frames(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    texture = moderngl.Context.texture
    monkeypatch.setattr(
        moderngl.Context, "texture", lambda self, *given, **more: made.append(given) or texture(self, *given, **more)
    )
    frames = [frame(number) for number in range(20)]
    for before, after in pairwise(frames):
        shown(stage, picture(2, before, after, mix=0.5))
    assert len(made) <= 3 + 3  # two frames, and once the rows and the new measure of the frame


def test_a_generator_that_changes_its_size(stage: Stage) -> None:
    small, large = frame(100, (16, 9)), frame(100, (64, 36))
    for mix in (0.0, 0.4, 0.6, 1.0):
        assert shown(stage, picture(0, small, large, mix=mix)).mean() == pytest.approx(100, abs=3)


def test_enlarging_is_smooth(stage: Stage) -> None:
    """A ramp stays a ramp: no block of a texel's size, no ringing."""
    ramp = np.repeat(np.linspace(20, 220, 16).astype(np.uint8)[None, :, None], 9, 0).repeat(3, 2)
    light = frame(np.ascontiguousarray(ramp))
    row = shown(stage, Picture(0, light, light, 0.0, BARE)).mean(axis=(0, 2))
    steps = np.diff(np.convolve(row, np.full(16, 1 / 16), "valid"))  # past the levels' own steps
    assert steps[60:-60].min() > 0.15
    assert steps[60:-60].max() < 0.5


def test_geometry_of_enlarging() -> None:
    assert crop((128, 128), (1280, 720)) == (0, 28, 128, 72)
    assert crop((200, 100), (100, 100)) == (50, 0, 100, 100)
    assert reached(28.0, 72.0, 4, 128) == (24, 80)
    assert reached(0.5, 99.0, 4, 100) == (0, 100)
    assert [taps(shrink) for shrink in (0.1, 1.0, 1.5, 2.0, 100.0)] == [4, 4, 6, 8, 16]


# ---------------------------------------------------------------- the surface


def surfaced(stage: Stage, light: Frame, **surface: float) -> np.ndarray:
    return shown(stage, Picture(0, light, light, 0.0, Surface(**surface)))


def test_a_bare_surface_is_the_picture(stage: Stage) -> None:
    wall = surfaced(stage, frame(120), relief=0.0, weave=0.0)
    assert np.abs(wall - 120).max() <= 1


@pytest.mark.parametrize("lamp", [(-1.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.0, -1.0)])
def test_what_stands_up_is_lit_from_where_the_lamp_is(stage: Stage, lamp: tuple[float, float]) -> None:
    """A light spot is a hill: brighter towards the lamp, darker away from it."""
    y, x = np.mgrid[-18.0:18.0, -32.0:32.0] + 0.5
    hill = (90 + 80 * np.exp(-(x * x + y * y) / 12)).astype(np.uint8)[..., None].repeat(3, 2)
    light, lamps = frame(np.ascontiguousarray(hill)), {"lamp_x": lamp[0], "lamp_y": lamp[1], "weave": 0.0}
    more = surfaced(stage, light, relief=1.0, **lamps) - surfaced(stage, light, relief=0.0, **lamps)
    ring = more[140:220, 280:360].mean(axis=2)
    halves = {(-1, 0): ring[:, :40], (1, 0): ring[:, 40:], (0, 1): ring[:40], (0, -1): ring[40:]}
    near, far = halves[lamp].mean(), halves[-lamp[0], -lamp[1]].mean()
    assert near > 1.0 > -1.0 > far


def test_each_part_of_the_surface_does_its_own(stage: Stage) -> None:
    light = frame(150)
    bare = surfaced(stage, light, relief=0.0, weave=0.0)
    for part in ("relief", "weave", "craquelure"):
        surface = {"relief": 0.0, "weave": 0.0, part: 1.0}
        less = np.abs(surfaced(stage, light, **{**surface, part: 0.3}) - bare).mean()
        assert 0.2 < less < 0.5 * np.abs(surfaced(stage, light, **surface) - bare).mean()
        assert np.abs(surfaced(stage, light, **surface).mean() - 150) < 12, "light is moved, not made"
    cracked = surfaced(stage, light, relief=0.0, weave=0.0, craquelure=1.0)
    assert (cracked < 90).any()
    assert (np.abs(cracked - 150).max(axis=2) <= 1).mean() > 0.5, "fine lines, and paint between them"


def test_varnish_warms(stage: Stage) -> None:
    white, black = (
        surfaced(stage, frame(level), relief=0.0, weave=0.0, varnish=1.0).mean(axis=(0, 1)) for level in (220, 0)
    )
    assert white[0] > white[1] > white[2] > 150
    assert 8 > black[0] > black[2] > 0


def test_the_stages_controls_make_a_surface() -> None:
    """Each by its address, and they rest as a surface does that nothing is said of."""
    controls = {control.address: control.default for control in fixed(["one"])}
    assert Surface.of(controls) == Surface()
    assert Surface.of({"/stage/lamp/x": 0.25, "/stage/craquelure": 1.0}) == Surface(lamp_x=0.25, craquelure=1.0)


def test_a_lamp_that_moves_is_seen_though_the_picture_stands(stage: Stage) -> None:
    light = frame(150)
    assert (surfaced(stage, light, lamp_x=-0.5) != surfaced(stage, light, lamp_x=0.5)).any()


# ---------------------------------------------------------------- the wall


def test_a_wall_has_a_frame_a_shadow_and_a_pool_of_light(stage: Stage) -> None:
    wall = shown(stage, picture(2, frame(128)))
    rect = stage._hung[2].layout.picture
    frame_rect = rect.grown(stage._hung[2].layout.moulding)
    middle = rect.x + rect.width // 2
    grey = wall.mean(axis=2)
    assert wall[seen(stage, 2)].mean() == pytest.approx(128, abs=16)
    assert grey[frame_rect.y + 3 : rect.y - 3, middle].min() < 45, "an ebony frame"
    beside, below = grey[180, frame_rect.x - 30], grey[frame_rect.y + frame_rect.height + 4, middle]
    assert beside > 1.25 * grey[5, 5], "the light falls off"
    assert below < 0.8 * grey[-4, middle], "a shadow under the frame"
    red, _, blue = wall[180, frame_rect.x - 30]
    assert red > blue + 4, "a warm light"


def test_a_frame_is_made_to_measure(stage: Stage) -> None:
    """Also for a picture of which nothing was known before."""
    shown(stage, picture(2, frame(128, (32, 16))))
    rect = stage._hung[2].layout.picture
    assert rect.width / rect.height == pytest.approx(2.0, rel=0.03)
    stage.hang(2, "wall", NONE, ("en",), aspect=0.8)
    rect = stage._hung[2].layout.picture
    assert rect.width / rect.height == pytest.approx(0.8, rel=0.03)


def test_a_poster_hangs_until_there_is_a_picture(stage: Stage, tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), (250, 20, 20)).save(tmp_path / "poster.png")
    stage.hang(2, "wall", NONE, ("en",), tmp_path / "poster.png")
    wall = shown(stage, picture(2))
    assert wall[seen(stage, 2)].mean(axis=(0, 1)) == pytest.approx((245, 22, 22), abs=25)
    assert stage._hung[2].layout.picture.width > stage._hung[2].layout.picture.height
    assert shown(stage, picture(2, frame(90, (30, 20))))[seen(stage, 2)].mean() == pytest.approx(90, abs=12)


@pytest.mark.parametrize("content", [None, b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\x00" * 40])
def test_a_poster_that_is_none_leaves_the_frame_empty(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    path = tmp_path / "poster.png"
    if content is not None:
        path.write_bytes(content)
    stage.hang(2, "wall", NONE, ("en",), path)
    assert caplog.text.count("the frame stays empty until the first picture") == 1
    assert str(path) in caplog.text
    assert shown(stage, picture(2))[seen(stage, 2)].mean() == pytest.approx(157, abs=15)


def test_brightness_and_blackout(stage: Stage) -> None:
    for piece in (0, 2):
        light = frame(200)
        full = shown(stage, picture(piece, light)).mean()
        assert shown(stage, picture(piece, light), brightness=0.5).mean() == pytest.approx(full / 2, rel=0.02)
        assert shown(stage, picture(piece, light), brightness=0.5, blackout=0.5).mean() == pytest.approx(
            full / 4, rel=0.03
        )
        assert shown(stage, picture(piece, light), blackout=1.0).max() == 0
        assert shown(stage, picture(piece, light)).mean() == full


def test_the_title_comes_first_and_leaves_nothing_behind(stage: Stage) -> None:
    before = shown(stage, picture(2, frame(120)))
    stage.announce(["The Next Rembrandt", "De volgende Rembrandt", "The Next Rembrandt"])
    card = stage.read().astype(int)
    light = card.max(axis=2) > 150
    rows, columns = np.flatnonzero(light.any(axis=1)), np.flatnonzero(light.any(axis=0))
    assert 0.003 < light.mean() < 0.1
    assert abs(columns.mean() - SIZE[0] / 2) < 20
    assert SIZE[1] * 0.35 < rows.min() < rows.max() < SIZE[1] * 0.6
    assert card[:20].max() < 40
    assert (shown(stage, picture(2, frame(120))) == before).all()


def test_a_piece_that_is_not_hung_yet_keeps_out_of_the_picture(stage: Stage) -> None:
    light = frame(120)
    alone = shown(stage, picture(2, light))
    assert (shown(stage, picture(2, light), coming=picture(99), progress=0.5) == alone).all()
    assert (shown(stage, picture(98), coming=picture(2, light), progress=0.5) == alone).all()
    assert (shown(stage, picture(98)) == alone).all()


@pytest.mark.skipif(not shutil.which("Xvfb"), reason="no Xvfb here; Debian: xvfb")
def test_a_lost_screen_is_an_orderly_end(tmp_path: Path) -> None:
    """What is open is closed, one line says what happened, and the exit status says: start again."""
    script = """
import subprocess
from installation.stage import open_stage
from tests.stage.test_stage import *
server = subprocess.Popen(["Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24"], stdout=subprocess.PIPE, text=True)
os.environ |= {"DISPLAY": ":" + server.stdout.readline().strip(), "SDL_VIDEODRIVER": "x11"}
stage = open_stage("windowed", (320, 180))
stage.hang(0, "wall", LABEL, ("en",))
stage.when_lost(lambda: print("closed"))
for number in range(100_000):
    if number == 3:
        server.kill()
        server.wait()
    stage.draw(View(picture(0, frame(number % 2))))
    stage.present()
    stage.events()
"""
    done = subprocess.run(
        [sys.executable, "-u", "-c", script], env=_environment(), capture_output=True, text=True, timeout=TIMEOUT
    )
    assert done.returncode == LOST, done.stderr
    assert done.stdout == "closed\n"
    assert "the display is gone (the X server closed the connection); start the show again" in done.stderr


def test_a_lost_context_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage._window, "context", SimpleNamespace(error="GL_UNKNOWN_ERROR"))
    monkeypatch.setattr(stage._window, "_frames", LOOKS - 1)
    with pytest.raises(DisplayLost, match=r"OpenGL is gone \(GL_UNKNOWN_ERROR\); start the show again"):
        stage.present()


@pytest.mark.skipif(sys.platform != "linux", reason="EGL")
def test_a_context_that_is_gone_without_an_error_is_told() -> None:
    """All calls of OpenGL do nothing then, and say that all is well."""
    script = f"""
import ctypes
from installation.core.errors import DisplayLost
from installation.stage import open_stage
stage = open_stage("headless", (320, 180))
for number in range({3 * LOOKS}):
    stage.present()
egl = ctypes.CDLL("libEGL.so.1")
egl.eglGetCurrentDisplay.restype, egl.eglMakeCurrent.argtypes = ctypes.c_void_p, [ctypes.c_void_p] * 4
egl.eglMakeCurrent(egl.eglGetCurrentDisplay(), None, None, None)
try:
    for number in range({LOOKS}):
        stage.present()
except DisplayLost as error:
    print(error)
stage.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], env=_environment(), capture_output=True, text=True, timeout=TIMEOUT
    )
    assert done.stdout.startswith("the graphics card's OpenGL draws nothing any more; start the show again"), (
        done.stderr
    )


# ---------------------------------------------------------------- labels and the panel


@pytest.mark.parametrize("how", ["wall", "bleed"])
def test_a_label_fades(stage: Stage, how: str) -> None:
    stage.hang(0, how, LABEL, ("en", "nl"))
    grey = frame(120)
    bare, half, full = (shown(stage, picture(0, grey), label=label) for label in (0.0, 0.5, 1.0))
    changed = np.abs(full - bare).max(axis=2) > 8
    assert 0.01 < changed.mean() < 0.3
    assert np.abs(half - (bare + full) / 2)[changed].max() <= 2


def test_a_label_in_the_language_that_is_asked_for(stage: Stage) -> None:
    stage.hang(0, "wall", LABEL, ("en", "nl", "de"))
    walls = [shown(stage, picture(0), language=language) for language in ("en", "de", "fr")]
    assert (walls[0] != walls[1]).any()
    assert (walls[0] == walls[2]).all()


@pytest.mark.parametrize("how", ["wall", "bleed"])
def test_a_phone_reads_the_code_off_the_wall(tmp_path: Path, how: str) -> None:
    """At 1280x720, in a process of its own as there is one stage in each."""
    cv2 = pytest.importorskip("cv2")
    script = f"""
from tests.stage.test_stage import *
stage = open_stage("headless", (1280, 720))
stage.hang(0, "{how}", LABEL, ("en", "nl"))
noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
panel = Panel("http://192.168.178.120:8080/?room=K7QD", (("sitters", 3), ("nobody", 0)), 42.0)
Image.fromarray(shown(stage, picture(0, frame(noise)), panel=panel).astype(np.uint8)).save(sys.argv[1])
"""
    path = tmp_path / "wall.png"
    subprocess.run([sys.executable, "-c", script, str(path)], env=_environment(), check=True)
    wall = np.asarray(Image.open(path))
    assert wall.shape == (720, 1280, 3)
    assert cv2.QRCodeDetector().detectAndDecode(wall)[0] == "http://192.168.178.120:8080/?room=K7QD"


def test_a_panel_is_printed_only_when_it_changes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[int] = []
    typeset = Poll.typeset
    monkeypatch.setattr(Poll, "typeset", lambda *given: printed.append(1) or typeset(*given))
    for left in (95.0, 94.0, 93.0):
        shown(stage, picture(2), panel=Panel("http://a/", (("one", 1),), left))
    assert len(printed) == 1
    first = stage.read()
    for votes in range(2, 12):
        shown(stage, picture(2), panel=Panel("http://a/", (("one", votes),), 93.0))
    assert len(printed) == 11
    assert len(stage._printer._panels) <= 4
    assert (stage.read() != first).any()
    assert (shown(stage, picture(2)) != first).any()


# ---------------------------------------------------------------- changes


@pytest.mark.parametrize(("old", "new"), [(0, 1), (2, 3), (0, 2), (2, 0)])
@pytest.mark.parametrize("name", ["dissolve", "impasto"])
def test_a_change_begins_and_ends_without_a_jump(stage: Stage, name: str, old: int, new: int) -> None:
    dark, light = frame(60), frame(190)

    def at(progress: float) -> np.ndarray:
        return shown(stage, picture(old, dark), coming=picture(new, light), transition=name, progress=progress)

    alone, other = shown(stage, picture(old, dark)), shown(stage, picture(new, light))
    assert (at(0.0) == alone).all()
    assert (at(1.0) == other).all()
    assert np.abs(at(1e-6) - alone).max() <= 1
    assert np.abs(at(1 - 1e-6) - other).max() <= 1
    assert np.abs(at(0.5) - alone).mean() > 2
    assert (shown(stage, picture(new, light)) == other).all(), "the coming piece is the current one from now on"


def test_where_two_pieces_share_a_frame_the_frame_stays(stage: Stage) -> None:
    stage.hang(2, "wall", LABEL, ("en",))
    stage.hang(3, "wall", NONE, ("en",))
    dark, light = frame(60), frame(190)
    before = shown(stage, picture(2, dark))
    during = shown(stage, picture(2, dark), coming=picture(3, light), transition="wipe", progress=0.2)
    rect = stage._hung[2].layout.picture
    changed = np.argwhere(np.abs(during - before).max(axis=2) > 1)
    label = stage._hung[2].layout.label.box
    outside = [
        (y, x) for y, x in changed if not (rect.x <= x < rect.x + rect.width and rect.y <= y < rect.y + rect.height)
    ]
    assert outside, "the label is going"
    assert all(x >= label.x - 20 for _, x in outside)


def test_both_pictures_move_during_a_change(stage: Stage) -> None:
    """Each at least with every other frame."""
    last = None
    for step in range(8):
        frames = frame(60 + step), frame(190 - step)
        stage.draw(View(picture(0, frames[0]), picture(1, frames[1]), "dissolve", {}, 0.5))
        last = stage.read().astype(int)
    mixed = np.sqrt((67.0**2 + 183.0**2) / 2)
    assert last is not None
    assert last.mean() == pytest.approx(mixed, abs=3)


def test_where_the_processor_draws_the_first_frame_of_a_change_draws_one_wall(stage: Stage) -> None:
    """And shows what was there. A change that is met later, or with nothing drawn before it, is shown at once."""
    stage._compositor._software = True
    dark, light = frame(0), frame(255)

    def at(progress: float) -> np.ndarray:
        return shown(stage, picture(0, dark), coming=picture(1, light), transition="dissolve", progress=progress)

    met = at(0.009)
    alone = shown(stage, picture(0, dark))
    stage._compositor._scenes.forget()
    shown(stage, picture(0, dark))
    assert (at(0.009) == alone).all()
    assert (met != alone).any()
    assert (at(0.009) == met).all()
    stage._compositor._scenes.forget()
    shown(stage, picture(0, dark))
    assert np.abs(at(0.5) - alone).mean() > 2


def test_options_reach_the_shader(stage: Stage) -> None:
    dark, light = frame(0), frame(200)

    def wiped(direction: tuple[float, float]) -> np.ndarray:
        options = {"direction": direction, "softness": 0.05}
        change = {"transition": "wipe", "options": options, "progress": 0.5}
        return shown(stage, picture(0, dark), coming=picture(1, light), **change)

    assert wiped((1.0, 0.0))[:, :200].mean() > 150 > 50 > wiped((-1.0, 0.0))[:, :200].mean()
    assert wiped((0.0, 1.0))[-100:].mean() > 150 > 50 > wiped((0.0, -1.0))[-100:].mean(), "up is up"


def test_a_transition_is_prepared_or_refused(stage: Stage) -> None:
    stage.prepare("dissolve")
    with pytest.raises(PartError, match="did you mean"):
        stage.prepare("disolve")


# ---------------------------------------------------------------- what comes of it


def test_the_preview_is_the_wall_made_small(stage: Stage) -> None:
    pixels = np.zeros((9, 16, 3), np.uint8)
    pixels[:4, :, 0] = 200
    wall = shown(stage, picture(0, frame(pixels)))
    small = stage.read_small(160).astype(int)
    assert small.shape == (90, 160, 3)
    assert np.abs(small - wall.reshape(90, 4, 160, 4, 3).mean(axis=(1, 3))).max() <= 3
    assert stage.read_small(100).shape == (56, 100, 3)


def test_areas_are_capped_and_back_again(stage: Stage) -> None:
    kept = np.ones((18, 32), np.float32)
    kept[:, :16] = 0.7
    for piece in (0, 2):
        before = shown(stage, picture(piece, frame(200)))
        stage.cap(kept)
        capped = shown(stage, picture(piece, frame(200)))
        assert np.abs(capped[:, :300] - 0.7 * before[:, :300]).max() <= 2
        assert np.abs(capped[:, 340:] - before[:, 340:]).max() <= 2
        stage.cap(None)
        assert (shown(stage, picture(piece, frame(200))) == before).all()


def test_keys_are_plain_words(stage: Stage) -> None:
    for key in (pygame.K_n, pygame.K_SPACE, pygame.K_f, pygame.K_ESCAPE):
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key))
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert stage.events() == ["key:n", "key:space", "quit", "quit"]
    pygame.event.post(pygame.event.Event(pygame.JOYBUTTONDOWN, button=3, joy=0, instance_id=0))
    assert stage.events(pads=True) == ["key:button 3"]


def test_another_size_hangs_everything_anew(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    light = frame(128)
    shown(stage, picture(2, light))
    shown(stage, picture(2, light), coming=picture(0, light), progress=0.5)
    monkeypatch.setattr(type(stage._window), "size", (400, 500))
    wall = shown(stage, picture(2, light))
    assert wall.shape == (500, 400, 3)
    assert wall[seen(stage, 2)].mean() == pytest.approx(128, abs=16)
    assert stage.read_small(200).shape == (250, 200, 3)
    monkeypatch.undo()
    assert shown(stage, picture(2, light)).shape == (SIZE[1], SIZE[0], 3)


def test_a_stage_opens_again() -> None:
    """In a process of its own: SDL has one display."""
    script = """
from tests.stage.test_stage import *
for _ in range(3):
    stage = open_stage("headless", (320, 180))
    stage.hang(0, "wall", LABEL, ("en",))
    assert shown(stage, picture(0, frame(99))).shape == (180, 320, 3)
    stage.close()
    stage.close()
assert not has_display()
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], env=_environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_display_error_is_an_oserror() -> None:
    assert issubclass(DeviceError, OSError)
    assert has_display() is False or sys.platform != "linux"


def test_cards_lie_where_they_were_moved_to(opened: Stage) -> None:
    opened.hang(5, "wall", LABEL, ("en",))
    still = picture(5, frame(128))
    before = shown(opened, still, label=1.0)
    moved = shown(opened, still, label=1.0, shift=(4.0, 0.0))
    box = opened._hung[5].layout.label.box
    part = (slice(box.y + box.height - 60, box.y + box.height - 10), slice(box.x + 8, box.x + 60))
    there = (part[0], slice(part[1].start + 2, part[1].stop + 2))  # the unit of this wall is half a pixel
    assert np.abs(before[part] - moved[there]).mean() < 1.0
    assert not np.array_equal(before, moved)
    assert np.array_equal(before, shown(opened, still, label=1.0))


def test_a_label_ends_with_an_invitation(opened: Stage) -> None:
    opened.hang(6, "wall", LABEL, ("en",))
    still, words = picture(6, frame(128)), {"en": PanelWords("", "", "", "Come closer.")}
    plain = shown(opened, still, words=words)
    inviting = shown(opened, still, words=words, invites=True)
    assert not np.array_equal(plain, inviting)
    assert np.array_equal(plain, shown(opened, still, words=words))
    portrait = {"en": PanelWords("", "", "", "Come closer.", "Yesterday's portrait.")}
    assert not np.array_equal(inviting, shown(opened, still, words=portrait, portrait=True))


def test_a_ring_stands_at_the_foot_of_the_wall_where_a_visitor_stands(stage: Stage) -> None:
    for piece in (0, 2):  # in a frame, and filling the wall
        plain = shown(stage, picture(piece, frame(128)))
        left, right = (shown(stage, picture(piece, frame(128)), marks=((x, 1.0),)) - plain for x in (0.25, 0.75))
        middle = SIZE[0] // 2
        assert np.abs(left[:, :middle]).max() > 40
        assert not left[:, middle:].any()
        assert not right[:, :middle].any()
        assert not left[: SIZE[1] * 9 // 10].any(), "at the foot"
        dim = shown(stage, picture(piece, frame(128)), marks=((0.25, 0.2),)) - plain
        assert 0 < np.abs(dim).max() < np.abs(left).max()
        assert (shown(stage, picture(piece, frame(128))) == plain).all()
