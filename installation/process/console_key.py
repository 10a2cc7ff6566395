"""The secret of the operators' console, kept in the show's state folder: from it come the PIN and the sessions."""

import hmac
import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

FILE = "console.key"

KEY_BYTES = 32
DIGITS = 8


def console_key(folder: Path) -> bytes:
    """The key (KEY_BYTES) of the show with that state folder. It is made where there is none, and readable by its owner
    alone; without it, as where the folder is read-only, sessions end with the show."""
    path = folder / FILE
    with suppress(OSError):
        kept = path.read_bytes()
        if len(kept) == KEY_BYTES:
            return kept
    made = secrets.token_bytes(KEY_BYTES)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(made)
    except OSError as error:
        log.warning("%s cannot be kept (%s); the console's PIN is another one after each start", path, error.strerror)
    return made


def made_pin(key: bytes) -> str:
    """The PIN of a show whose file names none: DIGITS digits, the same as long as the key is kept."""
    digits = int.from_bytes(hmac.digest(key, b"pin", "sha256")) % 10**DIGITS
    return f"{digits:0{DIGITS}d}"
