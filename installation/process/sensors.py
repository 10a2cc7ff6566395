"""Runs the sensors of a show: each in a thread, or in a process of its own where its driver may block or crash.

What a sensor raises is logged once and tried again, first soon, then every five seconds: no sensor stops a show.
``python -m installation.process.sensors KIND`` is the process; its first message has the sensor to run (see Child).
"""

import logging
import math
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol

from installation.core import parts
from installation.core.backoff import Backoff
from installation.core.contracts import Calibrates, Draws, Emit, HearsVotes, Sensor, SensorConfig
from installation.core.decision import Tally
from installation.core.errors import VernissageError
from installation.core.pipe import Message, alive, serve
from installation.core.repeats import Repeats
from installation.core.sight import Sight
from installation.core.typed_messages import pack, unpack
from installation.process.child import FIRST_WAIT, LOG_EVERY, LONGEST_WAIT, START, Child

log = logging.getLogger(__name__)

LOOKED_AT = 2.5
"""Seconds for which a sensor draws what it sees after it was asked to."""

SEEN = 1.5
"""Seconds after which a drawing is too old to be shown."""

SILENCE = 2.5
"""Seconds that a sensor's process may go without a message or a check of ``stop`` before it counts as stuck."""

BEAT = 0.5
"""Seconds between two heartbeats of a sensor's process."""

LOOK: dict[str, Any] = {"look": True}
"""Asks a sensor's process to draw what it sees, for a moment."""

COMMAND = (sys.executable, "-m", "installation.process.sensors")


def supervise(
    open_sensor: Callable[[], Sensor], emit: Emit, stop: threading.Event, tell: Callable[[str], None]
) -> None:
    """Opens and runs a sensor until ``stop``, again and again. ``tell`` is called with the reason why it does not work,
    or with "" when it works.

    This is the edge: the one place where a part may raise anything at all and the show goes on.
    """
    why, backoff = "", Backoff(FIRST_WAIT, LONGEST_WAIT)
    while not stop.is_set():
        began = time.monotonic()
        try:
            sensor = open_sensor()
            tell("")
            sensor.run(emit, stop)
            why = "ended by itself"
        except VernissageError as error:
            why = str(error)
        except Exception as error:
            before, why = why, f"{type(error).__name__}: {error}"
            if why != before:
                log.exception("a fault of the sensor's own")
        if stop.is_set():
            return
        tell(why)
        if time.monotonic() - began > LONGEST_WAIT:
            backoff.reset()
        stop.wait(backoff.next())


