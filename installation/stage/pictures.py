"""Moving pictures: frames go to the GPU once each, two become one, and small ones are enlarged with care."""

from functools import cache
from pathlib import Path

import moderngl
import numpy as np
from PIL import Image, ImageOps

from installation.core.contracts import Frame, Pixels
from installation.core.errors import DeviceError
from installation.stage import gl
from installation.stage.layout import Layout, Rect, Size

MOST_TAPS = 16
"""Texels along each axis that make a pixel at most; pictures more than four times too large lose some detail."""

UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""What Pillow raises for files that are no pictures."""

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


class Enlarger:
    """Draws frames at the size they hang at, softly: first across, at the frame's own height, then down."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._across = cache(lambda taps: self._brush("across", ("earlier", "later"), TAPS=taps))
        self._down = cache(lambda taps: self._brush("down", ("rows", "glaze"), TAPS=taps))
        self._rows: dict[Size, moderngl.Framebuffer] = {}

    def _brush(self, name: str, samplers: tuple[str, ...], **defines: object) -> gl.Brush:
        return gl.Brush(self._context, gl.fragment("kernel", name, **defines), samplers)

    def paint(
        self,
        target: moderngl.Framebuffer,
        area: Rect,
        frames: tuple[moderngl.Texture, moderngl.Texture],
        mix: float,
        glaze: moderngl.Texture,
        gain: float,
    ) -> None:
        """Fills ``area`` with the middle of the frames, ``mix`` of the way from the first to the second."""
        earlier, later = frames
        if earlier.size != later.size:
            earlier = later = frames[round(mix)]
        left, top, wide, high = crop(earlier.size, area.size)
        size = (area.width, earlier.height)
        rows = self._rows.get(size) or self._rows.setdefault(size, gl.canvas(self._context, size))
        self._across(taps(wide / area.width)).paint(
            rows, None, earlier, later, blend=mix, span=(left, wide), width=float(area.width)
        )
        bounds = tuple(map(float, gl.flipped(area, target.size[1])))
        self._down(taps(high / area.height)).paint(
            target, area, gl.texture_of(rows), glaze, span=(top, high), bounds=bounds, gain=gain
        )

    def clear(self) -> None:
        """Frees what was made for pictures of sizes that are no more."""
        for rows in self._rows.values():
            gl.discard(rows)
        self._rows.clear()


def taps(shrink: float) -> int:
    """Texels along an axis that make a pixel, where a pixel covers ``shrink`` of them."""
    return min(MOST_TAPS, 2 * int(np.ceil(2.0 * max(shrink, 1.0) - 1e-6)))


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
