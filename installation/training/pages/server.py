"""The server of one page, for the browser of the person who started it.

It listens on 127.0.0.1 and answers only under a random path, so that neither the network nor another page in the same
browser reaches it: other host names (DNS rebinding) are refused by the Host header, forms and scripts of other sites by
the Origin header. Requests run in one thread, in order, and so need no locks.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import webbrowser
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hmac import compare_digest
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import web

from installation.core.errors import DeviceError, VernissageError

BODY = 4096
"""The longest body of a request, in bytes."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
STATIC = Path(__file__).with_name("static")

Table = dict[str, Any]
Ask = Callable[[Mapping[str, str]], Table | bytes]
Act = Callable[[Table], Table]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PageError(VernissageError, ValueError):
    """A request of a page that cannot be fulfilled; the page shows the message."""


@dataclass(frozen=True)
class Page:
    """``html`` is its file in `static`. ``asks`` answer GET name?key=value with JSON, or with a JPEG's bytes; ``acts``
    answer POST name with a JSON object. Both raise PageError, or any VernissageError, for what cannot be done."""

    title: str
    html: str
    asks: Mapping[str, Ask]
    acts: Mapping[str, Act]


def serve(page: Page, port: int = 0, browser: bool = True) -> None:
    """Serves until Ctrl-C. Raises DeviceError if the port is taken."""
    try:
        asyncio.run(Server(page).run(port, browser))
    except KeyboardInterrupt:
        print("\nThe page is closed. Everything is saved.")


class Server:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.token = secrets.token_urlsafe(24)
        self.port = 0
        self.files = {path.name: path for path in STATIC.iterdir() if path.suffix in TYPES}
        self.worker = ThreadPoolExecutor(1, "page")

    async def run(self, port: int, browser: bool) -> None:
        runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await self.listen(runner, port)
            print(f"{self.page.title}: {self.url}\nCtrl-C ends it.", flush=True)
            if browser:
                await asyncio.to_thread(webbrowser.open, self.url)
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()
            self.worker.shutdown(cancel_futures=True)

    async def listen(self, runner: web.AppRunner, port: int) -> None:
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError:
            raise DeviceError(f"port {port} of this machine is taken. Give another --port, or none.") from None
        self.port = int(runner.addresses[0][1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def app(self) -> web.Application:
        app = web.Application(client_max_size=BODY, middlewares=[self.guard])
        app.router.add_get("/{token}/", self.static)
        app.router.add_get("/{token}/static/{file}", self.static)
        app.router.add_get("/{token}/{name}", self.ask)
        app.router.add_post("/{token}/{name}", self.act)
        return app

    # ------------------------------------------------------------ checks of requests

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self.check(request)
            response = await handler(request)
        except web.HTTPException as error:
            response = told({"error": f"{error.status} {error.reason}"}, HTTPStatus(error.status))
        except VernissageError as error:
            response = told({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        except OSError as error:
            told_why = f"{error.filename or 'a file'}: {error.strerror or error}. Nothing was changed."
            response = told({"error": told_why}, HTTPStatus.INTERNAL_SERVER_ERROR)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def check(self, request: web.Request) -> None:
        """Raises HTTPException for a request that is not from the page served here."""
        homes = {f"{name}:{self.port}" for name in ("127.0.0.1", "localhost")}
        if request.host not in homes:
            raise web.HTTPMisdirectedRequest
        if not compare_digest(request.path.split("/")[1].encode(), self.token.encode()):
            raise web.HTTPNotFound
        if request.method == "POST" and request.headers.get("Origin") not in {f"http://{home}" for home in homes}:
            raise web.HTTPForbidden
        if request.method == "POST" and request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType

    # ------------------------------------------------------------ requests

    async def static(self, request: web.Request) -> web.Response:
        path = self.files.get(request.match_info.get("file", self.page.html))
        if path is None:
            raise web.HTTPNotFound
        return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], charset="utf-8")

    async def ask(self, request: web.Request) -> web.Response:
        asked = self.page.asks.get(request.match_info["name"])
        if asked is None:
            raise web.HTTPNotFound
        answer = await self.in_turn(asked, request.query)
        if isinstance(answer, bytes):
            # what a picture's address names never changes while this server lives
            headers = {"Cache-Control": "private, max-age=86400, immutable"}
            return web.Response(body=answer, content_type="image/jpeg", headers=headers)
        return told(answer)

    async def act(self, request: web.Request) -> web.Response:
        act = self.page.acts.get(request.match_info["name"])
        if act is None:
            raise web.HTTPNotFound
        try:
            asked = json.loads(await request.text())
        except (ValueError, RecursionError):
            raise PageError("the request is not JSON.") from None
        if not isinstance(asked, dict):
            raise PageError("the request is not a JSON object.")
        return told(await self.in_turn(act, asked))

    async def in_turn(self, work: Callable[[Any], Any], given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.worker, work, given)


def told(answer: Table, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.json_response(answer, status=status)
