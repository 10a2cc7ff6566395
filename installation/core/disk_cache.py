"""A cache on disk of results that take long to compute; an entry that is lost is computed again.

An entry is one file: the SHA-256 of its content, then the content. A damaged one counts as missing. Its name is a
digest of its key, which must contain all that the content depends on.
"""

import hashlib
import logging
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

ENDING = ".kept"
DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True)
class DiskCache:
    """Entries in a folder of their own, made when the first is kept. Above ``limit`` bytes the least recently used are
    removed; an entry larger than that is not kept. Safe between threads and processes: files are renamed into place."""

    folder: Path
    limit: int = 512 * 2**20
    proven: set[str] = field(default_factory=set, compare=False, repr=False)
    """Keys whose entries were found right since the program began; for its users to keep."""

    def path(self, kind: str, key: str) -> Path:
        """Where an entry is, or would be. ``kind`` is a readable prefix of the file's name: ``pace``."""
        return self.folder / f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:32]}{ENDING}"

    def get(self, kind: str, key: str) -> bytes | None:
        """The entry's content; None where it is missing or damaged."""
        path = self.path(kind, key)
        try:
            kept = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return kept[DIGEST:] if kept[:DIGEST] == hashlib.sha256(kept[DIGEST:]).digest() else None

    def put(self, kind: str, key: str, content: bytes) -> None:
        """Stores an entry, atomically; a failure to write is logged and otherwise ignored."""
        if DIGEST + len(content) > self.limit:
            return
        path = self.path(kind, key)
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(hashlib.sha256(content).digest() + content)
            part.replace(path)
            self._trim()
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            log.warning("%s: cannot be kept (%s); it is found out again at the next start", path, error)

    def drop(self, kind: str, key: str) -> None:
        with suppress(OSError):
            self.path(kind, key).unlink(missing_ok=True)

    def _trim(self) -> None:
        files = [(file, file.stat()) for file in self.folder.glob(f"*{ENDING}")]
        files.sort(key=lambda one: one[1].st_mtime, reverse=True)
        room = self.limit
        for file, facts in files:
            room -= facts.st_size
            if room < 0:
                file.unlink(missing_ok=True)
