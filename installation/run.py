"""One run of a show: opens every component, runs the loop on the real clock, closes every component."""

import logging
import signal
import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import FrameType

from installation import metrics
from installation.announcing import Announcing
from installation.console import Console, acting
from installation.core import interpreter, large_pages, parts
from installation.core.clock import Pace, RealClock
from installation.core.decision import Decision, Tally, Wishes
from installation.core.disk_cache import DiskCache
from installation.core.signals import Board
from installation.days.energy import Meter
from installation.days.recorder import Recorder
from installation.days.rows import Started
from installation.engine.burn_in import COLUMNS, Areas
from installation.engine.leaning import Leaning
from installation.engine.loop import Loop
from installation.engine.opening import Opening
from installation.engine.painter import Hung, Painter
from installation.engine.residence import Turns
from installation.engine.schedule import Timetable
from installation.engine.watching import Machine
from installation.operator import keyboard
from installation.operator.inbox import Inbox
from installation.options import Options
from installation.outlets import Outlets
from installation.ports import Ports
from installation.preparing import Preparing
from installation.process.heartbeat import Heartbeat, Orders
from installation.process.sensors import run_sensors
from installation.process.web import WebProcess
from installation.reloading import Reloading, Rooms
from installation.renewal import Renewal
from installation.report import Standing, head_of
from installation.showfile.load import Show
from installation.snapshots import Snapshots
from installation.stage import Stage
from installation.state import RESTART, StateFile
from installation.stills import Stills
from installation.surfaces import keep_layouts
from installation.tasting import Tasting

log = logging.getLogger(__name__)

LONGEST_GAP = timedelta(days=1)
"""A walk goes on where it would be by now after a stop of at most this long, and where it was after a longer one."""

SOFTWARE_FPS = 30.0
"""The screen's rate where the processor draws."""

PAINTED_BY = 120.0
"""Seconds after which --seconds begin even though nothing was painted."""


class Limit:
    """How long a show runs: ``seconds`` from its first painted frame on, without end where they are None."""

    def __init__(self, seconds: float | None, started: float) -> None:
        self.seconds, self.latest = seconds, started + PAINTED_BY
        self._began: float | None = None

    def over(self, now: float, painted: bool) -> bool:
        """Whether that is over at ``now`` (s); to be asked every frame."""
        if self._began is None and (painted or now > self.latest):
            self._began = now
        return self.seconds is not None and self._began is not None and now >= self._began + self.seconds


