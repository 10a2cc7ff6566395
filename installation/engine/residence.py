"""Which pieces are resident where their models do not all fit into the memory that a show may take.

A piece is opened before its turn and let go after: of those that need no memory for the present, the one that hung the
longest ago goes first. What hangs and what comes are always resident, so a budget of less than two models is not
kept.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from installation.core.counts import counted
from installation.core.sizes import machine_memory, spoken
from installation.engine.decide import next_piece
from installation.engine.loop import Loop
from installation.engine.opening import Opening
from installation.engine.painter import Painter
from installation.showfile.load import Piece, Show

SHARE = 0.5
"""Of the machine's memory, what models take at most where the show file does not say."""

SMALL = 256 * 10**6
"""Bytes that any machine has: where all models need no more, nobody asks how much there is."""

STEADY = 2.0
"""Seconds for which a piece has to be the next before it is opened, as votes go to and fro; none where it is due."""


def budget_of(show: Show) -> float:
    """Bytes that the models of a show may take."""
    return SHARE * machine_memory() if show.memory is None else show.memory


class Residence:
    """What the pieces of a show need, against a budget in bytes. Pure."""

    def __init__(self, pieces: Sequence[Piece], budget: float) -> None:
        self.needs: list[Mapping[str, int]] = [piece.generator.resident() for piece in pieces]
        self.budget, self.whole = budget, self.bytes(range(len(pieces)))

    @property
    def fits(self) -> bool:
        """Whether all of them may be resident at once."""
        return self.whole <= self.budget

    def bytes(self, pieces: Iterable[int]) -> int:
        """What these need together; what pieces share counts once."""
        return sum({name: need for piece in pieces for name, need in self.needs[piece].items()}.values())

    def kept(self, wanted: Iterable[int], others: Iterable[int]) -> set[int]:
        """Those that are ``wanted``, and of the ``others``, in this order, each for which there is room beside."""
        kept = set(wanted)
        for piece in others:
            if self.bytes({*kept, piece}) <= self.budget:
                kept.add(piece)
        return kept

    def later(self, first: int, opened: Collection[int] = ()) -> frozenset[int]:
        """Those that a start from the piece ``first`` on leaves for later, as there is no room; ``opened`` are open."""
        every = range(len(self.needs))
        return frozenset(every) - self.kept({first, *opened}, [*every[first:], *every[:first]])

    def told(self) -> str:
        """For people; empty where everything fits."""
        if self.fits:
            return ""
        return (
            f"the models of {counted(len(self.needs), 'piece')} take {spoken(self.whole)} in memory, "
            f"{spoken(self.budget)} are allowed: what does not fit is opened before its turn and let go after"
        )


def residence_of(show: Show) -> Residence:
    residence = Residence(show.pieces, SMALL)
    if show.memory is not None or not residence.fits:
        residence.budget = budget_of(show)
    return residence


@dataclass(slots=True)
class _Next:
    piece: int | None = None
    since: float = 0.0


class Turns:
    """Has the pieces of the show that ``loop`` plays opened before their turn, and let go where memory is needed. Costs
    nothing where everything fits."""

    def __init__(self, loop: Loop, painter: Painter) -> None:
        self.loop, self.painter = loop, painter
        self._take(loop.show)

    def _take(self, show: Show) -> None:
        self._show, self.residence = show, residence_of(show)
        self._used: list[int] = []
        self._next = _Next()
        self.loop.able = frozenset()

    def step(self, now: float, opening: Opening) -> None:
        """To be called every frame, at ``now`` (s), with what opens the pieces of this show."""
        loop, hung = self.loop, self.painter.hung
        if self._show is not loop.show:
            self._take(loop.show)
        if self.residence.fits or not opening.done.is_set() or loop.decision is None:
            return
        broken = {*opening.failed, *self.painter.broken}
        loop.able = frozenset(range(len(self._show.pieces))) - hung.keys() - broken
        playback = loop.decision.wall.playback
        if not self._used or self._used[-1] != playback.lead:
            self._used = [*(piece for piece in self._used if piece != playback.lead), playback.lead]
        due = self._due(now)
        wanted = {playback.piece, playback.lead, *(() if due is None else (due,))}
        if due is None or due in hung or opening.asked is not None:
            return
        kept = self.residence.kept(wanted, [piece for piece in reversed(self._used) if piece in hung])
        for piece in sorted(hung.keys() - kept):
            if piece < len(self._show.pieces):
                opening.let_go(piece, self.painter.let_go)
        opening.ask(due)

    def _due(self, now: float) -> int | None:
        """The piece that a change waits for, or that has been the next one for a while."""
        awaited = self.loop.decider.playlist.awaited
        if awaited is not None:
            return awaited
        loop = self.loop
        assert loop.decision is not None
        expected = next_piece(loop.decider, loop.decision, loop.tally)
        if expected != self._next.piece:
            self._next = _Next(expected, now)
        return expected if now - self._next.since >= STEADY else None
