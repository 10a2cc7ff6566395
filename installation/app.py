"""The program: reads the options, assembles the rooms, runs the loop on the real clock, and leaves cleanly."""

import gc
import logging
import signal
import sys
import time
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType
from typing import Any

from installation.errors import ShowError, VernissageError
from installation.options import Options, parse
from installation.parts import HOUSE
from installation.show import Show, load

log = logging.getLogger(__name__)

SOFTWARE_FPS = 30.0
ECHO_INTERVAL = 0.1


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 well, 1 a fault of ours (its traceback in the log), 2 something to mend in show, model or machine."""
    options = parse(sys.argv[1:] if argv is None else argv)
    try:
        return run(options)
    except ShowError as error:
        print(error, file=sys.stderr)
        faults = len(error.faults)
        print(f"{faults} fault{'s' if faults > 1 else ''} in {options.show}; nothing was started", file=sys.stderr)
        return 2
    except VernissageError as error:
        print(f"vernissage: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    except Exception:  # the program's edge: a curator gets a sentence, the log gets the traceback
        log.exception("stopped over an unexpected fault")
        print(f"vernissage: stopped over a fault of its own; the details are in {log_file(options.show)}", file=sys.stderr)
        return 1


def run(options: Options) -> int:
    """Does what the options ask for: one of the short errands, or the show."""
    if options.list:
        from installation.listing import listing

        print(listing())
        return 0
    show = load(options.show, seed=options.seed)
    if options.check:
        print(f"{options.show}: good: {len(show.pieces)} pieces, {len(show.sensors)} sensors, {len(show.controls())} controls")
        return 0
    if options.touchosc:
        from installation.desk.touchosc import layout

        options.touchosc.write_bytes(layout(show.controls(), show.title_in(show.languages[0])))
        print(f"{options.touchosc}: open it in TouchOSC and send to port {show.desk.port} of this machine")
        return 0
    _keep_log(options.show)
    return Exhibition(show, options).run()


def state_folder(show: Path) -> Path:
    """Where a show keeps what must survive a restart: its log, its votes."""
    return HOUSE / "state" / show.stem


def log_file(show: Path) -> Path:
    return state_folder(show) / "vernissage.log"


class _Sentences(logging.Formatter):
    """For the screen: the message alone, as a traceback helps nobody who stands before the wall."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{time.strftime('%H:%M:%S')} {record.getMessage()}"


def _keep_log(show: Path) -> None:
    path = log_file(show)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept: logging.Handler = RotatingFileHandler(path, maxBytes=2_000_000, backupCount=3, encoding="utf-8")
    except OSError as error:
        raise VernissageError(f"{path.parent}: cannot be written ({error}); the show keeps its log and votes there") from error
    kept.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    screen = logging.StreamHandler()
    screen.setFormatter(_Sentences())
    logging.basicConfig(level=logging.INFO, handlers=[kept, screen], force=True)


