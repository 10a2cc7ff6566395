"""Posters at the size a phone needs."""

import sys
from functools import lru_cache
from pathlib import Path

WIDTHS = (160, 640)
QUALITY = {160: 70, 640: 65}
LARGEST = 64_000_000
"""The most pixels that are decoded."""


@lru_cache(maxsize=128)
def scaled(path: Path, width: int) -> bytes | None:
    """The picture as JPEG, at most ``width`` (one of WIDTHS) pixels wide; None when it cannot be read."""
    from io import BytesIO

    from PIL import Image, UnidentifiedImageError  # imported here: only needed for posters

    try:
        with Image.open(path) as image:
            if image.width * image.height > LARGEST:
                raise ValueError(f"{image.width}x{image.height} pixels, expected at most {LARGEST}")
            image.draft("RGB", (2 * width, 2 * width))
            small = image.convert("RGB")
        small.thumbnail((width, 2 * width))
        out = BytesIO()
        small.save(out, "JPEG", quality=QUALITY[width], optimize=True, progressive=True)
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError) as error:
        print(f"poster {path}: {error}; the page goes without it", file=sys.stderr)
        return None
    return out.getvalue()
