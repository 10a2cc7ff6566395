"""The page for each visitor: in the visitor's language, with the visitor's choice and token."""

import time
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from installation.core.words import merged
from installation.web import page, tokens
from installation.web.answers import html, is_near
from installation.web.service import Service
from installation.web.visitor_languages import visitor_languages


class Pages:
    """Of one service at ``port``. ``assets`` maps the names of the files in ``static/`` to their addresses."""

    def __init__(self, service: Service, port: int, assets: dict[str, str]) -> None:
        self.service, self.assets = service, assets
        self._said, self._words = service.hello, merged(service.hello.words)
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
        """The visitor's random number for the open round; None without a cookie that this round's key signed."""
        current = self.service.writer.round
        return tokens.read(current.key, request.cookies.get(self.cookie, "")) if current else None

    def give_token(self, request: web.Request, response: web.StreamResponse) -> None:
        """A new random number for the open round, in a cookie that scripts and other sites cannot read."""
        current = self.service.writer.round
        if current is not None:
            response.set_cookie(
                self.cookie,
                tokens.mint(current.key),
                max_age=86_400,
                httponly=True,
                samesite="Strict",
                secure=request.secure,
            )

    def scene(self, request: web.Request, token: bytes | None, notice: str = "") -> page.Scene:
        """The page for this visitor."""
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
        """Whether to show the moving picture: not to every phone, as that is expensive, but to this machine's browser
        and on request."""
        return is_near(request) or self.service.hello.live or "live" in request.query
