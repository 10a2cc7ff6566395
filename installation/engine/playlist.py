"""Which piece hangs, which one comes, and how far the change has come. Pure: the time is an argument.

A piece hangs for its ``duration``, counted from the moment it is **fully on**, that is when the change to it is done.
Then the change to the next one takes that next one's ``transition_seconds``. Only pieces in ``ready`` come, and those
in ``able``, for which the present one stays until they are ready (``awaited``): where the order's choice is neither,
the next that is comes in its place; where none is, the present piece stays and it is asked again every frame. A change
once begun is finished, even when its piece breaks during it, so that no mixed picture stays.

- ``listed``: the next of the list.
- ``shuffle``: every piece once a round trip, in a new seeded order each time, never one twice running.
- ``votes``: the one with most votes; of several, or without any vote, the one that was unseen the longest.

``next`` changes now, ``jump`` changes now to one piece and wins over votes; both work on hold, which only stops the
duration's clock. The latest such wish is kept (once) until the change under way is done and its piece is ready; any
other change that begins drops it, and so does a jump to the piece that hangs. A jump uses up no turn of a shuffle.
"""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

from installation.core.decision import Outgoing, Playback

STALL = 2.0
"""The most seconds that one step counts. A longer gap is a suspended machine: the show goes on where it was."""

Order = Literal["listed", "shuffle", "votes"]
Saved = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What the playlist needs of a piece. The change *to* it takes ``transition_seconds``, while the piece that leaves
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


