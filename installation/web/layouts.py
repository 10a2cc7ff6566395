"""``/show.tosc``: the show's TouchOSC layouts, which the app keeps in its state folder, and a QR code that leads there.

A tablet has no console session, so the code's address carries a key; without it this machine alone is given the file.
"""

import asyncio
import io
import secrets
from pathlib import Path

import segno
from aiohttp import web

from installation.core.addresses import host_of, is_loopback
from installation.web.console_access import FORWARDED
from installation.web.console_door import Door

ADDRESS = "/show.tosc"

FILES: dict[str, str] = {"tablet": "show.tosc", "phone": "show-phone.tosc"}
"""The names of the files in the state folder."""

LARGEST = 4 << 20
"""Bytes of a layout at most."""


class Layouts:
    """``folder`` is the app's state folder. The key lasts as long as this process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, secrets.token_urlsafe(9)

    def link(self, origin: str, size: str = "tablet") -> str:
        """The address that a tablet opens, on a page that is reached at ``origin`` (``http://192.168.1.10:8080``)."""
        return f"{origin.rstrip('/')}{ADDRESS}?size={size}&key={self.key}"

    def code(self, origin: str, size: str = "tablet") -> str:
        """That address as a QR code: an SVG drawing, black on white."""
        drawn = io.BytesIO()
        made = segno.make(self.link(origin, size), error="m", micro=False)
        made.save(drawn, kind="svg", scale=6, border=4, light="#fff", xmldecl=False)
        return drawn.getvalue().decode()

    async def file(self, request: web.Request) -> web.Response:
        """The layout of the ``size`` asked for; that of a tablet without."""
        name = FILES.get(request.query.get("size", "tablet"))
        if name is None or not self._may(request):
            raise web.HTTPNotFound
        body = await asyncio.to_thread(_read, self.folder / name)
        if body is None:
            raise web.HTTPNotFound
        headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=body, content_type="application/octet-stream", headers=headers)

    def _may(self, request: web.Request) -> bool:
        key = request.query.get("key", "")
        near = is_loopback(request.remote) and not FORWARDED & {*request.headers}
        return near or secrets.compare_digest(key.encode(), self.key.encode())


def _read(path: Path) -> bytes | None:
    """None where there is no such file yet, or what is there is no layout."""
    try:
        return path.read_bytes() if path.stat().st_size <= LARGEST else None
    except FileNotFoundError:
        return None


class TabletPage:
    """The console's page that gives the layouts to tablets and phones, as QR codes and as links. ``url`` is the address
    of the visitors' page as the show file has it."""

    def __init__(self, layouts: Layouts, door: Door, url: str) -> None:
        self.layouts, self.door, self.url = layouts, door, url

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_get("/console/tablet", self.page)
        router.add_get("/console/tablet.svg", self.code)

    async def page(self, request: web.Request) -> web.Response:
        origin = self._origin(request)
        links = {size: self.layouts.link(origin, size) for size in FILES}
        return self.door.inside(request, "console_tablet", links=links, near=is_loopback(host_of(request.host)))

    async def code(self, request: web.Request) -> web.Response:
        """The QR code of the layout of the ``size`` asked for."""
        self.door.enter(request)
        size = request.query.get("size", "")
        if size not in FILES:
            raise web.HTTPNotFound
        drawn = await asyncio.to_thread(self.layouts.code, self._origin(request), size)
        return web.Response(text=drawn, content_type="image/svg+xml", headers={"Cache-Control": "no-store"})

    def _origin(self, request: web.Request) -> str:
        """Where a tablet reaches this machine: as this browser does; where that is loopback, as the show file says."""
        near = is_loopback(host_of(request.host))
        return self.url if near and self.url else f"{request.scheme}://{request.host}"
