"""Decodes one picture file to upright sRGB pixels. Every error in a file raises PicturesError, no other exception.

* The size is checked from the header before anything is decoded, and only decoders of pixel formats are used: none
  that runs a program (EPS).
* Embedded profiles (ICC.1, also of CMYK and grey) are brought to sRGB, relative colorimetric with black point
  compensation. A picture without a profile is taken for sRGB; CMYK without one is inverted plainly.
* Transparent parts become white, as most viewers show them.
* 16 bits become 8. 32-bit pixels are refused: nothing in the file says which number is white.
* Of an animation the first frame is taken.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from installation.core.errors import VernissageError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "JPEG2000")
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".jp2"}
)
MAX_PIXELS = 64_000_000
"""The most pixels in a header: with more, a picture is refused as a mistake or a decompression bomb."""
MAX_BYTES = 512 << 20
"""The largest picture file, in bytes: 64 million pixels of 16-bit RGBA, uncompressed."""

BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error),
    *(IndexError, KeyError, TypeError, AttributeError, ArithmeticError, RuntimeError),
)
"""What Pillow's decoders raise for files that are damaged, by format and by where the damage lies."""

UPRIGHT = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}
"""The operation that undoes each value of the EXIF tag Orientation (CIPA DC-008); 1 is upright."""

PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}
"""The pixels that a profile of each ICC colour space describes."""

Picture = NDArray[np.uint8]


class PicturesError(VernissageError, ValueError):
    """The pictures cannot be used; the message has which, why, and what to do."""


@dataclass(frozen=True)
class Decoded:
    """``picture`` (height, width, 3) uint8 sRGB, upright; ``scale`` is its width over that of the file's own pixels,
    below 1 where a JPEG was decoded smaller. ``note``: irregularities that did no harm."""

    picture: Picture
    scale: float = 1.0
    note: str = ""


def read_picture(path: Path) -> Picture:
    """(height, width, 3) uint8 sRGB. Raises PicturesError, which names the file."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PicturesError(f"more than {MAX_BYTES >> 20} MB")
        return decode(path.read_bytes()).picture
    except PicturesError as error:
        raise PicturesError(f"{path.name}: {error}") from None
    except OSError as error:
        raise PicturesError(f"{path.name}: cannot be read ({error.strerror})") from None


def decode(content: bytes, least: int | None = None) -> Decoded:
    """Decode a picture file. With ``least`` px, a JPEG may come out at 1/2, 1/4 or 1/8, its shorter side at least that.

    Raises PicturesError for a file that is not a picture, is damaged or declares too many pixels.
    """
    with opened(content) as image:
        width = image.width
        if least:
            image.draft(image.mode, (least, least))
        rotation, odd = orientation(image)
        image.load()
        flat, note = to_srgb(image)
        for step in UPRIGHT.get(rotation, ()):
            flat = flat.transpose(step)
        return Decoded(np.asarray(flat), image.width / width, "; ".join(filter(None, (odd, note))))


@contextmanager
def opened(content: bytes) -> Iterator[Image.Image]:
    """A context with the picture, its header read and its size checked; decoding errors inside become PicturesError."""
    if not content:
        raise PicturesError("an empty file")
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PicturesError(f"{image.width}x{image.height} is more than 64 million pixels")
            yield image
    except PicturesError:
        raise
    except Image.DecompressionBombError:
        raise PicturesError("announces far more than 64 million pixels") from None
    except UnidentifiedImageError:
        raise PicturesError("cannot be read as a picture (its content is of no known format)") from None
    except BROKEN as error:
        raise PicturesError(f"cannot be read as a picture ({error or type(error).__name__})") from None


def orientation(image: Image.Image) -> tuple[int, str]:
    """(EXIF orientation 1..8, a note on irregularities)."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1)), ""
    except BROKEN:
        return 1, "its EXIF data is damaged; taken as upright"


# -- colour -----------------------------------------------------------------------------------------------------------


def to_srgb(image: Image.Image) -> tuple[Image.Image, str]:
    """(RGB picture in sRGB, a note on irregularities)."""
    flat, alpha = without_alpha(image)
    rgb, note = through_profile(flat, image.info.get("icc_profile"))
    if alpha is not None:
        rgb = Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)
    return rgb, note


def without_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """(8-bit picture whose channels are colour alone, coverage "L" or None)."""
    if image.mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.uint32)
        return Image.fromarray(((deep * 255 + 32767) // 65535).astype(np.uint8)), None
    if image.mode in ("I", "F"):
        raise PicturesError("32-bit pixels, whose white level is not given. Save it with 8 or 16 bits")
    if image.has_transparency_data:
        alpha = image.convert("RGBA").getchannel("A")
        return image.convert("L" if image.mode in ("L", "LA", "La") else "RGB"), alpha
    if image.mode in ("1", "P", "PA"):
        return image.convert("L" if image.mode == "1" else "RGB"), None
    return image, None


def through_profile(image: Image.Image, icc: bytes | None) -> tuple[Image.Image, str]:
    if not icc:
        return image.convert("RGB"), ""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = profile.profile.xcolor_space.strip()
        if space == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        if PROFILE_MODES.get(space) != image.mode:
            return image.convert("RGB"), f"its profile is for {space}, its pixels are {image.mode}: taken as sRGB"
        transform = ImageCms.buildTransform(
            profile,
            ImageCms.createProfile("sRGB"),
            image.mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        return ImageCms.applyTransform(image, transform) or image, ""
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image.convert("RGB"), "its colour profile is damaged: taken as sRGB"
