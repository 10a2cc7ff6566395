"""Keeps a show running: a small process, without torch and GL, whose child is the show.

It receives the frame loop's heartbeat (heartbeat.py). A show that fails is restarted at once, then after growing waits;
one whose loop is stuck writes the stacks of all its threads, then is killed. One that fails repeatedly is started in
safe mode, hourly in full (restarts.py). A show that ends ends this, with its exit code; Ctrl-C and the like ask it to.
"""

import logging
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

from installation.alerts.messages import Unsent
from installation.core.errors import LOST, FrameError
from installation.core.pipe import Message, read_frames
from installation.core.repeats import Repeats
from installation.core.starved import waited
from installation.core.typed_messages import pack
from installation.process.alerts import AlertsProcess
from installation.process.heartbeat import FINISH, STACKS, STANDBY, TIMEOUT, Orders
from installation.process.process_tree import ProcessTree
from installation.process.reserve import Reserve
from installation.process.restarts import Restarts, Rules
from installation.process.states import stopped
from installation.process.systemd import Notifier

log = logging.getLogger(__name__)

TICK = 0.1
"""Seconds between two checks of the show."""

START = 60.0
"""Seconds that a show may take until its first frame."""

DUMP = 0.3
"""Seconds that a stuck show may take to write its stacks; it is killed as soon as they are there."""

STANDBY_AFTER = 10.0
"""Seconds that a show goes on with all its pieces before a standby is started."""

GRACE = 5.0
"""Seconds for a process to end after its pipe was closed."""

TELL_EVERY = 60.0
"""Seconds between two log lines about a show that fails repeatedly."""

STACKS_TOLD = 50_000
"""Characters of the stacks that go into the log at most."""

SHOW = "the show"
"""What alerts call its process."""

TO_MEND = 2
"""The exit code of a show with a fault that must be corrected before it can start."""

HOLD = 10.0
"""Seconds that a service whose show has such a fault waits before it ends, as it is then started again."""


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended: its exit code, and why, as a phrase after "the show". ``final``: it ended as intended;
    ``renewed``: it asked to be started again."""

    code: int
    why: str
    final: bool
    renewed: bool = False


class Life:
    """One run of the show, in the process ``tree``. ``frames`` is None until the first one. ``on_standby``: the
    process waited, and has to answer at once."""

    def __init__(self, tree: ProcessTree, on_standby: bool, orders: Orders, stacks: Path) -> None:
        self.tree, self.stacks = tree, stacks
        self.frames: int | None = None
        self.troubles: Mapping[Any, Any] = {}
        """What alerts are about: ``reasons`` and ``notes``, each by subject."""
        self.unsent: tuple[str, ...] = ()
        """What the show was told of alerts that are not sent."""
        self.over = self.asked = self.finishing = self.screen = False
        self.why = self.renews = self.piece = ""
        self._heard: SimpleQueue[Message | None] = SimpleQueue()
        self._silent, self._timeout = 0.0, TIMEOUT if on_standby else START
        self._starved = waited(tree.pid)
        with suppress(OSError):
            stacks.unlink()  # of an earlier run
        threading.Thread(target=self._read, name="show", daemon=True).start()
        tree.send(orders.message())

    def _read(self) -> None:
        stdout = self.tree.process.stdout
        assert stdout is not None
        try:
            for message in read_frames(stdout):
                self._heard.put(message)
        except (FrameError, OSError) as error:
            self.why = f"said what is no message: {error}"
        self._heard.put(None)

    def attend(self) -> None:
        """Waits a moment for the show's messages. Time in which this process itself was suspended, or the show's loop
        waited for a processor, does not count as silence."""
        began = time.monotonic()
        before, self._starved = self._starved, waited(self.tree.pid)
        try:
            message = self._heard.get(timeout=TICK)
            while True:
                self._hear(message)
                message = self._heard.get_nowait()
        except Empty:
            silent = min(time.monotonic() - began, 2.0 * TICK)
            self._silent += max(0.0, silent - (self._starved - before))

    def _hear(self, message: Message | None) -> None:
        self._silent = 0.0
        match message:
            case None:
                self.over = True
            case {"beat": {"frames": int(frames), "piece": str(piece), "timeout": float(timeout), **more}}:
                self.troubles = more
                self.frames, self.piece, self._timeout = frames, piece, timeout
            case {"finishing": {"meant": bool(meant)}}:
                self.finishing, self._timeout = meant, FINISH
            case {"here": 1}:
                self._timeout = START
            case {"screen": 1}:
                self.screen = True
            case {"renew": str(why)}:
                self.renews, self._timeout = why, FINISH

    @property
    def settled(self) -> bool:
        """Whether all its pieces hang."""
        return self.frames is not None and self._timeout <= TIMEOUT

    def tell_unsent(self, why: tuple[str, ...]) -> None:
        """Why alerts are not sent, for the show's health."""
        if why != self.unsent:
            self.unsent = why
            self.tree.send(pack(Unsent(why)))

    @property
    def still(self) -> bool:
        """Whether it has sent nothing for too long, or is stopped by a signal, when it can do nothing at all."""
        return self._silent > self._timeout or (self._silent > TIMEOUT and stopped(self.tree.pid))

    def ask_to_leave(self) -> None:
        """Closes its pipe, on which it shuts down in order."""
        if not self.asked:
            self.asked, self._silent = True, 0.0
            stdin = self.tree.process.stdin
            assert stdin is not None
            with suppress(OSError):
                stdin.close()

    def stop(self) -> None:
        """Kills a show that stands still, after it has written its stacks where it still can."""
        silent = f"stood still for {self._silent:.0f} s" if self.frames is not None else "did not show a picture"
        self.why = "did not leave when it was asked to" if self.asked or self.finishing else silent
        size = _size(self.stacks)
        if sys.platform != "win32":
            self.tree.signal(signal.SIGUSR1)
        else:
            self.tree.send({"dump": 1})
        ends = time.monotonic() + (0.0 if stopped(self.tree.pid) else DUMP)
        while time.monotonic() < ends and not self._has_dumped(size):
            time.sleep(0.02)
        self.tree.process.kill()
        self.over = True

    def _has_dumped(self, before: int) -> bool:
        """Whether the stacks are written completely: the main thread's come last."""
        if _size(self.stacks) <= before:
            return False
        with suppress(OSError), self.stacks.open(errors="replace") as file:
            file.seek(before)
            return "Current thread" in file.read()
        return False

    def reap(self) -> End:
        """Ends all that is left of it."""
        code = self.tree.end(GRACE)
        if self.renews and not self.asked:
            return End(0, self.renews, False, renewed=True)
        meant = self.finishing or self.asked or (code == 0 and not self.why)
        return End(code if code >= 0 else 128 - code, self.why or _ended(code), meant)


