"""Gallery walls: drawn once for each layout, then only copied."""

from dataclasses import dataclass
from functools import cached_property

import moderngl
import numpy as np

from installation.engine.flashes import Floats
from installation.stage import gl
from installation.stage.layout import Layout, Rect, Size

Key = tuple[Size, Rect, int]
"""What the walls of two layouts have in common: size, picture, moulding."""

UNLIT = np.full((1, 1, 4), (204, 0, 0, 255), np.uint8)
"""The glaze of a picture that no lamp of the wall falls on: all of its light, and no reflection."""


@dataclass(frozen=True, slots=True)
class Wall:
    """``canvas`` is the lit wall with its frame, ``glaze`` the light on the picture; None where that covers all."""

    canvas: moderngl.Framebuffer | None = None
    glaze: moderngl.Texture | None = None


class Walls:
    """The walls of this stage. Pieces with the same layout share theirs."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._built: dict[Key, Wall] = {}
        self._capped: dict[Key, Wall] = {}
        self._caps: moderngl.Texture | None = None

    @cached_property
    def _wall(self) -> gl.Brush:
        return gl.Brush(self._context, gl.fragment("light", "wall"))

    @cached_property
    def _glaze(self) -> gl.Brush:
        return gl.Brush(self._context, gl.fragment("light", "glaze"))

    @cached_property
    def _dim(self) -> gl.Brush:
        return gl.Brush(self._context, gl.fragment("cap"), ("image", "kept"))

    def at(self, layout: Layout) -> Wall:
        key = (layout.size, layout.picture, layout.moulding)
        if key not in self._built:
            self._built[key] = self._build(layout)
        if self._caps is None:
            return self._built[key]
        if key not in self._capped:
            self._capped[key] = self._dimmed(self._built[key], layout, self._caps)
        return self._capped[key]

    def cap(self, kept: Floats | None) -> None:
        """What each area of the wall keeps of its light from now on: shares of its sRGB values, (rows, columns), the
        top row first. None: all."""
        _free(self._capped)
        if self._caps is not None:
            self._caps.release()
        self._caps = None
        if kept is not None:
            self._caps = self._context.texture(kept.shape[::-1], 1, np.flipud(kept).astype("f2").tobytes(), dtype="f2")
            self._caps.repeat_x = self._caps.repeat_y = False

    def _dimmed(self, wall: Wall, layout: Layout, caps: moderngl.Texture) -> Wall:
        """A wall whose areas keep only that."""
        whole = tuple(map(float, layout.size))
        canvas, glaze = None, gl.canvas(self._context, layout.picture.size)
        if wall.canvas is not None:
            canvas = gl.canvas(self._context, layout.size)
            self._dim.paint(canvas, None, gl.texture_of(wall.canvas), caps, whole=whole, corner=(0.0, 0.0))
        left, bottom, *_ = gl.flipped(layout.picture, layout.size[1])
        light = wall.glaze or gl.image(self._context, UNLIT)
        self._dim.paint(glaze, None, light, caps, whole=whole, corner=(float(left), float(bottom)))
        if wall.glaze is None:
            light.release()
        texture = gl.texture_of(glaze)
        glaze.release()
        return Wall(canvas, texture)

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
        _free(self._built)
        _free(self._capped)


def _free(walls: dict[Key, Wall]) -> None:
    for wall in walls.values():
        if wall.canvas:
            gl.discard(wall.canvas)
        if wall.glaze:
            wall.glaze.release()
    walls.clear()
