"""``/show.tosc``: the show's TouchOSC layouts, which the app keeps in its state folder, and a QR code that leads there.

A tablet has no console session, so the code's address carries a key; without it this machine alone is given the file.
"""

import asyncio
import io
import secrets
from pathlib import Path
from typing import Literal

import segno
from aiohttp import web

from installation.core.addresses import is_loopback

Size = Literal["tablet", "phone"]

ADDRESS = "/show.tosc"

FILES: dict[str, str] = {"tablet": "show.tosc", "phone": "show-phone.tosc"}
"""The names of the files in the state folder."""

LARGEST = 4 << 20
"""Bytes of a layout at most."""


class Layouts:
    """``folder`` is the app's state folder. The key lasts as long as this process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, secrets.token_urlsafe(9)

    def link(self, origin: str, size: Size = "tablet") -> str:
        """The address that a tablet opens, on a page that is reached at ``origin`` (``http://192.168.1.10:8080``)."""
        return f"{origin.rstrip('/')}{ADDRESS}?size={size}&key={self.key}"

    def code(self, origin: str, size: Size = "tablet") -> str:
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
        return is_loopback(request.remote or "") or secrets.compare_digest(key.encode(), self.key.encode())


def _read(path: Path) -> bytes | None:
    """None where there is no such file yet, or what is there is no layout."""
    try:
        return path.read_bytes() if path.stat().st_size <= LARGEST else None
    except FileNotFoundError:
        return None
