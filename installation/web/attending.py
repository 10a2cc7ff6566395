"""What the processes that answer browsers and clients have in common: how they begin, hear the app and end."""

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from installation.core.pipe import Message, alive, serve
from installation.web import listener

BEAT = 0.5
"""Seconds between two heartbeats, which come from the loop that answers."""

LIMITS: dict[str, Any] = {
    "max_line_size": 2048,
    "max_field_size": 4096,
    "max_headers": 64,
    "keepalive_timeout": listener.IDLE,
    "lingering_time": 0.5,
    "auto_decompress": False,
    "shutdown_timeout": 0.2,
    "access_log": None,  # no client address is logged
}
"""Of aiohttp's AppRunner."""

Inbox = asyncio.Queue[Message | None]
"""The app's messages; None when it is gone."""

Send = Callable[[Message], None]


def run(attend: Callable[[], Coroutine[Any, Any, int]]) -> None:
    """Runs until ``attend`` returns the exit code, and ends the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the app, which then closes our stdin
    listener.raise_file_limit()
    code = 1
    try:
        code = asyncio.run(attend())
    except Exception:  # noqa: BLE001 the process's edge: a traceback for the log, and the app starts it again
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)  # not sys.exit: the listening thread may be in the middle of a read


def listen(grace: float) -> tuple[Inbox, Send]:
    """The app's messages to the running loop, and how to answer. When the app is gone, there are ``grace`` seconds."""
    loop = asyncio.get_running_loop()
    inbox: Inbox = asyncio.Queue()

    def put(message: Message | None) -> None:
        with suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(inbox.put_nowait, message)

    with suppress(NotImplementedError):  # Windows has no such handlers
        loop.add_signal_handler(signal.SIGTERM, put, None)
    return inbox, serve(put, on_gone=lambda: put(None), grace=grace)


async def beat(send: Send) -> None:
    """Sends the heartbeat from the loop that answers."""
    while True:
        send(alive(3 * BEAT))
        await asyncio.sleep(BEAT)
