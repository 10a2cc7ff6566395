"""What a picture is painted on and how the light lies on it: strokes, canvas, cracks and varnish, pixel by pixel."""

from typing import Any

import moderngl

from installation.engine.view import Surface
from installation.stage import gl

STEEP = 60.0
"""What a slope, in light a unit, is multiplied with before it is levelled: fine marks of a small picture stand up."""
NEARNESS = 0.7
"""How much the lamp's offset decreases from the middle to the far side, as the lamp is near the picture."""
PICTURE, STROKES, THREADS, CRACKS = 0.16, 0.60, 0.40, 0.60
"""The strongest effect of each."""
TINT, LIFT = (1.0, 0.945, 0.80), (0.020, 0.013, 0.004)
"""Old varnish: its factor on white, and what it adds to black."""


def tile(context: moderngl.Context, unit: float) -> moderngl.Texture:
    """The surface of a wall with that unit, tileable: slopes of strokes and threads, cracks."""
    side = 512 if unit < 1.2 else 1024 if unit < 2.4 else 2048
    heights = context.texture((side, side), 4, dtype="f2")
    drawn = context.framebuffer([heights])
    paint = gl.Brush(context, gl.fragment("paint"))
    paint.paint(drawn, None, side=float(side), unit=unit, around=9)
    made = gl.canvas(context, (side, side))
    slopes = gl.Brush(context, gl.fragment("slopes"), ("heights",))
    slopes.paint(made, None, heights, side=side)
    for used in (paint, slopes, drawn, heights):
        used.release()
    texture = gl.texture_of(made)
    made.release()
    return texture


def relief(surface: Surface, unit: float, steps: tuple[float, float]) -> dict[str, Any]:
    """The uniforms of ``blend`` for the height of a picture's paint; ``steps`` are texels to a pixel, across and
    down."""
    return {
        "lamp": (surface.lamp_x, surface.lamp_y, NEARNESS, NEARNESS),
        "relief": PICTURE * surface.relief,
        "steep": tuple(STEEP * unit * step for step in steps),
    }


def light(surface: Surface, gain: float) -> dict[str, Any]:
    """The uniforms of ``down`` for a picture's surface and its brightness factor ``gain``."""
    strokes, varnish = -STROKES * surface.relief, surface.varnish
    return {
        "stand": (strokes * surface.lamp_x, strokes * surface.lamp_y, THREADS * surface.weave),
        "cracks": CRACKS * surface.craquelure,
        "tint": tuple(gain * (1.0 - varnish * (1.0 - part)) for part in TINT),
        "lift": tuple(gain * varnish * part for part in LIFT),
        "gain": gain,
    }
