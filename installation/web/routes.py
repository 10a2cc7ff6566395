"""What each address answers, and to whom. Everything from outside is bounded before it is read."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from socket import SO_SNDBUF, SOL_SOCKET
from urllib.parse import parse_qs

from aiohttp import web

from installation.core.addresses import is_loopback, netloc_of
from installation.core.words import merged
from installation.web import page, posters, tokens
from installation.web.ballot_store import Answer, Round, Vote
from installation.web.limits import Buckets, known_host
from installation.web.preview import FRESH
from installation.web.service import Service
from installation.web.visitor_languages import visitor_languages

BODY = 1024
"""The longest body of a request, in bytes."""
CLIENT_TIMEOUT = 5.0
"""Seconds that a body may take to come, and a slow client to take what it is sent."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # not no-referrer: with that a browser sends "Origin: null" along with our own form
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}

ANSWERS = {
    Answer.LATE: (HTTPStatus.CONFLICT, "late"),
    Answer.UNKNOWN: (HTTPStatus.CONFLICT, "unknown"),
    Answer.FULL: (HTTPStatus.SERVICE_UNAVAILABLE, "full"),
    Answer.BROKEN: (HTTPStatus.SERVICE_UNAVAILABLE, "broken"),
}
"""What a vote that is not counted gets: status and notice."""


