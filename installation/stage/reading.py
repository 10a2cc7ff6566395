"""A canvas brought back from the GPU, whole or made small."""

from functools import cached_property

import moderngl

from installation.core.contracts import Pixels
from installation.stage import gl


class Reader:
    """Reads canvases. It waits for the GPU."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._canvas: moderngl.Framebuffer | None = None

    @cached_property
    def _shrink(self) -> gl.Brush:
        return gl.Brush(self._context, gl.fragment("small"), ("image",))

    def small(self, shown: moderngl.Framebuffer, width: int) -> Pixels:
        """(h, width, 3) uint8, the top row first."""
        wide, high = shown.size
        size = (width, max(1, round(width * high / wide)))
        if self._canvas is None or self._canvas.size != size:
            if self._canvas is not None:
                gl.discard(self._canvas)
            self._canvas = gl.canvas(self._context, size)
        taps = max(1, -(-wide // (2 * width)))
        self._shrink.paint(self._canvas, None, gl.texture_of(shown), taps=taps)
        return gl.read(self._canvas)
