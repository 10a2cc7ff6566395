"""From a folder of pictures to what the trainer eats: square uint8 pictures in memory, and where they came from.

A *raw* folder holds image files. A *prepared* folder holds `pictures.npy` (n, size, size, 3) uint8 sRGB,
`prepared.json` (how it was made, which files, what was skipped) and `sheet.png` to look at.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from installation.errors import VernissageError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
MAX_PIXELS = 64_000_000
"""A picture whose header announces more is not decoded: it is a mistake or a decompression bomb."""
FACE = np.array([[0.404, 0.412], [0.596, 0.412], [0.423, 0.638], [0.577, 0.638]])
"""Where the eyes and the mouth corners go, in widths of the picture: 0.19 between the eyes leaves head and collar."""
MAX_BORDER = 0.06
"""The largest share of a face crop that may lie outside of the picture (it is filled by reflection)."""

MAX_TURN = 26.0
"""Degrees that a face may be turned upright: beyond, the whole figure would lean the other way."""
MAX_MISFIT = 0.025
"""How far, root mean square and in widths of the picture, a face may miss FACE: beyond, it is a profile."""

Picture = NDArray[np.uint8]


class PicturesError(VernissageError, ValueError):
    """The pictures cannot be used; says which, why, and what to do."""


@dataclass(frozen=True)
class Prepared:
    """Pictures ready to train on: (n, size, size, 3) uint8 sRGB, with the facts that the model's header will repeat."""

    pictures: Picture
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return int(self.pictures.shape[1])


def find_pictures(folder: Path) -> list[Path]:
    """All image files under a folder, sorted by name."""
    if not folder.is_dir():
        raise PicturesError(f"{folder}: not a folder. Give the folder that holds the pictures.")
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    if not found:
        raise PicturesError(f"{folder}: no pictures in it. Looked for {', '.join(sorted(SUFFIXES))}.")
    return found


def read_picture(path: Path) -> Picture:
    """Decode one picture to (height, width, 3) uint8 RGB. The size is judged from the header before any decoding."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PicturesError(f"{path.name}: {image.width}x{image.height} is more than 64 million pixels")
            return np.asarray(image.convert("RGB"))
    except Image.DecompressionBombError:
        raise PicturesError(f"{path.name}: announces far more than 64 million pixels") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        if isinstance(error, PicturesError):
            raise
        raise PicturesError(f"{path.name}: cannot be read as a picture ({error})") from None


def crop_centre(picture: Picture, size: int) -> Picture:
    """The largest centred square, brought to size with a filter that does not alias."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(picture[top : top + side, left : left + side])
    return np.asarray(square.resize((size, size), Image.Resampling.LANCZOS))


