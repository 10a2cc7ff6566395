"""Frames of a film, evenly spaced, one at a time; those that look like the frame before are left out.

Read through FFmpeg (PyAV) from an open file and by its film formats only, so that a film cannot make FFmpeg read
another file or address. HDR films are not tone-mapped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from installation.training.dataset.crops import LeftOut, resize
from installation.training.dataset.decoding import MAX_PIXELS, Picture, PicturesError

READ_AS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegvideo,mpegts,ogg,asf"
"""FFmpeg's names of the formats; playlists and lists of files are not among them."""
MAX_FRAMES = 10_000
"""The most frames from one film."""
ALIKE = 4
"""Frames whose hashes differ in no more than so many of 64 bits look alike."""
SOME_HD = 720
"""Lines from which a film that does not name its colour matrix has that of ITU-R BT.709; below, that of BT.601."""


def frames(path: Path, every: float) -> Iterator[tuple[str, Picture | LeftOut]]:
    """(`t=SECONDS`, upright picture with square pixels), a frame for every `every` seconds; or why one is left out.

    Raises PicturesError where nothing of the film can be read. A film damaged later gives what comes before.
    """
    at = ""
    try:
        with path.open("rb") as file, av.open(file, "r", options={"format_whitelist": READ_AS}) as film:
            check_length(film.duration, every)
            before: int | None = None
            for count, (seconds, frame) in enumerate(spaced(film, every)):
                at = f"t={seconds:.2f}"
                if count == MAX_FRAMES:
                    yield at, LeftOut(f"{MAX_FRAMES} frames were taken before; give a larger --every", at)
                    return
                picture = upright(frame, film.streams.video[0].sample_aspect_ratio)
                print_ = fingerprint(picture)
                if before is not None and (before ^ print_).bit_count() <= ALIKE:
                    yield at, LeftOut("looks like the frame before", at)
                    continue
                before = print_
                yield at, picture
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        if isinstance(error, PicturesError):
            raise
        if not at:
            raise PicturesError(f"cannot be read as a film ({type(error).__name__}: {error})") from None
        yield f"{at},", LeftOut(f"the film is damaged from here on ({type(error).__name__})", f"{at},")


def check_length(duration: int | None, every: float) -> None:
    """`duration` in microseconds, or None if the film does not state it."""
    wanted = (duration or 0) / 1e6 / every
    if wanted > MAX_FRAMES:
        raise PicturesError(
            f"{wanted:.0f} frames, more than {MAX_FRAMES}. Give --every {every * wanted / MAX_FRAMES:.1f} or more"
        )


def spaced(film: Any, every: float) -> Iterator[tuple[float, Any]]:
    """(seconds since the first frame, frame): the first frame at or after each multiple of `every`."""
    if not film.streams.video:
        raise PicturesError("a film without pictures")
    stream = film.streams.video[0]
    stream.thread_type = "AUTO"
    start, due = None, 0.0
    with closing(film.decode(stream)) as decoded:
        for number, frame in enumerate(decoded):
            if frame.width * frame.height > MAX_PIXELS:
                raise PicturesError(f"{frame.width}x{frame.height} is more than 64 million pixels")
            time = float(frame.time) if frame.time is not None else number / float(stream.average_rate or 25)
            start = time if start is None else start
            if time - start >= due - 1e-6:
                yield time - start, frame
                due = (int((time - start + 1e-6) / every) + 1) * every


def upright(frame: Any, pixel_aspect: Any) -> Picture:
    """(height, width, 3) uint8 as a player shows it: rotated by the film's metadata, its pixels made square."""
    unspecified = 2  # AVCOL_SPC_UNSPECIFIED
    hd = frame.colorspace == unspecified and frame.height >= SOME_HD
    picture = frame.to_ndarray(format="rgb24", **({"src_colorspace": "ITU709"} if hd else {}))
    aspect = float(pixel_aspect or 1)
    if not 0.99 < aspect < 1.01 and 0.25 < aspect < 4:
        picture = resize(picture, max(1, round(frame.width * aspect)), frame.height)
    return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90) % 4))


def fingerprint(picture: Picture) -> int:
    """64 bits: whether each of 8x8 coarse cells is brighter than the one to its right (a difference hash)."""
    coarse = Image.fromarray(picture).convert("L").resize((9, 8), Image.Resampling.BOX)
    cells = np.asarray(coarse, np.int16)
    return int("".join("1" if bit else "0" for bit in (cells[:, :-1] > cells[:, 1:]).ravel()), 2)
