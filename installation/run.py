"""One run of a show: every room opened, the loop on the real clock, every room closed."""

import gc
import logging
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from installation import metrics
from installation.core.contracts import Hastens
from installation.core.errors import VernissageError
from installation.core.signals import Board
from installation.core.votes import Tally
from installation.engine.loop import PLAIN, Loop, nothing
from installation.engine.opening import Opening
from installation.engine.painter import Painter
from installation.operator.server import OscServer
from installation.options import SIZE, Options
from installation.process.sensors import Sensors, run_sensors
from installation.process.web import Clock, WebProcess
from installation.showfile.load import Show
from installation.stage import Mode, open_stage
from installation.web.messages import Health

if TYPE_CHECKING:
    from installation.stage.outputs import Recorder

log = logging.getLogger(__name__)

SOFTWARE_FPS = 30.0
"""The screen's rate where the processor draws."""
ECHO_INTERVAL = 0.1
"""Seconds between two answers to the operator's surfaces."""
HANGS = 3.0
"""Seconds at one picture after which the painter counts as hanging."""
BARE_PAINTS, BARE_SECONDS = 50, 3.0
"""Paints of the generator alone that are timed for the report, and how long that may take at most."""


class Exhibition:
    """Opens the stage at once, as everything else waits behind the first picture. ``state`` is the show's own folder.

    Raises DeviceError where there is nothing to draw with.
    """

    def __init__(self, show: Show, options: Options, mode: Mode, state: Path) -> None:
        self.show, self.options = show, options
        self.stage = open_stage(mode, options.size or SIZE, options.display, show.title_in(show.languages[0]))
        fps = options.fps or (SOFTWARE_FPS if self.stage.software else self.stage.refresh_hz)
        self.clock = Clock(fps)
        self.stats = metrics.ScreenStats(1.0 / fps)
        self.board = Board()
        self.board.declare(show.signals())
        self.painter = Painter(self.clock.now)
        self.opening = Opening(show.pieces, options.device, show.seed, self.painter.hang)
        self.osc = self._open_osc()
        self.web = WebProcess(show, state, mode == "headless", self._tally) if show.web.enabled else None
        self.loop = Loop(show, self.board, self.painter, self.osc.drain if self.osc else nothing, fps)
        self.recorder: Recorder | None = None
        self.sensors: Sensors | None = None
        self.leaving = False
        self._echoed = 0.0
        self._unhung = list(range(len(show.pieces)))
        self._unprepared = sorted({piece.transition.kind for piece in show.pieces})

    def run(self) -> int:
        """Plays until Esc, Ctrl-C, a termination or --seconds, and closes every room whatever happened: exit status 0.

        Raises what stops a show: a model that does not open, a file that cannot be written.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._leave)
        with ExitStack() as rooms:
            rooms.callback(self.stage.close)
            rooms.callback(self.painter.stop)
            if self.osc:
                rooms.callback(self.osc.close)
            if self.options.record:
                self.recorder = self._open_recorder(self.options.record)
                rooms.callback(self.recorder.close)
            self._frame()
            self.painter.start()
            self.opening.start()
            if self.web:
                rooms.callback(self.web.stop)
                self.web.start()
            self.sensors = run_sensors(self.show.sensors, self._hear)
            rooms.callback(self.sensors.stop)
            self._play()
            self._finish()
        return 0

    def _open_osc(self) -> OscServer | None:
        settings = self.show.operator
        if not settings.enabled:
            return None
        try:
            osc = OscServer(
                self.show.controls(),
                settings.bind,
                settings.port,
                allow=settings.allow,
                surfaces=settings.surfaces,
                clock=self.clock.now,
            )
        except VernissageError as error:
            log.warning("%s; the show goes on without OSC", error)
            return None
        log.info("OSC is heard at %s:%d", settings.bind, osc.port)
        return osc

    def _open_recorder(self, path: Path) -> "Recorder":
        from installation.stage.outputs import Recorder  # here: a video library is not waited for by the first picture

        return Recorder(path, self.stage.size, 1.0 / self.clock.interval)

    def _hear(self, name: str, value: float) -> None:
        self.board.emit(name, value, self.clock.now())

    def _tally(self, tally: Tally) -> None:
        """Votes that the web process counted, on their way to the sensors that hear them."""
        if self.sensors:
            self.sensors.tell_votes(tally)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        self.leaving = True

    # ------------------------------------------------------------ while it plays

    def _play(self) -> None:
        self._settle()
        ends = None if self.options.seconds is None else self.clock.now() + self.options.seconds
        while not self.leaving and (ends is None or self.clock.now() < ends):
            self._frame()
            self.clock.wait()
            if self.opening.fault is not None:
                raise self.opening.fault

    @staticmethod
    def _settle() -> None:
        """Takes all that is there out of the garbage collector's sight: looking through it would be seen."""
        gc.collect()
        gc.freeze()

    def _frame(self) -> None:
        """One frame: decide, draw, present, then what may wait."""
        self._hang_one()
        began = time.perf_counter()
        now = self.clock.now()
        view = self.loop.tick(now)
        decided = time.perf_counter()
        self.stage.draw(view)
        self._look(now)
        self.stage.present()
        shown = time.perf_counter()
        self._listen()
        self._tell(now)
        self._count(decided - began + time.perf_counter() - shown)

    def _hang_one(self) -> None:
        """Prepares one more wall or transition, a frame each: the first picture need not wait for the last of them."""
        if self._unhung:
            index = self._unhung.pop(0)
            piece = self.show.pieces[index]
            self.stage.hang(index, piece.hang, piece.label, self.show.languages, piece.poster)
        elif self._unprepared:
            kind = self._unprepared.pop()
            try:
                self.stage.prepare(kind)
            except VernissageError as error:  # this machine's driver refuses it, which no check of the show could see
                log.warning("%s; pieces change by %s instead of %s", error, PLAIN, kind)
                self.loop.refused.add(kind)

    def _look(self, now: float) -> None:
        """Reads the picture back where somebody asked for it."""
        if self.recorder:
            self.recorder.add(self.stage.read(), now)
        if self.web and self.web.preview_due(now):
            self.web.preview(self.stage.read_small())

    def _listen(self) -> None:
        """What the keyboard and the window say."""
        for event in self.stage.events():
            if event == "quit":
                self.leaving = True
            else:
                self.loop.key(event.removeprefix("key:"))

    def _tell(self, now: float) -> None:
        """Tells the web process and the operator's surfaces how it stands."""
        cue = self.loop.cue
        if cue is None:
            return
        if self.web:
            self.loop.vote = self.web.vote
            self.web.tell(cue, now, self._health)
        if self.osc and now >= self._echoed + ECHO_INTERVAL:
            self._echoed = now
            self.osc.echo(self.loop.values)
            self.osc.say("/show/now", self.show.pieces[cue.piece].title_in(self.loop.language))

    def _count(self, engine: float) -> None:
        stats, painted = self.stats, self.painter.stats.painted_first is not None
        if stats.first_picture is None:
            stats.first_picture = metrics.since_process_start()
        if painted and stats.first_painted is None:
            stats.first_painted = metrics.since_process_start()
        settled = painted and self.opening.done.is_set() and not (self._unhung or self._unprepared)
        if settled and stats.memory_start is None:  # the last moment of the start-up
            self._settle()
            stats.memory_start, settled = metrics.memory_mb(), False
        cue = self.loop.cue
        stats.presented(self.clock.now(), engine, settled, cue is not None and cue.coming is not None)

    def _health(self) -> Health:
        """What /healthz tells: everything that a watcher or a curious operator may want to know, once a second."""
        loop, stats, cue = self.loop, self.stats, self.loop.cue
        details = {
            "piece": None if cue is None else self.show.pieces[cue.piece].name,
            "late": stats.late,
            "painted": self.painter.stats.frames,
            "form": None if cue is None else self._form(cue.piece),
            "votes": self.web.votes if self.web else 0,
            "signals": dict(loop.signals),
            "controls": {address: (value, loop.arbiter.why(address)) for address, value in loop.values.items()},
        }
        reasons, notes = tuple(self._broken() + self._hanging()), tuple(self._missing())
        return Health(stats.presented_ever, not self.leaving, reasons, notes, details)

    def _form(self, index: int) -> str | None:
        """How a piece is painted, such as "openvino fp32"; None where nobody asked."""
        hung = self.painter.hung(index)
        return hung.generator.form if hung and isinstance(hung.generator, Hastens) else None

    def _broken(self) -> list[str]:
        """Pieces that cannot be painted any more."""
        broken = dict(self.painter.broken)  # the painter's thread may add to it meanwhile
        return [f"{self.show.pieces[index].name}: {why}" for index, why in broken.items()]

    def _hanging(self) -> list[str]:
        since = self.painter.stats.busy_since
        late = 0.0 if since is None else self.clock.now() - since
        return [f"the painter has been at one picture for {late:.0f} s"] if late > HANGS else []

    def _missing(self) -> list[str]:
        """What the show goes on without."""
        sensors = [f"{name}: {why}" for name, why in self.sensors.trouble().items()] if self.sensors else []
        return sensors + (self.web.notes() if self.web else [])

    # ------------------------------------------------------------ at the end

    def _finish(self) -> None:
        ended = self.clock.now()
        self.painter.stop()
        if self.options.still:
            from installation.stage.outputs import save_still

            save_still(self.options.still, self.stage.read())
        if self.options.report:
            metrics.write(self.options.report, self._report(ended))

    def _report(self, ended: float) -> dict[str, Any]:
        show, painted, stats = self.show, self.painter.stats, self.stats
        generator, hung = show.pieces[0].generator, self.painter.hung(0)
        return {
            "show": show.title_in(show.languages[0]),
            "device": hung.generator.device if hung else None,
            "form": self._form(0),
            "renderer": self.stage.renderer,
            "size": list(self.stage.size),
            "seconds": round(stats.seconds(), 2),
            "startup": {"first_picture_s": stats.first_picture, "first_painted_s": stats.first_painted},
            "display": stats.display(),
            "painter": {
                "model": Path(getattr(generator, "model", generator.kind)).name,
                **metrics.painter(painted, ended),
                "bare_ms": self._bare_ms(0),
            },
            "engine_ms": metrics.percentiles(stats.engine, 50, 99),
            "steer_to_frame_ms": metrics.percentiles(painted.steer, 50, 99),
            "pieces": [
                {"name": piece.name, "seconds": round(seconds, 2)}
                for piece, seconds in zip(show.pieces, self.loop.shown, strict=True)
            ],
            "votes": self.web.votes if self.web else 0,
            "memory_mb": {"start": stats.memory_start, "end": metrics.memory_mb()},
            "errors": self._broken() + self._missing(),
        }

    def _bare_ms(self, index: int) -> float | None:
        """The median time of a piece's generator alone (ms), in this process, while nothing is drawn and nothing else
        painted. None where it does not paint any more."""
        hung, values = self.painter.hung(index), self.show.pieces[index].rests()
        if hung is None or self.painter.stats.busy_since is not None:
            return None
        durations: list[float] = []
        while len(durations) < BARE_PAINTS and sum(durations) < BARE_SECONDS:
            latent = hung.walk.at(len(durations) / 30, values)
            began = time.perf_counter()
            hung.generator.paint(latent, values)
            durations.append(time.perf_counter() - began)
        return metrics.percentiles(durations, 50)["p50"]
