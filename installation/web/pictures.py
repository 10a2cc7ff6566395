"""The wall's picture for browsers: a still, a moving one, a thumbnail; the posters."""

import asyncio
import time
from collections.abc import AsyncIterator
from http import HTTPStatus

from aiohttp import web

from installation.web import posters
from installation.web.answers import is_near, stream
from installation.web.pages import Pages
from installation.web.preview import FRESH


class Pictures:
    """Of the service behind ``pages``."""

    def __init__(self, pages: Pages) -> None:
        self.pages, self.service = pages, pages.service

    async def still(self, request: web.Request) -> web.StreamResponse:
        if not self._may_look(request):
            return self.pages.refuse(request, HTTPStatus.FORBIDDEN, "code")
        preview = self.service.preview
        jpeg = preview.newest if preview.full else await preview.present()
        if jpeg is None:
            return self.pages.refuse(request, HTTPStatus.SERVICE_UNAVAILABLE, "opening")
        return web.Response(body=jpeg, content_type="image/jpeg", headers={"Cache-Control": "no-store"})

    def _may_look(self, request: web.Request) -> bool:
        """Not from elsewhere where votes need a room code, as the picture of the wall has it in it."""
        return is_near(request) or self.pages.doorway.admits(request)

    async def moving(self, request: web.Request) -> web.StreamResponse:
        if not self._may_look(request):
            return self.pages.refuse(request, HTTPStatus.FORBIDDEN, "code")
        if self.service.preview.full:
            return self.pages.refuse(request, HTTPStatus.SERVICE_UNAVAILABLE, "full")
        with self.service.preview.watching():
            return await stream(
                request,
                "multipart/x-mixed-replace; boundary=frame",
                multipart(self.service.preview.pictures()),
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

    async def thumbnail(self, request: web.Request) -> web.Response:
        """The wall as it was at most a second ago; never an older picture."""
        preview = self.service.preview
        jpeg = preview.newest if preview.full else await preview.present()
        age = preview.age(time.monotonic())
        if jpeg is None or age > FRESH:
            raise web.HTTPServiceUnavailable
        headers = {"Cache-Control": "no-store", "X-Age-Seconds": f"{age:.2f}"}
        return web.Response(body=jpeg, content_type="image/jpeg", headers=headers)


async def multipart(pictures: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The head of the next part goes out behind each picture: Chromium shows a picture only once it has seen that."""
    head = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n"
    yield head
    async for jpeg in pictures:
        yield jpeg + b"\r\n" + head