class Supervisor:
    """Runs ``command`` until it ends by itself, or a signal asks to leave. ``folder`` keeps the show's state.

    ``seconds`` is how long to play in all, None for ever.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        seconds: float | None = None,
        rules: Rules | None = None,
        notifier: Notifier | None = None,
        alerts: AlertsProcess | None = None,
    ) -> None:
        self.alerts = alerts
        self.folder, self.seconds = folder, seconds
        self.standby = Reserve(lambda: ProcessTree(command), _end, STANDBY_AFTER, lambda tree: tree.send(STANDBY))
        self.restarts = Restarts(rules or Rules())
        self.notifier = notifier or Notifier()
        self.leaving = self._screen = False
        self._why = ""
        self._since: float | None = None
        """When the first picture was there, of any life."""
        self._repeats = Repeats(TELL_EVERY)
        self._gone_since: float | None = None

    def run(self) -> int:
        """The exit code: the show's own where it ended by itself."""
        self._listen()
        try:
            return self._run()
        finally:
            self.standby.close()

    def _run(self) -> int:
        while True:
            end = self._live()
            if end.final or self.leaving or (end.code == TO_MEND and self._since is None) or self._left() == 0.0:
                self.notifier.say("STOPPING=1")
                if self.notifier.is_service and end.code == TO_MEND:
                    self._wait(HOLD)
                return end.code
            ours = end.code not in (TO_MEND, LOST)  # safe mode does not help where the display is missing
            if not self._pause(self.restarts.died(time.monotonic(), self._lived, ours)):
                return 0

    # ------------------------------------------------------------ one life

    def _live(self) -> End:
        """One run, or several where a show in safe mode is stopped to start a full one."""
        while True:
            born = time.monotonic()
            try:
                life = Life(*self.standby.take(), self._orders(), self.folder / STACKS)
            except OSError as error:
                self._lived = 0.0
                return self._report(End(1, f"does not start: {error}", False), "")
            retry = self._attend(life)
            end, self._screen = life.reap(), self._screen or life.screen
            self._lived = time.monotonic() - born
            if (retry or end.renewed) and not self.leaving:
                self._again(end)
                continue
            return end if end.final else self._report(end, _text(life.stacks))

    def _again(self, end: End) -> None:
        """Counts a restart that is no failure."""
        if end.renewed:
            self.restarts.count += 1
            log.info("the show %s; it is started again", end.why)
        else:
            self.restarts.retry(time.monotonic())
        self._why = end.why if end.renewed else "was in safe mode"

    def _attend(self, life: Life) -> bool:
        """Waits for the run's end. Returns whether it was stopped for a full start."""
        retry = False
        while not life.over:
            life.attend()
            now = time.monotonic()
            self._watch(life, now)
            self.standby.prepare(life.settled, now)
            if self.leaving or self.restarts.due(now):
                retry = not self.leaving
                life.ask_to_leave()
            if life.still:
                life.stop()
        return retry

    def _watch(self, life: Life, now: float) -> None:
        """Reports the show's state to the log and the service manager."""
        self.notifier.tick(now)
        if self.alerts and not self.leaving:
            if life.frames is None:
                self.alerts.tell(_dark(self._why), {}, picture=False)
            else:
                self.alerts.tell(life.troubles.get("reasons", {}), life.troubles.get("notes", {}))
            life.tell_unsent(self.alerts.unsent)
        if life.frames is None:
            return
        if self._since is None:
            self._since = now
            self.notifier.say("READY=1")
        if self._gone_since is not None:
            back, self._gone_since = now - self._gone_since, None
            log.info("the picture is back after %.1f s", back, extra={"told": {"back_s": round(back, 2)}})
        safe = "safe mode, stills and labels only; " if self.restarts.safe else ""
        again = f"; started again {self.restarts.count} times, the last time as it {self._why}" if self._why else ""
        hangs = f'"{life.piece}" hangs' if life.piece else "the wall is dark"
        self.notifier.status(f"{safe}{hangs}{again}")

    def _orders(self) -> Orders:
        restarts = self.restarts
        return Orders(restarts.count, self._why, restarts.safe, self._left(), self._screen)

    def _left(self) -> float | None:
        """Seconds still to play; None for ever."""
        if self.seconds is None or self._since is None:
            return self.seconds
        return max(0.0, self.seconds - (time.monotonic() - self._since))

    # ------------------------------------------------------------ between two runs

    def _report(self, end: End, stacks: str) -> End:
        """Logs why it ended, the same once a minute at most; the file also gets the stacks."""
        self._why, now = end.why, time.monotonic()
        told_by_itself = end.code == TO_MEND and self._since is None
        if self.leaving or told_by_itself:
            return end
        if line := self._repeats.line(f"the show {end.why}; it is started again", now):
            self._gone_since = now
            log.error("%s", line, extra={"told": {"exit": end.code, "stacks": stacks[-STACKS_TOLD:]}})
        return end

    def _pause(self, seconds: float) -> bool:
        """Waits; false where a signal asked to leave meanwhile."""
        if self.restarts.safe and self.restarts.became_safe():
            _say_safe(self.restarts.rules)
        return self._wait(seconds)

    def _wait(self, seconds: float) -> bool:
        ends = time.monotonic() + seconds
        while not self.leaving and (now := time.monotonic()) < ends:
            self.notifier.tick(now)
            if self.alerts:
                self.alerts.tell(_dark(self._why), {}, picture=False)
            self.notifier.status(f"the show {self._why}; it is started again in {ends - now:.0f} s")
            time.sleep(min(TICK, ends - now))
        return not self.leaving

    # ------------------------------------------------------------ from outside

    def _listen(self) -> None:
        """The signals that ask to leave. SIGHUP stays ignored where it was (nohup)."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None and not (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                signal.signal(number, self._leave)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        self.leaving = True


def _end(tree: ProcessTree) -> None:
    tree.end(0.0)


def _dark(why: str) -> dict[str, str]:
    """For alerts: why nothing of the show is to be seen."""
    return {SHOW: f"{SHOW} {why or 'does not show a picture'}"}


def _say_safe(rules: Rules) -> None:
    log.error(
        "the show ended %d times in %.0f min: safe mode, stills and labels only; in %.0f min all is tried anew",
        rules.most,
        rules.within / 60.0,
        rules.retry / 60.0,
    )


def _ended(code: int) -> str:
    if code < 0:
        with suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
    return "lost its display" if code == LOST else f"ended with exit code {code}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
