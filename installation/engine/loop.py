"""One frame of the show: what was said, what it means, what to paint next, what to draw now."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from installation.core.controls import Control, Values
from installation.core.signals import Board
from installation.engine.arbiter import Arbiter
from installation.engine.painter import Intent, Lane, Painter
from installation.engine.playlist import Asks, Cue, Entry, Playlist
from installation.engine.view import Panel, Picture, Surface, View
from installation.engine.wiring import Wiring
from installation.showfile.load import Show

TOUCHES = ("/walk/", "/generator/")
"""Controls that change what is painted; the others change how it is shown."""


class Drained(Protocol):
    """What the operator did since the last frame: values by address with the time each came in, and pulses."""

    @property
    def values(self) -> Mapping[str, tuple[float, float]]: ...
    @property
    def pulses(self) -> Sequence[tuple[str, float]]: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """The same, in plain form: what the keyboard adds, and all there is where OSC is closed."""

    values: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    pulses: Sequence[tuple[str, float]] = ()


def nothing() -> Heard:
    """What is drained where OSC is closed."""
    return NOTHING


NOTHING = Heard()
PLAIN = "dissolve"
"""The transition that takes the place of one that does not work here."""
KEYS = {"n": "/show/next", "h": "/show/hold", "b": "/stage/blackout", "r": "/desk/release"}


@dataclass(slots=True)
class Vote:
    """The web process's last word: where visitors vote, the round, and how they voted in it (piece name -> votes)."""

    url: str = ""
    round: int = -1
    votes: Mapping[str, int] = field(default_factory=dict)


