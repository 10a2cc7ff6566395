"""Plays any day of a show on a clock that runs fast, really drawing, and prints what changes: a dress rehearsal."""

import logging
import time
from collections.abc import Iterator
from datetime import datetime

from installation.core.clock import Pace, SimulatedClock
from installation.core.commands import NOTHING
from installation.core.decision import Decision
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


class Rehearsal:
    """Decides a show from ``began`` on, with sensors that rest and without an operator. All pieces count as ready."""

    def __init__(self, show: Show, began: datetime) -> None:
        self.show = show
        self.clock = SimulatedClock(began)
        self.board = Board()
        self.board.declare(show.signals())
        self.decider = Decider(show)

    def play(self, seconds: float) -> Iterator[Decision]:
        """The Decisions of so many seconds of the show, STEP or less apart; the last is at their end."""
        ends = self.clock.now() + seconds
        while self.clock.now() < ends:
            self.clock.advance(min(STEP, ends - self.clock.now()))
            now = self.clock.now()
            heard = Heard(NOTHING, self.board.snapshot(now), range(len(self.show.pieces)))
            yield self.decider.decide(now, self.clock.civil(), heard)


def told(show: Show, decision: Decision) -> str:
    """The state in short words: ``late: Sitters, brightness 60 %``."""
    wall = decision.wall
    if wall.programme is None:
        return "closed, the wall is dark"
    dimmed = wall.controls.get("/stage/brightness", 1.0)
    light = "" if dimmed >= 0.995 else f", brightness {dimmed:.0%}"
    return f"{wall.programme}: {show.pieces[wall.lead].name}{light}"


def rehearse(show: Show, options: Options, mode: Mode, began: datetime) -> int:
    """Plays until Esc, or for ``--seconds``: exit status 0. Raises what opening a stage or a piece does."""
    zone = show.plan.schedule.timezone
    rehearsal = Rehearsal(show, began if began.tzinfo else began.replace(tzinfo=zone))
    stage = open_stage(mode, options.size or SIZE, options.display, show.title_in(show.languages[0]))
    painting, pace, said, safety = Painting(show, options.device), Pace(1.0 / FPS), "", Safety(show.stage.burn_in)
    ends = None if options.seconds is None else time.monotonic() + options.seconds
    try:
        _hang(stage, show)
        while (ends is None or time.monotonic() < ends) and "quit" not in stage.events():
            for decision in rehearsal.play(options.speed * pace.interval):
                if (now := told(show, decision)) != said and decision.wall.playback.coming is None:
                    said = now
                    print(f"{rehearsal.clock.civil():%a %Y-%m-%d %H:%M:%S}  {said}", flush=True)
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
