"""Which piece hangs, which one comes, and how far the change has come. Pure: the time is an argument.

A piece hangs for its ``duration``, counted from the moment it is **fully on**, that is when the change to it is done.
Then the change to the next one takes that next one's ``transition_seconds``. Only pieces in ``ready`` come: where the
order's choice is not, the next that is comes in its place; where none is, the present piece stays and it is asked again
every frame. A change once begun is finished, even when its piece breaks on the way: never half a picture for ever.

=========  ============================================================================================
listed     the next of the list
shuffle    every piece once a round trip, in a new seeded order each time, never one twice running
votes      the one with most votes; of several, or without any vote, the one that was unseen the longest
=========  ============================================================================================

``next`` changes now, ``jump`` changes now to one piece and wins over votes; both work on hold, which only stops the
duration's clock. The latest such wish is kept (once) until the change under way is done and its piece is ready; any
other change that begins drops it, and so does a jump to the piece that hangs. A jump uses up no turn of a shuffle.
"""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

STALL = 2.0
"""The most seconds that one step counts. A longer gap is a suspended machine: the show goes on where it was."""

Order = Literal["listed", "shuffle", "votes"]
Outgoing = Literal["play", "hold"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A piece as the playlist knows it. The change *to* it takes ``transition_seconds``, while the piece that leaves
    plays on or holds still, as ``outgoing`` says. A ``duration`` of ``math.inf`` waits for ``next``."""

    name: str
    duration: float
    transition_seconds: float
    outgoing: Outgoing = "play"


@dataclass(frozen=True, slots=True)
class Asks:
    """What the operator asks this frame: ``next`` and ``jump`` (a piece's index) are pulses, ``hold`` is a level."""

    next: bool = False
    hold: bool = False
    jump: int | None = None


@dataclass(frozen=True, slots=True)
class Cue:
    """One instant of the playlist. Pieces are named by their index.

    ``progress`` is 0 without a ``coming`` piece, and goes from 0 to 1, eased, with one. ``round`` numbers the voting
    rounds from 1: each opens when a piece is fully on and closes when the change begins; ``candidates`` are all other
    pieces, the longest unseen first, and empty while no round is open. ``seconds_left`` to the change is 0 during it,
    and None where time alone will not bring one (on hold, a single piece). ``since`` is when ``piece`` was fully on.
    """

    piece: int
    coming: int | None
    progress: float
    round: int
    candidates: tuple[int, ...]
    seconds_left: float | None
    hold: bool
    since: float
    outgoing: Outgoing


class Playlist:
    """Steps through ``entries``, from ``start`` or from where a saved ``state()`` left off (``resume``).

    A state that is damaged, or whose pieces are not in this show any more, is put aside: the show opens at ``start``.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        order: Order = "listed",
        seed: int = 0,
        start: int = 0,
        resume: Mapping[str, Any] | None = None,
    ) -> None:
        names = [entry.name for entry in entries]
        if not 0 <= start < len(names) or len(set(names)) < len(names):
            raise ValueError(f"found pieces {names} and start {start}, expected names that differ and the index of one")
        self.entries, self.order, self.seed, self.start = tuple(entries), order, seed, start
        self._now: float | None = None
        self._since = 0.0  # before the first step: as if that came at 0
        self._elapsed = 0.0  # the seconds that count of this phase: hanging, or changing
        self._piece = start
        self._coming: int | None = None
        self._round, self._place = 1, 0
        self._unseen = self._all_but(start)
        self._next = False
        self._jump: int | None = None
        if resume is not None:
            self._resume(resume)

    def step(self, now: float, asks: Asks, tally: Mapping[str, int], ready: Collection[int]) -> Cue:
        """The cue at ``now`` (seconds; one that goes back counts as the last one). ``tally`` is this round's votes by
        name. At most one change begins in a step, whatever the gap; lateness is carried over, so it never adds up."""
        past = self._tick(now)
        if self._coming is not None or not asks.hold:
            self._elapsed += past
        self._arrive(now, past)
        self._hear(asks)
        if self._coming is None:
            self._leave(past, asks.hold, tally, ready)
            self._arrive(now, past)  # a cut, or a change shorter than a frame
        return self._cue(asks.hold)

    def state(self) -> dict[str, Any]:
        """All that a ``resume`` needs to go on from the last step, for JSON. Pieces go by name, as shows are edited."""
        name = [entry.name for entry in self.entries]
        return {
            "piece": name[self._piece],
            "coming": None if self._coming is None else name[self._coming],
            "elapsed": self._elapsed,
            "age": (self._now or 0.0) - self._since,
            "round": self._round,
            "unseen": [name[piece] for piece in self._unseen],
            "place": self._place,
            "next": self._next,
            "jump": None if self._jump is None else name[self._jump],
        }

    def _tick(self, now: float) -> float:
        """The seconds since the last step, as far as they count."""
        if self._now is None:
            self._now, self._since = now, now + self._since
        past = max(0.0, now - self._now)
        self._now += past
        return min(past, STALL)

    def _hear(self, asks: Asks) -> None:
        if asks.jump is not None and 0 <= asks.jump < len(self.entries):
            self._jump, self._next = asks.jump, False
        elif asks.next:
            self._jump, self._next = None, True

    def _leave(self, past: float, hold: bool, tally: Mapping[str, int], ready: Collection[int]) -> None:
        """Begins a change, where one is asked for or due."""
        if self._jump == self._piece:
            self._jump = None
        late = self._elapsed - self.entries[self._piece].duration
        asked = self._next or (self._jump is not None and self._jump in ready)
        if not asked and (hold or late < 0.0):
            return
        self._coming = self._choose(tally, ready)
        if self._coming is not None:
            self._elapsed = 0.0 if asked else min(late, past)
            self._next, self._jump = False, None

    def _arrive(self, now: float, past: float) -> None:
        """Ends a change whose time is up: its piece is fully on, and the next round is open."""
        if self._coming is None or self._elapsed < (seconds := self.entries[self._coming].transition_seconds):
            return
        self._unseen = (*(piece for piece in self._unseen if piece != self._coming), self._piece)
        self._piece, self._coming = self._coming, None
        self._elapsed = min(self._elapsed - seconds, past)
        self._since = now - self._elapsed
        self._round += 1

    def _choose(self, tally: Mapping[str, int], ready: Collection[int]) -> int | None:
        """The piece that comes now, or None where no other is ready."""
        there = [piece for piece in self._unseen if piece in ready]
        if not there or self._jump in there:
            return self._jump if there else None
        if self.order == "votes":
            return max(there, key=lambda piece: tally.get(self.entries[piece].name, 0))  # the first of equals
        if self.order == "listed":
            return min(there, key=lambda piece: (piece - self._piece) % len(self.entries))
        while True:  # within two round trips: each has every piece, so one of those that are there
            self._place += 1
            if (piece := shuffled(self._place, len(self.entries), self.seed, self.start)) in there:
                return piece

    def _cue(self, hold: bool) -> Cue:
        coming = None if self._coming is None else self.entries[self._coming]
        left = inf if hold or not self._unseen else self.entries[self._piece].duration - self._elapsed
        way = self._elapsed / coming.transition_seconds if coming else 0.0
        return Cue(
            piece=self._piece,
            coming=self._coming,
            progress=way * way * (3.0 - 2.0 * way),
            round=self._round,
            candidates=() if coming else self._unseen,
            seconds_left=None if left == inf else 0.0 if coming else max(0.0, left),
            hold=hold,
            since=self._since,
            outgoing=coming.outgoing if coming else "play",
        )

    def _resume(self, state: Mapping[str, Any]) -> None:
        """Takes a saved state whole, or not at all."""
        index = {entry.name: piece for piece, entry in enumerate(self.entries)}
        try:
            piece = index[state["piece"]]
            coming = None if state["coming"] is None else index[state["coming"]]
            elapsed, age = _seconds(state["elapsed"]), _seconds(state["age"])
            number, place = int(state["round"]), int(state["place"])
            seen = [index[name] for name in state["unseen"] if name in index and index[name] != piece]
            jump = index.get(state["jump"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return
        if coming == piece or len(set(seen)) < len(seen) or number < 1 or place < 0:
            return
        new = [other for other in self._all_but(piece) if other not in seen]  # never seen: these come first
        self._piece, self._coming, self._elapsed, self._since = piece, coming, elapsed, -age
        self._round, self._place, self._unseen = number, place, (*new, *seen)
        self._next, self._jump = state.get("next") is True, jump

    def _all_but(self, piece: int) -> tuple[int, ...]:
        """All other pieces, in the order of the list from the one after ``piece``."""
        return tuple((piece + step) % len(self.entries) for step in range(1, len(self.entries)))


def shuffled(place: int, count: int, seed: int, first: int) -> int:
    """The piece at ``place`` (from 0) of an endless shuffle of ``count`` pieces that opens with ``first``.

    A pure function, for any place: each round trip is an order of its own, dealt from the seed and its number. Where it
    would open with the piece that closed the last one, its first two change places; two pieces just take turns.
    """
    trip, step = divmod(place, count)
    if trip == 0 or count < 3:
        return _dealt(0, count, seed, first)[step]
    order, last = _dealt(trip, count, seed, first), _dealt(trip - 1, count, seed, first)[-1]
    if order[0] == last:
        order[:2] = order[1], order[0]
    return order[step]


def _dealt(trip: int, count: int, seed: int, first: int) -> list[int]:
    """One round trip as dealt. ``Random.random`` is the one method that is promised to stay the same for ever."""
    dice = random.Random(f"{seed}/{trip}")
    weights = [dice.random() for _ in range(count)]
    if trip == 0:
        weights[first] = -1.0
    return sorted(range(count), key=weights.__getitem__)


def _seconds(value: float) -> float:
    """A number of seconds from a file. Raises ValueError where it is none."""
    if not 0.0 <= float(value) < inf:
        raise ValueError(f"found {value!r}, expected seconds")
    return float(value)
