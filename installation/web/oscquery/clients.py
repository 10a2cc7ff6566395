"""The clients that are connected over WebSocket: what each listens to, and what it is still to be sent."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import WSMsgType, web

from installation.core.osc_backlog import BURST, RATE
from installation.core.osc_build import Said
from installation.core.osc_socket import bounds_for
from installation.web.oscquery.messages import Knob, Table
from installation.web.oscquery.tree import common_path, osc

CLIENTS = 32
"""WebSockets at once, at most."""

LISTENING = 4096
"""Addresses that one client may listen to, at most."""

PING = 20.0
"""Seconds between two pings; a client that does not answer is closed."""

PACE = 1 / 30
"""Seconds between two rounds of sending to one client; of a value that moved twice the newer is sent."""


class Client:
    """One connection. ``unsent`` are the newest values that it listens to, ``told`` the commands for it."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.listens: set[str] = set()
        self.unsent: dict[str, bytes] = {}
        self.told: list[str] = []
        self.due = asyncio.Event()
        self._left, self._when = BURST, 0.0

    def tell(self, command: str, data: str) -> None:
        """Queues a command for it."""
        self.told.append(json.dumps({"COMMAND": command, "DATA": data}))
        self.due.set()

    async def pace(self) -> None:
        """Waits where it sends packets faster than they are read: TCP then holds it back, and nothing is lost."""
        now = asyncio.get_running_loop().time()
        self._left, self._when = min(BURST, self._left + (now - self._when) * RATE), now
        self._left -= 1.0
        if self._left < 0.0:
            await asyncio.sleep(-self._left / RATE)


class Clients:
    """All of them, and the show that they look at. ``forward`` is given each OSC packet of a client: (host, packet)."""

    def __init__(self, knobs: Mapping[str, Knob], forward: Callable[[str, bytes], None]) -> None:
        self.knobs, self.values = dict(knobs), dict[str, Said]()
        self._forward = forward
        self._clients: set[Client] = set()

    @property
    def full(self) -> bool:
        return len(self._clients) >= CLIENTS

    def say(self, said: Mapping[str, Any]) -> None:
        """The show's values changed. Those of a pair come as a list, as JSON has it."""
        for address, plain in said.items():
            value: Said = tuple(plain) if isinstance(plain, list) else plain
            self.values[address] = value
            knob = self.knobs.get(address)
            listeners = [client for client in self._clients if address in client.listens]
            if knob is not None and listeners:
                packet = osc(knob, value)
                for client in listeners:
                    client.unsent[address] = packet
                    client.due.set()

    def change(self, table: Table) -> None:
        """There is something else to move: each client is told what was added, what is gone, and what to read anew."""
        before, self.knobs = self.knobs, {knob.address: knob for knob in table.knobs}
        gone, new = before.keys() - self.knobs.keys(), self.knobs.keys() - before.keys()
        other = {address for address in before.keys() & self.knobs.keys() if before[address] != self.knobs[address]}
        for client in self._clients if gone or new or other else ():
            client.listens -= gone
            for command, addresses in (("PATH_REMOVED", gone), ("PATH_ADDED", new)):
                for address in sorted(addresses):
                    client.tell(command, address)
            client.tell("PATH_CHANGED", common_path(gone | new | other))

    async def serve(self, socket: web.WebSocketResponse, host: str) -> None:
        """Until the client leaves."""
        client = Client(host)
        self._clients.add(client)
        sending = asyncio.ensure_future(self._send(client, socket))
        try:
            async for one in socket:
                await client.pace()
                if one.type is WSMsgType.TEXT:
                    self._obey(client, one.data)
                elif one.type is WSMsgType.BINARY:
                    self._forward(host, one.data)
        finally:
            self._clients.discard(client)
            sending.cancel()

    async def _send(self, client: Client, socket: web.WebSocketResponse) -> None:
        while True:
            await client.due.wait()
            client.due.clear()
            told, client.told = client.told, []
            unsent, client.unsent = client.unsent, {}
            for text in told:
                await socket.send_str(text)
            for packet in unsent.values():
                await socket.send_bytes(packet)
            await asyncio.sleep(PACE)

    def _obey(self, client: Client, text: str) -> None:
        """LISTEN and IGNORE; anything else asks for nothing that there is."""
        try:
            asked = json.loads(text)
        except (ValueError, RecursionError):
            return
        command, path = (asked.get("COMMAND"), asked.get("DATA")) if isinstance(asked, dict) else (None, None)
        if not isinstance(path, str):
            return
        if command == "LISTEN" and path in self.knobs and len(client.listens) < LISTENING:
            client.listens.add(path)
        elif command == "IGNORE":
            client.listens.discard(path)
            client.unsent.pop(path, None)


def accept(host: str) -> web.WebSocketResponse:
    """A WebSocket for a client at ``host``, with bounded messages."""
    return web.WebSocketResponse(heartbeat=PING, max_msg_size=bounds_for(host).bytes, compress=False)
