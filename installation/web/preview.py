"""The live picture: the newest JPEG that the app sent, for a few viewers at once."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress

VIEWERS = 8
"""The most that watch at once."""

FRESH = 1.0
"""Seconds for which a picture counts as the present one."""


class Preview:
    """Keeps the newest picture and counts those who watch: the app makes pictures only while there are any."""

    def __init__(self, on_watching: Callable[[int], None]) -> None:
        self.on_watching = on_watching
        self.viewers = 0
        self.newest: bytes | None = None
        self._when = 0.0
        self._changed = asyncio.Event()

    @property
    def full(self) -> bool:
        return self.viewers >= VIEWERS

    def age(self, now: float) -> float:
        """Seconds since the newest picture came; infinite where none has come."""
        return math.inf if self.newest is None else now - self._when

    def show(self, jpeg: bytes) -> None:
        self.newest, self._when = jpeg, time.monotonic()
        self._changed.set()
        self._changed = asyncio.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        self.viewers += 1
        self.on_watching(self.viewers)
        try:
            yield
        finally:
            self.viewers -= 1
            self.on_watching(self.viewers)

    async def pictures(self) -> AsyncIterator[bytes]:
        """The newest picture at once, then each newer one; slow viewers skip some."""
        seen: bytes | None = None
        while True:
            changed = self._changed
            if self.newest is not None and self.newest is not seen:
                seen = self.newest
                yield seen
            else:
                await changed.wait()

    async def present(self, timeout: float = 1.5) -> bytes | None:
        """A new picture; after ``timeout`` seconds without one the last one."""
        changed = self._changed
        if time.monotonic() - self._when > FRESH:
            with self.watching(), suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), timeout)
        return self.newest
