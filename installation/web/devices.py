"""Votes of visitors without a phone, as the app tells them: written like those of phones, by the same writer."""

import asyncio

from installation.web import tokens
from installation.web.ballot_store import Answer, Round, Vote
from installation.web.ballot_writer import BallotWriter
from installation.web.messages import Ballots


class Devices:
    """``hear`` what the app tells, again and again: each vote is written once, and one that is refused is tried again
    when it is told next."""

    def __init__(self, writer: BallotWriter) -> None:
        self.writer = writer
        self._heard: Ballots | None = None
        self._written: dict[bytes, str] = {}
        self._round = 0
        self._due = asyncio.Event()

    def hear(self, ballots: Ballots) -> None:
        self._heard = ballots
        self._due.set()

    async def run(self) -> None:
        """Writes for ever; run it as a task."""
        while True:
            await self._due.wait()
            self._due.clear()
            await self._write()

    async def _write(self) -> None:
        current, heard = self.writer.round, self._heard
        if current is None or heard is None or heard.round != current.number:
            return
        if self._round != current.id:
            self._round, self._written = current.id, {}
        for token, choice in _votes(current, heard):
            if self._written.get(token) != choice:
                answer = await self.writer.vote(Vote(current.id, token, choice))
                if answer is Answer.COUNTED:
                    self._written[token] = choice


def _votes(current: Round, heard: Ballots) -> list[tuple[bytes, str]]:
    """Token and choice of each; a voter's token is that of a visit, so that a restart finds it again."""
    return [(tokens.of_visit(current.key, voter.encode()), choice) for voter, choice in heard.choices.items()]
