"""Who came in by the room code on the wall. The code is asked for once; after that a cookie lets the visitor vote."""

import time

from aiohttp import web

from installation.core import room_code
from installation.web import tokens
from installation.web.limits import Buckets
from installation.web.service import Service

VISIT = 4 * 60
"""Minutes that a visit lasts: after them the code has to be scanned again."""

_STAMP_BYTES = 4
ARRIVALS = {"rate": 1.0, "burst": 120.0}
"""Visits that one network address may begin: so many at once, then so many a second."""


class Doorway:
    """Of one service at ``port``. A visit is a random number, signed, with the minute in which it began. It is stored
    in the visitor's browser alone."""

    def __init__(self, service: Service, port: int) -> None:
        self.service, self.cookie = service, f"visit{port}"
        self._arrivals = Buckets(**ARRIVALS, remember=1024)

    @property
    def key(self) -> bytes:
        """Empty where votes need no code."""
        return bytes.fromhex(self.service.hello.room_key)

    def visit(self, request: web.Request) -> bytes | None:
        """The visit's random number; None without a cookie that we signed within VISIT."""
        number = tokens.read(self.key, request.cookies.get(self.cookie, ""))
        if number is None:
            return None
        began = int.from_bytes(number[-_STAMP_BYTES:], "big")
        return number if 0 <= _minute() - began < VISIT else None

    def brings_code(self, request: web.Request) -> bool:
        """Whether the address that was asked for has a valid code in it."""
        return room_code.is_valid(self.key, request.query.get(room_code.QUERY, "")[:16], time.monotonic())

    def arrive(self, request: web.Request) -> str:
        """The cookie's text for who comes by a valid code and is not in yet; empty for all others."""
        if not self.key or self.visit(request) is not None or not self.brings_code(request):
            return ""
        if not self._arrivals.allow(request.remote or "", time.monotonic()):
            return ""
        return tokens.mint(self.key, _minute().to_bytes(_STAMP_BYTES, "big"))

    def admits(self, request: web.Request) -> bool:
        """Whether this visitor may vote."""
        return not self.key or self.visit(request) is not None


def _minute() -> int:
    return int(time.monotonic() // 60)
