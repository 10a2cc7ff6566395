"""The few things of OpenGL that the stage needs: brushes (a shader and where it draws) and textures."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from installation.core.contracts import Pixels
from installation.stage.layout import Rect, Size

SHADERS = Path(__file__).parent / "shaders"
_COMPLAINT = re.compile(r"^\s*(?:ERROR: )?\d+[:(](\d+)\)?(?:\(\d+\))?\s*:?\s*(.*)$", re.MULTILINE)


class Brush:
    """A fragment shader. ``paint`` draws it over the viewport with textures bound to its samplers, in their order."""

    def __init__(self, context: moderngl.Context, source: str, samplers: Iterable[str] = ()) -> None:
        vertex = "#version 330 core\n" + shader("screen.vert")
        self._context = context
        self._program = context.program(vertex_shader=vertex, fragment_shader="#version 330 core\n" + source)
        self._array = context.vertex_array(self._program, [])
        for unit, name in enumerate(samplers):
            self.set({name: unit})

    def set(self, uniforms: Mapping[str, Any]) -> None:
        """Sets uniforms; those that the compiler found no use for are passed over."""
        for name, value in uniforms.items():
            if name in self._program:
                self._program[name] = value

    def paint(
        self, target: moderngl.Framebuffer, area: Rect | None, *textures: moderngl.Texture, **uniforms: Any
    ) -> None:
        """Draws over ``area`` (whose 0,0 is at the top left) of ``target``, or over all of it."""
        self.set(uniforms)
        for unit, texture in enumerate(textures):
            texture.use(unit)
        target.use()
        target.viewport = (0, 0, *target.size) if area is None else flipped(area, target.size[1])
        settle(self._context)
        self._array.render(moderngl.TRIANGLES, 3)

    def release(self) -> None:
        self._array.release()
        self._program.release()


def settle(context: moderngl.Context) -> None:
    """Waits, where the processor draws (see Stage), until everything is drawn so far. What is drawn next would wait for
    that, too, but with the interpreter's lock held."""
    if context.extra is not None:
        context.extra()


def copy(context: moderngl.Context, target: moderngl.Framebuffer, source: moderngl.Framebuffer) -> None:
    """Copies a canvas to another of its size."""
    settle(context)
    context.copy_framebuffer(target, source)


def shader(*names: str) -> str:
    """The text of shaders of ours, one after another."""
    return "\n".join((SHADERS / f"{name}.glsl").read_text("utf-8") for name in names)


def fragment(*names: str, **defines: object) -> str:
    """A fragment shader of ours; ``defines`` are its constants."""
    lines = [f"#define {name} {str(value).lower()}" for name, value in defines.items()]
    return "\n".join([*lines, "in vec2 place;", shader(*names)])


def complaints(error: moderngl.Error) -> list[tuple[int, str]]:
    """(line, what) of each complaint of a driver's compiler, as Mesa, NVIDIA, AMD, Intel and Apple write them."""
    return [(int(line), what.strip()) for line, what in _COMPLAINT.findall(str(error))]


def flipped(area: Rect, height: int) -> tuple[int, int, int, int]:
    """``area`` as OpenGL has it, 0,0 at the bottom left."""
    return area.x, height - area.y - area.height, area.width, area.height


def blank(context: moderngl.Context, size: Size, components: int = 4) -> moderngl.Texture:
    """An empty texture, one byte a component, that ends at its edges."""
    texture = context.texture(size, components)
    texture.repeat_x = texture.repeat_y = False
    return texture


def image(context: moderngl.Context, pixels: NDArray[np.uint8]) -> moderngl.Texture:
    """A texture of ``pixels`` (h, w, components), its first row at the bottom: flip what is to stand upright."""
    height, width, components = pixels.shape
    texture = context.texture((width, height), components, np.ascontiguousarray(pixels), alignment=1)
    texture.repeat_x = texture.repeat_y = False
    return texture


def canvas(context: moderngl.Context, size: Size) -> moderngl.Framebuffer:
    """A framebuffer with one texture, black."""
    made = context.framebuffer([blank(context, size)])
    made.clear(0.0, 0.0, 0.0, 1.0)
    return made


def texture_of(target: moderngl.Framebuffer) -> moderngl.Texture:
    texture = target.color_attachments[0]
    assert isinstance(texture, moderngl.Texture)
    return texture


def discard(target: moderngl.Framebuffer) -> None:
    """Frees a canvas and its texture."""
    texture_of(target).release()
    target.release()


def read(target: moderngl.Framebuffer) -> Pixels:
    """(h, w, 3) uint8, the top row first."""
    width, height = target.size
    data = target.read(viewport=(0, 0, width, height), components=3, alignment=1)
    return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(height, width, 3)[::-1])
