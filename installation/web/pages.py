"""The page for each visitor: in the visitor's language, with the visitor's choice and token."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote, unquote

from aiohttp import web

from installation.core.words import merged
from installation.web import page, tokens
from installation.web.answers import html, is_near
from installation.web.doorway import VISIT, Doorway
from installation.web.outcome import Cast, outcome
from installation.web.service import Service
from installation.web.visitor_languages import visitor_languages


class Pages:
    """Of one service at ``port``. ``assets`` maps the names of the files in ``static/`` to their addresses."""

    def __init__(self, service: Service, port: int, assets: dict[str, str]) -> None:
        self.service, self.assets = service, assets
        self._said, self._words = service.hello, merged(service.hello.words)
        self.doorway = Doorway(service, port)
        self.remembered = f"chose{port}"
        self.cookie = f"vote{port}"  # browsers share cookies among the ports of a machine, and two shows may run on one

    @property
    def words(self) -> Mapping[str, Mapping[str, str]]:
        """The fixed words by language and key, with the show's own, which may be changed while it runs."""
        hello = self.service.hello
        if self._said is not hello:
            self._said, self._words = hello, merged(hello.words)
        return self._words

    def refuse(self, request: web.Request, status: HTTPStatus, key: str, allow: str = "") -> web.Response:
        """A page with an error message (a key of words.json); ``allow`` names the methods that would be right."""
        headers = {"Retry-After": "10"} if status in (429, 503) else {}
        if allow:
            headers["Allow"] = allow
        return html(page.lost(self.scene(request, None), self.assets, key), status, headers)

    def token(self, request: web.Request) -> bytes | None:
        """The visitor's random number for the open round: of the visit, where votes need a room code, else of a cookie
        that this round's key signed; None without such a cookie."""
        current = self.service.writer.round
        if current is None:
            return None
        if self.doorway.key:
            visit = self.doorway.visit(request)
            return tokens.of_visit(current.key, visit) if visit else None
        return tokens.read(current.key, request.cookies.get(self.cookie, ""))

    def give_token(self, request: web.Request, response: web.StreamResponse) -> None:
        """A new random number for the open round, in a cookie that scripts and other sites cannot read. Where votes
        need a room code, none is given here."""
        current = self.service.writer.round
        if current is not None and not self.doorway.key:
            self._keep(request, response, self.cookie, tokens.mint(current.key), 86_400)

    def let_in(self, request: web.Request, response: web.StreamResponse, visit: str) -> None:
        """Begins the visit that :meth:`Doorway.arrive` gave, where it gave one."""
        if visit:
            self._keep(request, response, self.doorway.cookie, visit, 60 * VISIT)

    def remember(self, request: web.Request, response: web.StreamResponse, choice: str) -> None:
        """Leaves the visitor's choice in the visitor's own browser: it alone can tell later what became of it."""
        current = self.service.writer.round
        if current is not None:
            self._keep(request, response, self.remembered, f"{current.number}.{quote(choice, safe='')}", 86_400)

    def _keep(self, request: web.Request, response: web.StreamResponse, name: str, text: str, seconds: int) -> None:
        response.set_cookie(name, text, max_age=seconds, httponly=True, samesite="Strict", secure=request.secure)

    def _cast(self, request: web.Request) -> Cast | None:
        """The visitor's last vote, as the visitor's browser has it."""
        number, _, choice = request.cookies.get(self.remembered, "")[:512].partition(".")
        return Cast(int(number), unquote(choice)) if number.isascii() and number.isdigit() else None

    def scene(
        self, request: web.Request, token: bytes | None, notice: str = "", admitted: bool | None = None
    ) -> page.Scene:
        """The page for this visitor; ``admitted`` says whether they may vote, where the request does not yet."""
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
            outcome=outcome(service.playback, writer.ended, self._cast(request)),
            wishes=service.wished.of(token, time.monotonic()),
            leans=service.wished.leans(time.monotonic()),
            likes=service.likings.counts(),
            opinion=service.likings.of(token),
            liked=service.liked,
            admitted=self.doorway.admits(request) if admitted is None else admitted,
        )

    def _sees_live(self, request: web.Request) -> bool:
        """Whether to show the moving picture: not to every phone, as that is expensive, but to this machine's browser
        and on request."""
        return is_near(request) or self.service.hello.live or "live" in request.query
