"""``python -m installation.web.oscquery``: the OSCQuery process, controlled by messages on its stdin."""

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

from aiohttp import web

from installation.core.errors import DeviceError, MissingDependency
from installation.core.osc_socket import listening
from installation.core.pipe import Message, alive, serve
from installation.web import listener
from installation.web.oscquery.announce import Announcement
from installation.web.oscquery.clients import Clients
from installation.web.oscquery.messages import (
    TO_OSCQUERY,
    Hello,
    Note,
    Packet,
    Ready,
    Table,
    Values,
    pack,
    unpack,
)
from installation.web.oscquery.routes import Routes

BEAT = 0.5
"""Seconds between two heartbeats, which come from the loop that answers clients."""

LIMITS: dict[str, Any] = {
    "max_line_size": 2048,
    "max_field_size": 4096,
    "max_headers": 64,
    "keepalive_timeout": listener.IDLE,
    "lingering_time": 0.5,
    "auto_decompress": False,
    "shutdown_timeout": 0.2,
    "access_log": None,
}

Inbox = asyncio.Queue[Message | None]
Send = Callable[[Message], None]


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the app, which then closes our stdin
    listener.raise_file_limit()
    code = 1
    try:
        asyncio.run(_attend())
        code = 0
    except Exception:  # noqa: BLE001 the process's edge: a traceback for the log, and the app starts it again
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)  # not sys.exit: the listening thread may be in the middle of a read


async def _attend() -> None:
    """Waits for the hello, then is open until the app is gone."""
    loop = asyncio.get_running_loop()
    inbox: Inbox = asyncio.Queue()

    def put(message: Message | None) -> None:
        with suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(inbox.put_nowait, message)

    send = serve(put, on_gone=lambda: put(None), grace=1.5)
    message = await inbox.get()
    if message is None:
        return
    hello: Hello = unpack(message if isinstance(message, dict) else {}, (Hello,))
    beating = asyncio.ensure_future(_beat(send))
    try:
        await _open(hello, inbox, send)
    except DeviceError as error:
        send(pack(Note(str(error), closed=True)))
        while await inbox.get() is not None:
            """Nothing to do without a port; the app does not have to start this again and again."""
    finally:
        beating.cancel()


async def _open(hello: Hello, inbox: Inbox, send: Send) -> None:
    """Listens until the app is gone. Raises DeviceError where it cannot."""
    clients = Clients(
        {knob.address: knob for knob in hello.knobs}, lambda host, data: send(pack(Packet(host, data.hex())))
    )
    with closing(listening(hello.bind, hello.port, "[operator] oscquery_port")) as opened:
        port = opened.getsockname()[1]
        routes = Routes(clients, hello.title, hello.osc_port, hello.allow)
        runner = web.AppRunner(routes.app(), **LIMITS)
        await runner.setup()
        assert runner.server is not None
        serving = await asyncio.get_running_loop().create_server(listener.admit(runner.server), sock=opened)
        sweeping = asyncio.ensure_future(listener.sweep(runner.server, routes.busy))
        send(pack(Ready(port)))
        announcement = await _announce(hello, port, send)
        try:
            await _listen(clients, inbox)
        finally:
            sweeping.cancel()
            serving.close()
            if announcement:
                await announcement.stop()
            await runner.cleanup()


async def _announce(hello: Hello, port: int, send: Send) -> Announcement | None:
    try:
        announcement = Announcement(hello, port)
        await announcement.start()
    except (MissingDependency, OSError) as error:
        send(pack(Note(f"OSCQuery answers, but is not announced: {error}")))
        return None
    return announcement


async def _listen(clients: Clients, inbox: Inbox) -> None:
    while (message := await inbox.get()) is not None:
        match unpack(message if isinstance(message, dict) else {}, TO_OSCQUERY):
            case Values(said):
                clients.say(said)
            case Table() as table:
                clients.change(table)


async def _beat(send: Send) -> None:
    while True:
        send(alive(3 * BEAT))
        await asyncio.sleep(BEAT)


if __name__ == "__main__":
    main()
