"""Decides one frame from requests and signals: which piece hangs, which hand moves each control, what to paint.

The order within a frame: the programme that the schedule names → commands and the pulses that wires pass on → the
playlist, which names the lead piece → that piece's wires, and the cues → the arbiter → the walks' clocks. So wires and
hands see the same lead piece in every frame, also in that in which a change begins. Time, calendar and all that comes
from outside are arguments; nothing here draws or waits.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from installation.core.commands import Asked, Command
from installation.core.contracts import TASTE_PORTRAIT
from installation.core.controls import Values
from installation.core.decision import Decision, Lane, Panel, Playback, Tally, Wall, Wishes
from installation.core.signals import Snapshot
from installation.engine.arbiter import Arbiter
from installation.engine.languages import shown_language
from installation.engine.marks import Marks
from installation.engine.playlist import Asks, Entry, Playlist
from installation.engine.programming import Programming, Scheduled
from installation.engine.schedule import Timetable
from installation.engine.session import Visits
from installation.engine.strides import Strides
from installation.engine.transport import Transport
from installation.engine.wiring import Wiring
from installation.showfile.load import Show

PAINTED = ("/walk/", "/generator/")
"""Controls that change what is painted; the others change how it is shown."""

WALL = "wall"
"""The name of a show's one wall."""

SIDES = ("← ", "→ ")
"""What the first two candidates have before their titles where visitors may vote by side."""

LONGEST = 0.25
"""The most seconds that one frame moves walks and wires by: after a longer gap they go on where they were."""


@dataclass(frozen=True, slots=True)
class Heard:
    """All that a frame is decided from, besides the time: operators' requests, the signals, the visitors' votes,
    the values of the other hands, which pieces can be painted (``ready``) and which no more (``broken``), by index;
    for the pieces whose walks follow it what is believed of the visitors' taste, as their walks find it; which pieces
    are opened when they are to come (``able``)."""

    asked: Asked
    snapshot: Snapshot
    ready: Collection[int]
    broken: Collection[int] = ()
    tally: Tally = field(default_factory=Tally)
    wishes: Wishes = field(default_factory=Wishes)
    taste: Mapping[int, Values] = field(default_factory=dict)
    able: Collection[int] = ()


