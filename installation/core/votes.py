"""How visitors voted, as every room that asks is told it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes of one round: ``round`` is the show's number of it, ``votes`` maps a piece's name to its votes, and
    ``casts`` counts the votes that were cast or changed in all rounds so far."""

    round: int
    votes: Mapping[str, int]
    casts: int = 0