class Server:
    """Answers for one service at ``port``. ``busy`` are the connections that are being answered now."""

    def __init__(self, service: Service, port: int) -> None:
        self.service, self.port = service, port
        self.words = merged(service.hello.words)
        self.busy: set[asyncio.BaseProtocol] = set()
        self.cookie = f"vote{port}"  # browsers do not tell the ports of a machine apart, and two shows may share one
        self.voters = Buckets(rate=0.5, burst=6)
        # A museum's Wi-Fi is one address, so this only keeps one machine from using up the processor.
        self.addresses = Buckets(rate=1000.0, burst=4000, remember=1024)
        self.files = _files(Path(__file__).with_name("static"))
        self.assets = {name: address for address, (name, _, _) in self.files.items()}

    def app(self) -> web.Application:
        app = web.Application(client_max_size=BODY, middlewares=[self._guard])
        app.on_response_prepare.append(_dress)
        get, post = app.router.add_get, app.router.add_post
        get("/", self.wall)
        get("/parts", self.parts)
        get("/live", self.live, allow_head=False)
        get("/vote", self.back)
        post("/vote", self.vote)
        get("/preview", self.preview)
        get("/preview.jpg", self.still)
        get("/preview.mjpeg", self.moving, allow_head=False)
        get("/poster/{name}", self.poster)
        get("/healthz", self.health)
        get("/metrics", self.metrics)
        get("/thumbnail.jpg", self.thumbnail)
        get("/static/{file}", self.static)
        return app

    # ------------------------------------------------------------ before every answer

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.busy.add(request.protocol)
        try:
            if not known_host(request.host, self.service.hello.url):
                return self._refuse(request, HTTPStatus.MISDIRECTED_REQUEST, "lost")
            if not self.addresses.allow(request.remote or "", time.monotonic()):
                return self._refuse(request, HTTPStatus.TOO_MANY_REQUESTS, "full")
            return await handler(request)
        except web.HTTPException as error:
            return self._refuse(request, HTTPStatus(error.status), "lost", error.headers.get("Allow", ""))
        finally:
            self.busy.discard(request.protocol)

    def _refuse(self, request: web.Request, status: HTTPStatus, key: str, allow: str = "") -> web.Response:
        headers = {"Retry-After": "10"} if status in (429, 503) else {}
        if allow:
            headers["Allow"] = allow
        return _html(page.lost(self._scene(request, None), self.assets, key), status, headers)

    def _token(self, request: web.Request) -> bytes | None:
        """The visitor's random number for the open round; None without a cookie that this round's key signed."""
        found = self.service.writer.round
        return tokens.read(found.key, request.cookies.get(self.cookie, "")) if found else None

    def _give_token(self, request: web.Request, response: web.StreamResponse, found: Round | None) -> None:
        if found is not None:
            response.set_cookie(
                self.cookie,
                tokens.mint(found.key),
                max_age=86_400,
                httponly=True,
                samesite="Strict",
                secure=request.secure,
            )

    def _scene(self, request: web.Request, token: bytes | None, notice: str = "") -> page.Scene:
        service, writer = self.service, self.service.writer
        ends = service.ends
        return page.Scene(
            hello=service.hello,
            playback=service.playback,
            languages=visitor_languages(
                request.query.get("lang", "")[:16],
                request.headers.get("Accept-Language", ""),
                service.hello.languages,
                self.words,
            ),
            round=writer.round.id if writer.round else 0,
            votes=writer.tally(),
            mine=writer.choices.get(token) if token else None,
            left=None if ends is None else max(0.0, ends - time.monotonic()),
            notice=notice,
            live=self._sees_live(request),
            uncounted=bool(writer.trouble),
            version=service.version,
        )

    def _sees_live(self, request: web.Request) -> bool:
        """A moving picture costs too much for every phone; this machine's own browser has it, and who asks."""
        forwarded = {"X-Forwarded-For", "Forwarded", "Via"} & {*request.headers}
        near = is_loopback(request.remote) and not forwarded
        return near or self.service.hello.live or "live" in request.query

    # ------------------------------------------------------------ the visitors' page

    async def wall(self, request: web.Request) -> web.Response:
        token = self._token(request)
        response = _html(page.page(self._scene(request, token), self.assets))
        # A link from elsewhere never carries our strict cookie: no reason to give out a second token.
        if token is None and request.headers.get("Sec-Fetch-Site") != "cross-site":
            self._give_token(request, response, self.service.writer.round)
        return response

    async def parts(self, request: web.Request) -> web.Response:
        """The page's parts for the script."""
        token = self._token(request)
        response = self._parts(self._scene(request, token))
        if token is None:
            self._give_token(request, response, self.service.writer.round)
        return response

    def _parts(self, scene: page.Scene, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
        return web.json_response(
            {"version": scene.version, "parts": page.parts(scene)}, status=status, headers={"Cache-Control": "no-store"}
        )

    async def back(self, request: web.Request) -> web.Response:
        """Where a reload of the answer to a refused vote leads."""
        return self._to_vote(self._scene(request, None))

    async def vote(self, request: web.Request) -> web.StreamResponse:
        if not _own_page(request):
            return self._answer(request, HTTPStatus.FORBIDDEN, "foreign")
        round_id, choice = await _read_vote(request)
        found, token = self.service.writer.round, self._token(request)
        if found is None or found.id != round_id:
            return self._answer(request, *ANSWERS[Answer.LATE], token=token)
        if token is None:
            return self._answer(request, HTTPStatus.FORBIDDEN, "cookies")
        if not self.voters.allow(token, time.monotonic()):
            return self._answer(request, HTTPStatus.TOO_MANY_REQUESTS, "hasty", token=token)
        answer = await self.service.writer.vote(Vote(round_id, token, choice))
        if answer is not Answer.COUNTED:
            return self._answer(request, *ANSWERS[answer], token=token)
        return self._thank(request, token)

    def _thank(self, request: web.Request, token: bytes) -> web.Response:
        scene = self._scene(request, token)
        if _wants_json(request):
            return self._parts(scene)
        return self._to_vote(scene)

    def _to_vote(self, scene: page.Scene) -> web.Response:
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/{scene.query}#vote"})

    def _answer(
        self, request: web.Request, status: HTTPStatus, notice: str, token: bytes | None = None
    ) -> web.StreamResponse:
        """The page as it is now, with a notice why the vote was not counted."""
        scene = replace(self._scene(request, token, notice), live=False)
        response = self._parts(scene, status) if _wants_json(request) else _html(page.page(scene, self.assets), status)
        if token is None and notice != "foreign":
            self._give_token(request, response, self.service.writer.round)
        return response

    async def live(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the tally and the page's version, as they change."""
        if self.service.hub.full:
            return self._refuse(request, HTTPStatus.SERVICE_UNAVAILABLE, "full")
        with self.service.hub.connected() as phone:
            return await _stream(request, "text/event-stream", _events(phone.next), 65_536)

    # ------------------------------------------------------------ pictures

    async def preview(self, request: web.Request) -> web.Response:
        return _html(page.preview(self._scene(request, None), self.assets))

    async def still(self, request: web.Request) -> web.StreamResponse:
        preview = self.service.preview
        jpeg = preview.newest if preview.full else await preview.present()
        if jpeg is None:
            return self._refuse(request, HTTPStatus.SERVICE_UNAVAILABLE, "opening")
        return web.Response(body=jpeg, content_type="image/jpeg", headers={"Cache-Control": "no-store"})

    async def moving(self, request: web.Request) -> web.StreamResponse:
        if self.service.preview.full:
            return self._refuse(request, HTTPStatus.SERVICE_UNAVAILABLE, "full")
        with self.service.preview.watching():
            return await _stream(
                request,
                "multipart/x-mixed-replace; boundary=frame",
                _multipart(self.service.preview.pictures()),
                262_144,
            )

    async def poster(self, request: web.Request) -> web.StreamResponse:
        piece = self.service.hello.piece(request.match_info["name"])
        width = request.query.get("width", "")
        if piece.poster is None or width not in map(str, posters.WIDTHS):
            raise web.HTTPNotFound
        jpeg = await asyncio.to_thread(posters.scaled, piece.poster, int(width))
        if jpeg is None:
            raise web.HTTPNotFound
        return web.Response(body=jpeg, content_type="image/jpeg", headers={"Cache-Control": "max-age=3600"})

    async def static(self, request: web.Request) -> web.Response:
        found = self.files.get(request.path)
        if found is None:
            raise web.HTTPNotFound
        _, kind, body = found
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)

    # ------------------------------------------------------------ for whoever watches over the show

    async def health(self, request: web.Request) -> web.Response:
        service = self.service
        reasons = service.reasons(time.monotonic())
        playback, show = service.playback, service.show.told
        told = {
            "ok": not reasons,
            "reasons": reasons,
            "notes": service.notes(),
            "piece": playback.piece if playback else None,
            "last_frame_age_s": _rounded(service.show.age(time.monotonic())),
            "round": playback.round if playback else None,
            "votes": sum(service.writer.tally().values()),
            "phones": len(service.hub),
            "watching": service.preview.viewers,
            "show": {**show.details, "frames": show.frames} if show else {},
        }
        status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
        return web.json_response(told, status=status, headers={"Cache-Control": "no-store"})

    async def metrics(self, request: web.Request) -> web.Response:
        metrics = await asyncio.to_thread(import_module, "installation.web.metrics")  # for those who watch it alone
        body = metrics.written(self.service, time.monotonic())
        return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE, "Cache-Control": "no-store"})

    async def thumbnail(self, request: web.Request) -> web.Response:
        """The wall as it was at most a second ago, and no older picture in its place."""
        preview = self.service.preview
        jpeg = preview.newest if preview.full else await preview.present()
        age = preview.age(time.monotonic())
        if jpeg is None or age > FRESH:
            raise web.HTTPServiceUnavailable
        headers = {"Cache-Control": "no-store", "X-Age-Seconds": f"{age:.2f}"}
        return web.Response(body=jpeg, content_type="image/jpeg", headers=headers)