class Decider:
    """``decide`` is one frame. What it keeps between two frames is ``state``, and ``resume`` goes on with that."""

    def __init__(
        self,
        show: Show,
        always_open: bool = False,
        timetable: Timetable | None = None,
        retired: Collection[str] = (),
    ) -> None:
        """``always_open``: as if it never closed. ``timetable`` is the show's, where there is one already; ``retired``
        names pieces that hang until they are replaced, and do not come again."""
        self.show = show
        self.programming = Programming(show, always_open, timetable, retired)
        self.scheduled: Scheduled | None = None
        changes = [(piece, piece.transition) for piece in show.pieces]
        entries = [Entry(piece.name, piece.duration, change.duration, change.outgoing) for piece, change in changes]
        self.playlist = Playlist(entries, show.order, show.seed)
        self.arbiter = Arbiter(show.operator.release)
        self.transport = Transport()
        self.playback: Playback | None = None
        signals = {signal.name: signal for signal in show.signals()}
        self._controls = [piece.controls() for piece in show.pieces]
        self._rests = [piece.rests() for piece in show.pieces]
        self.wirings = [
            Wiring(piece.wires, signals, controls) for piece, controls in zip(show.pieces, self._controls, strict=True)
        ]
        self.visits = None if show.visitors is None else Visits(show.visitors, show.signals())
        marked = show.visitors is not None and show.visitors.mark != "none"
        self._marks = Marks(show.visitors, show.signals()) if show.visitors and marked else None
        self._marked: tuple[tuple[float, float], ...] = ()
        self._names = [{wire.address: wire.signal for wire in piece.wires} for piece in show.pieces]
        self.walk_times = [0.0] * len(show.pieces)
        """Where each piece's walk is, in seconds at speed 1."""
        self.strides = [Strides() for _ in show.pieces]
        """What pulses asked of each walk."""
        self.shown = [0.0] * len(show.pieces)
        """Seconds that each piece was the lead."""
        self.commands: tuple[Command, ...] = ()
        """Those of the last frame: of operators, and those that wires passed on."""
        self.told: Mapping[str, str] = {}
        """What the visitors want, as clauses, by address."""
        self._taste: Mapping[int, Values] = {}
        self._values: Values = self._rests[0]
        self._outgoing: Values = self._rests[0]
        self._last: float | None = None
        self._guest: int | None = None
        self._first: Lane | None = None

    def decide(self, now: float, civil: datetime, heard: Heard) -> Decision:
        """The frame at ``now`` (s); ``civil`` is the date and time of day."""
        dt = 0.0 if self._last is None else min(max(now - self._last, 0.0), LONGEST)
        self._last = now
        scheduled = self.scheduled = self.programming.at(civil)
        commands = self.commands = self._commands(now, heard)
        self._taste = heard.taste
        playback = self._change(now, heard, commands, scheduled)
        lead, rests = playback.lead, self._rests[playback.lead]
        if self.transport.release:
            self.arbiter.release_all(now)
        self.told = heard.wishes.told
        self._values = self.arbiter.step(
            now,
            self._controls[lead],
            rests,
            self._wired(now, dt, lead, heard.snapshot),
            heard.asked.touches,
            {**heard.wishes.cue, **self.programming.cues(now, civil, commands, heard.snapshot, self._values)},
            heard.wishes.votes,
            self._names[lead],
        )
        if self._marks is not None:
            self._marked = self._marks.step(now, dt, heard.snapshot.values, commands)
        self.strides[lead].ask(commands)
        self._walk(playback, dt)
        touches = heard.asked.touches
        touched = [touch.when for address, touch in touches.items() if address.startswith(PAINTED)] if touches else ()
        return Decision(
            time=now,
            civil=civil.isoformat(),
            walls=(self._wall(playback, heard.tally, scheduled),),
            signals=heard.snapshot.values,
            kept=self.arbiter.kept(),
            touched=min(touched, default=None),
        )

    def _wired(self, now: float, dt: float, lead: int, snapshot: Snapshot) -> Values:
        """What the wires of a piece say, and the visits."""
        if self.visits is None:
            return self.wirings[lead].values(snapshot, dt)
        wires = self.wirings[lead].values(self.visits.step(now, dt, snapshot), dt)
        return self.visits.steer(wires, self._controls[lead], self._rests[lead])

    # ------------------------------------------------------------ which piece hangs

    def _commands(self, now: float, heard: Heard) -> tuple[Command, ...]:
        """The commands of operators, and those that the wires of the lead piece pass on."""
        lead = self.playlist.lead if self.playback is None else self.playback.lead
        wired = (Command(address, 1.0, now, "wire") for address in self.wirings[lead].pulses(heard.snapshot))
        return (*heard.asked.commands, *wired)

    def _change(self, now: float, heard: Heard, commands: Sequence[Command], scheduled: Scheduled) -> Playback:
        before, allowed = self.playback, scheduled.pieces
        asks = self.transport.step(commands)
        self._guest = self._guest if asks.jump is None else asks.jump
        may = allowed if self._guest is None else allowed | {self._guest}
        ready, able = may.intersection(heard.ready), may.intersection(heard.able)
        self.playlist.order = scheduled.order
        asks = self._skipping(asks, heard, ready, allowed)
        votes = {} if before is None else heard.tally.of(before.round)
        stuck = self.playlist.lead in heard.broken  # what replaces it comes at once
        playback = self.playlist.step(now, asks, votes, ready, () if stuck and ready else able)
        there = allowed.difference(heard.broken)  # pieces that cannot hang are no candidates
        voted = scheduled.order == "votes"
        if voted != playback.votes or not there.issuperset(playback.candidates):
            candidates = tuple(piece for piece in playback.candidates if piece in there)
            playback = replace(playback, candidates=candidates, votes=voted)
        if playback.coming is not None and (before is None or before.coming is None):
            self._outgoing = self._values
        self.playback = playback
        return playback

    def _skipping(self, asks: Asks, heard: Heard, ready: Collection[int], allowed: Collection[int]) -> Asks:
        """A piece that hangs and is broken, or is not of the programme, is replaced by the next that is ready. What the
        operator asked for by name may hang at any hour."""
        before = self.playback
        if before is None or before.coming is not None or asks.jump is not None:
            return asks
        strange = bool(allowed) and before.piece not in allowed and before.piece != self._guest
        stuck = before.piece in heard.broken or strange
        return replace(asks, next=True) if stuck and ready else asks

    # ------------------------------------------------------------ where the walks are

    def _walk(self, playback: Playback, dt: float) -> None:
        """Moves the walks' own clocks: each piece goes on where it was when it last hung."""
        lead = playback.lead
        going = 0.0 if self.transport.freezes(playback) else dt
        self.walk_times[lead] += going * self._values.get("/walk/speed", 1.0) + self.strides[lead].step(going)
        self.shown[lead] += dt
        if lead != playback.piece and playback.outgoing == "play":
            self.walk_times[playback.piece] += dt * self._outgoing.get("/walk/speed", 1.0)

    def _lanes(self, playback: Playback) -> tuple[Lane, ...]:
        """What is to be painted: while the picture is frozen, the same as before."""
        lead = playback.lead
        first = Lane(lead, self.walk_times[lead], self.strides[lead].told(_with(self._taste.get(lead), self._values)))
        if self.transport.freezes(playback) and self._first is not None and self._first.piece == lead:
            first = self._first
        self._first = first
        if lead == playback.piece or playback.outgoing != "play":
            return (first,)
        leaving = playback.piece
        told = self.strides[leaving].told(_with(self._taste.get(leaving), self._outgoing))
        return first, Lane(leaving, self.walk_times[leaving], told)

    # ------------------------------------------------------------ what is shown

    def _wall(self, playback: Playback, tally: Tally, scheduled: Scheduled) -> Wall:
        language, _ = shown_language(self.show.languages, self._last or 0.0, self.show.stage.rotate)
        return Wall(
            name=WALL,
            title=self.show.pieces[playback.piece].title_in(language),
            playback=playback,
            controls=self._values,
            hands=self.arbiter.hands(),
            lanes=self._lanes(playback),
            outgoing={} if playback.coming is None else self._outgoing,
            programme=scheduled.programme,
            blackout=self.transport.blackout or scheduled.programme is None,
            freeze=self.transport.freeze,
            language=language,
            panel=_panel(self.show, playback, tally, language),
            attract=self.visits.attract if self.visits else 0.0,
            marks=self._marked,
            portrait=self._taste.get(playback.piece, {}).get(TASTE_PORTRAIT, 0.0),
        )

    # ------------------------------------------------------------ from one start to the next

    def state(self) -> dict[str, Any]:
        """All that a ``resume`` needs, for JSON. Pieces go by name, as shows are edited."""
        names = [piece.name for piece in self.show.pieces]
        return {
            "playback": self.playlist.state(),
            "transport": self.transport.state(),
            "walks": dict(zip(names, self.walk_times, strict=True)),
            "steps": dict(zip(names, (stride.asked for stride in self.strides), strict=True)),
            "cues": self.programming.player.state(),
        }

    def resume(self, state: Mapping[str, Any], switches: bool = True, gap: float = 0.0) -> None:
        """Goes on from a ``state``, as far as it fits this show; ``switches``: hold, blackout and freeze, too. The walk
        of the piece that hung is where it would be by now, ``gap`` seconds later. Before the first frame."""
        self.programming.resume(_table(state, "cues"))
        old = self.playlist
        self.playlist = Playlist(old.entries, old.order, old.seed, old.start, _table(state, "playback"))
        if switches:
            self.transport.resume(_table(state, "transport"))
        walks, steps = _table(state, "walks"), _table(state, "steps")
        for index, piece in enumerate(self.show.pieces):
            if isinstance(asked := steps.get(piece.name), int):
                self.strides[index].resume(asked)
            walked = walks.get(piece.name)
            if isinstance(walked, int | float) and math.isfinite(walked):
                self.walk_times[index] = float(walked) + (gap if index == self.playlist.lead else 0.0)

    def begin(self, civil: datetime) -> None:
        """Before the first frame, after a ``resume``: a piece hangs that is of the programme at that time of day."""
        scheduled = self.programming.at(civil)
        self.playlist.order = scheduled.order
        self.playlist.begin(scheduled.pieces)

    def succeed(self, old: "Decider", state: Mapping[str, Any], guest: str | None) -> None:
        """Takes the place of the ``old`` decider of an earlier version of the show, between two frames: goes on from
        ``state``, with the hands where they are. ``guest`` is the piece that the operator asked for."""
        self.resume(state)
        self.transport, self.arbiter = old.transport, old.arbiter
        self.arbiter.release = self.show.operator.release
        self._last, self._values = old._last, old._values
        index = {piece.name: at for at, piece in enumerate(self.show.pieces)}
        self._guest = index.get(guest or "")
        same_signals = self.show.sensors == old.show.sensors
        if same_signals and self.show.visitors == old.show.visitors:
            self.visits = old.visits
        for before, piece in enumerate(old.show.pieces):
            at = index.get(piece.name)
            if at is not None:
                self.shown[at] = old.shown[before]
                if same_signals and self.show.pieces[at].is_as(piece):
                    self.wirings[at] = old.wirings[before]

    @property
    def guest(self) -> str | None:
        """The piece that the operator asked for by name, which may hang outside of its programme."""
        return None if self._guest is None else self.show.pieces[self._guest].name


