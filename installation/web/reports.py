"""The reports of past days (installation/days), for a browser on this machine alone: at ``/reports/``."""

import asyncio
import re
from pathlib import Path

from aiohttp import web

from installation.core.folders import REPORTS
from installation.web import page
from installation.web.answers import html, is_near
from installation.web.pages import Pages

NAME = r"\d{4}-\d\d-\d\d\.html"

LARGEST = 2_000_000
"""Bytes of a report at most."""

POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
}
"""A report has its style in it, and nothing that runs."""


class Reports:
    """Of the show whose pages these are. Who is elsewhere finds nothing there."""

    def __init__(self, pages: Pages) -> None:
        self.pages, self.folder = pages, pages.service.hello.state / REPORTS

    async def listed(self, request: web.Request) -> web.Response:
        """The days that there are, the newest first."""
        if not is_near(request):
            raise web.HTTPNotFound
        names = await asyncio.to_thread(days, self.folder)
        return html(page.reports(self.pages.scene(request, None), self.pages.assets, names))

    async def report(self, request: web.Request) -> web.Response:
        if not is_near(request):
            raise web.HTTPNotFound
        return await answer(self.folder, request.match_info["name"])


async def answer(folder: Path, name: str) -> web.Response:
    """The report of that name (see NAME). Raises HTTPNotFound."""
    text = await asyncio.to_thread(_read, folder / name)
    if text is None:
        raise web.HTTPNotFound
    return html(text, headers=POLICY)


def days(folder: Path) -> list[str]:
    """The days in a folder of reports, the newest first."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted((name.removesuffix(".html") for name in names if re.fullmatch(NAME, name)), reverse=True)


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST).decode("utf-8", "replace")
    except OSError:
        return None
