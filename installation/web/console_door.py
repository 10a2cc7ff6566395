"""The door of the operators' console: the page for those who are in, the question for a PIN for others."""

import asyncio
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from installation.web import page
from installation.web.answers import CLIENT_TIMEOUT, html
from installation.web.console_access import AGAIN, SESSION, Access

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
"""The page's own Content-Security-Policy: its files, no inline script, no text that becomes HTML."""


class Door:
    """``title`` is the show's; ``assets`` maps the names of the files in ``static/`` to their addresses."""

    def __init__(self, access: Access, title: str, assets: dict[str, str]) -> None:
        self.access, self.title, self.assets = access, title, assets

    async def open(self, request: web.Request) -> web.Response:
        """The console for those who are in, the door for others."""
        if refused := self.access.refusal(request):
            return self._door(refused, HTTPStatus.FORBIDDEN, shut=True)
        return self._page("console") if self.ends(request) else self._door()

    async def login(self, request: web.Request) -> web.Response:
        if refused := self.access.refusal(request) or _foreign(request):
            return self._door(refused, HTTPStatus.FORBIDDEN, shut=True)
        pin = await _read_pin(request)
        if not self.access.may_guess(request.remote or "", time.monotonic()):
            wait = f"Too many tries. Wait {AGAIN:.0f} seconds, then try again."
            return self._door(wait, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": f"{AGAIN:.0f}"})
        if not self.access.fits(pin):
            return self._door("That is not the PIN. The show's log has it.", HTTPStatus.FORBIDDEN)
        answer = _to_console()
        secure = request.secure or request.headers.get("X-Forwarded-Proto") == "https"
        answer.set_cookie(
            self.access.cookie,
            self.access.session(),
            max_age=SESSION,
            path="/console",
            httponly=True,
            samesite="Strict",
            secure=secure,
        )
        return answer

    async def logout(self, request: web.Request) -> web.Response:
        if refused := self.access.refusal(request) or _foreign(request):
            return self._door(refused, HTTPStatus.FORBIDDEN, shut=True)
        answer = _to_console()
        answer.del_cookie(self.access.cookie, path="/console")
        return answer

    def ends(self, request: web.Request) -> float:
        """When the request's session ends (s since 1970); 0 without one."""
        return self.access.ends(request.cookies.get(self.access.cookie, ""))

    def _door(
        self,
        notice: str = "",
        status: HTTPStatus = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
        shut: bool = False,
    ) -> web.Response:
        return self._page("console_door", status, headers, notice=notice, shut=shut)

    def _page(
        self, name: str, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None, **known: Any
    ) -> web.Response:
        text = page.environment().get_template(f"{name}.html").render(assets=self.assets, title=self.title, **known)
        return html(text, status, {"Content-Security-Policy": POLICY} | (headers or {}))

    def inside(self, request: web.Request, name: str, **known: Any) -> web.Response:
        """Another page of the console, for those who are in. Raises HTTPForbidden for others."""
        self.enter(request)
        return self._page(name, **known)

    def enter(self, request: web.Request) -> float:
        """When the session ends; raises HTTPForbidden for those who are not in."""
        ends = self.ends(request)
        if self.access.refusal(request) or not ends:
            raise web.HTTPForbidden
        return ends


def _to_console() -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/console", "Cache-Control": "no-store"})


def _foreign(request: web.Request) -> str:
    return "" if Access.is_own(request) else "That came from another page, and was not looked at."


async def _read_pin(request: web.Request) -> str:
    """The PIN of a form; empty for what is no such form."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    try:
        async with asyncio.timeout(CLIENT_TIMEOUT):
            body = await request.read()
        return parse_qs(body.decode(), max_num_fields=4).get("pin", [""])[0]
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except ValueError:
        return ""
