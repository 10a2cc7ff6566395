"""The visitors' page as a process beside the show, which restarts it after a failure."""

import logging
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from installation.core import decision, room_code
from installation.core.log_file import log_file
from installation.core.pipe import Message
from installation.core.repeats import Repeats
from installation.process.child import Child, begun
from installation.process.console_key import console_key, made_pin
from installation.showfile import load as showfile
from installation.showfile.load import Show
from installation.web.messages import (
    TO_APP,
    Agenda,
    Answer,
    Ballots,
    Consoles,
    Desk,
    Edited,
    Entrance,
    Error,
    Health,
    Hello,
    Leanings,
    Liked,
    Moment,
    Moved,
    Opinions,
    Pair,
    Piece,
    Playback,
    Ready,
    Tally,
    Uncounted,
    Watching,
    check_version,
    pack,
    unpack,
)

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "installation.web")

SILENCE = 2.5
"""Seconds without a heartbeat (two a second) after which the web process counts as frozen and is started anew."""
TELL_INTERVAL = 1.0
"""Seconds after which the web process is sent the playback although nothing changed."""
RECENT = 600.0
"""Seconds for which a restart is reported in health."""

NO_NETWORK = (
    "this machine has no network address, so phones cannot reach {url} and the wall shows no code until it has one; "
    'connect it, or add url = "http://<its address>:{port}/" under [web]'
)


class WebProcess:
    """The visitors' page as a child process: it receives the playback and the health, and sends the votes.

    ``state`` is the folder that keeps the votes. ``on_tally`` is called by the reading thread with every tally. A web
    process that is silent for ``silence`` seconds is started anew. ``fresh`` takes up no round that an earlier run of
    the show left open. ``on_done`` is called with what operators do on a console, and returns why it does not count.
    ``waiting`` is a process that waits already (see web_that_waits).
    """

    def __init__(
        self,
        show: Show,
        state: Path,
        live: bool,
        on_tally: Callable[[decision.Tally], None] = lambda tally: None,
        silence: float = SILENCE,
        fresh: bool = False,
        on_done: Callable[[Moved | Edited], str] = lambda done: "",
        waiting: "subprocess.Popen[bytes] | None" = None,
    ) -> None:
        self.show, self.on_tally, self.on_done = show, on_tally, on_done
        self.tally = decision.Tally()
        self.watching = self.consoles = self.starts = 0
        self.url = self.closed = self._door = ""
        self.uncounted = ""
        """Why votes cannot be kept now."""
        self.leans: tuple[int, Mapping[str, decision.Lean]] = 0, {}
        """What visitors want of the picture that hangs: the round, and by address."""
        self.opinions = Opinions(0)
        """Which visitors with a phone like what hangs."""
        self._repeats = Repeats()
        self.port = 0
        self._ended = 0
        self._said: tuple[Any, ...] | None = None
        self._next = 0.0
        self._key = secrets.token_bytes(room_code.KEY_BYTES)  # here, as visits outlive a web process
        run, entrance = secrets.token_hex(8) if fresh else "", _entrance(show, state)
        self._hello = partial(_hello, state=state, live=live, run=run, console=entrance, key=self._key)
        hello = self._hello(show)
        self.child = Child("web", COMMAND, self._heard, hello=pack(hello), silence=silence, spare=True, waiting=waiting)

    def take(self, show: Show) -> None:
        """Goes on with another version of the show, at the same address and port."""
        self.show, self._said = show, None
        hello = pack(self._hello(show))
        self.child.greet(hello)
        self.child.send(hello)

    def start(self) -> None:
        self.child.start()

    def stop(self) -> None:
        self.child.stop()

    def _heard(self, message: Message) -> None:
        """Called by the child's reading thread; each of these is one assignment, read by the loop's thread."""
        match unpack(message if isinstance(message, dict) else {}, TO_APP):
            case Ready() as ready:
                check_version(ready.version)
                self._opened(ready)
            case Tally() as tally:
                self._counted(tally)
            case Leanings(number, leans, visitors):
                self.leans = number, {one: decision.Lean(lean, visitors[one]) for one, lean in leans.items()}
            case Opinions() as opinions:
                self.opinions = opinions
            case Uncounted(why):
                self.uncounted = why
                log_once(self._repeats, why)
            case Watching(viewers):
                self.watching = viewers
            case Consoles(count):
                self.consoles = count
            case Moved() | Edited() as done:
                self.answer(done.who, self.on_done(done))
            case Error(text) if text != self.closed:  # it is retried indefinitely, and logged once
                self.closed = text
                log.warning("the web process is closed: %s; the show goes on without it", text)

    def _opened(self, ready: Ready) -> None:
        """Takes the page's address for the wall, unless only this machine can reach it."""
        log.info("visitors vote and look at %s", ready.url)
        if ready.near and self.show.stage.panel:
            no_network = NO_NETWORK.format(url=ready.url, port=ready.port)
            log.warning("%s", self.show.web.keeps_phones_away(ready.url) or no_network)
        self.url, self.port = ready.url, ready.port
        self._door = "" if ready.near else ready.url
        self.tally = replace(self.tally, url=_address(self.show, self._door, self._key))
        self._said, self.closed = None, ""
        self.starts += 1

    def _counted(self, tally: Tally) -> None:
        if tally.round != self.tally.round:
            self._ended += sum(self.tally.votes.values())
        self.tally = decision.Tally(_address(self.show, self._door, self._key), tally.round, tally.votes, tally.casts)
        self.on_tally(self.tally)

    @property
    def votes(self) -> int:
        """Votes counted since the start, over all rounds."""
        return self._ended + sum(self.tally.votes.values())

    def notes(self) -> list[str]:
        """This process's trouble, for the health report; empty when all is well."""
        notes = [f"the web process is closed: {self.closed}"] if self.closed else []
        ago = time.monotonic() - self.child.restarted
        if not self.closed and ago < RECENT:
            times = f"{self.child.restarts} time{'s' if self.child.restarts > 1 else ''}"
            last = f"the last time {ago:.0f} s ago, as it {self.child.last_trouble}"
            notes.append(f"the web process was started again {times}, {last}")
        return notes

    def tell(self, now_hangs: decision.Playback, now: float, look: Callable[[], Callable[[], Health]]) -> None:
        """Sends the playback and the health, when what hangs changed and once a second. ``look`` is called now; what it
        returns makes the health, in the thread that writes."""
        says = (
            now_hangs.piece,
            now_hangs.coming,
            now_hangs.round,
            now_hangs.candidates,
            now_hangs.hold,
            now_hangs.votes,
        )
        if now < self._next and says == self._said:
            return
        self._said, self._next = says, now + TELL_INTERVAL
        show, health = self.show, look()
        self.child.send_made(lambda: pack(_playback(show, now_hangs)), lambda: pack(health()))

    def pass_on(self, message: Desk | Agenda | Moment | Ballots | Liked) -> None:
        """Sends something for the operators' consoles, or what visitors without a phone say and what is remembered of
        all. Called by any thread."""
        self.child.send(pack(message))

    def answer(self, who: str, text: str) -> None:
        """Tells the consoles of ``who`` what became of what they asked for; an empty text tells nothing. Called by any
        thread."""
        if text:
            self.child.send(pack(Answer(who, text)))

    def send_preview(self, jpeg: bytes) -> None:
        """Sends a picture to those who watch; of pictures that wait, the newest counts."""
        self.child.send_latest(jpeg)


