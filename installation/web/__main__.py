"""``python -m installation.web``: the web process, controlled by messages on its stdin."""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

from aiohttp import web

from installation.core.addresses import host_of, is_loopback, netloc_of
from installation.core.errors import DeviceError
from installation.core.pipe import Message
from installation.web import attending, listener
from installation.web.attending import Inbox
from installation.web.ballot_store import FILE
from installation.web.ballot_writer import BallotWriter
from installation.web.messages import (
    Consoles,
    Edited,
    Error,
    Hello,
    Moved,
    Ready,
    Watching,
    check_version,
    pack,
    unpack,
)
from installation.web.routes import Server
from installation.web.service import Service

CLOSED = 3
"""Exit code of a web process that cannot open here."""

ADDRESS = 5.0
"""Seconds between two checks of this machine's own address: a network may come up after the show."""

MOVES = 512
"""The most that operators did and that waits for the app."""

LIMITS = attending.LIMITS | {"handler_cancellation": True}  # a viewer who disconnects is no longer counted


def main() -> None:
    attending.run(_attend)


async def _attend() -> int:
    """Waits for the hello, then is open until the app is gone. Returns the exit code."""
    inbox, send = attending.listen(grace=0.8)
    try:
        hello = await _hello(inbox)
        if hello is not None:
            await _open(hello, inbox, send)
    except DeviceError as error:
        send(pack(Error(str(error))))
        return CLOSED
    return 0


async def _hello(inbox: Inbox) -> Hello | None:
    """The first message; None where the app left before it. Raises FrameError for anything else."""
    message = await inbox.get()
    if message is None:
        return None
    hello: Hello = unpack(message if isinstance(message, dict) else {}, (Hello,))
    check_version(hello.version)
    return hello


async def _open(hello: Hello, inbox: Inbox, send: Callable[[Message], None]) -> None:
    """Listens and keeps votes until the app is gone. Raises DeviceError where it cannot listen."""
    outbox = Outbox(send)
    with closing(listener.listen(hello.bind, hello.port)) as listening:
        writer = BallotWriter(hello.state / FILE, hello.run)
        await writer.open()
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
    outbox.tell(Watching(0))  # viewers of an earlier process have to connect again
    outbox.tell(Consoles(0))
    works = (
        _receive(service, inbox),
        service.run(),
        listener.sweep(runner.server, server.busy),
        _tell_address(service, listening, server.port, outbox),
        attending.beat(outbox.beat),
    )
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # only the app's end is an orderly end
    finally:
        serving.close()
        await runner.cleanup()
        for task in tasks:
            task.cancel()


async def _receive(service: Service, inbox: Inbox) -> None:
    while (message := await inbox.get()) is not None:
        service.receive(message)


async def _tell_address(service: Service, listening: socket.socket, port: int, outbox: "Outbox") -> None:
    """Sends Ready to the app, and again whenever this machine's address changes."""
    told = None
    while True:
        url = service.hello.url or listener.url(listening)
        if url != told:
            outbox.tell(Ready(port, url, is_loopback(host_of(netloc_of(url)))))
            told = service.url = url
        await asyncio.sleep(ADDRESS)


class Outbox:
    """Messages to the app, written by a thread of their own: an app that does not read must not delay the visitors. Of
    several messages of a kind the newest is sent; of what operators did, all, as long as no more than MOVES wait."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._moves = 0
        self._waiting: dict[str, Message] = {}
        self._changed = threading.Condition()
        threading.Thread(target=self._write, name="outbox", daemon=True).start()

    def tell(self, message: Any) -> None:
        """One of the messages TO_APP."""
        kind = type(message).__name__
        if isinstance(message, Moved | Edited):
            self._moves += 1
            kind = f"{kind} {self._moves % MOVES}"
        self._put(kind, pack(message))

    def beat(self, heartbeat: Message) -> None:
        self._put("alive", heartbeat)

    def _put(self, kind: str, message: Message) -> None:
        with self._changed:
            self._waiting[kind] = message
            self._changed.notify()

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                kind, message = next(iter(self._waiting.items()))
                del self._waiting[kind]
            self._send(message)


if __name__ == "__main__":
    main()
