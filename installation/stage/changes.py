"""Transitions on the GPU: each file is compiled when it is first needed, or before."""

import moderngl

from installation.errors import PartError
from installation.stage import gl
from installation.stage.layout import Rect
from installation.transitions import Transition, load_transition
from installation.view import View


class Changes:
    """The transitions of this stage."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._ready: dict[str, tuple[Transition, gl.Brush]] = {}

    def prepare(self, transition: Transition) -> None:
        """Compiles a transition. Raises PartError, with file and line, where its shader is broken."""
        source = gl.fragment("transition") + "\n#line 1\n" + transition.source
        source += "\nvoid main() { stage_color = vec4(transition(place).rgb, 1.0); }\n"
        try:
            brush = gl.Brush(self._context, source, ("stage_from", "stage_to"))
        except moderngl.Error as error:
            line, what = (gl.complaints(error) or [(1, str(error).strip().splitlines()[-1])])[0]
            raise PartError(f"{transition.path}:{line}: {what}") from error
        self._ready[transition.name] = transition, brush

    def paint(
        self,
        target: moderngl.Framebuffer,
        area: Rect | None,
        before: moderngl.Framebuffer,
        after: moderngl.Framebuffer,
        view: View,
    ) -> None:
        """Draws the view's transition from one canvas to another, over ``area`` or all of ``target``."""
        if view.transition not in self._ready:
            self.prepare(load_transition(view.transition))
        transition, brush = self._ready[view.transition]
        whole = target.size
        left, bottom, wide, high = gl.flipped(area or Rect(0, 0, *whole), whole[1])
        inset = (left / whole[0], bottom / whole[1], wide / whole[0], high / whole[1])
        brush.set(transition.settle(view.options))
        brush.paint(
            target,
            area,
            gl.texture_of(before),
            gl.texture_of(after),
            stage_inset=inset,
            progress=min(max(view.progress, 0.0), 1.0),
            ratio=wide / high,
        )
