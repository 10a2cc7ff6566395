"""The marks that tell visitors that they are seen: a ring of light at the foot of the wall."""

import moderngl
import numpy as np
from numpy.typing import NDArray

from installation.stage import gl
from installation.stage.layout import Layout, Rect
from installation.stage.printing import Cards, Printed

RADIUS, THICK, FOOT, SIDE = 9.0, 2.2, 18.0, 60.0
"""Units: of the ring, how thick it is, how far its middle lies above the wall's foot, and at least from its sides."""

LIGHT, SHADE = (255, 246, 226), 0.35
"""sRGB of the light, and how dark the ring's shadow is (0..1), by which it is seen on a light wall as well."""

STEPS = 24
"""Steps of brightness: so that a wall on which nothing else moves is not drawn anew for what nobody sees."""


class Rings:
    """Lays rings. The texture is made once for each size of the wall."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._made: tuple[int, moderngl.Texture] | None = None

    def cards(self, marks: tuple[tuple[float, float], ...], layout: Layout) -> Cards:
        """A ring for each mark (x, strength), dimmed by its strength."""
        if not marks:
            return ()
        texture = self._texture(max(8, round(4 * RADIUS * layout.unit)))
        wide, side = texture.size[0], SIDE * layout.unit
        room = layout.size[0] - 2.0 * side
        top = round(layout.size[1] - FOOT * layout.unit - wide / 2)
        placed = ((round(side + x * room - wide / 2), round(strength * STEPS) / STEPS) for x, strength in marks)
        return tuple((Printed(texture, Rect(left, top, wide, wide)), share) for left, share in placed)

    def _texture(self, size: int) -> moderngl.Texture:
        if self._made is None or self._made[0] != size:
            if self._made is not None:
                self._made[1].release()
            self._made = size, gl.image(self._context, ring(size))
        return self._made[1]


def ring(size: int) -> NDArray[np.uint8]:
    """(size, size, 4), premultiplied: a ring of light with a soft edge, in a shadow that is wider."""
    way = (np.arange(size) + 0.5) / size * 4.0 * RADIUS - 2.0 * RADIUS
    distance = np.abs(np.hypot(way[:, None], way[None, :]) - RADIUS)
    light = np.exp(-((distance / THICK) ** 2) * 2.0)
    shade = SHADE * np.exp(-((distance / (2.2 * THICK)) ** 2) * 2.0) * (1.0 - light)
    made = np.zeros((size, size, 4))
    made[..., :3] = np.array(LIGHT) * light[..., None]
    made[..., 3] = 255.0 * (light + shade)
    return np.rint(made).astype(np.uint8)