class Playlist:
    """Steps through ``entries``, from ``start`` or from where a saved ``state()`` left off (``resume``).

    A state that is damaged, or whose pieces are not in this show any more, is put aside: the show opens at ``start``.
    """

    def __init__(
        self, entries: Sequence[Entry], order: Order = "listed", seed: int = 0, start: int = 0, resume: Saved = None
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
        self._unseen = (*range(start + 1, len(names)), *range(start))
        self._next = False
        self._jump: int | None = None
        self.awaited: int | None = None
        """The piece that would come now if it were ready."""
        self._resume(resume or {})

    def step(
        self, now: float, asks: Asks, tally: Mapping[str, int], ready: Collection[int], able: Collection[int] = ()
    ) -> Playback:
        """The playback at ``now`` (seconds; one that goes back counts as the last one); ``tally`` is this round's votes
        by name. A step begins at most one change, whatever the gap, and none where no time passed, as in the first one:
        so a resume goes on exactly. Lateness is carried over and never adds up."""
        if self._now is None:
            self._now, self._since = now, now + self._since
        past, self._now = min(STALL, max(0.0, now - self._now)), max(self._now, now)
        if self._coming is not None or not asks.hold:
            self._elapsed += past
        if asks.jump is not None and 0 <= asks.jump < len(self.entries):
            self._jump, self._next = asks.jump, False
        elif asks.next:
            self._jump, self._next = None, True
        if self._coming is None and past > 0.0:
            self._leave(past, asks.hold, tally, ready, able)
        self._arrive(self._now, past)
        return self._playback(asks.hold)

    def begin(self, pieces: Collection[int]) -> None:
        """Before the first step: where none of ``pieces`` hangs, the one that would come does, in its own round."""
        piece = None if self.lead in pieces else self.expected({}, pieces)
        if piece is not None:
            self._unseen = (*(one for one in self._unseen if one != piece), self._piece)
            self._piece, self._coming, self._elapsed, self._since = piece, None, 0.0, 0.0
            self._round += 1

    @property
    def lead(self) -> int:
        """The piece that hangs, or is coming, by its index."""
        return self._piece if self._coming is None else self._coming

    def state(self) -> dict[str, Any]:
        """All that a ``resume`` needs to go on from the last step, for JSON. Pieces go by name, as shows are edited."""
        name: dict[int | None, str] = {piece: entry.name for piece, entry in enumerate(self.entries)}
        unseen, age = [name[piece] for piece in self._unseen], (self._now or 0.0) - self._since
        return {"piece": name[self._piece], "coming": name.get(self._coming), "elapsed": self._elapsed, "age": age,
                "round": self._round, "unseen": unseen, "place": self._place,
                "next": self._next, "jump": name.get(self._jump)}  # fmt: skip

    def _leave(
        self, past: float, hold: bool, tally: Mapping[str, int], ready: Collection[int], able: Collection[int]
    ) -> None:
        """Begins a change, where one is asked for or due."""
        if self._jump == self._piece:
            self._jump = None
        late, self.awaited = self._elapsed - self.entries[self._piece].duration, None
        there = {*ready, *able} if able else ready
        asked = self._next or (self._jump is not None and self._jump in there)
        if asked or (late >= 0.0 and not hold):
            chosen = self.expected(tally, there) if able else None
            if chosen is not None and chosen not in ready:
                self.awaited = chosen
            else:
                self._coming = self._choose(tally, there)
        if self._coming is not None:
            self._elapsed, self._next, self._jump = 0.0 if asked else min(late, past), False, None

    def _arrive(self, now: float, past: float) -> None:
        """Ends a change whose time is up: its piece is fully on, and the next round is open."""
        if self._coming is None or self._elapsed < (seconds := self.entries[self._coming].transition_seconds):
            return
        self._unseen = (*(piece for piece in self._unseen if piece != self._coming), self._piece)
        self._piece, self._coming, self._elapsed = self._coming, None, min(self._elapsed - seconds, past)
        self._since = now - self._elapsed
        self._round += 1

    def expected(self, tally: Mapping[str, int], ready: Collection[int]) -> int | None:
        """The piece that would come if a change began now; None where no other is ready."""
        place, choice = self._place, self._choose(tally, ready)
        self._place = place
        return choice

    def _choose(self, tally: Mapping[str, int], ready: Collection[int]) -> int | None:
        """The piece that comes now, or None where no other is ready."""
        there = [piece for piece in self._unseen if piece in ready]
        if not there or self._jump in there:
            return self._jump if there else None
        count, choice = len(self.entries), self._piece
        if self.order == "votes":
            choice = max(there, key=lambda piece: tally.get(self.entries[piece].name, 0))  # the first of equals
        elif self.order == "listed":
            choice = min(there, key=lambda piece: (piece - self._piece) % count)
        while choice not in there:  # shuffle, for two round trips at most: each has every piece
            self._place += 1
            choice = shuffled(self._place, count, self.seed, self.start)
        return choice

    def _playback(self, hold: bool) -> Playback:
        candidates, progress, outgoing = self._unseen, 0.0, self.entries[self._piece].outgoing
        left = self.entries[self._piece].duration - self._elapsed
        if self._coming is not None:
            coming = self.entries[self._coming]
            way = self._elapsed / coming.transition_seconds
            candidates, progress, left, outgoing = (), way * way * (3.0 - 2.0 * way), 0.0, coming.outgoing
        known = None if hold or not self._unseen or left == inf else max(0.0, left)
        piece, number, since = self._piece, self._round, self._since
        return Playback(piece, self._coming, progress, number, candidates, known, hold, since, outgoing)

    def _resume(self, state: Mapping[str, Any]) -> None:
        """Takes a saved state completely, or ignores it."""
        index = {entry.name: piece for piece, entry in enumerate(self.entries)}
        try:
            piece, jump = index[state["piece"]], index.get(state["jump"])
            coming = None if state["coming"] is None else index[state["coming"]]
            elapsed, age = float(state["elapsed"]), float(state["age"])
            number, position = int(state["round"]), int(state["place"])
            seen = dict.fromkeys(index[name] for name in state["unseen"] if name in index)
        except (KeyError, TypeError, ValueError, OverflowError):
            return
        if coming == piece or not (0 <= elapsed < inf and 0 <= age < inf and position >= 0):
            return
        seen.pop(piece, None)
        new = sorted(set(index.values()) - {piece, *seen})  # to the show since then, so unseen the longest
        self._piece, self._coming, self._elapsed, self._since = piece, coming, elapsed, -age
        self._round, self._place, self._unseen = number, position, (*new, *seen)
        self._next, self._jump = state.get("next") is True, jump


def shuffled(position: int, count: int, seed: int, first: int) -> int:
    """The piece at position ``place`` (from 0) of an endless shuffle of ``count`` pieces that opens with ``first``.

    A pure function, for any position: each round trip is shuffled from the seed and its number. Where it would start
    with the last piece of the one before, its first two are exchanged; two pieces just take turns.
    """
    trip, step = divmod(position, count)
    trip *= count > 2
    order = _dealt(trip, count, seed, first)
    if trip and order[0] == _dealt(trip - 1, count, seed, first)[-1]:
        order[:2] = order[1], order[0]
    return order[step]


def _dealt(trip: int, count: int, seed: int, first: int) -> list[int]:
    """One round trip as shuffled. Only ``Random.random`` is guaranteed to give the same numbers in every Python
    version."""
    dice = random.Random(f"{seed}/{trip}")
    order = sorted(range(count), key=lambda _: dice.random())
    return order if trip else [first, *(piece for piece in order if piece != first)]
