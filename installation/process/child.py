"""A child process that is kept running, and the messages to it: frames on its pipes (see core/pipe.py)."""

import logging
import math
import os
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from installation.core.backoff import Backoff
from installation.core.clean_text import clean
from installation.core.errors import FrameError
from installation.core.pipe import Message, encode, read_frames
from installation.core.repeats import Repeats
from installation.core.starved import waited
from installation.process.beginning import begin
from installation.process.process_tree import environment
from installation.process.reserve import Reserve
from installation.process.states import stopped

log = logging.getLogger(__name__)

QUEUE = 64
"""The most JSON messages that wait for a child that does not read; the oldest is dropped."""

FIRST_WAIT, LONGEST_WAIT, HEALTHY = 0.5, 5.0, 30.0
"""The first restart comes at once. Seconds before the second one, doubling to the longest; it begins anew after a child
that ran for HEALTHY seconds."""

START = 30.0
"""Seconds that a child may take to send its first message, and the longest that it may ask for (see Child)."""

SPARE_AFTER = 15.0
"""Seconds that a child has to run before a spare one is started."""

LOG_EVERY = 60.0
"""Seconds between two log lines about the same trouble of a child."""

STDERR_LINES = 30
"""The most lines of a child's stderr that are logged in LOG_EVERY seconds: a C library can print one a picture."""


Waiting = bytes | Callable[[], Mapping[str, Any]]
"""A frame, or what makes the message of one."""