# ---------------------------------------------------------------- helpers


async def _dress(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers.popall("Server", None)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)


def _html(text: str, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        text=text, status=status, content_type="text/html", headers={"Cache-Control": "no-store"} | (headers or {})
    )


def _wants_json(request: web.Request) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _own_page(request: web.Request) -> bool:
    """Whether a browser says that the vote comes from our own page. What is no browser carries nobody's cookie."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return netloc_of(origin) == request.host
    return request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")


async def _read_vote(request: web.Request) -> tuple[int, str]:
    """Round id and choice of a form. Round 0, which never is, for one that is no such form."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    try:
        async with asyncio.timeout(CLIENT_TIMEOUT):
            body = await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    try:
        fields = parse_qs(body.decode(), max_num_fields=8)
    except ValueError:
        return 0, ""
    number = fields.get("round", [""])[0]
    return int(number) if number.isascii() and number.isdigit() else 0, fields.get("choice", [""])[0]


async def _stream(request: web.Request, kind: str, chunks: AsyncIterator[bytes], buffer: int) -> web.StreamResponse:
    """Sends chunks as they come, until the client leaves, or is too slow for its ``buffer`` (bytes), or we close."""
    response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.headers["Content-Type"] = kind
    await response.prepare(request)
    transport = request.transport
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, buffer)
    try:
        async for chunk in chunks:
            async with asyncio.timeout(CLIENT_TIMEOUT):
                await response.write(chunk)
    except (TimeoutError, ConnectionError):
        if transport is not None:
            transport.abort()
    return response


async def _events(news: Callable[[], Awaitable[bytes]]) -> AsyncIterator[bytes]:
    yield b"retry: 3000\n\n"
    while True:
        yield await news()


async def _multipart(pictures: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The head of the next part goes out behind each picture: Chromium shows a picture only once it has seen that."""
    head = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n"
    yield head
    async for jpeg in pictures:
        yield jpeg + b"\r\n" + head


def _files(folder: Path) -> dict[str, tuple[str, str, bytes]]:
    """Address -> (name, type, bytes) of the files in ``static/``; their digest is in it, so none goes stale."""
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    found = {}
    for path in sorted(folder.iterdir()):
        body = path.read_bytes()
        digest = sha256(body).hexdigest()[:12]
        found[f"/static/{path.stem}.{digest}{path.suffix}"] = (path.name, kinds[path.suffix], body)
    return found
