"""Announces the show on the local network by multicast DNS: OSCQuery as ``_oscjson._tcp``, OSC as ``_osc._udp``."""

import socket
from types import ModuleType
from typing import Any

from installation.core.addresses import is_loopback
from installation.core.parts import require
from installation.web.oscquery.messages import Hello

INSTALL = "pip install zeroconf (its licence is the LGPL 2.1), or give clients the address by hand"
SERVICES = ("_oscjson._tcp.local.", "_osc._udp.local.")
LONGEST = 63
"""Bytes of a name in DNS."""


class Announcement:
    """Raises MissingDependency without zeroconf, which is optional."""

    def __init__(self, hello: Hello, port: int) -> None:
        self._zeroconf: ModuleType = require("zeroconf", "to be found on the network", INSTALL)
        self._hello, self._ports = hello, (port, hello.osc_port)
        self._open: Any = None

    async def start(self) -> None:
        """Announces both services. Raises OSError where no network takes multicast."""
        hosts = self._hosts()
        aio = require("zeroconf.asyncio", "to be found on the network", INSTALL)
        self._open = aio.AsyncZeroconf(interfaces=hosts)
        for kind, port in zip(SERVICES, self._ports, strict=True):
            await self._open.async_register_service(self._service(kind, port, hosts), allow_name_change=True)

    async def stop(self) -> None:
        """Takes the announcements back."""
        if self._open is not None:
            await self._open.async_unregister_all_services()
            await self._open.async_close()

    def _hosts(self) -> list[str]:
        """The addresses at which the show is reached: the one that it is bound to, or those of all networks."""
        bind = "127.0.0.1" if self._hello.bind == "localhost" else self._hello.bind
        if bind not in ("0.0.0.0", "::"):
            return [bind]
        hosts = [host for host in self._zeroconf.get_all_addresses() if not is_loopback(host)]
        return hosts or ["127.0.0.1"]

    def _service(self, kind: str, port: int, hosts: list[str]) -> Any:
        label = self._hello.title.replace(".", " ").encode()[:LONGEST].decode(errors="ignore") or "show"
        name = f"{socket.gethostname().partition('.')[0]}.local."
        return self._zeroconf.ServiceInfo(
            kind, f"{label}.{kind}", port, properties={"txtvers": "1"}, server=name, parsed_addresses=hosts
        )
