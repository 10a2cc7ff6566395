"""The operators' console: a page behind a PIN, and a WebSocket that carries the show's state and what operators do."""

import asyncio
import json
import math
import time
from contextlib import suppress

from aiohttp import WSMsgType, web

from installation.core.clean_text import clean
from installation.core.commands import CUE_NAMES, CUE_SNAPSHOT, is_cue_name
from installation.core.controls import Control
from installation.core.errors import ControlError, did_you_mean
from installation.core.folders import REPORTS
from installation.web.answers import CLIENT_TIMEOUT, stream
from installation.web.console_doctor import Doctor
from installation.web.console_door import Door
from installation.web.console_sections import Sections, Shown, changes
from installation.web.console_state import ConsoleState, log_tail
from installation.web.layouts import Layouts
from installation.web.limits import Buckets
from installation.web.messages import Consoles, Desk, Edited, Entrance, Moved
from installation.web.pictures import multipart
from installation.web.preview import VIEWERS
from installation.web.reports import NAME, answer, days
from installation.web.service import Service

CONSOLES = 16
"""The most that are open at once."""

INTERVAL = 0.2
"""Seconds between two states that a browser is sent."""

LOG_INTERVAL = 1.0
"""Seconds between two looks at the log, while a console is open."""

LARGEST = 2048
"""Bytes of a message of a browser, at most."""

RATE, BURST = 120.0, 240
"""Messages a second that one console may send, and at once: two fingers on two faders send 60."""

EXTRA_VIEWERS = 4
"""The live picture has room for so many consoles beside the visitors who watch it."""

DAYS = 31
"""Reports of past days that are listed, at most."""

CUE = 64
"""Characters of the name of a cue, at most."""

LONGEST_FADE = 86_400.0
"""Seconds of a cue's fade, at most."""

EXPIRED, TOO_MANY, TOO_FAST = 4001, 4002, 4003
"""Codes with which the WebSocket is closed."""


