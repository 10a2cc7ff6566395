"""The messages between a show and its supervisor: the show's end of the pipe (see core/pipe.py).

The frame loop calls ``beat`` once a frame, and nothing else sends heartbeats: when the loop is stuck none are sent,
whatever other threads do. To the show: ``{"orders": ...}`` first, or ``{"standby": 1}`` and the orders much later;
``{"dump": 1}`` asks for the stacks of all threads, where there are no signals; ``{"unsent": ...}`` says why alerts are
not sent; the pipe's end asks it to leave. To the supervisor: ``{"here": 1}`` when it has its orders, ``{"screen": 1}``,
``{"beat": ...}``, which carries what alerts are about, ``{"finishing": ...}`` and ``{"renew": why}``.
"""

import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any

from installation.alerts.messages import Unsent
from installation.core.errors import FrameError
from installation.core.latest import Latest
from installation.core.pipe import Message, serve
from installation.core.typed_messages import unpack
from installation.process.states import stopped

INTERVAL = 0.25
"""Seconds between two beats, at least."""

TIMEOUT = 2.5
"""Seconds without a beat after which a show counts as stuck: it is noticed within three."""

TIMEOUT_AT_FIRST = 20.0
"""The same while pieces are still being opened and shaders compiled, which may take a frame's time and more."""

FINISH = 60.0
"""Seconds that a show may take to close its components."""

OWN = 5.0
"""Seconds beyond that after which the show ends itself, as its supervisor, if still running, would have ended it."""

REWIND = 5.0
"""Seconds between two starts of that timer, which is longer by as much: each begins a thread, which costs too much."""

STACKS = "stacks.txt"
"""The file of the state folder that the stacks of all threads are written to."""

HELLO = 30.0
"""Seconds to wait for the orders."""

UNWATCHED = "nobody would start the show again: its supervisor is stopped (Ctrl-Z, SIGSTOP); fg or SIGCONT continues it"
"""What health notes of a supervisor that a signal has stopped."""

STANDBY: dict[str, Any] = {"standby": 1}
"""Instead of orders: be ready, and wait for them."""


@dataclass(frozen=True, slots=True)
class Orders:
    """``restarts`` counts the earlier restarts, and ``why`` is the cause of the last one. ``safe``: stills and labels
    only. ``seconds`` is how long to play, None for ever. ``screen``: an earlier run had one."""

    restarts: int = 0
    why: str = ""
    safe: bool = False
    seconds: float | None = None
    screen: bool = False

    def message(self) -> dict[str, Any]:
        return {"orders": asdict(self)}

    @classmethod
    def read(cls, message: Message | None) -> "Orders":
        """Raises FrameError for what are none."""
        match message:
            case {
                "orders": {
                    "restarts": int(restarts),
                    "why": str(why),
                    "safe": bool(safe),
                    "seconds": (None | float() | int()) as seconds,
                    "screen": bool(screen),
                }
            }:
                return cls(restarts, why, safe, None if seconds is None else float(seconds), screen)
        raise FrameError(f"found {message!r:.80}, expected the supervisor's orders")


Troubles = Callable[[], tuple[Mapping[str, str], Mapping[str, str]]]
"""Says why the show is not well, and what it goes on without, each by subject."""


class Heartbeat:
    """The loop's connection to the supervisor; without a supervisor nothing is sent. ``gone`` is set when the show is
    to leave."""

    def __init__(self) -> None:
        self.orders = Orders()
        self.gone = threading.Event()
        self.warmed: Any = None
        """What a process on standby has made ready."""
        self.unsent: tuple[str, ...] = ()
        """Why alerts are not sent, as the supervisor tells it."""
        self._due = 0.0
        self._troubles: Troubles = lambda: ({}, {})

    def beat(self, frames: int, piece: str, settled: bool) -> None:
        """A frame was shown: the loop goes on. ``frames`` counts them, ``piece`` hangs, none where the wall is
        dark; ``settled`` is false while pieces are still being opened. Never waits."""

    def has_screen(self) -> None:
        """The show hangs on a screen: where that is missing later, it is waited for."""

    def tell(self, troubles: Troubles) -> None:
        """What says all the trouble that there is: every beat carries it, asked for by the thread that sends it."""
        self._troubles = troubles

    def finishing(self, meant: bool = True) -> None:
        """The last frame was shown; what follows may take some time. ``meant``: no fault ended it."""

    def renew(self, why: str) -> None:
        """The last frame was shown; the show is to be started again, as it ``why``, which is no failure."""

    renews = False
    """Whether somebody starts the show again."""

    @property
    def started_by(self) -> int:
        """The number of the process whose start is that of the program: before any restart the supervisor's."""
        return os.getpid()

    @property
    def notes(self) -> list[str]:
        """Sentences about the show's earlier restarts and alerts that were not sent, for the health report."""
        orders = self.orders
        times = f"{orders.restarts} time{'s' if orders.restarts > 1 else ''}"
        again = [f"the show was started again {times}, the last time as it {orders.why}"] if orders.restarts else []
        return [*again, *self.unsent]

    @property
    def reasons(self) -> list[str]:
        """The reasons why the show is not healthy."""
        if not self.orders.safe:
            return []
        return ["safe mode: stills and labels only, as the show ended again and again; all is tried again every hour"]


