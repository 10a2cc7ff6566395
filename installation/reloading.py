"""Takes over an edited show while it runs: at the change of piece, between two frames."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from installation.core.clock import Clock
from installation.core.contracts import Frame
from installation.core.decision import Decision
from installation.core.errors import VernissageError
from installation.core.signals import Board
from installation.engine.compose import PLAIN
from installation.engine.loop import Loop
from installation.engine.opening import Opening
from installation.engine.painter import Hung, Painter
from installation.engine.takeover import Moment, settled, takeover
from installation.engine.watching import Machine, Prepared, Watching
from installation.operator.inbox import Inbox
from installation.operator.midi import MidiDevice
from installation.operator.server import OscServer
from installation.process.sensors import Sensors
from installation.process.web import WebProcess
from installation.showfile.load import Show
from installation.stage import Stage

log = logging.getLogger(__name__)

PAUSE = 0.3
"""Seconds between two walls that are made ready: each may cost a frame."""

FIRST_NUMBER = 1 << 20
"""Numbers from here on are of walls that are ready and do not hang yet."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """What an edited show is taken over by. ``opening`` and ``sensors`` are asked for, as they come later."""

    stage: Stage
    loop: Loop
    painter: Painter
    clock: Clock
    board: Board
    inbox: Inbox
    osc: OscServer | None
    midi: MidiDevice | None
    web: WebProcess | None
    sensors: Callable[[], Sensors | None]
    opening: Callable[[], Opening]
    take: Callable[[Opening], None]
    """Called with the opening of the new show's pieces."""


