"""The forms of a response: HTML, the page's parts as JSON, a stream that ends with a client who is too slow."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from socket import SO_SNDBUF, SOL_SOCKET

from aiohttp import web

from installation.core.addresses import is_loopback
from installation.web import page

CLIENT_TIMEOUT = 5.0
"""Seconds that a body may take to come, and a slow client to take what it is sent."""


def html(text: str, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None) -> web.Response:
    response = web.Response(
        text=text, status=status, content_type="text/html", headers={"Cache-Control": "no-store"} | (headers or {})
    )
    response.enable_compression()  # as the browser accepts; it holds no secret that compressing could tell
    return response


def parts_json(scene: page.Scene, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    """The page's changing parts for its script."""
    told = {"version": scene.version, "parts": page.parts(scene)}
    return web.json_response(told, status=status, headers={"Cache-Control": "no-store"})


def is_near(request: web.Request) -> bool:
    """Whether it comes from this machine itself, and not through a server that passes requests on."""
    forwarded = {"X-Forwarded-For", "Forwarded", "Via"} & {*request.headers}
    return is_loopback(request.remote) and not forwarded


def wants_json(request: web.Request) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


async def stream(request: web.Request, kind: str, chunks: AsyncIterator[bytes], buffer: int) -> web.StreamResponse:
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
