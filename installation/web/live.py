"""Server-sent events for the phones that have the page open. A slow phone gets only the newest event of each kind.

All phones get the same events: ``tally`` (name -> votes), ``likes`` (how many like the picture, how many do not),
``leans`` (control -> how far it is pulled, -1..1) and ``version``, the number of the page as it is now. A script whose
page has another one fetches the parts, which are the visitor's own.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PHONES = 2000
"""The most that are connected at once; the page works without as well."""

HEARTBEAT = 15.0
"""Seconds after which a quiet connection is tried with a comment."""


class Phone:
    """One connection, and the newest unsent event of each kind."""

    def __init__(self, news: dict[str, bytes]) -> None:
        self._news = dict(news)
        self._wake = asyncio.Event()
        self._wake.set()

    def tell(self, name: str, event: bytes) -> None:
        self._news[name] = event
        self._wake.set()

    async def next(self) -> bytes:
        """What to write next: waits for an event, at most HEARTBEAT seconds."""
        try:
            await asyncio.wait_for(self._wake.wait(), HEARTBEAT)
        except TimeoutError:
            return b": still here\n\n"
        self._wake.clear()
        news = b"".join(self._news.values())
        self._news.clear()
        return news


class Hub:
    """All connected phones."""

    def __init__(self) -> None:
        self._phones: set[Phone] = set()
        self._latest: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._phones)

    @property
    def full(self) -> bool:
        return len(self._phones) >= PHONES

    @contextmanager
    def connected(self) -> Iterator[Phone]:
        phone = Phone(self._latest)
        self._phones.add(phone)
        try:
            yield phone
        finally:
            self._phones.discard(phone)

    def tell(self, name: str, data: Any) -> None:
        """Sends an event to all phones, and to those that connect later."""
        event = f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
        self._latest[name] = event
        for phone in self._phones:
            phone.tell(name, event)
