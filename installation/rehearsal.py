"""Plays any day of a show on a clock that runs fast, really drawing, and prints what changes: a dress rehearsal."""

import logging
import time
from collections.abc import Iterator, Mapping
from datetime import datetime

from installation.announcing import fired
from installation.core.clock import Pace, SimulatedClock
from installation.core.commands import NOTHING
from installation.core.decision import Decision, Playback
from installation.core.signals import Board
from installation.engine.compose import PLAIN, compose
from installation.engine.decide import Decider, Heard
from installation.engine.safety import Safety
from installation.options import SIZE, Options
from installation.replay import Painting
from installation.showfile.load import Show
from installation.stage import Mode, Stage, open_stage

log = logging.getLogger(__name__)

STEP = 1.0
"""Seconds of the show that are decided at once, at most: a change of piece is never stepped over."""

FPS = 20.0

LONGEST = 2.0
"""Seconds from one frame to the next that count at most: opening a piece does not carry the clock away."""


class Rehearsal:
    """Decides a show from ``began`` on, with sensors that rest and without an operator. All pieces count as ready."""

    def __init__(self, show: Show, began: datetime) -> None:
        self.show = show
        self.clock = SimulatedClock(began)
        self.board = Board()
        self.board.declare(show.signals())
        self.decider = Decider(show)
        self.decider.begin(self.clock.civil())

    def play(self, seconds: float) -> Iterator[Decision]:
        """The Decisions of so many seconds of the show, STEP or less apart; the last is at their end."""
        ends = self.clock.now() + seconds
        while self.clock.now() < ends:
            self.clock.advance(min(STEP, ends - self.clock.now()))
            now = self.clock.now()
            heard = Heard(NOTHING, self.board.snapshot(now), range(len(self.show.pieces)))
            yield self.decider.decide(now, self.clock.civil(), heard)


class Changes:
    """What changes from one Decision to the next, in short words."""

    def __init__(self, show: Show, decider: Decider) -> None:
        self.show, self.decider = show, decider
        self._known: Mapping[str, str] = {}
        self._light = 1.0

    def of(self, decision: Decision) -> list[str]:
        """A line for each change: of hours, programme and darkness, then cues, light, piece and vote."""
        facts = {subject: line for subject, line in self._facts(decision) if line}
        known, self._known = self._known, {**self._known, "vote": "", **facts}
        changed = {subject: line for subject, line in facts.items() if line != known.get(subject)}
        if known.get("vote") and "vote" not in facts:
            changed["vote"] = "the vote closes"
        first = [changed.pop(subject) for subject in ("hours", "programme", "wall") if subject in changed]
        return [*first, *map(fired, self.decider.programming.player.begun), *changed.values()]

    def _facts(self, decision: Decision) -> Iterator[tuple[str, str]]:
        """What is so now, by subject; empty where that is not told now."""
        wall = decision.wall
        is_open = self.decider.programming.is_open(datetime.fromisoformat(decision.civil))
        yield "hours", "open" if is_open else "closed"
        yield "programme", "no programme" if wall.programme is None else self._programme(wall.programme)
        yield "wall", "the wall is dark" if wall.blackout or wall.programme is None else "the wall is lit"
        yield "light", self._brightness(wall.controls.get("/stage/brightness", 1.0))
        if wall.programme is not None:
            yield "piece", f"piece {self.show.pieces[wall.lead].name}"
            yield "vote", self._vote(wall.playback)

    def _programme(self, name: str) -> str:
        pieces = self.show.plan.programme(name).pieces or [piece.name for piece in self.show.pieces]
        return f"programme {name}: {', '.join(pieces)}"

    def _brightness(self, light: float) -> str:
        """Where it is, once it stays there."""
        before, self._light = self._light, light
        return f"brightness {light:.0%}" if light == before else ""

    def _vote(self, playback: Playback) -> str:
        scheduled = self.decider.scheduled
        names = [self.show.pieces[index].name for index in playback.candidates]
        votes = scheduled is not None and scheduled.order == "votes"
        return f"vote {playback.round} opens: {', '.join(names)}" if names and votes else ""


def rehearse(show: Show, options: Options, mode: Mode, began: datetime) -> int:
    """Plays until Esc, or for ``--seconds``: exit status 0. Raises what opening a stage or a piece does."""
    zone = show.plan.schedule.timezone
    rehearsal = Rehearsal(show, began if began.tzinfo else began.replace(tzinfo=zone))
    stage = open_stage(mode, options.size or SIZE, options.display, show.title_in(show.languages[0]))
    painting, pace, safety = Painting(show, options.device), Pace(1.0 / FPS), Safety(show.stage.burn_in)
    changes = Changes(show, rehearsal.decider)
    try:
        _hang(stage, show)
        last = time.monotonic()
        ends = None if options.seconds is None else last + options.seconds
        while (ends is None or time.monotonic() < ends) and "quit" not in stage.events():
            last, passed = (now := time.monotonic()), min(max(now - last, pace.interval), LONGEST)
            for decision in rehearsal.play(options.speed * passed):
                for line in changes.of(decision):
                    print(f"{rehearsal.clock.civil():%a %Y-%m-%d %H:%M:%S}  {line}", flush=True)
            painting.paint(decision)
            view = compose(show, decision, painting.frames, pace.interval)
            stage.draw(safety.step(view, decision.time / options.speed))
            stage.present()
            pace.wait()
        if options.still:
            from installation.stage.stills import save_still

            save_still(options.still, stage.read())
    finally:
        stage.close()
    return 0


def _hang(stage: Stage, show: Show) -> None:
    for index, piece in enumerate(show.pieces):
        stage.hang(index, piece.hang, piece.label, show.languages, piece.poster)
    for kind in sorted({piece.transition.kind for piece in show.pieces} | {PLAIN}):
        stage.prepare(kind)
