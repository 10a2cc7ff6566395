"""Why each control is where it is: in one sentence, now and in the last ten minutes."""

import re
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

KEPT = 600.0
"""Seconds that a sentence is kept after it was said."""

MOST = 4000
"""Sentences that are kept, at most."""

NUMBERS = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Said:
    """``why`` a control had this ``value``, from ``when`` (seconds, monotonic) on."""

    when: float
    address: str
    value: float
    why: str


class Whys:
    """Keeps a sentence where it says something else than the one before: other numbers alone (the seconds since a
    gesture, a fader's value) are no news."""

    def __init__(self) -> None:
        self._now: dict[str, Said] = {}
        self._past: deque[Said] = deque(maxlen=MOST)

    def hear(self, controls: Mapping[str, Any], now: float) -> None:
        """What the app says of each control that there is: (value, why)."""
        earlier, self._now = self._now, {}
        for address, (value, why) in controls.items():
            before = earlier.get(address)
            said = self._now[address] = Said(now, address, float(value), str(why))
            if before is None or NUMBERS.sub("", before.why) != NUMBERS.sub("", said.why):
                self._past.append(said)
        while self._past and now - self._past[0].when > KEPT:
            self._past.popleft()

    def sentences(self) -> dict[str, str]:
        """Why each control is where it is now, by address."""
        return {address: said.why for address, said in self._now.items()}

    def told(self, now: float) -> dict[str, Any]:
        """For JSON: ``now`` by address, and the ``past``, the newest first."""
        return {
            "now": {address: {"value": said.value, "why": said.why} for address, said in self._now.items()},
            "past": [
                {
                    "seconds_ago": round(now - said.when, 1),
                    "control": said.address,
                    "value": said.value,
                    "why": said.why,
                }
                for said in reversed(self._past)
            ],
        }

    async def answer(self, request: web.Request) -> web.Response:
        return web.json_response(self.told(time.monotonic()), headers={"Cache-Control": "no-store"})
