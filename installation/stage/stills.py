"""A picture of the wall on disk."""

import os
import tempfile
from pathlib import Path

from PIL import Image

from installation.core.contracts import Pixels
from installation.core.errors import DeviceError


def save_still(path: Path, pixels: Pixels) -> None:
    """Writes (h, w, 3) uint8 as PNG: the whole file or none. Raises DeviceError where it cannot be written."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".png")
    except OSError as error:
        raise DeviceError(_unwritable(path, error)) from error
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            Image.fromarray(pixels).save(file, format="PNG", compress_level=4)
        draft.chmod(0o644)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise DeviceError(_unwritable(path, error)) from error


def _unwritable(path: Path, error: Exception) -> str:
    why = getattr(error, "strerror", None) or str(error)
    hint = "" if path.parent.is_dir() else f"; make the folder {path.parent} first"
    return f"{path}: cannot be written ({why}){hint}"
