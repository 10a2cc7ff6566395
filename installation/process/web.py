"""The web process beside the show. It may die and comes back; the picture goes on."""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from installation.core.decision import Playback, Tally
from installation.process.child import Child
from installation.showfile.load import Show

log = logging.getLogger(__name__)

SILENCE = 10.0
"""Seconds without a word after which the web process counts as frozen and is started anew."""
TELL_INTERVAL = 1.0
"""Seconds after which the web process is told what hangs although nothing changed."""


class WebProcess:
    """The visitors' page as a child process: it is told the playback and the health, and tells the votes."""

    def __init__(self, show: Show, state: Path, live: bool) -> None:
        self.show = show
        self.tally = Tally()
        self.watching = 0
        self.url = self.closed = ""
        self._ended = 0
        self._said: tuple[Any, ...] = ()
        self._next = 0.0
        os.environ["VERNISSAGE_STATE"] = str(state)  # where sensors/votes.py, in its own process too, finds the votes
        self.child = Child(
            "web",
            [sys.executable, "-m", "installation.web"],
            self._heard,
            hello=self._hello(state, live),
            silence=SILENCE,
        )

    def start(self) -> None:
        self.child.start()

    def stop(self) -> None:
        self.child.stop()

    def _hello(self, state: Path, live: bool) -> dict[str, Any]:
        settings = self.show.web
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
            self.tally = Tally(self.url, self.tally.round, self.tally.votes)
            self._said, self.closed = (), ""
            log.info("visitors vote and look at %s", self.url)
        elif "tally" in message:
            tally = message["tally"]
            votes = {str(name): int(count) for name, count in tally["votes"].items()}
            number = int(tally["round"])
            if number != self.tally.round:
                self._ended += sum(self.tally.votes.values())
            self.tally = Tally(self.url, number, votes)
        elif "watching" in message:
            self.watching = int(message["watching"])
        elif "error" in message and message["error"] != self.closed:  # it is tried again and again, and told once
            self.closed = str(message["error"])
            log.warning("the web process is closed: %s; the show goes on without it", self.closed)

    @property
    def votes(self) -> int:
        """Votes counted since the start, over all rounds."""
        return self._ended + sum(self.tally.votes.values())

    def tell(self, playback: Playback, now: float, health: Callable[[], dict[str, Any]]) -> None:
        """Says what hangs, when that changed and once a second."""
        said = (playback.piece, playback.coming, playback.round, playback.hold)
        if said == self._said and now < self._next:
            return
        self._said, self._next = said, now + TELL_INTERVAL
        names = [piece.name for piece in self.show.pieces]
        candidates = playback.candidates if self.show.order == "votes" else ()
        self.child.send(
            {
                "playback": {
                    "piece": names[playback.piece],
                    "coming": None if playback.coming is None else names[playback.coming],
                    "round": playback.round,
                    "candidates": [names[index] for index in candidates],
                    "seconds_left": playback.seconds_left,
                    "hold": playback.hold,
                }
            }
        )
        self.child.send({"health": health()})

    def send_preview(self, jpeg: bytes) -> None:
        """Sends a picture to those who watch; of pictures that wait, the newest counts."""
        self.child.send_latest(jpeg)
