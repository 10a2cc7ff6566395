"""Gallery walls: drawn once for each layout, then only copied."""

from dataclasses import dataclass
from functools import cached_property

import moderngl

from installation.stage import gl
from installation.stage.layout import Layout, Rect


@dataclass(frozen=True, slots=True)
class Wall:
    """``canvas`` is the lit wall with its frame, ``glaze`` the light on the picture; None where that covers all."""

    canvas: moderngl.Framebuffer | None = None
    glaze: moderngl.Texture | None = None


class Walls:
    """The walls of this stage. Pieces with the same layout share theirs."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._built: dict[tuple[object, ...], Wall] = {}

    @cached_property
    def _wall(self) -> gl.Brush:
        return gl.Brush(self._context, gl.fragment("light", "wall"))

    @cached_property
    def _glaze(self) -> gl.Brush:
        return gl.Brush(self._context, gl.fragment("light", "glaze"))

    def at(self, layout: Layout) -> Wall:
        key = (layout.size, layout.picture, layout.moulding)
        if key not in self._built:
            self._built[key] = self._build(layout)
        return self._built[key]

    def _build(self, layout: Layout) -> Wall:
        if not layout.moulding:
            return Wall()
        picture = layout.picture
        uniforms = {
            "size": tuple(map(float, layout.size)),
            "unit": layout.unit,
            "picture": tuple(map(float, (picture.x, picture.y, picture.width, picture.height))),
            "moulding": float(layout.moulding),
        }
        canvas = gl.canvas(self._context, layout.size)
        self._wall.paint(canvas, None, **uniforms)
        glaze = gl.canvas(self._context, picture.size)
        self._glaze.paint(glaze, Rect(0, 0, *picture.size), **uniforms)
        texture = gl.texture_of(glaze)
        glaze.release()
        return Wall(canvas, texture)

    def clear(self) -> None:
        """Frees all walls."""
        for wall in self._built.values():
            if wall.canvas:
                gl.discard(wall.canvas)
            if wall.glaze:
                wall.glaze.release()
        self._built.clear()
