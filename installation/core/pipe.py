"""Messages between a process and its child, in frames over the child's stdin and stdout, and the child's end of them.

A frame is a 4-byte big-endian length (of the payload alone, at most LIMIT), one byte of kind (``J``: a JSON object in
UTF-8, ``B``: bytes) and the payload. The child's stdout carries frames and nothing else, its stderr is its log. When
its stdin ends, the parent is gone and the child leaves at once.
"""

import ctypes
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Any

from installation.core.errors import FrameError

Message = dict[str, Any] | bytes

LIMIT = 4 * 1024 * 1024
"""The longest payload, in bytes."""

PR_SET_PDEATHSIG = 1


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


def alive(seconds: float) -> dict[str, Any]:
    """A child's heartbeat: it works, and may be silent for so many seconds."""
    return {"alive": seconds}


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
        return None  # the other process ended within a message
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
    """To be called first in a child. Returns ``send``, which any thread may call.

    ``on_message`` is called for every message, and perhaps before this returns, by a thread that must not be held up:
    a queue's ``put`` is best. The same thread notices that the parent is gone. Then the process ends, even where other
    threads are blocked; ``on_gone`` is called first, and they have ``grace`` seconds to end it themselves. What
    ``on_message`` raises ends the process too. Stray prints go to stderr from here on.
    """
    _wake_with_the_parent()
    stdin, stdout = _take_streams()
    lock = threading.Lock()

    def send(message: Message) -> None:
        frame = encode(message)
        with lock, suppress(OSError):  # a broken pipe: stdin has ended too, and the listener acts on it
            stdout.write(frame)
            stdout.flush()

    threading.Thread(target=_listen, args=(stdin, on_message, on_gone, grace), name="parent", daemon=True).start()
    return send


def _wake_with_the_parent() -> None:
    """Has Linux continue this process (SIGCONT) when the thread that started it ends, as a stopped one (SIGSTOP) cannot
    read its pipe. See prctl(2), PR_SET_PDEATHSIG."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGCONT)


def _take_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Moves the pipes away from descriptors 0 and 1, where libraries and prints would write to them."""
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