def crop_face(picture: Picture, points: NDArray[np.float64], size: int) -> Picture:
    """Turn, scale and shift a face so that its eyes and mouth lie where FACE says (in the least-squares sense).

    `points` (5, 2) are eyes, nose, mouth corners in pixels of the picture. Supersampled 2x, then averaged down.
    """
    import cv2  # here: it changes the environment when it is imported, and only faces need it

    big = size * 2
    eyes_mouth = np.delete(points, 2, axis=0)
    matrix = similarity(eyes_mouth, FACE * big)
    turn = abs(float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))))
    misfit = float(np.sqrt(np.square(eyes_mouth @ matrix[:, :2].T + matrix[:, 2] - FACE * big).sum(1).mean())) / big
    if turn > MAX_TURN or misfit > MAX_MISFIT:
        raise PicturesError(f"the face is a profile or leans too far ({turn:.0f} degrees, misfit {misfit:.3f})")
    inside = cv2.warpAffine(np.ones(picture.shape[:2], np.uint8), matrix, (big, big), flags=cv2.INTER_NEAREST)
    outside = 1 - float(inside.mean())
    if outside > MAX_BORDER:
        raise PicturesError(f"{outside:.0%} of the face crop lies outside of the picture (at most {MAX_BORDER:.0%})")
    warped = cv2.warpAffine(picture, matrix, (big, big), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.resize(warped, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The (2, 3) matrix [[a, -b, x], [b, a, y]] that brings source points (n, 2) closest to target points."""
    rows = [((x, -y, 1, 0), (y, x, 0, 1)) for x, y in source]
    a, b, x, y = np.linalg.lstsq(np.array(rows, float).reshape(-1, 4), target.reshape(-1), rcond=None)[0]
    return np.array([[a, -b, x], [b, a, y]])


def prepare(
    folder: Path,
    size: int,
    landmarks: Path | None = None,
    ledger: Path | None = None,
    progress: Callable[[Iterable[Path]], Iterable[Path]] = iter,
) -> Prepared:
    """Read, crop and resize every picture of a raw folder. Pictures that cannot be used are listed and left out."""
    points = read_landmarks(landmarks) if landmarks else None
    rows = read_ledger(ledger) if ledger else None
    kept: list[Picture] = []
    names: list[str] = []
    skipped: dict[str, str] = {}
    for path in progress(find_pictures(folder)):
        name = path.relative_to(folder).as_posix()
        try:
            if points is not None and name not in points:
                raise PicturesError("no landmarks for it in the landmarks file")
            picture = read_picture(path)
            if min(picture.shape[:2]) < size // 2:
                raise PicturesError(f"{picture.shape[1]}x{picture.shape[0]} is too small for {size} px")
            kept.append(crop_centre(picture, size) if points is None else crop_face(picture, points[name], size))
            names.append(name)
        except PicturesError as error:
            skipped[name] = str(error)
    if not kept:
        reasons = "; ".join(f"{name}: {why}" for name, why in list(skipped.items())[:3])
        raise PicturesError(f"{folder}: none of {len(skipped)} pictures can be used. The first: {reasons}")
    facts = {
        "source": folder.name,
        "size": size,
        "crop": "centre" if points is None else "face",
        "count": len(kept),
        "files": names,
        "skipped": skipped,
        "ledger_sha256": ledger_digest(rows, folder.name, names) if rows else None,
    }
    return Prepared(np.stack(kept), facts)


def read_landmarks(path: Path) -> dict[str, NDArray[np.float64]]:
    """{file name: (5, 2) pixels of eyes, nose, mouth corners}."""
    try:
        table = {name: np.array(points, float) for name, points in json.loads(path.read_text()).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise PicturesError(f"{path}: cannot be read as landmarks ({error}).") from None
    for name, points in table.items():
        if points.shape != (5, 2) or not np.isfinite(points).all():
            raise PicturesError(f"{path}: {name}: expected 5 points [x, y], got shape {points.shape}.")
    return table


def read_ledger(path: Path) -> list[list[str]]:
    """The rows of a CSV whose first column names a picture, with its folder or without."""
    try:
        with path.open(newline="") as file:
            return [row for row in csv.reader(file) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise PicturesError(f"{path}: cannot be read as a ledger ({error}).") from None


def ledger_digest(rows: list[list[str]], folder: str, names: Iterable[str]) -> str:
    """sha256 over the rows of the pictures used, sorted, so that a model says exactly what it has seen."""
    wanted = {path for name in names for path in (name, f"{folder}/{name}")}
    used = sorted(",".join(row) for row in rows if row[0] in wanted)
    if not used:
        raise PicturesError(
            f"the ledger holds no row for any picture of {folder}. Its first column is the file's name."
        )
    return hashlib.sha256("\n".join(used).encode()).hexdigest()


def save_prepared(prepared: Prepared, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "pictures.npy", prepared.pictures)
    (out / "prepared.json").write_text(json.dumps(prepared.facts, indent=1, ensure_ascii=False))
    Image.fromarray(contact_sheet(prepared.pictures[spread(len(prepared.pictures), 64)])).save(out / "sheet.png")


def load_prepared(folder: Path) -> Prepared:
    try:
        pictures = np.load(folder / "pictures.npy", allow_pickle=False)
        facts = json.loads((folder / "prepared.json").read_text())
    except (OSError, ValueError) as error:
        raise PicturesError(f"{folder}: not a prepared folder, or a damaged one ({error}). Prepare it again.") from None
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[1:] != (facts["size"], facts["size"], 3):
        raise PicturesError(f"{folder}/pictures.npy: found {pictures.dtype} {pictures.shape}. Prepare it again.")
    return Prepared(pictures, facts)


def spread(total: int, count: int) -> NDArray[np.int64]:
    """Up to `count` indices evenly spread over `total`."""
    return np.unique(np.linspace(0, total - 1, min(total, count)).round().astype(np.int64))


def contact_sheet(pictures: Picture) -> Picture:
    """(n, h, w, 3) pictures -> one picture with as many columns as rows, or a little wider."""
    n, height, width, _ = pictures.shape
    columns = int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    sheet = np.zeros((rows * columns, height, width, 3), np.uint8)
    sheet[:n] = pictures
    return np.ascontiguousarray(
        sheet.reshape(rows, columns, height, width, 3).swapaxes(1, 2).reshape(rows * height, columns * width, 3)
    )
