"""What visitors want of the picture that hangs: for each pair ("younger" and "older") which side. Pure, and in memory
alone: it is of the moment, and a round's end forgets it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from installation.core.decision import Lean

LASTS = 180.0
"""Seconds that a visitor's wish counts, so that who has left pulls no more."""

PRIOR = 2.0
"""Imagined visitors who want nothing: one alone pulls a third of the way, eight who agree four fifths."""

VOICES = 10_000
"""The most wishes for one pair."""


@dataclass(slots=True)
class Wished:
    """The wishes for the pairs of one round's piece; all times in seconds, monotonic."""

    round: int = 0
    _sides: dict[str, dict[bytes, tuple[int, float]]] = field(default_factory=dict)

    def turn(self, round_id: int) -> None:
        """Another round: nobody has wished for anything yet. The same again changes nothing."""
        if round_id != self.round:
            self.round, self._sides = round_id, {}

    def wish(self, token: bytes, address: str, side: int, now: float) -> bool:
        """A visitor's wish: -1, 1, or 0 to take it back. Returns whether there was room for it."""
        sides = self._sides.setdefault(address, {})
        if side == 0:
            sides.pop(token, None)
        elif token in sides or len(sides) < VOICES:
            sides[token] = side, now
        else:
            return False
        return True

    def of(self, token: bytes | None, now: float) -> dict[str, int]:
        """The wishes of one visitor that count, by address."""
        if token is None:
            return {}
        mine = {address: sides[token] for address, sides in self._sides.items() if token in sides}
        return {address: side for address, (side, since) in mine.items() if now - since < LASTS}

    def leans(self, now: float) -> Mapping[str, Lean]:
        """All together, for each control that anybody has a wish for."""
        counted = {
            address: [side for side, since in sides.values() if now - since < LASTS]
            for address, sides in self._sides.items()
        }
        return {
            address: Lean(sum(sides) / (len(sides) + PRIOR), len(sides)) for address, sides in counted.items() if sides
        }