def next_piece(decider: Decider, decision: Decision, tally: Tally) -> int | None:
    """The piece that comes after the present one as the votes are; None during a change, and where no other may."""
    playback = decision.wall.playback
    if not playback.candidates:
        return None
    return decider.playlist.expected(tally.of(playback.round), playback.candidates)


def _with(taste: Values | None, controls: Values) -> Values:
    """The controls, and what a walk finds among them that follows the visitors' taste."""
    return {**controls, **taste} if taste else controls


def _panel(show: Show, playback: Playback, tally: Tally, language: str) -> Panel | None:
    """The vote as the wall shows it; None where it does not."""
    if not (show.stage.panel and tally.url and playback.votes and playback.candidates):
        return None
    votes = tally.of(playback.round)
    pieces = [show.pieces[index] for index in playback.candidates]
    sides = (*(SIDES if show.votes_by_side else ()), *("" for _ in pieces))
    rows = tuple(
        (f"{side}{piece.title_in(language)}", votes.get(piece.name, 0))
        for side, piece in zip(sides, pieces, strict=False)
    )
    left = None if playback.seconds_left is None else float(math.ceil(playback.seconds_left))
    return Panel(tally.url, rows, left)


def _table(state: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = state.get(name)
    return table if isinstance(table, Mapping) else {}
