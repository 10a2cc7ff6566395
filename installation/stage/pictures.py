"""Moving pictures: frames go to the GPU once each, two become one, and small ones are enlarged with care."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import moderngl
import numpy as np
from PIL import Image, ImageOps

from installation.core.contracts import Frame, Pixels
from installation.core.errors import DeviceError
from installation.engine.view import Surface
from installation.stage import gl
from installation.stage import surface as surfaces
from installation.stage.layout import Layout, Rect, Size

MOST_TAPS = 16
"""Texels along each axis that make a pixel at most; pictures more than four times too large lose some detail."""

MILD = 1.4
"""Texels to a pixel up to which four are enough: paint holds little that would show as a false pattern, and six
cost an eighth of the drawing more."""

UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""What Pillow raises for files that are no pictures."""

LIT = ("rows", "surface", "glaze")
"""What the last pass reads."""

LARGEST = 64_000_000
"""Pixels of a poster at most."""


class Reel:
    """The two newest frames of one piece as textures. A frame that is there already is not sent again."""

    def __init__(self, context: moderngl.Context, still: Pixels) -> None:
        self._context = context
        self._still = gl.image(context, still)
        self._slots: list[tuple[Frame, moderngl.Texture]] = []

    def textures(self, earlier: Frame | None, later: Frame | None) -> tuple[moderngl.Texture, moderngl.Texture]:
        """Textures of two frames; of one, where the other is None; of the still, where both are."""
        first, second = earlier or later, later or earlier
        if first is None or second is None:
            return self._still, self._still
        needed = (first, second)
        return self._texture(first, needed), self._texture(second, needed)

    def _texture(self, frame: Frame, needed: tuple[Frame, Frame]) -> moderngl.Texture:
        for known, texture in self._slots:
            if known is frame:
                return texture
        pixels = frame.pixels
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ValueError(f"found a frame of {pixels.shape} {pixels.dtype}, expected (height, width, 3) uint8")
        texture = self._free(needed, (pixels.shape[1], pixels.shape[0]))
        texture.write(np.ascontiguousarray(pixels), alignment=1)
        self._slots.append((frame, texture))
        return texture

    def _free(self, needed: tuple[Frame, Frame], size: Size) -> moderngl.Texture:
        """A texture of that size: of a frame that is no longer needed, or a new one."""
        if len(self._slots) >= 2:
            spare = next(index for index, slot in enumerate(self._slots) if not any(slot[0] is one for one in needed))
            _, texture = self._slots.pop(spare)
            if texture.size == size:
                return texture
            texture.release()
        return gl.blank(self._context, size, 3)

    def release(self) -> None:
        for texture in (self._still, *(texture for _, texture in self._slots)):
            texture.release()


@dataclass(frozen=True, slots=True)
class Light:
    """What falls on a picture: the ``glaze`` of its wall (None where it fills the wall), all of it times ``gain``, on a
    ``surface`` whose strokes and threads are measured in ``unit`` pixels."""

    glaze: moderngl.Texture | None
    unit: float
    surface: Surface
    gain: float = 1.0


