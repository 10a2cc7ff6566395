"""What a vote led to: how the piece that hangs or is coming was chosen, and what became of a visitor's choice. Pure."""

from dataclasses import dataclass
from typing import Literal

from installation.web.messages import Playback, Tally

How = Literal["won", "tie", "novotes", "house"]
"""Keys of words.json. ``house``: the piece is not the one that the votes led to, as an operator, the programme or a
piece that was not ready decided."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How ``piece`` was chosen: with ``votes`` of ``total``. ``mine`` is the visitor's choice in that round, which had
    ``mine_votes``; None for one who did not vote."""

    piece: str
    how: How
    votes: int
    total: int
    mine: str | None = None
    mine_votes: int = 0


@dataclass(frozen=True, slots=True)
class Cast:
    """A visitor's vote in round ``number`` of the show."""

    number: int
    choice: str


def outcome(playback: Playback | None, ended: Tally | None, cast: Cast | None = None) -> Outcome | None:
    """The outcome of the round that chose what hangs now, or what is coming; None where no vote was held on it.

    ``ended`` is the result of the last round, its candidates in the order in which they were unseen.
    """
    if playback is None or ended is None or not ended.votes or ended.round != _decided(playback):
        return None
    piece = playback.piece if playback.coming is None else playback.coming
    mine = cast.choice if cast and cast.number == ended.round and cast.choice in ended.votes else None
    votes, total = ended.votes.get(piece, 0), sum(ended.votes.values())
    return Outcome(piece, _how(piece, ended), votes, total, mine, ended.votes.get(mine or "", 0))


def _decided(playback: Playback) -> int:
    """The round that decided: it closes when the change begins, and its number ends with the change."""
    return playback.round - (playback.coming is None)


def _how(piece: str, ended: Tally) -> How:
    most = max(ended.votes.values())
    leading = [name for name, votes in ended.votes.items() if votes == most]
    if piece != leading[0]:
        return "house"
    if most == 0:
        return "novotes"
    return "won" if len(leading) == 1 else "tie"