def web_that_waits(show: Show) -> "subprocess.Popen[bytes] | None":
    """A web process that imports what it needs and waits, for a show on standby; None where that one has no page."""
    with suppress(OSError):
        return begun(COMMAND) if show.web.enabled else None
    return None


def log_once(repeats: Repeats, why: str) -> None:
    """Logs why votes cannot be kept; not again and again, and nothing where they can."""
    if line := repeats.line(why, time.monotonic()) if why else "":
        log.warning("%s", line)


def _entrance(show: Show, state: Path) -> Entrance | None:
    """Who may use the console; logs a PIN that the show file leaves out."""
    access = show.operator.console
    if access == "off":
        return None
    key = console_key(state)
    if not show.operator.pin:
        log.info("the operators' console at /console opens with the PIN %s", made_pin(key))
    pin = show.operator.pin or made_pin(key)
    return Entrance(pin, key.hex(), log_file(state), access == "network")


def _address(show: Show, door: str, key: bytes) -> str:
    """What the wall's code leads to: the page at ``door``, with the room code of this minute where votes need one. A
    tally comes after every playback, so the reading thread asks once a second."""
    return room_code.address(door, key if show.web.room_code else b"", time.monotonic())


def _playback(show: Show, state: decision.Playback) -> Playback:
    names = [piece.name for piece in show.pieces]
    return Playback(
        piece=names[state.piece],
        round=state.round,
        coming=None if state.coming is None else names[state.coming],
        candidates=tuple(names[index] for index in state.candidates) if state.votes else (),
        seconds_left=state.seconds_left,
        hold=state.hold,
    )


def _piece(piece: showfile.Piece) -> Piece:
    """What the page says of a piece, and what visitors may ask of it."""
    label, pairs = piece.label, tuple(Pair(pair.address, pair.less, pair.more) for pair in piece.pairs)
    return Piece(piece.name, label.title, label.medium, label.date, label.text, piece.poster, pairs)


def _hello(show: Show, state: Path, live: bool, run: str, console: Entrance | None, key: bytes) -> Hello:
    settings = show.web
    pieces = tuple(map(_piece, show.pieces))
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
        console=console,
        room_key=key.hex() if settings.room_code else "",
        votes_per_address=settings.votes_per_address,
    )
