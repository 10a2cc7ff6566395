"""A vote, from the form of the page to the ballot writer, and the answer to it. All is bounded before it is read."""

import asyncio
import time
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import parse_qs

from aiohttp import web

from installation.core.addresses import netloc_of
from installation.web import page
from installation.web.answers import CLIENT_TIMEOUT, html, is_near, parts_json, wants_json
from installation.web.ballot_store import Answer, Vote
from installation.web.limits import Buckets
from installation.web.pages import Pages

ANSWERS = {
    Answer.LATE: (HTTPStatus.CONFLICT, "late"),
    Answer.UNKNOWN: (HTTPStatus.CONFLICT, "unknown"),
    Answer.FULL: (HTTPStatus.SERVICE_UNAVAILABLE, "full"),
    Answer.BROKEN: (HTTPStatus.SERVICE_UNAVAILABLE, "broken"),
}
"""The response to a vote that is not counted: status and notice."""

SIDES = ("-1", "0", "1")
"""Less, neither, more."""


class Voting:
    """Takes the votes that come through ``pages``."""

    def __init__(self, pages: Pages) -> None:
        self.pages, self.writer = pages, pages.service.writer
        self.voters = Buckets(rate=0.5, burst=6)
        self.crowd = Buckets(rate=0.0, burst=0.0)

    async def back(self, request: web.Request) -> web.Response:
        """Where a reload of the answer to a refused vote leads."""
        return _to_vote(self.pages.scene(request, None))

    async def vote(self, request: web.Request) -> web.StreamResponse:
        round_id, choice = await _read_form(request, "choice")
        token = self._voter(request, round_id)
        if not isinstance(token, bytes):
            return token
        answer = await self.writer.vote(Vote(round_id, token, choice))
        if answer is not Answer.COUNTED:
            return self._answer(request, *ANSWERS[answer], token=token)
        return self._thank(request, token, choice)

    async def lean(self, request: web.Request) -> web.StreamResponse:
        """A visitor's wish for the picture that hangs: ``ADDRESS SIDE``, as the page's buttons have it."""
        round_id, wish = await _read_form(request, "lean")
        token = self._voter(request, round_id)
        if not isinstance(token, bytes):
            return token
        service, (address, _, side) = self.pages.service, wish.partition(" ")
        piece = service.hello.piece(service.playback.piece) if service.playback else None
        if piece is None or side not in SIDES or address not in {pair.address for pair in piece.pairs}:
            return self._answer(request, *ANSWERS[Answer.UNKNOWN], token=token)
        if not service.wished.wish(token, address, int(side), time.monotonic()):
            return self._answer(request, *ANSWERS[Answer.FULL], token=token)
        service.leaned()
        return self._shown(request, token, "lean")

    async def like(self, request: web.Request) -> web.StreamResponse:
        """Whether a visitor likes the picture that hangs: one of SIDES, 0 to take it back."""
        round_id, side = await _read_form(request, "like")
        token = self._voter(request, round_id)
        if not isinstance(token, bytes):
            return token
        if side not in SIDES:
            return self._answer(request, *ANSWERS[Answer.UNKNOWN], token=token)
        if not self.pages.service.likings.say(token, int(side)):
            return self._answer(request, *ANSWERS[Answer.FULL], token=token)
        self.pages.service.leaned()
        return self._shown(request, token, "like")

    def _voter(self, request: web.Request, round_id: int) -> bytes | web.StreamResponse:
        """The token of a visitor who may vote in that round now, or the answer to one who may not."""
        if not _own_page(request):
            return self._answer(request, HTTPStatus.FORBIDDEN, "foreign")
        current, token = self.writer.round, self.pages.token(request)
        if current is None or current.id != round_id:
            return self._answer(request, *ANSWERS[Answer.LATE], token=token)
        if token is None:
            return self._answer(request, HTTPStatus.FORBIDDEN, self._unknown(request))
        if not self.voters.allow(token, time.monotonic()):
            return self._answer(request, HTTPStatus.TOO_MANY_REQUESTS, "hasty", token=token)
        if not self._has_room(request, token):
            return self._answer(request, HTTPStatus.TOO_MANY_REQUESTS, "full", token=token)
        return token

    def _unknown(self, request: web.Request) -> str:
        """The notice for a vote of nobody we know."""
        doorway = self.pages.doorway
        return "code" if doorway.key and not doorway.brings_code(request) else "cookies"

    def _has_room(self, request: web.Request, token: bytes) -> bool:
        """Whether the network address may bring one more voter of this round: one who discards cookies, or has many,
        looks like a crowd. This machine itself may."""
        service = self.pages.service
        known = token in self.writer.choices or service.likings.of(token) or service.wished.of(token, time.monotonic())
        if known or is_near(request):
            return True
        return self._crowd().allow(request.remote or "", time.monotonic())

    def _crowd(self) -> Buckets:
        most = self.pages.service.hello.votes_per_address
        if self.crowd.burst != most:
            self.crowd = Buckets(rate=most / 60, burst=most, remember=1024)
        return self.crowd

    def _thank(self, request: web.Request, token: bytes, choice: str) -> web.Response:
        response = self._shown(request, token, "vote")
        self.pages.remember(request, response, choice)
        return response

    def _shown(self, request: web.Request, token: bytes, place: str) -> web.Response:
        """The page after what counted, from there on."""
        scene = self.pages.scene(request, token)
        return parts_json(scene) if wants_json(request) else _to_vote(scene, place)

    def _answer(
        self, request: web.Request, status: HTTPStatus, notice: str, token: bytes | None = None
    ) -> web.StreamResponse:
        """The page as it is now, with a notice why the vote was not counted."""
        visit = self.pages.doorway.arrive(request) if notice != "foreign" else ""
        scene = replace(self.pages.scene(request, token, notice, admitted=bool(visit) or None), live=False)
        response = (
            parts_json(scene, status) if wants_json(request) else html(page.page(scene, self.pages.assets), status)
        )
        if token is None and notice != "foreign":
            self.pages.give_token(request, response)
            self.pages.let_in(request, response, visit)
        return response


def _to_vote(scene: page.Scene, place: str = "vote") -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/{scene.query}#{place}"})


def _own_page(request: web.Request) -> bool:
    """Whether the browser's headers show that the vote comes from our own page. Other clients are accepted: they carry
    no visitor's cookie."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return netloc_of(origin) == request.host
    return request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")


async def _read_form(request: web.Request, key: str) -> tuple[int, str]:
    """Round id and one more field of a form. Round 0, which never is, for one that is no such form."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    try:
        async with asyncio.timeout(CLIENT_TIMEOUT):
            body = await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    try:
        fields = parse_qs(body.decode(), max_num_fields=8)
    except ValueError:
        return 0, ""
    number = fields.get("round", [""])[0]
    return int(number) if number.isascii() and number.isdigit() else 0, fields.get(key, [""])[0]
