"""Answers OSCQuery over HTTP, and opens the WebSockets. Every path is an OSC address."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from urllib.parse import unquote

from aiohttp import web

from installation.core.addresses import host_of
from installation.core.osc_socket import Allowed
from installation.web.limits import known_host
from installation.web.oscquery.clients import Clients, accept
from installation.web.oscquery.tree import ATTRIBUTES, REQUIRED, UNSERVED, attributes, host_info, node, readable

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Routes:
    """``title`` and ``osc_port`` are the show's; requests come from ``allow`` (networks, none: from all)."""

    def __init__(self, clients: Clients, title: str, osc_port: int, allow: tuple[str, ...]) -> None:
        self.clients, self.title, self.osc_port = clients, title, osc_port
        self.busy: set[asyncio.BaseProtocol] = set()
        """The connections that are being answered now."""
        self._allowed = Allowed(allow)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/{path:.*}", self._answer)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """No other address, and no page of another site: neither by its script nor by a name that leads here."""
        origin = request.headers.get("Origin")
        foreign = origin is not None and host_of(origin.partition("://")[2]) != host_of(request.host)
        if (request.remote or "") not in self._allowed or not known_host(request.host, "") or foreign:
            return web.Response(status=HTTPStatus.FORBIDDEN, text="this address or page may not ask\n")
        self.busy.add(request.protocol)
        try:
            return await handler(request)
        finally:
            self.busy.discard(request.protocol)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._connect(request)
        names = [unquote(part.partition("=")[0]) for part in request.query_string.split("&") if part]
        if "HOST_INFO" in names:
            return web.json_response(host_info(self.title, self.osc_port), headers=HEADERS)
        return self._describe(request.path.rstrip("/") or "/", names)

    def _describe(self, path: str, names: list[str]) -> web.Response:
        described = node(path, self.clients.knobs, self.clients.values)
        if described is None:
            return _error(HTTPStatus.NOT_FOUND, f"nothing stands at {path}")
        if not names:
            return web.json_response(described, headers=HEADERS)
        unknown = [name for name in names if name not in (*ATTRIBUTES, *REQUIRED, *UNSERVED)]
        if unknown:
            return _error(HTTPStatus.BAD_REQUEST, f"{unknown[0][:40]} is no attribute of OSCQuery")
        if any(name in UNSERVED for name in names) or ("VALUE" in names and not readable(described)):
            return web.Response(status=HTTPStatus.NO_CONTENT, headers=HEADERS)
        return web.json_response(attributes(described, names), headers=HEADERS)

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        if self.clients.full:
            return _error(HTTPStatus.SERVICE_UNAVAILABLE, "as many clients as may be are connected")
        host = request.remote or ""
        socket = accept(host)
        await socket.prepare(request)
        await self.clients.serve(socket, host)
        return socket


def _error(status: HTTPStatus, text: str) -> web.Response:
    return web.json_response({"ERROR": text}, status=status, headers=HEADERS)
