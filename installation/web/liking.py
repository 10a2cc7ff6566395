"""Who likes the picture that hangs, of one round. Pure, and in memory alone: the app keeps what it learns of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

VOICES = 4_000
"""The most visitors who say what they like in one round."""

LETTERS = 16
"""Of a voter's name: enough that no two visitors of a round have the same one."""


def voter_of(token: bytes) -> str:
    """The name by which the app knows a visitor within a round."""
    return token.hex()[:LETTERS]


@dataclass(slots=True)
class Likings:
    """``sides`` has 1 (likes it), -1 (does not) or 0 (took it back) by voter, of phones that asked this process;
    ``known`` has those that the app told, of all voters."""

    round: int = 0
    sides: dict[str, int] = field(default_factory=dict)
    known: Mapping[str, int] = field(default_factory=dict)

    def turn(self, round_id: int) -> None:
        """Another round: nobody has said anything yet. The same again changes nothing."""
        if round_id != self.round:
            self.round, self.sides, self.known = round_id, {}, {}

    def say(self, token: bytes, side: int) -> bool:
        """What a visitor likes: 1, -1, or 0 to take it back. Returns whether there was room for it."""
        voter = voter_of(token)
        if voter not in self.sides and len(self.sides) >= VOICES:
            return False
        self.sides[voter] = side
        return True

    def of(self, token: bytes | None) -> int:
        """What one visitor said: 1, -1, or 0 for nothing."""
        return 0 if token is None else self._all().get(voter_of(token), 0)

    def counts(self) -> tuple[int, int]:
        """How many like it, and how many do not."""
        sides = list(self._all().values())
        return sides.count(1), sides.count(-1)

    def _all(self) -> dict[str, int]:
        return {**self.known, **self.sides}