class Foresight:
    """Has the schedule's next change found out before it comes, by a thread that has the time."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self._foreseen: tuple[Timetable, int] | None = None

    def look(self) -> None:
        """To be called every frame; begins to find out when the change before has come."""
        decider = self.loop.decider
        until = None if decider.scheduled is None else decider.scheduled.until
        timetable = decider.programming.timetable
        if until is not None and (timetable, until) != self._foreseen:
            self._foreseen = timetable, until
            threading.Thread(target=timetable.foresee, args=(until,), name="schedule", daemon=True).start()


def _emit(board: Board, clock: RealClock, name: str, value: float) -> None:
    board.emit(name, value, clock.now())


class Exhibition:
    """``stage`` is open, and closed at the end of the run. ``folder`` keeps the show's state. ``live``: the web process
    may show what is on the wall, as there is no screen."""

    def __init__(
        self, show: Show, options: Options, stage: Stage, folder: Path, heartbeat: Heartbeat, live: bool
    ) -> None:
        self.show, self.options, self.stage, self.folder = show, options, stage, folder
        self.heartbeat = heartbeat
        self.clock = RealClock()
        self.pace = Pace(1.0 / (options.fps or (SOFTWARE_FPS if self.stage.software else self.stage.refresh_hz)))
        self.board = Board()
        self.board.declare(show.signals())
        self.painter = Painter(self.clock.now)
        self.inbox = Inbox(show.controls(), show.commands(), show.operator.guard, show.operator.arm)
        interval, drain = self.pace.interval, self.inbox.drain
        self.loop = Loop(show, self.board, self.painter, self.clock, interval, drain, options.always_open)
        self.loop.stills = heartbeat.orders.safe
        self.announcing = Announcing()
        self.announcing.tell(self.loop.decider.programming, self.clock.civil(), self.clock.now())
        self.ports = Ports(show, self.inbox, self.clock.now)
        self.web = self._open_web(live)
        self.console = Console(self.web) if self.web else None
        self.leaning = Leaning()
        self.tasting = Tasting(show, folder, self.painter, self.web, lambda: self.clock.civil().date())
        self.state = StateFile(folder)
        self.away: timedelta | None = None
        self._resume()
        cache, first = DiskCache(folder / "cache"), self.loop.decider.playlist.lead
        hang, now, stats = self.painter.hang, self.clock.now, metrics.ScreenStats(self.pace.interval)
        self.turns = Turns(self.loop, self.painter)
        later = self.turns.residence.later(first)
        opening = Opening(show.pieces, options.device, show.seed, hang, stand_in, now, cache, first, later=later)
        self.standing = Standing(self.loop, self.painter, opening, stats, self.state, heartbeat, self.web)
        self.standing.ports = self.ports.notes
        heartbeat.tell(self.standing.troubles)
        self.recorder = self.standing.recorder = open_recorder(
            show, folder, heartbeat.orders, self.away, self.pace.interval, self.clock.civil().timestamp()
        )
        self.leaving, self.foresight = False, Foresight(self.loop)
        self.stills = Stills(folder, [piece.name for piece in show.pieces], heartbeat.orders.restarts > 0)
        self.renewal = Renewal(metrics.memory_mb, metrics.machine_mb)
        self.preparing = Preparing(self.stage, show, self.stills.first)
        self.loop.refused = self.preparing.refused
        surfaces = self.ports.surfaces
        self.snapshots = Snapshots(lambda: self.loop.show, surfaces, self.web.answer if self.web else None)
        self.reloading = open_reloading(self, cache)

    def run(self) -> int:
        """Plays until Esc, Ctrl-C, a termination or --seconds, and always closes every component: exit status 0.
        The report is written however it ends.

        Raises what stops a show: a file that cannot be written. A model that does not open stops its piece alone.
        """
        for number in leave_signals():
            signal.signal(number, self._leave)
        with ExitStack() as rooms:
            rooms.callback(self.stage.close)
            self.stage.when_lost(partial(self._lost, rooms))
            rooms.callback(self.painter.stop)
            self.ports.open(rooms)
            self.state.start()
            rooms.callback(self.state.close)
            self.snapshots.start()
            rooms.callback(self.snapshots.close)
            self.tasting.start()
            rooms.callback(self.tasting.close)
            self.stills.start()
            rooms.callback(self.stills.close)
            self.recorder.start()
            rooms.callback(self.recorder.close)
            self.outlets = Outlets(
                self.show, self.stage, self.pace.interval, self.options, self.web, self.ports.surfaces, rooms
            )
            self._frame()
            if self.web and self.console:
                rooms.callback(self.web.stop)
                self.web.start()
                keep_layouts(self.show, self.folder)
                rooms.callback(self.console.close)
                self.console.start()
            if self.heartbeat.orders.safe:
                self.standing.opening.done.set()
            else:
                self._open_parts(rooms)
            rooms.callback(self._report)
            try:
                self._play()
                if self.renewal.now:
                    self.heartbeat.renew(self.renewal.why)
                else:
                    self.heartbeat.finishing()
                if self.options.still:
                    save_wall(self.stage, self.options.still)
            except Exception as error:
                self.standing.ended = str(error)
                self.heartbeat.finishing(meant=False)
                raise
        return 0

    def _open_parts(self, rooms: ExitStack) -> None:
        """What the show could do without for a while: generators and sensors."""
        self.painter.start()
        self.standing.opening.start()
        emit = partial(_emit, self.board, self.clock)
        self.standing.sensors = run_sensors(self.show.sensors, emit, folder=self.folder / "sensors")
        if self.console:
            self.console.sensors = self.standing.sensors
        rooms.callback(self.standing.sensors.stop)
        if not self.options.no_reload:
            self.reloading.start()
            rooms.callback(self.reloading.close)

    # ------------------------------------------------------------ rooms

    def _open_web(self, live: bool) -> WebProcess | None:
        if not self.show.web.enabled:
            return None
        act = acting(self.inbox, self.clock.now, lambda change, who: self.snapshots.change(change, who))
        waits, fresh = self.heartbeat.warmed, self.options.fresh
        return WebProcess(self.show, self.folder, live, self._pass_on_tally, fresh=fresh, on_done=act, waiting=waits)

    def _pass_on_tally(self, tally: Tally) -> None:
        """Passes the web process's tally to the sensors that take votes."""
        if self.standing.sensors:
            self.standing.sensors.tell_votes(tally)

    def _resume(self) -> None:
        """Goes on where the show was at the end of its last run."""
        if not self.options.fresh:
            kept, age = self.state.read(self.clock.civil())
            self.away = age if kept else None
            gap = age.total_seconds() if age < LONGEST_GAP else 0.0
            self.loop.decider.resume(kept, switches=age <= RESTART, gap=gap)
        self.loop.decider.begin(self.clock.civil())

    def _leave(self, number: int, frame: FrameType | None) -> None:
        self.leaving = True

    # ------------------------------------------------------------ while it plays

    def _play(self) -> None:
        large_pages.move()
        interpreter.settle()
        limit = Limit(self.options.seconds, self.clock.now())
        while not (
            self.leaving
            or self.renewal.now
            or self.heartbeat.gone.is_set()
            or limit.over(self.clock.now(), self.standing.something_hangs())
        ):
            self._frame()
            self.pace.wait()

    def _frame(self) -> None:
        """One frame: tell of the last one, decide, draw, present."""
        self.preparing.step()
        began, busy = time.perf_counter(), time.thread_time()
        self._listen()
        before = self.loop.decision
        if before is not None:
            self._tell(before)
        view = self.loop.tick()
        assert self.loop.decision is not None
        self.snapshots.take(self.loop.asked.commands, self.loop.decision.wall.controls)
        if self.preparing.done and self.reloading.step(before):
            view = self.loop.tick()
        work = metrics.Work(time.perf_counter() - began, time.thread_time() - busy)
        protect(self.stage, self.loop.safety.areas, self.clock.now())
        self.stage.draw(view)
        self.outlets.show(self.loop.decision)
        self.stage.present()
        self.standing.count(self.clock.now(), work, self.preparing.done)

    def _listen(self) -> None:
        """Handles the events of the keyboard, of gamepads and of the window."""
        votes = self.loop.show.votes
        for event in self.stage.events(votes.pad):
            key, now = event.removeprefix("key:"), self.clock.now()
            if event == "quit":
                self.leaving = True
            elif (command := keyboard.command(key, now, votes.commands)) is not None:
                refusal = self.inbox.ask(command)
                if refusal:
                    log.info("the keyboard's %s", refusal)

    def _tell(self, decision: Decision) -> None:
        """Sends the state to the web process and to the state file."""
        playback = decision.wall.playback
        self.foresight.look()
        self.painter.watch(decision.time)
        self.standing.opening.watch(decision.time, self.painter.broken)
        self.turns.step(decision.time, self.standing.opening)
        self.stills.watch(playback, self.painter.frames.pair, decision.time)
        if self.heartbeat.renews:
            self.renewal.watch(decision, None if self.standing.growing else self.standing.stats.memory_start)
        wishes = Wishes()
        if self.web:
            self.loop.tally = self.web.tally
            wishes = self.leaning.step(decision.time, self.loop.show, playback, self.web.leans)
            self.web.tell(playback, decision.time, self.standing.health_now)
        decider = self.loop.decider
        self.announcing.tell(decider.programming, self.loop.civil, decision.time)
        is_open = decider.programming.is_open(self.loop.civil)
        self.loop.wishes, self.loop.taste = self.tasting.step(decision, decider.commands, wishes, is_open)
        if self.console:
            self.console.look(decision, self.loop.decider)
        self._keep(decision)

    def _keep(self, decision: Decision) -> None:
        """What goes to the disk, each at its own times."""
        playback, state = decision.wall.playback, self.state
        if self.recorder.due(decision.time):
            self.recorder.take(partial(self.standing.sample, self.standing.look()))
        if state.due(decision.time, (playback.lead, playback.coming, playback.hold, decision.wall.blackout)):
            state.keep(self.loop.decider.state(), self.loop.civil)

    # ------------------------------------------------------------ at the end

    def _lost(self, rooms: ExitStack) -> None:
        """Closes all after the screen's connection broke within a call; the process ends after this."""
        self.standing.ended = "the connection to the screen broke"
        rooms.close()

    def _report(self) -> None:
        ended = self.clock.now()
        self.painter.stop()
        if self.options.report:
            metrics.write(self.options.report, self.standing.report(self.stage.renderer, self.stage.size, ended))


