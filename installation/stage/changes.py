"""Transitions on the GPU: each file is compiled before it is needed."""

from functools import cache
from typing import Any

import moderngl

from installation.core.errors import PartError
from installation.engine.view import View
from installation.showfile.transitions import Transition, load_transition
from installation.stage import gl
from installation.stage.layout import Rect, Size

EASE = 0.04
"""How much of the progress at either end leads from the exact picture to what the transition makes of it. Where a
transition begins or ends with a jump, it becomes a short mixing."""


class Changes:
    """The transitions of this stage."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._load = cache(load_transition)
        self._brushes: dict[tuple[str, bool], gl.Brush] = {}

    def compile(self, transition: Transition, framed: bool) -> gl.Brush:
        """A brush for it, over a whole wall or in a frame. Raises PartError where its shader is broken."""
        key = (transition.name, framed)
        if key not in self._brushes:
            given = gl.fragment("transition", FRAMED=int(framed), STAGE_EASE=EASE)
            source = "\n".join((given, "#line 1", transition.source, gl.shader("ease")))
            try:
                self._brushes[key] = gl.Brush(self._context, source, ("stage_from", "stage_to"))
            except moderngl.Error as error:
                line, what = (gl.complaints(error) or [(1, str(error).strip().splitlines()[-1])])[0]
                raise PartError(f"{transition.path}:{line}: {what}") from error
        return self._brushes[key]

    def paint(
        self,
        target: moderngl.Framebuffer,
        area: Rect | None,
        before: moderngl.Framebuffer,
        after: moderngl.Framebuffer,
        view: View,
    ) -> None:
        """Draws the view's transition from one canvas to another, over ``area`` or all of ``target``."""
        transition = self._load(view.transition)
        brush = self.compile(transition, area is not None)
        whole = Rect(0, 0, *target.size)
        brush.set(transition.settle(view.options))
        brush.paint(
            target,
            area,
            gl.texture_of(before),
            gl.texture_of(after),
            progress=min(max(view.progress, 0.0), 1.0),
            **_place(area or whole, target.size),
        )


def _place(area: Rect, size: Size) -> dict[str, Any]:
    """The uniforms that say where the change happens."""
    left, bottom, wide, high = gl.flipped(area, size[1])
    x, y = size
    edges = ((left + 0.5) / x, (bottom + 0.5) / y, (left + wide - 0.5) / x, (bottom + high - 0.5) / y)
    return {"stage_inset": (left / x, bottom / y, wide / x, high / y), "stage_edges": edges, "ratio": wide / high}
