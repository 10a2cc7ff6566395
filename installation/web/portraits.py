"""The portraits of the last days (installation/portraits.py paints them), for every visitor: at ``/portraits``."""

import asyncio
import json
import re
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from installation.core.folders import PORTRAITS
from installation.web import page
from installation.web.answers import html
from installation.web.pages import Pages

NAME = r"\d{4}-\d\d-\d\d"
MOST = 30
"""Portraits on the page."""

LARGEST, LARGEST_PICTURE = 1 << 16, 16 << 20
"""Bytes of a portrait's description and of its picture, at most."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A portrait on the page: its day (ISO 8601), the piece that painted it, from how many likes and passes."""

    day: str
    piece: str
    likes: int
    passes: int


class PortraitPages:
    """Of the show whose pages these are."""

    def __init__(self, pages: Pages) -> None:
        self.pages, self.folder = pages, pages.service.hello.state / PORTRAITS

    async def listed(self, request: web.Request) -> web.Response:
        """The portraits that there are, the newest first."""
        shown = await asyncio.to_thread(read, self.folder)
        scene = self.pages.scene(request, None)
        return html(page.portraits(scene, self.pages.assets, [(one, scene.hello.piece(one.piece)) for one in shown]))

    async def picture(self, request: web.Request) -> web.Response:
        jpeg = await asyncio.to_thread(_bytes, self.folder / f"{request.match_info['name']}.jpg", LARGEST_PICTURE)
        if not jpeg:
            raise web.HTTPNotFound
        return web.Response(body=jpeg, content_type="image/jpeg", headers={"Cache-Control": "max-age=600"})


def read(folder: Path) -> list[Shown]:
    """The newest portraits; a description that cannot be read is left out."""
    found = folder.glob("????-??-??.json") if folder.is_dir() else ()
    days = sorted((path.stem for path in found if re.fullmatch(NAME, path.stem)), reverse=True)
    shown = (_shown(day, _bytes(folder / f"{day}.json", LARGEST)) for day in days[:MOST])
    return [one for one in shown if one is not None]


def _shown(day: str, text: bytes) -> Shown | None:
    try:
        told = json.loads(text)
        return Shown(day, str(told["piece"]), int(told["likes"]), int(told["passes"]))
    except (ValueError, TypeError, KeyError):
        return None


def _bytes(path: Path, most: int) -> bytes:
    """What is in a file; nothing where it cannot be read or is larger."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError:
        return b""
    return content if len(content) <= most else b""