class Loop:
    """``tick(now)`` is one frame. It draws nothing and waits for nothing; time is its argument."""

    def __init__(self, show: Show, board: Board, painter: Painter, drain: Callable[[], Drained], fps: float) -> None:
        self.show, self.board, self.painter, self.drain = show, board, painter, drain
        self.interval = 1.0 / fps
        self.vote = Vote()
        changes = [(piece, piece.transition) for piece in show.pieces]
        entries = [Entry(piece.name, piece.duration, change.duration, change.outgoing) for piece, change in changes]
        self.playlist = Playlist(entries, show.order, show.seed)
        self.arbiter = Arbiter(show.operator.release)
        signals = {signal.name: signal for signal in show.signals()}
        self.wirings = [Wiring(piece.wires, signals, piece.controls()) for piece in show.pieces]
        self.controls: list[dict[str, Control]] = [piece.controls() for piece in show.pieces]
        self.rests: list[Values] = [piece.rests() for piece in show.pieces]
        self.walk_times = [0.0] * len(show.pieces)
        self.shown = [0.0] * len(show.pieces)
        self.names = [{wire.address: wire.signal for wire in piece.wires} for piece in show.pieces]
        self.language = show.languages[0]
        self.values: dict[str, float] = dict(self.rests[0])
        self.outgoing: Values = self.values
        self.signals: Values = {}
        self.cue: Cue | None = None
        self._last: float | None = None
        self._keys: list[str] = []
        self.refused: set[str] = set()
        """Transitions that do not work on this machine."""

    def key(self, key: str) -> None:
        """A key of the keyboard, an operator's hand like any other: n next, h hold, b blackout, r release."""
        if key in KEYS:
            self._keys.append(KEYS[key])

    def tick(self, now: float) -> View:
        """Everything that decides one frame, in the order in which it is decided."""
        dt = 0.0 if self._last is None else min(max(now - self._last, 0.0), 0.25)
        self._last = now
        heard = self._hear(now)
        snapshot = self.board.snapshot(now)
        self.signals = snapshot.values
        wired, pulses = self.wirings[self.lead].step(snapshot, dt)
        pressed = {address for address, _ in heard.pulses} | set(pulses)
        if "/desk/release" in pressed:
            self.arbiter.release_all(now)
        cue = self._cue(now, pressed, heard)
        lead = self.lead
        self.values = self.arbiter.step(
            now, self.controls[lead], self.rests[lead], wired, heard.values, names=self.names[lead]
        )
        self.values["/show/piece"] = float(lead)  # whoever chose it: surfaces show what hangs
        self._walk(cue, dt)
        self.painter.publish(self._intent(cue, now, heard))
        return self._view(cue, now)

    @property
    def lead(self) -> int:
        """The piece whose controls the hands are on: the coming one as soon as it comes."""
        cue = self.cue
        if cue is None:
            return self.playlist.start
        return cue.piece if cue.coming is None else cue.coming

    def _hear(self, now: float) -> Drained:
        """What the operator did since the last frame, over OSC and on the keyboard."""
        heard = self.drain()
        if not self._keys:
            return heard
        values, pulses = dict(heard.values), list(heard.pulses)
        for address in self._keys:
            if self.controls[0][address].type == "pulse":
                pulses.append((address, now))
            else:
                values[address] = (1.0 - round(self.values.get(address, 0.0)), now)
        self._keys.clear()
        return Heard(values, pulses)

    def _cue(self, now: float, pressed: set[str], heard: Drained) -> Cue:
        resident, before = self.painter.resident, self.cue
        stuck = before is not None and before.coming is None and before.piece in self.painter.broken
        hold, jump = heard.values.get("/show/hold"), heard.values.get("/show/piece")
        asks = Asks(
            next="/show/next" in pressed or (stuck and bool(resident)),
            hold=(self.values.get("/show/hold", 0.0) if hold is None else hold[0]) >= 0.5,
            jump=None if jump is None else int(jump[0]),
        )
        votes = self.vote.votes if before is not None and self.vote.round == before.round else {}
        cue = self.playlist.step(now, asks, votes, resident)
        if self.painter.broken:  # nobody is asked to vote for what cannot come
            cue = replace(cue, candidates=tuple(one for one in cue.candidates if one not in self.painter.broken))
        if cue.coming is not None and (before is None or before.coming is None):
            self.outgoing = self.values
        self.cue = cue
        return cue

    def _walk(self, cue: Cue, dt: float) -> None:
        """Moves the walks' own clocks: each piece goes on where it was when it last hung."""
        lead = self.lead
        self.walk_times[lead] += dt * self.values.get("/walk/speed", 1.0)
        self.shown[lead] += dt
        if lead != cue.piece and cue.outgoing == "play":
            self.walk_times[cue.piece] += dt * self.outgoing.get("/walk/speed", 1.0)

    def _intent(self, cue: Cue, now: float, heard: Drained) -> Intent:
        lead = self.lead
        lanes = [Lane(lead, self.walk_times[lead], self.values)]
        if lead != cue.piece and cue.outgoing == "play":
            lanes.append(Lane(cue.piece, self.walk_times[cue.piece], self.outgoing))
        came = [when for address, (_, when) in heard.values.items() if address.startswith(TOUCHES)]
        return Intent(now, tuple(lanes), min(came, default=None))

    def _view(self, cue: Cue, now: float) -> View:
        values = self.values
        coming = cue.coming
        change = self.show.pieces[cue.piece if coming is None else coming].transition
        refused = change.kind in self.refused
        return View(
            current=self._picture(cue.piece, now),
            coming=None if coming is None else self._picture(coming, now),
            transition=PLAIN if refused else change.kind,
            options={} if refused else change.options,
            progress=cue.progress,
            brightness=values.get("/stage/brightness", 1.0),
            blackout=values.get("/stage/blackout", 0.0),
            label=values.get("/stage/label", 1.0),
            language=self.language,
            panel=self._panel(cue),
        )

    def _picture(self, piece: int, now: float) -> Picture:
        pair = self.painter.pair(piece)
        # A painter that keeps up with the screen needs no interpolation, and so no wait for its next frame.
        mix = 1.0 if pair.interval <= 1.25 * self.interval else pair.mix(now)
        surface = Surface.of(self.values if piece == self.lead else self.outgoing)
        return Picture(piece, pair.earlier, pair.later, mix, surface)

    def _panel(self, cue: Cue) -> Panel | None:
        if not (self.show.stage.panel and self.vote.url and cue.candidates):
            return None
        votes = self.vote.votes if self.vote.round == cue.round else {}
        pieces = [self.show.pieces[index] for index in cue.candidates]
        tally = tuple((piece.title_in(self.language), votes.get(piece.name, 0)) for piece in pieces)
        left = None if cue.seconds_left is None else float(math.ceil(cue.seconds_left))
        return Panel(self.vote.url, tally, left)
