"""The web server's sockets: where it listens, how many connections it takes, how long it keeps a silent one."""

import asyncio
import errno
import os
import socket
import time
from collections.abc import Callable

from aiohttp import web

from installation.core.errors import DeviceError

CONNECTIONS = 4096
"""The most connections at once; more are refused before they are read."""

IDLE = 30.0
"""Seconds after which a connection without a complete request is closed."""

FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 5\r\nConnection: close\r\n\r\nfull\n"


def listen(bind: str, port: int) -> socket.socket:
    """A listening socket. Raises DeviceError, with what to do about it, when there can be none."""
    try:
        found_at = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise DeviceError(
            f'bind = "{bind}" is no address of this machine ({error}); use "127.0.0.1" for this machine alone or '
            '"0.0.0.0" for the whole network'
        ) from error
    family, kind, _, _, address = found_at[0]
    listening = socket.socket(family, kind)
    try:
        if os.name == "posix":  # on POSIX it allows a port that only closed connections still hold
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address[0], port, *address[2:]))  # not address itself: getaddrinfo wraps a port above 65535
        listening.listen(1024)
    except (OSError, OverflowError) as error:
        listening.close()
        raise DeviceError(_why_not(error, bind, port)) from error
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # finds phones that left without closing; connections inherit this
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(1000 * IDLE))
    listening.setblocking(False)
    return listening


def _why_not(error: Exception, bind: str, port: int) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return (
            f"port {port} is in use by another program on {bind}; end that program, or give the show another port: "
            f"[web] port = {port + 1}"
        )
    if number == errno.EACCES:
        return f"port {port} may not be opened by this user; use one from 1024 up, such as [web] port = 8080"
    if number == errno.EADDRNOTAVAIL:
        return f'bind = "{bind}" is not an address of this machine; use "127.0.0.1" or "0.0.0.0"'
    return f"port {port} on {bind} cannot be opened ({error})"


def url(listening: socket.socket) -> str:
    """The address that visitors type. Where all networks may connect, this machine's own address in the first."""
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = _own_address()
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _own_address() -> str:
    """The address that this machine would send from. Connecting a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address set aside for documentation
        except OSError:
            return "127.0.0.1"
        address: str = probe.getsockname()[0]
        return address


def admit(server: web.Server) -> Callable[[], asyncio.BaseProtocol]:
    """The factory of connections, which refuses those beyond the limit."""
    return lambda: server() if len(server.connections) < CONNECTIONS else _Full()


class _Full(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(FULL)
        transport.close()


async def sweep(server: web.Server, busy: set[asyncio.BaseProtocol]) -> None:
    """Runs for ever; closes connections that send nothing for IDLE seconds, or take longer to send a request."""
    since: dict[web.RequestHandler, float] = {}
    while True:
        now = time.monotonic()
        since = {connection: since.get(connection, now) for connection in server.connections if connection not in busy}
        for connection, when in since.items():
            if now - when > IDLE:
                connection.force_close()
        await asyncio.sleep(IDLE / 6)


def raise_file_limit() -> None:
    """A connection is an open file, and many systems allow a process no more than 1024 unless it asks."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