class Exhibition:
    """One run of a show: everything opened, the loop, everything closed."""

    def __init__(self, show: Show, options: Options) -> None:
        from installation.loop import Loop, nothing
        from installation.opening import Opening
        from installation.painter import Painter
        from installation.report import Meter
        from installation.signals import Board
        from installation.stage import open_stage
        from installation.supervisor import Clock

        self.show, self.options = show, options
        self.leaving = False
        self.stage = open_stage(self._mode(), options.size, options.display, show.title_in(show.languages[0]))
        fps = options.fps or (SOFTWARE_FPS if self.stage.software else self.stage.refresh_hz)
        self.clock = Clock(fps)
        self.meter = Meter(1.0 / fps)
        self.board = Board()
        self.board.declare(show.signals())
        self.painter = Painter(self.clock.now)
        self.opening = Opening(show.pieces, options.device, show.seed, self.painter.hang)
        self.desk = self._desk()
        self.loop = Loop(show, self.board, self.painter, self.desk.drain if self.desk else nothing, fps)
        self.recorder = None
        self.echoed = 0.0
        self.ends: float | None = None
        self.waiting = list(range(len(show.pieces)))

    def _mode(self) -> str:
        from installation.stage import has_display

        if self.options.mode == "headless" or has_display():
            return self.options.mode
        print("there is no display here: the show runs headless", file=sys.stderr)
        return "headless"

    def _desk(self) -> Any:
        from installation.desk.osc import OscDesk

        settings = self.show.desk
        if not settings.enabled:
            return None
        try:
            desk = OscDesk(
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
        log.info("OSC is heard at %s:%d", settings.bind, settings.port)
        return desk

    def run(self) -> int:
        """Runs until Esc, Ctrl-C, a termination or --seconds; closes everything, whatever happened."""
        from installation.sensing import run_sensors
        from installation.supervisor import House

        state = state_folder(self.options.show)
        live = self.stage.mode == "headless"
        self.house = House(self.show, state, live) if self.show.house.enabled else None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._leave)
        sensors = None
        try:
            self._hang_next()
            self.painter.start()
            self._frame()
            self.opening.start()
            if self.house:
                self.house.start()
            sensors = run_sensors(self.show.sensors, self._heard)
            if self.options.record:
                self._record(self.options.record)
            self._play()
            self.painter.stop()
            self._finish()
        finally:
            self._close(sensors)
        return 0

    def _heard(self, name: str, value: float) -> None:
        self.board.emit(name, value, self.clock.now())

    def _leave(self, number: int, frame: FrameType | None) -> None:
        self.leaving = True

    def _play(self) -> None:
        # Freed memory is found by counting references; the collector's pauses are taken when nothing moves.
        gc.collect()
        gc.freeze()
        if self.options.seconds is not None:
            self.ends = self.clock.now() + self.options.seconds
        while not self.leaving:
            self._hang_next()
            self._frame()
            self.clock.wait()
            if self.opening.fault is not None:
                raise self.opening.fault
            if self.ends is not None and self.clock.now() >= self.ends:
                return

    def _frame(self) -> None:
        """One frame: decide, draw, present, then what may wait."""
        began = time.perf_counter()
        now = self.clock.now()
        view = self.loop.tick(now)
        engine = time.perf_counter() - began
        self.stage.draw(view)
        self._look(now)
        self.stage.present()
        after = time.perf_counter()
        self._events()
        self._tell(now)
        self._count(engine + time.perf_counter() - after)

    def _look(self, now: float) -> None:
        """Reads the picture back where somebody asked for it."""
        if self.recorder is not None:
            self.recorder.add(self.stage.read(), now)
        if self.house and self.house.preview_due(now):
            self.house.preview(self.stage.read_small())

    def _events(self) -> None:
        for event in self.stage.events():
            if event == "quit":
                self.leaving = True
            else:
                self.loop.key(event.removeprefix("key:"))

    def _tell(self, now: float) -> None:
        cue = self.loop.cue
        if self.house and cue is not None:
            self.loop.vote = self.house.vote
            self.house.tell(cue, now, self._health)
        if self.desk and now >= self.echoed + ECHO_INTERVAL:
            self.echoed = now
            self.desk.echo(self.loop.values)
            if cue is not None:
                self.desk.say("/show/now", self.show.pieces[cue.piece].name)

    def _count(self, engine: float) -> None:
        from installation.report import memory_mb, since_process_start

        meter, now = self.meter, self.clock.now()
        if meter.first_picture is None:
            meter.first_picture = since_process_start()
        painted = self.painter.tallies.painted_first is not None
        if painted and meter.first_painted is None:
            meter.first_painted = since_process_start()
        settled = painted and self.opening.done.is_set()
        if settled and meter.memory_start is None:
            meter.memory_start = memory_mb()
        meter.presented(now, engine, settled, self.loop.cue is not None and self.loop.cue.coming is not None)

    def _hang_next(self) -> None:
        """Prepares the wall of one more piece, a frame each, so that the first picture need not wait for the last."""
        if self.waiting:
            index = self.waiting.pop(0)
            piece = self.show.pieces[index]
            self.stage.hang(index, piece.hang, piece.label, self.show.languages, piece.poster)

    def _health(self) -> dict[str, Any]:
        """What /healthz tells: everything that a watcher or a curious operator may want to know, once a second."""
        loop, meter, cue = self.loop, self.meter, self.loop.cue
        names = [piece.name for piece in self.show.pieces]
        return {
            "piece": None if cue is None else names[cue.piece],
            "frames": meter.frames,
            "late": meter.late,
            "painted": self.painter.tallies.frames,
            "votes": self.house.votes if self.house else 0,
            "signals": dict(loop.signals),
            "controls": dict(loop.values),
            "broken": {names[index]: why for index, why in self.painter.broken.items()},
        }

    def _record(self, path: Path) -> None:
        from installation.stage.outputs import Recorder

        self.recorder = Recorder(path, self.stage.size, 1.0 / self.clock.interval)

    def _finish(self) -> None:
        from installation import report
        from installation.stage.outputs import save_still

        if self.options.still:
            save_still(self.options.still, self.stage.read())
        if self.options.report:
            report.write(self.options.report, self._report())

    def _report(self) -> dict[str, Any]:
        from installation.report import memory_mb, painter_report, percentiles

        tallies, meter, show = self.painter.tallies, self.meter, self.show
        first = self.painter.hung(0)
        painter = painter_report(tallies, self.clock.now())
        painter["model"] = getattr(show.pieces[0].generator, "model", show.pieces[0].generator.kind)
        painter["model"] = Path(painter["model"]).name
        painter["bare_ms"] = self._bare_ms(0)
        return {
            "show": show.title_in(show.languages[0]),
            "device": first.generator.device if first else None,
            "renderer": self.stage.renderer,
            "size": list(self.stage.size),
            "seconds": round(self.options.seconds or 0.0, 3),
            "startup": {"first_picture_s": meter.first_picture, "first_painted_s": meter.first_painted},
            "display": meter.display(),
            "painter": painter,
            "engine_ms": percentiles(meter.engine, 50, 99),
            "steer_to_frame_ms": percentiles(tallies.steer, 50, 99),
            "pieces": [
                {"name": piece.name, "seconds": round(shown, 2)}
                for piece, shown in zip(show.pieces, self.loop.shown, strict=True)
            ],
            "votes": self.house.votes if self.house else 0,
            "memory_mb": {"start": meter.memory_start, "end": memory_mb()},
            "errors": [f"{show.pieces[index].name}: {why}" for index, why in self.painter.broken.items()],
        }

    def _bare_ms(self, piece: int, times: int = 50) -> float | None:
        """The median time of the generator alone, in this process, with nothing else moving (ms)."""
        hung = self.painter.hung(piece)
        if hung is None:
            return None
        values = self.show.pieces[piece].rests()
        durations = []
        for step in range(times):
            latent = hung.walk.at(step / 30, values)
            began = time.perf_counter()
            hung.generator.paint(latent, values)
            durations.append(time.perf_counter() - began)
        return round(sorted(durations)[times // 2] * 1000, 3)

    def _close(self, sensors: Any) -> None:
        """Closes every room; one that fails to must not keep the others open."""
        self.painter.stop()
        rooms = [sensors and sensors.stop, self.house and self.house.stop, self.desk and self.desk.close]
        rooms += [self.recorder and self.recorder.close, self.stage.close]
        for close in filter(None, rooms):
            try:
                close()
            except (OSError, RuntimeError, VernissageError):
                log.exception("a room did not close")


if __name__ == "__main__":
    sys.exit(main())