class Supervised(Heartbeat):
    """The heartbeat of a show that has a supervisor. To be made before anything else is done. ``folder`` keeps the
    stacks. A process on standby does ``warm``, which returns what is ``warmed``, then waits here until it is to be the
    show.

    Raises FrameError where no orders come, SystemExit where a process on standby is not needed any more.
    """

    renews = True

    def __init__(self, folder: Path, warm: Callable[[], Any] = lambda: None) -> None:
        super().__init__()
        self._told: SimpleQueue[Message | None] = SimpleQueue()
        self._send = serve(self._hear, self._leave, FINISH)
        self.orders = self._await_orders(warm)
        self._send({"here": 1})
        self._stacks = _stacks(folder)  # not before: on standby the file is another show's
        self._watch(HELLO + TIMEOUT_AT_FIRST)
        self._rewound = self._timeout = 0.0
        self._waiting: Latest[dict[str, Any]] = Latest()
        threading.Thread(target=self._write, name="heartbeat", daemon=True).start()

    def _await_orders(self, warm: Callable[[], Any]) -> Orders:
        try:
            message = self._told.get(timeout=HELLO)
        except Empty:
            raise FrameError(f"found no orders for {HELLO:.0f} s, expected them from a supervisor") from None
        if message == STANDBY:
            self.warmed = warm()
            message = self._told.get()
        if message is None:
            raise SystemExit(0)
        return Orders.read(message)

    def _leave(self) -> None:
        self.gone.set()
        self._told.put(None)

    def beat(self, frames: int, piece: str, settled: bool) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + INTERVAL
            timeout = TIMEOUT if settled else TIMEOUT_AT_FIRST
            if now >= self._rewound + REWIND or timeout != self._timeout:
                self._rewound, self._timeout = now, timeout
                self._watch(timeout + REWIND)
            self._waiting.put({"frames": frames, "piece": piece, "timeout": timeout})

    def has_screen(self) -> None:
        self._send({"screen": 1})

    def finishing(self, meant: bool = True) -> None:
        self._watch(FINISH)
        self._send({"finishing": {"meant": meant}})

    def renew(self, why: str) -> None:
        self._watch(FINISH)
        self._send({"renew": why})

    @property
    def started_by(self) -> int:
        return os.getpid() if self.orders.restarts else os.getppid()

    @property
    def notes(self) -> list[str]:
        return [*super().notes, *[UNWATCHED] * stopped(os.getppid())]

    def _watch(self, timeout: float) -> None:
        """Restarts the timer of a watchdog that needs no interpreter: it ends a process that is stuck in a driver."""
        faulthandler.dump_traceback_later(timeout + OWN, exit=True, file=self._stacks)

    def _hear(self, message: Message) -> None:
        if isinstance(message, dict) and "dump" in message:
            faulthandler.dump_traceback(self._stacks)
        elif isinstance(message, dict) and "unsent" in message:
            self.unsent = unpack(message, (Unsent,)).why
        else:
            self._told.put(message)

    def _write(self) -> None:
        while (beat := self._waiting.wait()) is not None:
            reasons, notes = self._troubles()
            self._send({"beat": {**beat, "reasons": reasons, "notes": notes}})


def _stacks(folder: Path) -> IO[str]:
    """The file for the stacks, written on request or at a fault in a library."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file: IO[str] = (folder / STACKS).open("w")
    except OSError:  # read-only or full: the screen, or the service's journal, gets them
        file = sys.stderr
    faulthandler.enable(file)
    if sys.platform != "win32":
        faulthandler.register(signal.SIGUSR1, file)
    return file
