"""The processes beside the show: the house and its preview. Each may die and comes back; the picture goes on."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from installation.core.contracts import Pixels
from installation.engine.loop import Vote
from installation.engine.playlist import Cue
from installation.process.child import Child
from installation.showfile.load import Show

log = logging.getLogger(__name__)

PREVIEW_INTERVAL = 0.2
"""Seconds between two pictures of the live preview, while somebody watches it."""
SILENCE = 10.0
"""Seconds without a word after which the house, which answers every cue, counts as frozen and is started anew."""
CUE_INTERVAL = 1.0
"""Seconds after which the house is told what hangs although nothing changed."""


class House:
    """Front of house: a child process that is told the cue and the health, and tells the votes."""

    def __init__(self, show: Show, state: Path, live: bool) -> None:
        self.show = show
        self.vote = Vote()
        self.watching = 0
        self.url = self.closed = ""
        self._ended = 0
        self._said: tuple[Any, ...] = ()
        self._next = 0.0
        self._encoder = Encoder(self._send_preview)
        os.environ["VERNISSAGE_STATE"] = str(state)  # where sensors/votes.py, in its own process too, finds the ballot
        self.child = Child(
            "house",
            [sys.executable, "-m", "installation.web"],
            self._heard,
            hello=self._hello(state, live),
            silence=SILENCE,
        )

    def start(self) -> None:
        self.child.start()

    def stop(self) -> None:
        self._encoder.stop()
        self.child.stop()

    def _hello(self, state: Path, live: bool) -> dict[str, Any]:
        settings = self.show.house
        return {
            "hello": {
                "bind": settings.bind,
                "port": settings.port,
                "url": settings.url,
                "state": str(state),
                "live": live,
                "title": self.show.title,
                "languages": list(self.show.languages),
                "pieces": [
                    {
                        "name": piece.name,
                        "title": piece.label.title,
                        "medium": piece.label.medium,
                        "date": piece.label.date,
                        "text": piece.label.text,
                        "poster": None if piece.poster is None else str(piece.poster),
                    }
                    for piece in self.show.pieces
                ],
            }
        }

    def _heard(self, message: dict[str, Any] | bytes) -> None:
        """Called by the child's reader thread; each of these is one assignment, read by the loop's thread."""
        if not isinstance(message, dict):
            return
        if "ready" in message:
            self.url = str(message["ready"]["url"])
            self.vote = Vote(self.url, self.vote.round, self.vote.votes)
            self._said, self.closed = (), ""
            log.info("visitors vote and look at %s", self.url)
        elif "tally" in message:
            tally = message["tally"]
            votes = {str(name): int(count) for name, count in tally["votes"].items()}
            number = int(tally["round"])
            if number != self.vote.round:
                self._ended += sum(self.vote.votes.values())
            self.vote = Vote(self.url, number, votes)
        elif "watching" in message:
            self.watching = int(message["watching"])
        elif "error" in message and message["error"] != self.closed:  # it is tried again and again, and told once
            self.closed = str(message["error"])
            log.warning("the house is closed: %s; the show goes on without it", self.closed)

    @property
    def votes(self) -> int:
        """Votes counted since the start, over all rounds."""
        return self._ended + sum(self.vote.votes.values())

    def tell(self, cue: Cue, now: float, health: Callable[[], dict[str, Any]]) -> None:
        """Says what hangs, when that changed and once a second."""
        said = (cue.piece, cue.coming, cue.round, cue.hold)
        if said == self._said and now < self._next:
            return
        self._said, self._next = said, now + CUE_INTERVAL
        names = [piece.name for piece in self.show.pieces]
        candidates = cue.candidates if self.show.order == "votes" else ()
        self.child.send(
            {
                "cue": {
                    "piece": names[cue.piece],
                    "coming": None if cue.coming is None else names[cue.coming],
                    "round": cue.round,
                    "candidates": [names[index] for index in candidates],
                    "seconds_left": cue.seconds_left,
                    "hold": cue.hold,
                }
            }
        )
        self.child.send({"health": health()})

    def preview_due(self, now: float) -> bool:
        """Whether somebody watches and has waited long enough for the next picture."""
        return self.watching > 0 and self._encoder.due(now)

    def preview(self, pixels: Pixels) -> None:
        """Takes a picture for those who watch; encoded in a thread, the newest wins."""
        self._encoder.take(pixels)

    def _send_preview(self, jpeg: bytes) -> None:
        self.child.send_latest(jpeg)


class Encoder:
    """A thread that turns the newest picture into JPEG, outside the frame's time."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._slot: Pixels | None = None
        self._next = 0.0
        self._stopping = False
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def due(self, now: float) -> bool:
        if now < self._next:
            return False
        self._next = now + PREVIEW_INTERVAL
        return True

    def take(self, pixels: Pixels) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="preview", daemon=True)
            self._thread.start()
        with self._wake:
            self._slot = pixels
            self._wake.notify()

    def stop(self) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify()

    def _run(self) -> None:
        import cv2  # here: only a watched show pays for it

        while True:
            with self._wake:
                while self._slot is None and not self._stopping:
                    self._wake.wait()
                if self._stopping:
                    return
                pixels, self._slot = self._slot, None
            assert pixels is not None
            good, jpeg = cv2.imencode(".jpg", pixels[:, :, ::-1], (cv2.IMWRITE_JPEG_QUALITY, 80))
            if good:
                self._send(jpeg.tobytes())


class Clock:
    """The real clock of a show, and its pace: ``wait`` returns when the next frame is due."""

    def __init__(self, fps: float) -> None:
        self.interval = 1.0 / fps
        self._due = time.monotonic()

    def now(self) -> float:
        return time.monotonic()

    def wait(self) -> None:
        """Sleeps until the next frame is due; after a long frame the rhythm starts anew instead of catching up."""
        self._due += self.interval
        left = self._due - time.monotonic()
        if left > 0:
            time.sleep(left)
        elif left < -self.interval:
            self._due = time.monotonic()
