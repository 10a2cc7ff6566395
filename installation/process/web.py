"""The visitors' page as a process beside the show: it may die and comes back; the picture goes on."""

import logging
import secrets
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from installation.core.contracts import Pixels
from installation.core.pipe import Message
from installation.core.votes import Tally
from installation.engine.loop import Vote
from installation.engine.playlist import Cue
from installation.process.child import Child
from installation.showfile.load import Show
from installation.web.messages import (
    TO_APP,
    Error,
    Health,
    Hello,
    Piece,
    Playback,
    Ready,
    Watching,
    check_version,
    pack,
    unpack,
)

log = logging.getLogger(__name__)

PREVIEW_INTERVAL = 0.2
"""Seconds between two pictures of the live preview, while somebody watches it."""
SILENCE = 2.5
"""Seconds without a heartbeat (two a second) after which the web process counts as frozen and is started anew."""
TELL_INTERVAL = 1.0
"""Seconds after which the web process is told what hangs although nothing changed."""
RECENT = 600.0
"""Seconds for which a restart is told in health."""

NO_NETWORK = (
    "this machine has no network address, so phones cannot reach {url} and the wall shows no code until it has one; "
    'connect it, or add url = "http://<its address>:{port}/" under [web]'
)


class WebProcess:
    """The visitors' page as a child process: it is told the playback and the health, and tells the votes.

    ``state`` is the folder that keeps the votes. ``on_tally`` is called by the reading thread with every tally. A web
    process that is silent for ``silence`` seconds is started anew. ``fresh`` takes up no round that an earlier run of
    the show left open.
    """

    def __init__(
        self,
        show: Show,
        state: Path,
        live: bool,
        on_tally: Callable[[Tally], None] = lambda tally: None,
        silence: float = SILENCE,
        fresh: bool = False,
    ) -> None:
        self.show, self.on_tally = show, on_tally
        self.vote = Vote()
        self.watching = 0
        self.url = self.closed = ""
        self.port = 0
        self._tally: Tally | None = None
        self._ended = 0
        self._said: Playback | None = None
        self._next = 0.0
        self._preview = PreviewThread(self._send_preview)
        hello = _hello(show, state, live, secrets.token_hex(8) if fresh else "")
        command = [sys.executable, "-m", "installation.web"]
        self.child = Child("web", command, self._heard, hello=pack(hello), silence=silence)

    def start(self) -> None:
        self.child.start()

    def stop(self) -> None:
        self._preview.stop()
        self.child.stop()

    def _heard(self, message: Message) -> None:
        """Called by the child's reading thread; each of these is one assignment, read by the loop's thread."""
        match unpack(message if isinstance(message, dict) else {}, TO_APP):
            case Ready() as ready:
                check_version(ready.version)
                self._opened(ready)
            case Tally() as tally:
                self._counted(tally)
            case Watching(viewers):
                self.watching = viewers
            case Error(text) if text != self.closed:  # it is tried again and again, and told once
                self.closed = text
                log.warning("the web process is closed: %s; the show goes on without it", text)

    def _opened(self, ready: Ready) -> None:
        """Phones may come. An address that only this machine reaches is no use on the wall."""
        log.info("visitors vote and look at %s", ready.url)
        if ready.near and self.show.stage.panel:
            no_network = NO_NETWORK.format(url=ready.url, port=ready.port)
            log.warning("%s", self.show.web.keeps_phones_away(ready.url) or no_network)
        self.url, self.port = ready.url, ready.port
        self.vote = Vote("" if ready.near else ready.url, self.vote.round, self.vote.votes)
        self._said, self.closed = None, ""

    def _counted(self, tally: Tally) -> None:
        if self._tally is not None and tally.round != self._tally.round:
            self._ended += sum(self._tally.votes.values())
        self._tally = tally
        self.vote = Vote(self.vote.url, tally.round, tally.votes)
        self.on_tally(tally)

    @property
    def votes(self) -> int:
        """Votes counted since the start, over all rounds."""
        return self._ended + (sum(self._tally.votes.values()) if self._tally else 0)

    def notes(self) -> list[str]:
        """What somebody who looks after the show should know of this process; empty when all is well."""
        found = [f"the web process is closed: {self.closed}"] if self.closed else []
        ago = time.monotonic() - self.child.restarted
        if not self.closed and ago < RECENT:
            times = f"{self.child.restarts} time{'s' if self.child.restarts > 1 else ''}"
            last = f"the last time {ago:.0f} s ago, as it {self.child.last_trouble}"
            found.append(f"the web process was started again {times}, {last}")
        return found

    def tell(self, cue: Cue, now: float, health: Callable[[], Health]) -> None:
        """Says what hangs, when that changed and once a second."""
        playback = self._playback(cue)
        if now < self._next and self._said is not None and playback.without_time() == self._said.without_time():
            return
        self._said, self._next = playback, now + TELL_INTERVAL
        self.child.send(pack(playback))
        self.child.send(pack(health()))

    def _playback(self, cue: Cue) -> Playback:
        names = [piece.name for piece in self.show.pieces]
        return Playback(
            piece=names[cue.piece],
            round=cue.round,
            coming=None if cue.coming is None else names[cue.coming],
            candidates=tuple(names[index] for index in cue.candidates) if self.show.order == "votes" else (),
            seconds_left=cue.seconds_left,
            hold=cue.hold,
        )

    def preview_due(self, now: float) -> bool:
        """Whether somebody watches and has waited long enough for the next picture."""
        return self.watching > 0 and self._preview.due(now)

    def preview(self, pixels: Pixels) -> None:
        """Takes a picture for those who watch; encoded in a thread, the newest wins."""
        self._preview.take(pixels)

    def _send_preview(self, jpeg: bytes) -> None:
        self.child.send_latest(jpeg)


def _hello(show: Show, state: Path, live: bool, run: str) -> Hello:
    settings = show.web
    pieces = tuple(
        Piece(piece.name, piece.label.title, piece.label.medium, piece.label.date, piece.label.text, piece.poster)
        for piece in show.pieces
    )
    return Hello(
        bind=settings.bind,
        port=settings.port,
        state=state,
        url=settings.url,
        title=show.title,
        languages=show.languages,
        pieces=pieces,
        words=show.words,
        live=live,
        run=run,
    )


class PreviewThread:
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
