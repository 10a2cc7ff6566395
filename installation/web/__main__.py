"""``python -m installation.web``: the web process, told what to do over its stdin."""

import asyncio
import os
import signal
import socket
import sqlite3
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

from aiohttp import web

from installation.core.errors import DeviceError
from installation.core.pipe import Message, serve
from installation.web import listener
from installation.web.ballot_store import FILE
from installation.web.ballot_writer import BallotWriter
from installation.web.messages import Hello
from installation.web.routes import Server
from installation.web.service import Service

CLOSED = 3
"""Exit code of a web process that cannot open here."""

LIMITS: dict[str, Any] = {
    "max_line_size": 2048,
    "max_field_size": 4096,
    "max_headers": 64,
    "keepalive_timeout": listener.IDLE,
    "lingering_time": 0.5,
    "auto_decompress": False,
    "handler_cancellation": True,  # who leaves is no longer counted as watching
    "shutdown_timeout": 0.2,
    "access_log": None,  # nobody's address is written down
}

Inbox = asyncio.Queue[Message | None]
"""The app's messages; None when it is gone."""


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the app's to answer; it then ends our stdin
    listener.raise_file_limit()
    code = 1
    try:
        code = asyncio.run(_attend())
    except Exception:  # noqa: BLE001 the process's edge: a traceback for the log, and the app starts it again
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)  # not sys.exit: the listening thread may be in the middle of a read


async def _attend() -> int:
    """Waits for the hello, then is open until the app is gone. Returns the exit code."""
    loop = asyncio.get_running_loop()
    inbox: Inbox = asyncio.Queue()

    def put(message: Message | None) -> None:
        with suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(inbox.put_nowait, message)

    send = serve(put, on_gone=lambda: put(None), grace=0.8)
    with suppress(NotImplementedError):  # Windows has no such handlers
        loop.add_signal_handler(signal.SIGTERM, put, None)
    try:
        hello = await _hello(inbox)
        if hello is not None:
            await _open(hello, inbox, send)
    except DeviceError as error:
        send({"error": str(error)})
        return CLOSED
    return 0


async def _hello(inbox: Inbox) -> Hello | None:
    while (message := await inbox.get()) is not None:
        if isinstance(message, dict) and "hello" in message:
            return Hello.read(message["hello"])
    return None


async def _open(hello: Hello, inbox: Inbox, send: Callable[[Message], None]) -> None:
    """Listens and keeps votes until the app is gone. Raises DeviceError when it cannot."""
    outbox = Outbox(send)
    with closing(listener.listen(hello.bind, hello.port)) as listening:
        writer = BallotWriter(hello.state / FILE)
        try:
            await writer.open()
        except (OSError, sqlite3.Error) as error:
            raise DeviceError(f"votes cannot be kept in {writer.path} ({error}); make that folder writable") from error
        try:
            await _receive_visitors(Service(hello, writer, outbox.tell), listening, inbox, outbox)
        finally:
            await writer.close()


async def _receive_visitors(service: Service, listening: socket.socket, inbox: Inbox, outbox: "Outbox") -> None:
    server = Server(service, listening.getsockname()[1])
    runner = web.AppRunner(server.app(), **LIMITS)
    await runner.setup()
    assert runner.server is not None
    serving = await asyncio.get_running_loop().create_server(listener.admit(runner.server), sock=listening)
    outbox.tell("ready", {"port": server.port, "url": service.hello.url or listener.url(listening)})
    outbox.tell("watching", 0)  # whoever watched the process before this one has to come again
    works = (_listen(service, inbox), service.run(), listener.sweep(runner.server, server.busy))
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # the app's leaving is the only good end
    finally:
        serving.close()
        await runner.cleanup()
        for task in tasks:
            task.cancel()


async def _listen(service: Service, inbox: Inbox) -> None:
    while (message := await inbox.get()) is not None:
        service.receive(message)


class Outbox:
    """Words for the app, written by a thread of their own: an app that does not read must not hold up the visitors.
    Of several words of a kind the newest wins."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._waiting: dict[str, Any] = {}
        self._changed = threading.Condition()
        threading.Thread(target=self._write, name="outbox", daemon=True).start()

    def tell(self, kind: str, content: Any) -> None:
        with self._changed:
            self._waiting[kind] = content
            self._changed.notify()

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                kind, content = next(iter(self._waiting.items()))
                del self._waiting[kind]
            self._send({kind: content})


if __name__ == "__main__":
    main()
