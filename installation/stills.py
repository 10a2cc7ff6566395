"""The newest picture of each piece, kept on disk: what hangs first after a crash, and in safe mode.

Files are written whole or not at all, by a thread of its own; where nothing can be written, posters hang instead.
"""

import io
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np

from installation.core.atomic_write import write_whole
from installation.core.contracts import Pixels
from installation.core.decision import Playback
from installation.core.latest import Latest
from installation.engine.frames import Pair

log = logging.getLogger(__name__)

EVERY = 20.0
"""Seconds between two pictures that are kept; a piece that begins to hang is kept sooner, after SOON."""

SOON = 2.0

QUALITY = 92
"""Of the JPEG."""


class Stills:
    """Pieces go by their names, as shows are edited. ``restarted``: the newest pictures hang before the posters."""

    def __init__(self, folder: Path, names: Sequence[str], restarted: bool) -> None:
        self._folder, self.restarted = folder / "stills", restarted
        self.rename(names)
        self._waiting: Latest[tuple[int, Pixels]] = Latest()
        self._thread = threading.Thread(target=self._write, name="stills", daemon=True)
        self._piece = -1
        self._due = 0.0

    def rename(self, names: Sequence[str]) -> None:
        """The pieces are these from here on."""
        self.paths = tuple(self._folder / f"{quote(name, safe='')}.jpg" for name in names)
        self._piece = -1

    def start(self) -> None:
        self._thread.start()

    def first(self, piece: int, poster: Path | None) -> Path | None:
        """What hangs of a piece until its first picture is painted."""
        kept = self.paths[piece]
        return kept if (self.restarted or poster is None) and kept.is_file() else poster

    def watch(self, playback: Playback, pair: Callable[[int], Pair], now: float) -> None:
        """Keeps a copy of what the piece that hangs shows at ``now`` (s) where one is due. To be called every frame;
        never waits."""
        piece = playback.piece
        if piece != self._piece:
            self._piece, self._due = piece, now + SOON
        if now < self._due or playback.coming is not None or (frame := pair(piece).later) is None:
            return
        self._due = now + EVERY
        self._waiting.put((piece, np.array(frame.pixels)))

    def close(self, timeout: float = 3.0) -> None:
        """Writes what waits, for at most ``timeout`` seconds."""
        self._waiting.close()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _write(self) -> None:
        from PIL import Image  # here: the thread has the time

        while (taken := self._waiting.wait()) is not None:
            piece, pixels = taken
            out = io.BytesIO()
            Image.fromarray(pixels).save(out, "JPEG", quality=QUALITY)
            try:
                self.paths[piece].parent.mkdir(parents=True, exist_ok=True)
                write_whole(self.paths[piece], out.getvalue())
            except OSError as error:
                log.debug("%s cannot be written (%s); the poster hangs in its place", self.paths[piece], error)