class Enlarger:
    """Draws frames at the size they hang at, softly: two become one, which is enlarged across and then down."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._blend = cache(lambda: self._brush("blend", ("earlier", "later")))
        self._across = cache(lambda taps: self._brush("kernel across", ("frame",), TAPS=taps))
        self._down = cache(lambda *keys: self._brush("kernel down", LIT, TAPS=keys[0], FRAMED=int(keys[1])))
        self._tile = cache(lambda unit: surfaces.tile(context, unit))
        self._passes: dict[tuple[str, Size], moderngl.Framebuffer] = {}

    def _brush(self, names: str, samplers: tuple[str, ...], **defines: object) -> gl.Brush:
        return gl.Brush(self._context, gl.fragment(*names.split(), **defines), samplers)

    def _pass(self, name: str, size: Size) -> moderngl.Framebuffer:
        """What one pass draws and the next one reads."""
        return self._passes.get((name, size)) or self._passes.setdefault((name, size), gl.canvas(self._context, size))

    def paint(
        self,
        target: moderngl.Framebuffer,
        area: Rect,
        frames: tuple[moderngl.Texture, moderngl.Texture],
        mix: float,
        light: Light,
    ) -> None:
        """Fills ``area`` with the middle of the frames, ``mix`` of the way from the first to the second."""
        earlier, later = frames if mix < 1.0 else (frames[1], frames[1])
        if earlier.size != later.size:
            earlier = later = frames[round(mix)]
        left, top, wide, high = crop(earlier.size, area.size)
        steps = wide / area.width, high / area.height
        blended, rows = self._pass("blended", earlier.size), self._pass("rows", (area.width, earlier.height))
        across, down = (taps(step) for step in steps)
        first, columns = reached(left, wide, across, earlier.width)
        above, lines = reached(top, high, down, earlier.height)
        below = earlier.height - above - lines
        self._blend().paint(
            blended,
            Rect(first, below, columns, lines),
            earlier,
            later,
            blend=0.0 if earlier is later else mix,
            **surfaces.relief(light.surface, light.unit, steps),
        )
        self._across(across).paint(
            rows,
            Rect(0, below, area.width, lines),
            gl.texture_of(blended),
            span=(left, wide),
            width=float(area.width),
        )
        lit = (self._tile(light.unit), *((light.glaze,) if light.glaze else ()))
        bounds = tuple(map(float, gl.flipped(area, target.size[1])))
        self._down(down, light.glaze is not None).paint(
            target,
            area,
            gl.texture_of(rows),
            *lit,
            span=(top, high),
            bounds=bounds,
            **surfaces.light(light.surface, light.gain),
        )

    def clear(self) -> None:
        """Frees what was made for pictures of sizes that are no more."""
        for drawn in self._passes.values():
            gl.discard(drawn)
        self._passes.clear()


def taps(shrink: float) -> int:
    """Texels along an axis that make a pixel, where a pixel covers ``shrink`` of them."""
    if shrink <= MILD:
        return 4
    return min(MOST_TAPS, 2 * int(np.ceil(2.0 * shrink - 1e-6)))


def reached(start: float, length: float, taps: int, whole: int) -> tuple[int, int]:
    """First and count of the texels along an axis of ``whole`` that are read for those from ``start`` on."""
    first = max(0, int(start) - taps)
    return first, min(whole, int(np.ceil(start + length)) + taps) - first


def crop(size: Size, area: Size) -> tuple[float, float, float, float]:
    """Left, top, width, height of the middle of a picture of ``size`` that has the shape of ``area``."""
    wide = min(size[0], size[1] * area[0] / area[1])
    high = min(size[1], size[0] * area[1] / area[0])
    return (size[0] - wide) / 2, (size[1] - high) / 2, wide, high


def poster_size(path: Path) -> Size:
    """Width and height of a picture file, upright, from its header. Raises DeviceError for one that cannot be read."""
    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > LARGEST:
                raise DeviceError(f"{path}: found {opened.width}x{opened.height}, expected at most {LARGEST} pixels")
            turned = opened.getexif().get(0x0112, 1) >= 5
            return (opened.height, opened.width) if turned else opened.size
    except UNREADABLE as error:
        raise DeviceError(f"{path}: cannot be read as a picture ({error})") from error


def poster(path: Path, layout: Layout) -> Pixels:
    """A picture file as it fits the layout. Raises DeviceError for one that cannot be read."""
    poster_size(path)
    try:
        with Image.open(path) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
            return np.asarray(ImageOps.fit(upright, layout.picture.size, Image.Resampling.LANCZOS))
    except UNREADABLE as error:
        raise DeviceError(f"{path}: cannot be read as a picture ({error})") from error
