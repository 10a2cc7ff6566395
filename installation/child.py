"""A child process and its parent, talking in frames over the child's stdin and stdout.

A frame is a 4-byte big-endian length (of the payload alone, at most LIMIT), one byte of kind (``J``: a JSON object in
UTF-8, ``B``: bytes) and the payload. The child's stdout carries frames and nothing else, its stderr is its log. When
its stdin ends, the parent is gone and the child leaves at once.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import IO, Any

from installation.errors import FrameError
from installation.parts import HOUSE

log = logging.getLogger(__name__)

Message = dict[str, Any] | bytes

LIMIT = 4 * 1024 * 1024
"""The longest payload, in bytes."""

QUEUE = 64
"""The most JSON messages that wait for a child that does not read; the oldest is dropped."""

FIRST_WAIT, LONGEST_WAIT, HEALTHY = 0.5, 10.0, 30.0
"""Seconds before the first restart, doubling to the longest; after a healthy life it begins anew."""

START = 30.0
"""Seconds that a child may take to say its first word, and the longest that it may ask for (see Child)."""

LOG_EVERY = 60.0
"""Seconds between two log lines about the same child's deaths."""

STDERR_LINES = 30
"""The most lines of a child's stderr that are logged in LOG_EVERY seconds: a C library can print one a picture."""


# ---------------------------------------------------------------- frames


def encode(message: Message) -> bytes:
    """The whole frame of a message. Raises FrameError when it is too long or holds a number that is not finite."""
    kind = b"B" if isinstance(message, bytes) else b"J"
    try:
        payload = message if isinstance(message, bytes) else json.dumps(message, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise FrameError(f"found a message that is no JSON object ({error}), expected text, finite numbers") from error
    if len(payload) > LIMIT:
        raise FrameError(f"found a message of {len(payload)} bytes, expected at most {LIMIT}")
    return len(payload).to_bytes(4, "big") + kind + payload


def write_frame(stream: IO[bytes], message: Message) -> None:
    """Writes one message and flushes. Blocks while the other side does not read."""
    stream.write(encode(message))
    stream.flush()


def read_frame(stream: IO[bytes]) -> Message | None:
    """The next message, or None at the end of the stream. Raises FrameError for anything that is not a frame."""
    head = stream.read(5)
    if len(head) < 5:
        return None
    length, kind = int.from_bytes(head[:4], "big"), head[4:]
    if kind not in (b"J", b"B") or length > LIMIT:
        raise FrameError(f"found {head!r}, expected a frame of at most {LIMIT} bytes; something else writes to stdout")
    payload = stream.read(length)
    if len(payload) < length:
        return None  # the other side died in the middle of a word
    return payload if kind == b"B" else _parse(payload)


def read_frames(stream: IO[bytes]) -> Iterator[Message]:
    """Every message until the stream ends."""
    while (message := read_frame(stream)) is not None:
        yield message


def _parse(payload: bytes) -> dict[str, Any]:
    try:
        message = json.loads(payload, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"found {payload[:40]!r}, expected a JSON object ({error})") from error
    if not isinstance(message, dict):
        raise FrameError(f"found {payload[:40]!r}, expected a JSON object")
    return message


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


# ---------------------------------------------------------------- the child's side


def serve(
    on_message: Callable[[Message], None], on_gone: Callable[[], None] | None = None, grace: float = 2.0
) -> Callable[[Message], None]:
    """Call first thing in a child. Returns ``send``, which any thread may call.

    ``on_message`` is called for every message, and perhaps before this returns, by a thread that must not be held up:
    a queue's ``put`` is best. The same thread notices that the parent is gone. Then the process ends, whatever the
    other threads are stuck in; with ``on_gone`` they are told first and have ``grace`` seconds to end it themselves.
    What ``on_message`` raises ends the process too. Stray prints go to stderr from here on.
    """
    stdin, stdout = _take_streams()
    lock = threading.Lock()

    def send(message: Message) -> None:
        frame = encode(message)
        with lock, suppress(OSError):  # a broken pipe: stdin has ended too, and the listener acts on it
            stdout.write(frame)
            stdout.flush()

    threading.Thread(target=_listen, args=(stdin, on_message, on_gone, grace), name="parent", daemon=True).start()
    return send


def _take_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Moves the pipes away from descriptors 0 and 1, where libraries and prints would meddle with them."""
    stdin, stdout = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return stdin, stdout


def _listen(
    stdin: IO[bytes], on_message: Callable[[Message], None], on_gone: Callable[[], None] | None, grace: float
) -> None:
    code = 1
    try:
        for message in read_frames(stdin):
            on_message(message)
        if on_gone is not None:
            on_gone()
            time.sleep(grace)
        code = 0
    finally:
        if code:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)  # not sys.exit: the main thread may be stuck in a driver


# ---------------------------------------------------------------- the parent's side


class _Outbox:
    """What waits to be written: a short queue where the oldest gives way, and one slot where the newest wins."""

    def __init__(self) -> None:
        self._queue: deque[bytes] = deque(maxlen=QUEUE)
        self._latest: bytes | None = None
        self._closed = False
        self._changed = threading.Condition()

    def put(self, frame: bytes, latest: bool) -> None:
        with self._changed:
            if latest:
                self._latest = frame
            else:
                self._queue.append(frame)
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self) -> bytes | None:
        """Waits for the next frame; None when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._latest is not None or self._closed)
            if self._queue:
                return self._queue.popleft()
            frame, self._latest = self._latest, None
            return frame


