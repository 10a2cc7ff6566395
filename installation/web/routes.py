"""The handlers of all addresses, and who may use them. Everything from outside is bounded before it is read."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from installation.web import page
from installation.web.answers import html, parts_json, stream
from installation.web.console import Console
from installation.web.console_access import Access
from installation.web.console_door import Door
from installation.web.console_sections import in_first
from installation.web.layouts import ADDRESS, Layouts, TabletPage
from installation.web.limits import Buckets, known_host
from installation.web.pages import Pages
from installation.web.pictures import Pictures
from installation.web.portraits import NAME as DAY
from installation.web.portraits import PortraitPages
from installation.web.reports import NAME, Reports
from installation.web.service import Service
from installation.web.voting import Voting
from installation.web.watching import Watching

BODY = 1024
"""The longest body of a request, in bytes."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # not no-referrer: with that a browser sends "Origin: null" along with our own form
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Server:
    """Answers for one service at ``port``. ``busy`` are the connections that are being answered now."""

    def __init__(self, service: Service, port: int) -> None:
        self.service, self.port = service, port
        self.busy: set[asyncio.BaseProtocol] = set()
        # All phones of a museum's Wi-Fi may share one address, so this only limits one machine's processor use.
        self.addresses = Buckets(rate=1000.0, burst=4000, remember=1024)
        self.files = _files(page.STATIC)
        self.assets = {name: address for address, (name, _, _) in self.files.items()}
        self.pages = Pages(service, port, self.assets)
        self.layouts = Layouts(service.hello.state)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=BODY, middlewares=[self._guard])
        app.on_response_prepare.append(_dress)
        voting, pictures, watching = Voting(self.pages), Pictures(self.pages), Watching(self.service)
        get, post = app.router.add_get, app.router.add_post
        get("/", self.wall)
        get("/parts", self.parts)
        get("/live", self.live, allow_head=False)
        get("/vote", voting.back)
        post("/vote", voting.vote)
        get("/lean", voting.back)
        post("/lean", voting.lean)
        get("/like", voting.back)
        post("/like", voting.like)
        get("/preview", self.preview)
        get("/preview.jpg", pictures.still)
        get("/preview.mjpeg", pictures.moving, allow_head=False)
        get("/poster/{name}", pictures.poster)
        get("/healthz", watching.health)
        get("/api/why", self.service.whys.answer)
        get("/metrics", watching.metrics)
        get("/thumbnail.jpg", pictures.thumbnail)
        reports = Reports(self.pages)
        get("/reports/", reports.listed)
        get(f"/reports/{{name:{NAME}}}", reports.report)
        portraits = PortraitPages(self.pages)
        get("/portraits", portraits.listed)
        get(f"/portraits/{{name:{DAY}}}.jpg", portraits.picture)
        get(ADDRESS, self.layouts.file)
        get("/static/{file}", self.static)
        hello = self.service.hello
        if hello.console is not None:
            access = Access(hello.console, self.port, hello.url)
            door = Door(access, in_first(hello.title, hello.languages), self.assets)
            console = Console(self.service, hello.console, door, self.layouts)
            console.add_to(app.router)
            app.on_cleanup.append(console.close)
            TabletPage(self.layouts, door, hello.url).add_to(app.router)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.busy.add(request.protocol)
        try:
            if not known_host(request.host, self.service.hello.url):
                return self.pages.refuse(request, HTTPStatus.MISDIRECTED_REQUEST, "lost")
            if not self.addresses.allow(request.remote or "", time.monotonic()):
                return self.pages.refuse(request, HTTPStatus.TOO_MANY_REQUESTS, "full")
            return await handler(request)
        except web.HTTPException as error:
            return self.pages.refuse(request, HTTPStatus(error.status), "lost", error.headers.get("Allow", ""))
        finally:
            self.busy.discard(request.protocol)

    async def wall(self, request: web.Request) -> web.Response:
        token, visit = self.pages.token(request), self.pages.doorway.arrive(request)
        response = html(page.page(self.pages.scene(request, token, admitted=bool(visit) or None), self.assets))
        self.pages.let_in(request, response, visit)
        # A link from another site does not carry our strict cookie: no second token is issued for it.
        if token is None and request.headers.get("Sec-Fetch-Site") != "cross-site":
            self.pages.give_token(request, response)
        return response

    async def parts(self, request: web.Request) -> web.Response:
        """The page's parts for the script."""
        token, visit = self.pages.token(request), self.pages.doorway.arrive(request)
        response = parts_json(self.pages.scene(request, token, admitted=bool(visit) or None))
        self.pages.let_in(request, response, visit)
        if token is None:
            self.pages.give_token(request, response)
        return response

    async def live(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the tally and the page's version, as they change."""
        if self.service.hub.full:
            return self.pages.refuse(request, HTTPStatus.SERVICE_UNAVAILABLE, "full")
        with self.service.hub.connected() as phone:
            return await stream(request, "text/event-stream", _events(phone.next), 65_536)

    async def preview(self, request: web.Request) -> web.Response:
        return html(page.preview(self.pages.scene(request, None), self.assets))

    async def static(self, request: web.Request) -> web.Response:
        file = self.files.get(request.path)
        if file is None:
            raise web.HTTPNotFound
        _, kind, body = file
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)


@cache
def _policy() -> str:
    """The page's own style and script alone, told by their digests."""
    style, script = page.inline_source("web.css"), page.inline_source("live.js")
    return (
        f"default-src 'none'; img-src 'self'; style-src {style}; script-src {script}; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


async def _dress(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.setdefault("Content-Security-Policy", _policy())
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.popall("Server", None)


async def _events(news: Callable[[], Awaitable[bytes]]) -> AsyncIterator[bytes]:
    yield b"retry: 3000\n\n"
    while True:
        yield await news()


def _files(folder: Path) -> dict[str, tuple[str, str, bytes]]:
    """Address -> (name, type, bytes) of the files in ``static/``; their digest is in it, so none goes stale."""
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    files = {}
    for path in sorted(path for path in folder.iterdir() if path.name not in page.INLINE):
        body = path.read_bytes()
        digest = sha256(body).hexdigest()[:12]
        files[f"/static/{path.stem}.{digest}{path.suffix}"] = (path.name, kinds[path.suffix], body)
    return files
