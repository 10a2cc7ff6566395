"""``python -m installation.web.oscquery``: the OSCQuery process, controlled by messages on its stdin."""

import asyncio
from contextlib import closing

from aiohttp import web

from installation.core.errors import DeviceError, MissingDependency
from installation.core.osc_socket import listening
from installation.web import attending, listener
from installation.web.attending import Inbox, Send
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


def main() -> None:
    attending.run(_attend)


async def _attend() -> int:
    """Waits for the hello, then is open until the app is gone. Returns the exit code."""
    inbox, send = attending.listen(grace=1.5)
    message = await inbox.get()
    if message is None:
        return 0
    hello: Hello = unpack(message if isinstance(message, dict) else {}, (Hello,))
    beating = asyncio.ensure_future(attending.beat(send))
    try:
        await _open(hello, inbox, send)
    except DeviceError as error:
        send(pack(Note(str(error), closed=True)))
        while await inbox.get() is not None:
            """Nothing to do without a port; the app does not have to start this again and again."""
    finally:
        beating.cancel()
    return 0


async def _open(hello: Hello, inbox: Inbox, send: Send) -> None:
    """Listens until the app is gone. Raises DeviceError where it cannot."""
    clients = Clients(
        {knob.address: knob for knob in hello.knobs}, lambda host, data: send(pack(Packet(host, data.hex())))
    )
    with closing(listening(hello.bind, hello.port, "[operator] oscquery_port")) as opened:
        port = opened.getsockname()[1]
        routes = Routes(clients, hello.title, hello.osc_port, hello.allow)
        runner = web.AppRunner(routes.app(), **attending.LIMITS)
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


if __name__ == "__main__":
    main()