class _Runner(Protocol):
    """A sensor at work. ``trouble`` is empty while it works; ``attempts`` counts how often it failed."""

    @property
    def trouble(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    def ask_to_stop(self) -> None: ...
    def stop(self) -> None: ...
    @property
    def sight(self) -> Sight | None: ...
    def tell_votes(self, tally: Tally) -> None: ...
    def look(self) -> None: ...


class _Report:
    """Takes a sensor's report: a new trouble is logged at once, the same once in LOG_EVERY seconds."""

    def __init__(self, name: str, log: logging.Logger) -> None:
        self.name, self.log, self.text = name, log, ""
        self._repeats = Repeats(LOG_EVERY)
        self._told = ""
        self.failures = 0

    def __call__(self, text: str) -> None:
        self.text = text
        self.failures += bool(text)
        if not text and self._told:
            self._told = ""
            self.log.info("%s: works again", self.name)
        elif text and text != self._told and (line := self._repeats.line(text, time.monotonic())):
            self._told = text
            self.log.warning("%s: %s; the show goes on without it, it is tried again", self.name, line)


class _Threaded:
    """A sensor in a thread of this process."""

    def __init__(self, config: SensorConfig, emit: Emit, log: logging.Logger, folder: Path | None) -> None:
        self._report = _Report(config.name, log)
        self._stop = threading.Event()
        self._config, self._folder = config, folder
        self._opened: Sensor | None = None
        self._tally: Tally | None = None
        self._thread = threading.Thread(
            target=supervise,
            args=(self._open, lambda signal, value: emit(f"{config.name}.{signal}", value), self._stop, self._report),
            name=f"sensor-{config.name}",
            daemon=True,
        )
        self._thread.start()

    def _open(self) -> Sensor:
        self._opened = open_calibrated(self._config, self._folder)
        if self._tally is not None:
            self.tell_votes(self._tally)
        return self._opened

    def tell_votes(self, tally: Tally) -> None:
        self._tally = tally
        opened: object = self._opened
        if isinstance(opened, HearsVotes):
            opened.hear_votes(tally)

    @property
    def trouble(self) -> str:
        return self._report.text

    @property
    def attempts(self) -> int:
        return self._report.failures

    @property
    def sight(self) -> None:
        """Sensors that draw run in a process of their own."""

    def look(self) -> None:
        """As it draws nothing."""

    def ask_to_stop(self) -> None:
        self._stop.set()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(2.0)


class _Apart:
    """A sensor in a process of its own."""

    def __init__(self, config: SensorConfig, emit: Emit, log: logging.Logger, folder: Path | None) -> None:
        self._name, self._emit = config.name, emit
        self._report = _Report(config.name, log)
        self._answered = 0  # restarts of the process at its last report
        self._said: float | None = None
        self._drawn: tuple[float, Sight] | None = None
        hello = {"sensor": config.model_dump(mode="json"), "folder": "" if folder is None else str(folder)}
        command = (*COMMAND, config.kind)
        self.child = Child(config.name, command, self._hear, log, hello, SILENCE, spare=True)
        self.child.start()

    def _hear(self, message: Message) -> None:
        match message:
            case {"say": [str(signal), int() | float() as value]}:
                self._said = time.monotonic()
                self._emit(f"{self._name}.{signal}", value)
            case {"sight": dict() as drawn}:
                self._drawn = time.monotonic(), unpack({"sight": drawn}, (Sight,))
            case {"trouble": str(text)}:
                self._answered = self.child.restarts
                self._report(text)

    @property
    def trouble(self) -> str:
        """Until a restarted process has opened its device, the trouble that ended the previous one stands."""
        if self._answered < self.child.restarts:
            return self.child.last_trouble + self._silent_for()
        return self.child.trouble or self._report.text

    @property
    def attempts(self) -> int:
        return self._report.failures + self.child.restarts

    def _silent_for(self) -> str:
        return "" if self._said is None else f"; last signal {time.monotonic() - self._said:.0f} s ago"

    @property
    def sight(self) -> Sight | None:
        """What it drew last; None where that is not of this moment."""
        drawn = self._drawn
        return drawn[1] if drawn and time.monotonic() - drawn[0] < SEEN else None

    def look(self) -> None:
        self.child.send(LOOK)

    def tell_votes(self, tally: Tally) -> None:
        """Sensors that take votes run in this process only."""

    def ask_to_stop(self) -> None:
        self.child.ask_to_stop()

    def stop(self) -> None:
        self.child.stop()


class Sensors:
    """The sensors at work."""

    def __init__(
        self, configs: Sequence[SensorConfig], emit: Emit, log: logging.Logger, folder: Path | None = None
    ) -> None:
        self._emit, self._log, self._folder = emit, log, folder
        self._configs: dict[str, SensorConfig] = {}
        self._runners: dict[str, _Runner] = {}
        self._changing = threading.Lock()
        self._stopped = False
        self._run(configs)

    def _run(self, configs: Sequence[SensorConfig]) -> None:
        """Starts those that do not run yet."""
        runners = dict(self._runners)
        for config in configs:
            if config.name not in runners:
                kind = _Apart if config.apart else _Threaded
                runners[config.name] = kind(config, self._emit, self._log, self._folder)
        self._configs, self._runners = {config.name: config for config in configs}, runners

    def change(self, configs: Sequence[SensorConfig]) -> None:
        """Runs these from here on: one that is as it was goes on, all others are ended first, as two of them may be of
        one device. May take seconds."""
        with self._changing:
            if self._stopped:
                return
            same = {config.name for config in configs if self._configs.get(config.name) == config}
            gone = [runner for name, runner in self._runners.items() if name not in same]
            self._runners = {name: runner for name, runner in self._runners.items() if name in same}
            _end(gone)
            self._run(configs)

    def trouble(self) -> dict[str, str]:
        """Why, for each sensor that does not work now."""
        return {name: runner.trouble for name, runner in self._runners.items() if runner.trouble}

    def attempts(self) -> dict[str, int]:
        """How often each sensor failed since the start, and was tried again."""
        return {name: runner.attempts for name, runner in self._runners.items()}

    def tell_votes(self, tally: Tally) -> None:
        """Passes on how visitors vote. Called by any thread."""
        for runner in self._runners.values():
            runner.tell_votes(tally)

    def look(self) -> None:
        """Has those that can draw what they see, for LOOKED_AT seconds from here on. Called by any thread."""
        for runner in self._runners.values():
            runner.look()

    def sights(self) -> dict[str, Sight]:
        """What is drawn at this moment, by the sensor's name."""
        return {name: sight for name, runner in self._runners.items() if (sight := runner.sight)}

    def stop(self) -> None:
        """Ends them all, within seconds, even where they are blocked."""
        with self._changing:
            self._stopped = True
            _end(self._runners.values())


def _end(runners: Collection[_Runner]) -> None:
    for runner in runners:
        runner.ask_to_stop()
    for runner in runners:
        runner.stop()


def run_sensors(
    configs: Sequence[SensorConfig], emit: Emit, log: logging.Logger = log, folder: Path | None = None
) -> Sensors:
    """Starts all. ``emit`` is called from several threads, with ``name.signal`` and the value. In ``folder`` they keep
    what they measure of their place (see Calibrates)."""
    return Sensors(configs, emit, log, folder)


def open_calibrated(config: SensorConfig, folder: Path | None) -> Sensor:
    """Opens a sensor and tells it where its calibration is kept, if it keeps one."""
    sensor = config.open()
    opened: object = sensor
    if folder is not None and isinstance(opened, Calibrates):
        opened.calibrate(folder / f"{config.name}.calibration")
    return sensor


class Beating(threading.Event):
    """A ``stop`` event that sends a heartbeat, at most twice a second, when the sensor checks it."""

    def __init__(self, beat: Callable[[], None]) -> None:
        super().__init__()
        self._beat = beat
        self._due = 0.0

    def is_set(self) -> bool:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + BEAT
            self._beat()
        return super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        end = math.inf if timeout is None else time.monotonic() + timeout
        while not self.is_set() and (left := end - time.monotonic()) > 0.0:
            super().wait(min(BEAT, left))
        return super().is_set()


class Looking:
    """Passes messages on to ``others``, but for the one that somebody looks at what the sensor draws."""

    def __init__(self, others: Callable[[Message], None]) -> None:
        self._others = others
        self._until = -math.inf

    def hear(self, message: Message) -> None:
        if message == LOOK:
            self._until = time.monotonic() + LOOKED_AT
        else:
            self._others(message)

    def wanted(self) -> bool:
        return time.monotonic() < self._until


def main() -> None:
    """The process: runs the sensor that its first message names until its parent is gone."""
    told: SimpleQueue[Message] = SimpleQueue()
    looking = Looking(told.put)
    send = serve(looking.hear)
    for module in parts.config("sensor", sys.argv[1]).uses:
        with suppress(ImportError):  # the sensor tells what is missing
            import_module(module)
    match told.get():
        case {"sensor": {"kind": str(kind)} as options, "folder": str(place)}:
            config: SensorConfig = parts.config("sensor", kind).model_validate(options)
        case other:
            raise SystemExit(f"found {other!r}, expected a sensor and its options")

    def open_sensor() -> Sensor:
        send(alive(START))  # some drivers are slow to open
        sensor = open_calibrated(config, Path(place) if place else None)
        opened: object = sensor
        if isinstance(opened, Draws):
            opened.draw(looking.wanted, lambda sight: send(pack(sight)))
        return sensor

    def emit(signal: str, value: float) -> None:
        if math.isfinite(value):
            send({"say": [signal, float(value)]})

    stop = Beating(lambda: send(alive(SILENCE)))
    supervise(open_sensor, emit, stop, lambda text: send({"trouble": text}))


if __name__ == "__main__":
    main()