class Console:
    """Of one service, behind ``door``."""

    def __init__(self, service: Service, entrance: Entrance, door: Door, layouts: Layouts) -> None:
        self.service, self.entrance, self.door, self.layouts = service, entrance, door, layouts
        self.state: ConsoleState = service.console
        self.doctor = Doctor(service.hello.state, service.hello.live)
        self.shown = Shown(service, self.doctor)
        self.reports = service.hello.state / REPORTS
        self._looked = 0.0

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_get("/console", self.door.open)
        router.add_post("/console/login", self.door.login)
        router.add_post("/console/logout", self.door.logout)
        router.add_get("/console/live", self.live, allow_head=False)
        router.add_get("/console/preview.mjpeg", self.preview, allow_head=False)
        router.add_get(f"/console/reports/{{name:{NAME}}}", self.report)
        router.add_get("/console/code-{size:tablet|phone}.svg", self.code)

    async def close(self, app: web.Application) -> None:
        await self.doctor.close()

    # ------------------------------------------------------------ for those who are in

    async def preview(self, request: web.Request) -> web.StreamResponse:
        """The wall, moving."""
        self.door.enter(request)
        preview = self.service.preview
        if preview.viewers >= VIEWERS + EXTRA_VIEWERS:
            raise web.HTTPServiceUnavailable
        with preview.watching():
            kind = "multipart/x-mixed-replace; boundary=frame"
            return await stream(request, kind, multipart(preview.pictures()), 262_144)

    async def report(self, request: web.Request) -> web.Response:
        """The report of a past day."""
        self.door.enter(request)
        return await answer(self.reports, request.match_info["name"])

    async def code(self, request: web.Request) -> web.Response:
        """A QR code that a tablet or a phone scans to be given the show's layout for TouchOSC."""
        self.door.enter(request)
        drawn = self.layouts.code(self.service.url, "phone" if request.match_info["size"] == "phone" else "tablet")
        return web.Response(text=drawn, content_type="image/svg+xml", headers={"Cache-Control": "no-store"})

    async def live(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket: sections of the state as they change, what operators do the other way."""
        ends = self.door.enter(request)
        if not self.door.access.is_own(request):
            raise web.HTTPForbidden
        socket = web.WebSocketResponse(
            timeout=CLIENT_TIMEOUT, heartbeat=15.0, max_msg_size=LARGEST, compress=False, autoping=True
        )
        await socket.prepare(request)
        if self.state.consoles >= CONSOLES:
            await socket.close(code=TOO_MANY)
            return socket
        self._count(1)
        who = f"console {request.remote}"
        telling = asyncio.ensure_future(self._tell(socket, who, ends))
        try:
            await self._listen(socket, who)
        finally:
            telling.cancel()
            self._count(-1)
        return socket

    def _count(self, more: int) -> None:
        self.state.consoles += more
        self.service.tell(Consoles(self.state.consoles))

    async def _tell(self, socket: web.WebSocketResponse, who: str, ends: float) -> None:
        """Sends what changes until the session ends, or the browser is too slow."""
        told, answered = Sections(), self.state.answers.get(who)
        with suppress(TimeoutError, ConnectionError):
            while self.door.access.clock() < ends:
                await self._look_at_log(time.monotonic())
                whole = self.shown.sections(time.monotonic())
                news = changes(told, whole)
                if (answer := self.state.answers.get(who)) and answer is not answered:
                    news["said"], answered = answer.text, answer
                if news:
                    async with asyncio.timeout(CLIENT_TIMEOUT):
                        await socket.send_str(json.dumps(news, ensure_ascii=False))
                told = whole
                await asyncio.sleep(INTERVAL)
        await socket.close(code=EXPIRED)

    async def _look_at_log(self, now: float) -> None:
        if now - self._looked >= LOG_INTERVAL:
            self._looked = now
            self.state.log = await asyncio.to_thread(log_tail, self.entrance.log)
            self.state.days = (await asyncio.to_thread(days, self.reports))[:DAYS]

    async def _listen(self, socket: web.WebSocketResponse, who: str) -> None:
        pace = Buckets(RATE, BURST, remember=1)
        async for message in socket:
            if message.type is not WSMsgType.TEXT or not pace.allow("", time.monotonic()):
                await socket.close(code=TOO_FAST)
                return
            try:
                self._act(message.data, who)
            except ControlError as error:
                async with asyncio.timeout(CLIENT_TIMEOUT):
                    await socket.send_str(json.dumps({"said": str(error)}, ensure_ascii=False))

    def _act(self, text: str, who: str) -> None:
        """Passes on what an operator did: ``{"address": ..., "value": ...}``, or ``{"cue": ..., "fade": ..., "steps":
        ...}``; ``{"doctor": true}`` has this machine looked at. Raises ControlError for what is none of these."""
        match _read(text):
            case {"address": str(address), "value": None | str() | bool() | int() | float() as value}:
                self.service.tell(self._moved(address, value, who))
            case {"cue": str(cue), "fade": None | int() | float() as fade, "steps": int(steps)}:
                self.service.tell(self._edited(cue, fade, steps, who))
            case {"doctor": True}:
                if why := self.doctor.ask():
                    raise ControlError(why)
            case _:
                raise ControlError("a message has an address and a value, or a cue with its fade and its steps")

    def _moved(self, address: str, value: float | str | None, who: str) -> Moved:
        found = _find(self.state.desk, address)
        if value is not None and address == CUE_SNAPSHOT and isinstance(value, str):
            return Moved(address, 1.0, who, _cue_name(value))
        if value is not None:
            return Moved(address, found.accept(value), who)
        if not self.state.desk or found not in self.state.desk.controls:
            raise ControlError(f"{address}: only a control can be let go of, this is a command")
        return Moved(address, None, who)

    def _edited(self, cue: str, fade: float | None, steps: int, who: str) -> Edited:
        known = [one.name for one in self.state.desk.cues if one.kept] if self.state.desk else []
        if cue not in known:
            raise ControlError(f"{cue[:CUE]} is no cue of the cue file; those in the show file are changed there")
        if fade is not None and not (math.isfinite(fade) and 0.0 <= fade <= LONGEST_FADE):
            raise ControlError(f"found a fade of {fade:g} s, expected 0 to {LONGEST_FADE:g}")
        return Edited(cue, None if fade is None else float(fade), max(-1000, min(steps, 1000)), who)


def _find(desk: Desk | None, address: str) -> Control:
    if desk is None:
        raise ControlError("the show has not said yet what can be moved")
    known = {one.address: one for one in (*desk.controls, *desk.commands)}
    if address not in known:
        raise ControlError(f"this show has no {address[:80]}; {did_you_mean(address, known)}".removesuffix("; "))
    return known[address]


def _cue_name(words: str) -> str:
    """What an operator calls a new cue, with _ for blanks. Raises ControlError for what is no name of one."""
    name = "_".join(clean(words, CUE).split())
    if not is_cue_name(name):
        raise ControlError(f'found "{name}", expected {CUE_NAMES}')
    return name


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