def protect(stage: Stage, areas: Areas, now: float) -> None:
    """Dims what has stood still for an hour, as the wall shows it at ``now`` (s)."""
    if areas.due(now):
        wall = stage.read_small(COLUMNS)
        if areas.step(wall, now):
            stage.cap(areas.kept)


def save_wall(stage: Stage, path: Path) -> None:
    from installation.stage.stills import save_still  # imported here: few runs write a still

    save_still(path, stage.read())


def open_recorder(
    show: Show, folder: Path, orders: Orders, away: timedelta | None, interval: float, at: float
) -> Recorder:
    """What records the days of a run that begins ``at`` (POSIX), after nothing had run for ``away``; the screen aims at
    ``interval`` (s)."""
    known = away.total_seconds() if away is not None and away < LONGEST_GAP else None
    started = Started(at, orders.restarts, orders.why, orders.safe, known)
    return Recorder(folder, head_of(show, at, 1.0 / interval), started, show.plan.schedule.timezone, Meter())


def open_reloading(run: Exhibition, cache: DiskCache) -> Reloading:
    """What takes over the show file when it is edited."""
    rooms = Rooms(
        stage=run.stage,
        loop=run.loop,
        painter=run.painter,
        clock=run.clock,
        board=run.board,
        inbox=run.inbox,
        osc=run.ports.osc,
        midi=run.ports.midi,
        web=run.web,
        sensors=lambda: run.standing.sensors,
        opening=lambda: run.standing.opening,
        take=partial(take_over, run),
    )
    options, clock = run.options, run.clock
    machine = Machine(options.device, cache, stand_in, clock.now, clock.civil, options.always_open)
    reloading = Reloading(run.show, options.seed, rooms, machine)
    run.standing.edits = reloading.watching.notes
    return reloading


def take_over(run: Exhibition, opening: Opening) -> None:
    """The pieces of an edited show hang from here on, opened by ``opening``."""
    run.standing.opening = opening
    run.tasting.take(run.loop.show)
    run.stills.rename([piece.name for piece in run.loop.show.pieces])


def stand_in() -> Hung:
    """What hangs where no piece of a show opens: a picture that needs no model."""
    generator = parts.config("generator", "plasma")(kind="plasma").open("cpu")
    return Hung(generator, parts.config("walk", "wander")(kind="wander").open(generator, 0))


def leave_signals() -> tuple[signal.Signals, ...]:
    """Those that end a show in order. SIGHUP is among them, unless it is ignored (nohup)."""
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    heard = hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *((hangup,) if heard else ()))