class _Outbox:
    """The messages to be written: a short queue that drops its oldest, and one slot that keeps the newest."""

    def __init__(self) -> None:
        self._queue: deque[Waiting] = deque(maxlen=QUEUE)
        self._latest: bytes | None = None
        self._closed = False
        self._changed = threading.Condition()

    def put(self, *waiting: Waiting) -> None:
        with self._changed:
            self._queue.extend(waiting)
            self._changed.notify()

    def put_latest(self, frame: bytes) -> None:
        with self._changed:
            self._latest = frame
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self) -> Waiting | None:
        """Waits for the next frame; None when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._latest is not None or self._closed)
            if self._queue:
                return self._queue.popleft()
            frame, self._latest = self._latest, None
            return frame


class _Process:
    """One run of the child, from its start to its end, with the three threads that hold its pipes."""

    def __init__(self, child: "Child", outbox: _Outbox, popen: "subprocess.Popen[bytes]") -> None:
        self.child, self.outbox, self.popen = child, outbox, popen
        self.ended = threading.Event()
        self.began = self.heard = time.monotonic()
        self.due = self.began + START
        self.why = ""
        self.last_line = ""
        self.threads = [
            threading.Thread(target=work, name=f"{child.name}-{work.__name__}", daemon=True)
            for work in (self._read, self._write, self._relay)
        ]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def _read(self) -> None:
        stdout = self.popen.stdout
        assert stdout is not None
        try:
            with stdout:
                for message in read_frames(stdout):
                    self._hear(message)
        except FrameError as error:
            self.why = f"wrote what is no frame: {error}"
        finally:
            self.ended.set()

    def _hear(self, message: Message) -> None:
        asked = message.get("alive") if isinstance(message, dict) else None
        timeout, self.heard = self.child.silence or START, time.monotonic()
        if isinstance(asked, (int, float)):
            self.due = self.heard + max(timeout, min(asked, START))
        else:
            self.due = self.heard + timeout
            self.child.on_message(message)

    def _write(self) -> None:
        stdin = self.popen.stdin
        assert stdin is not None
        with suppress(OSError):  # it ended, which _read notices
            stdin.write(self.child.hello)
            stdin.flush()
            while (waiting := self.outbox.take()) is not None:
                stdin.write(waiting if isinstance(waiting, bytes) else self._made(waiting))
                stdin.flush()
        with suppress(OSError):
            stdin.close()

    def _made(self, make: Callable[[], Mapping[str, Any]]) -> bytes:
        """The frame of a message that is made now; nothing where that fails."""
        try:
            return encode(dict(make()))
        except Exception:  # the thread's edge: the messages after it are sent all the same
            self.child.log.exception("%s: a message to it cannot be made", self.child.name)
            return b""

    def _relay(self) -> None:
        stderr = self.popen.stderr
        assert stderr is not None
        since, lines = time.monotonic(), 0
        with stderr:
            while line := stderr.readline(4096):
                self.last_line = clean(line.decode(errors="replace").strip()) or self.last_line
                if time.monotonic() - since > LOG_EVERY:
                    since, lines = time.monotonic(), 0
                lines += 1
                if lines <= STDERR_LINES:
                    self.child.log.info("%s: %s", self.child.name, self.last_line)

    def wait(self) -> None:
        """Until it ends, or is silent for too long and is killed. Time in which it, or this thread, waited for a
        processor, as on an overloaded machine, does not count as its silence."""
        tick = None if self.child.silence is None else self.child.silence / 8
        looked, starved = time.monotonic(), waited(self.popen.pid)
        while not self.ended.wait(tick):
            now = time.monotonic()
            if tick is not None:
                before, starved = starved, waited(self.popen.pid)
                self.due += max(now - looked - 2 * tick, starved - before, 0.0)
            looked = now
            if self._is_stuck(now):
                self.why = "said nothing for too long and was stopped"
                self.popen.kill()
                self.ended.wait(1.0)
                return
            self.child.reserve.prepare(True, now)

    def _is_stuck(self, now: float) -> bool:
        """Whether it is silent for longer than it asked for, or stopped by a signal, when it can do nothing at all."""
        silence = self.child.silence
        return now > self.due or (silence is not None and now > self.heard + silence and stopped(self.popen.pid))

    def reap(self) -> str:
        """Ends all of its remaining processes, and returns why it ended."""
        self.outbox.close()
        try:
            code = self.popen.wait(0.5)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            code = self.popen.wait()
        for thread in self.threads:
            thread.join(1.0)
        ended = f"ended with exit code {code}" + (f"; its last line: {self.last_line}" if self.last_line else "")
        return self.why or ended


class Child:
    """A process that is kept running until ``stop``, and the messages to it.

    ``hello`` is the first message that every new process gets. ``on_message`` is called by a reading thread for all of
    the child's messages, except ``{"alive": seconds}``, its heartbeat: "I work; expect nothing for so long". With
    ``silence`` (seconds), a child that sends nothing for that long, or for as long as it asked for, is stopped and
    started again. So is one that ends, or writes what is no frame. Messages queued for a child that ended are lost:
    send changing values repeatedly, and put lasting ones into ``hello``. With ``spare``, which needs ``silence``,
    another process that waits for its ``hello`` is there for a restart (see reserve.py); ``waiting`` is one that
    ``begun`` has started for the first start.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        on_message: Callable[[Message], None],
        log: logging.Logger = log,
        hello: dict[str, Any] | None = None,
        silence: float | None = None,
        spare: bool = False,
        waiting: "subprocess.Popen[bytes] | None" = None,
    ) -> None:
        self.name, self.argv, self.on_message, self.log = name, list(argv), on_message, log
        self.hello = b"" if hello is None else encode(hello)
        self.silence = silence
        self.reserve = Reserve(lambda: begun(argv), _end, SPARE_AFTER if spare else math.inf, waiting=waiting)
        self.restarts = 0
        self.trouble = ""
        """Why it is not running now; empty while it runs."""
        self.last_trouble = ""
        """Why it ended the last time; it stays while the next one runs."""
        self.restarted = -math.inf
        """When it last ended (seconds, monotonic)."""
        self._current: _Process | None = None
        self._outbox = _Outbox()
        self._stopping = threading.Event()
        self._repeats = Repeats(LOG_EVERY)
        self._keeper = threading.Thread(target=self._keep, name=f"{name}-keeper", daemon=True)

    def start(self) -> None:
        """Starts it, in a thread: a process that does not start is logged and tried again like one that ends."""
        self._keeper.start()

    @property
    def alive(self) -> bool:
        process = self._current
        return process is not None and process.popen.poll() is None

    @property
    def pid(self) -> int | None:
        """The number of the running process."""
        process = self._current
        return process.popen.pid if process is not None and self.alive else None

    def greet(self, hello: dict[str, Any]) -> None:
        """Every process that is started from here on gets this ``hello``."""
        self.hello = encode(hello)

    def send(self, message: dict[str, Any]) -> None:
        """Never blocks: at most QUEUE wait, then the oldest is dropped. Raises FrameError for what is no message."""
        self._outbox.put(encode(message))

    def send_made(self, *makes: Callable[[], Mapping[str, Any]]) -> None:
        """Like ``send``, of what these make in the thread that writes: for a caller who has no time."""
        self._outbox.put(*makes)

    def send_latest(self, data: bytes) -> None:
        """Never blocks: of several that wait, only the newest is sent."""
        self._outbox.put_latest(encode(data))

    def ask_to_stop(self) -> None:
        """Sends what waits and ends its stdin. Never blocks."""
        self._stopping.set()
        self._outbox.close()

    def stop(self, timeout: float = 3.0) -> None:
        """Asks it to stop, waits ``timeout`` seconds for it to leave, then kills it."""
        self.ask_to_stop()
        if self._keeper.ident is None:
            return
        self._keeper.join(timeout)
        process = self._current
        if self._keeper.is_alive() and process is not None:
            process.popen.kill()
            self._keeper.join(timeout)

    def _keep(self) -> None:
        try:
            self._run()
        finally:
            self.reserve.close()

    def _run(self) -> None:
        backoff = Backoff(FIRST_WAIT, LONGEST_WAIT, at_once=True)
        while not self._stopping.is_set():
            began = time.monotonic()
            why = self._run_once()
            if self._stopping.is_set():
                return
            if time.monotonic() - began > HEALTHY:
                backoff.reset()
            self._report(why)
            self._stopping.wait(backoff.next())

    def _run_once(self) -> str:
        """Starts it, waits until it ends, and returns why it ended."""
        try:
            popen, _ = self.reserve.take()
            self._current = process = _Process(self, self._outbox, popen)
        except OSError as error:
            return f"does not start: {error}"
        self.trouble = ""
        process.start()  # who hears its first message knows it already
        process.wait()
        self._outbox = _Outbox()
        if self._stopping.is_set():
            self._outbox.close()
        return process.reap()

    def _report(self, why: str) -> None:
        self.trouble = self.last_trouble = why
        self.restarted = time.monotonic()
        if line := self._repeats.line(f"{why}; the show goes on, it is started again", self.restarted):
            self.log.warning("%s: %s", self.name, line)
        self.restarts += 1


def begun(argv: Sequence[str]) -> "subprocess.Popen[bytes]":
    """A process that waits for its first message. Raises OSError where it does not start."""
    return begin(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        # Ctrl-C in the terminal is handled by the parent alone
        process_group=0 if os.name == "posix" else None,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _end(popen: "subprocess.Popen[bytes]") -> None:
    popen.kill()
    popen.communicate()