class _Life:
    """One run of the child, from its start to its end, with the three threads that hold its pipes."""

    def __init__(self, child: "Child", outbox: _Outbox) -> None:
        self.child, self.outbox = child, outbox
        self.ended = threading.Event()
        self.due = time.monotonic() + START
        self.why = ""
        self.last_words = ""
        self.process = subprocess.Popen(
            child.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(HOUSE), os.environ.get("PYTHONPATH"))))},
            # Ctrl-C in the terminal is the parent's alone to answer
            process_group=0 if os.name == "posix" else None,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self.threads = [
            threading.Thread(target=work, name=f"{child.name}-{work.__name__}", daemon=True)
            for work in (self._read, self._write, self._relay)
        ]
        for thread in self.threads:
            thread.start()

    def _read(self) -> None:
        stdout = self.process.stdout
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
        patience = self.child.silence or START
        if isinstance(asked, (int, float)):
            self.due = time.monotonic() + max(patience, min(asked, START))
        else:
            self.due = time.monotonic() + patience
            self.child.on_message(message)

    def _write(self) -> None:
        stdin = self.process.stdin
        assert stdin is not None
        with suppress(OSError):  # it died; _read knows
            stdin.write(self.child.hello)
            stdin.flush()
            while (frame := self.outbox.take()) is not None:
                stdin.write(frame)
                stdin.flush()
        with suppress(OSError):
            stdin.close()

    def _relay(self) -> None:
        stderr = self.process.stderr
        assert stderr is not None
        since, lines = time.monotonic(), 0
        with stderr:
            while line := stderr.readline(4096):
                self.last_words = line.decode(errors="replace").strip() or self.last_words
                if time.monotonic() - since > LOG_EVERY:
                    since, lines = time.monotonic(), 0
                lines += 1
                if lines <= STDERR_LINES:
                    self.child.log.info("%s: %s", self.child.name, self.last_words)

    def wait(self) -> None:
        """Until it ends, or is silent for too long and is killed."""
        tick = None if self.child.silence is None else self.child.silence / 4
        while not self.ended.wait(tick):
            if tick is not None and time.monotonic() > self.due:
                self.why = "said nothing for too long and was stopped"
                self.process.kill()
                self.ended.wait(1.0)
                return

    def bury(self) -> str:
        """Ends what is left of it, and says why it ended."""
        self.outbox.close()
        try:
            code = self.process.wait(0.5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        for thread in self.threads:
            thread.join(1.0)
        ended = f"ended with exit code {code}" + (f"; its last words: {self.last_words}" if self.last_words else "")
        return self.why or ended


class Child:
    """A process that is kept running until ``stop``, and the mailbox to it.

    ``hello`` is the first message that every new process gets. ``on_message`` is called by a reading thread for all
    that the child says, except ``{"alive": seconds}``, its heartbeat: "I work; expect nothing for so long". With
    ``silence`` (seconds), a child that says nothing for that long, or for as long as it asked for, is stopped and
    started again. So is one that dies, or writes what is no frame. What waited for a dead child is lost: repeat what
    changes, put what lasts into ``hello``.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        on_message: Callable[[Message], None],
        log: logging.Logger = log,
        hello: dict[str, Any] | None = None,
        silence: float | None = None,
    ) -> None:
        self.name, self.argv, self.on_message, self.log = name, list(argv), on_message, log
        self.hello = b"" if hello is None else encode(hello)
        self.silence = silence
        self.restarts = 0
        self.trouble = ""
        """Why it is not running now; empty while it runs."""
        self._life: _Life | None = None
        self._outbox = _Outbox()
        self._stopping = threading.Event()
        self._logged = -LOG_EVERY
        self._keeper = threading.Thread(target=self._keep, name=f"{name}-keeper", daemon=True)

    def start(self) -> None:
        """Starts it, in a thread: a process that does not start is logged and tried again like one that dies."""
        self._keeper.start()

    @property
    def alive(self) -> bool:
        life = self._life
        return life is not None and life.process.poll() is None

    @property
    def pid(self) -> int | None:
        """The number of the running process."""
        life = self._life
        return life.process.pid if life is not None and self.alive else None

    def send(self, message: dict[str, Any]) -> None:
        """Never blocks: at most QUEUE wait, then the oldest is dropped. Raises FrameError for what is no message."""
        self._outbox.put(encode(message), latest=False)

    def send_latest(self, data: bytes) -> None:
        """Never blocks: of several that wait, only the newest is sent."""
        self._outbox.put(encode(data), latest=True)

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
        life = self._life
        if self._keeper.is_alive() and life is not None:
            life.process.kill()
            self._keeper.join(timeout)

    def _keep(self) -> None:
        wait = FIRST_WAIT
        while not self._stopping.is_set():
            born = time.monotonic()
            why = self._live()
            if self._stopping.is_set():
                return
            if time.monotonic() - born > HEALTHY:
                wait = FIRST_WAIT
            self._mourn(why)
            self._stopping.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _live(self) -> str:
        """One life, and why it ended."""
        try:
            self._life = life = _Life(self, self._outbox)
        except OSError as error:
            return f"does not start: {error}"
        self.trouble = ""
        life.wait()
        self._outbox = _Outbox()
        if self._stopping.is_set():
            self._outbox.close()
        return life.bury()

    def _mourn(self, why: str) -> None:
        self.restarts += 1
        self.trouble = why
        if time.monotonic() - self._logged >= LOG_EVERY:
            self._logged = time.monotonic()
            self.log.warning("%s: %s; the show goes on, it is started again", self.name, why)