class Reloading:
    """``step`` is called after every decision, and says whether to decide anew, as another show runs since."""

    def __init__(self, show: Show, seed: int | None, rooms: Rooms, machine: Machine) -> None:
        self.rooms = rooms
        self.watching = Watching(show, seed, machine, self._running)
        self._staging: Prepared | None = None
        self._walls: list[int] = []
        self._transitions: list[str] = []
        self._ready: dict[int, int] = {}
        self._numbers = FIRST_NUMBER
        self._due = 0.0
        self._waits: tuple[Prepared, int] | None = None

    def start(self) -> None:
        self.watching.start()

    def close(self) -> None:
        self.watching.close()

    def _running(self) -> tuple[Show, dict[int, Hung]] | None:
        """Called by the thread that watches. Not while a piece is on its way out, nor while the show opens."""
        rooms = self.rooms
        if self._waits is not None or not rooms.opening().done.is_set():
            return None
        return rooms.loop.show, dict(rooms.painter.hung)

    # ------------------------------------------------------------ a frame

    def step(self, before: Decision | None) -> bool:
        """``before`` is the decision of the frame before this one's."""
        prepared, decision = self.watching.ready, self.rooms.loop.decision
        if (prepared is None and self._staging is None and self._waits is None) or decision is None:
            return False
        moment = Moment(decision, before)
        if self._waits is not None:
            if moment.calm:
                self._settle(*self._waits)
            return False
        if prepared is not self._staging:
            self._begin(prepared)
        if prepared is None or not self._staged(decision.time):
            return False
        now = moment.begins or moment.no_change_comes or (prepared.edit.cues_only and moment.calm)
        if now:
            began = time.perf_counter()
            self._take(prepared, moment)
            log.info("the edited show is taken over, in %.1f ms", (time.perf_counter() - began) * 1000.0)
        return now

    def _begin(self, prepared: Prepared | None) -> None:
        """Makes ready what an edit brings; what was made for another one is let go."""
        stage, pieces = self.rooms.stage, range(len(self.rooms.loop.show.pieces))
        if self._ready:
            stage.renumber({at: at for at in pieces})
        self._staging, self._ready, self._walls, self._transitions = prepared, {}, [], []
        if prepared is not None:
            made = prepared.edit
            self._walls = [at for at in range(len(made.new.pieces)) if at not in made.looks]
            kinds = ({piece.transition.kind for piece in show.pieces} for show in (made.new, made.old))
            self._transitions = sorted(next(kinds) - next(kinds))

    def _staged(self, now: float) -> bool:
        """Whether the stage is ready; makes one more wall or transition so, at most one in PAUSE seconds."""
        if now < self._due or not (self._walls or self._transitions):
            return not (self._walls or self._transitions)
        self._due = now + PAUSE
        if self._walls:
            self._hang(self._walls.pop())
        else:
            self._compile(self._transitions.pop())
        return False

    def _hang(self, at: int) -> None:
        assert self._staging is not None
        show, picture = self._staging.edit.new, self._staging.pictures.get(at)
        piece, aspect = show.pieces[at], None if picture is None else picture.shape[1] / picture.shape[0]
        self._numbers += 1
        self._ready[at] = self._numbers
        self.rooms.stage.hang(self._numbers, piece.hang, piece.label, show.languages, piece.poster, aspect)

    def _compile(self, kind: str) -> None:
        try:
            self.rooms.stage.prepare(kind)
        except VernissageError as error:
            log.warning("%s; pieces change by %s instead of %s", error, PLAIN, kind)
            self.rooms.loop.refused.add(kind)

    # ------------------------------------------------------------ the change to the edited show

    def _take(self, prepared: Prepared, moment: Moment) -> None:
        rooms, made = self.rooms, prepared.edit
        now, ready = rooms.clock.now(), self._ready
        over = takeover(made, rooms.loop.decider, prepared.decider, moment, rooms.clock.civil())
        come = {at: hung for at, hung in dict(prepared.hung).items() if at not in over.paints}
        frames = {at: Frame(picture, now) for at, picture in prepared.pictures.items() if at in come}
        rooms.painter.renumber(over.paints, come, frames)
        later = {number: number for at, number in ready.items() if at in over.looks}
        rooms.stage.renumber(
            {**{at: number for at, number in ready.items() if at not in over.looks}, **over.looks, **later}
        )
        rooms.loop.take(over.decider)
        rooms.inbox.describe(prepared.controls, prepared.commands)
        if rooms.osc:
            rooms.osc.follow()
        if rooms.midi:
            rooms.midi.follow()
        if rooms.web:
            rooms.web.take(over.decider.show)
        self._take_sensors(prepared)
        rooms.opening().stop(tuple(made.paints.values()))
        prepared.opening.hang_by(rooms.painter.hang)
        rooms.take(prepared.opening)
        self._staging = None
        self.watching.taken(prepared)
        if over.waits is None:
            self._ready = {}
            self.watching.settled()
        else:
            self._waits = (prepared, over.waits)

    def _take_sensors(self, prepared: Prepared) -> None:
        sensors, made = self.rooms.sensors(), prepared.edit
        if made.new.sensors != made.old.sensors:
            self.rooms.board.declare(prepared.signals)
            if sensors is not None:
                change = threading.Thread(target=sensors.change, args=(made.new.sensors,), name="sensors", daemon=True)
                change.start()

    def _settle(self, prepared: Prepared, waits: int) -> None:
        """The change is done: the piece that has left is let go, or is by now what it became."""
        rooms, made = self.rooms, prepared.edit
        pieces = range(len(made.new.pieces))
        come = {at: hung for at, hung in prepared.hung.items() if at == waits and at not in made.paints}
        frames = {at: Frame(prepared.pictures[at], rooms.clock.now()) for at in come if at in prepared.pictures}
        rooms.painter.renumber({at: at for at in pieces if at != waits or at in made.paints}, come, frames)
        rooms.stage.renumber({at: self._ready.get(at, at) if at == waits else at for at in pieces})
        decider = settled(made, rooms.loop.decider, prepared.decider)
        if decider is not rooms.loop.decider:
            rooms.loop.take(decider)
            if rooms.web:
                rooms.web.take(made.new)
        self._waits, self._ready = None, {}
        self.watching.settled()
