"""The schedule and the cues at work: which programme it is, which pieces may hang in it, the values of the cue hand.

Pure: the time of day is an argument. Without a schedule every piece may hang at every hour.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from installation.core.commands import CUE_BACK, CUE_GO, CUE_PANIC, RELEASE, Command, cue_address
from installation.core.controls import Values
from installation.core.signals import Snapshot
from installation.engine.cue_times import CueTimes
from installation.engine.cues import Asks, CuePlayer
from installation.engine.schedule import State, Timetable
from installation.showfile.load import Show
from installation.showfile.tables import Order

DARK: frozenset[int] = frozenset()
NO_ASKS = Asks()


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What is due now. ``programme`` is None where the wall is dark; ``pieces`` are those that may hang, by index."""

    programme: str | None
    pieces: frozenset[int]
    order: Order
    until: int | None


class Programming:
    """``at`` says what is due, ``cues`` gives the values of the cue hand. ``always_open``: as if it never closed, which
    leaves the first programme. ``timetable`` is that of the show's plan, where there is one already; ``retired``
    pieces are in no programme."""

    def __init__(
        self,
        show: Show,
        always_open: bool = False,
        timetable: Timetable | None = None,
        retired: Collection[str] = (),
    ) -> None:
        self.show, self.always_open, self.retired = show, always_open, retired
        self.timetable = timetable or Timetable(show.plan)
        signals = {signal.name: signal for signal in show.signals()}
        self._player = partial(CuePlayer, show.plan.cues, show.controls(), signals, CueTimes(self.timetable))
        self.player = self._player()
        self._fires = {cue_address(cue.name): cue.name for cue in show.plan.cues}
        self._index = {piece.name: index for index, piece in enumerate(show.pieces)}
        self._always = State(True, show.plan.default, None, None)
        self._known: tuple[State, Scheduled] | None = None

    def resume(self, state: Mapping[str, Any]) -> None:
        """The cues go on from an earlier ``state`` of the player."""
        self.player = self._player(state)

    def at(self, civil: datetime) -> Scheduled:
        """What is due at a time of day; cheap while it stays the same."""
        state = self._always if self.always_open else self._state(civil)
        if self._known is None or self._known[0] is not state:
            self._known = (state, self._scheduled(state))
        return self._known[1]

    def is_open(self, civil: datetime) -> bool:
        """Whether the exhibition is; cheap while that stays the same."""
        return self.always_open or self._state(civil).open

    def opens(self, civil: datetime) -> datetime | None:
        """When the exhibition opens next; None where it is open, or never is again."""
        opens = None if self.always_open else self.timetable.opens(civil.timestamp())
        return None if opens is None else datetime.fromtimestamp(opens, civil.tzinfo)

    def cues(self, now: float, civil: datetime, asked: Iterable[Command], heard: Snapshot, values: Values) -> Values:
        """The values of the cue hand at ``now`` (s), while the controls are at ``values``."""
        if not self.show.plan.cues:
            return {}
        return self.player.step(now, civil.timestamp(), self._asks(asked), heard, values)

    def _state(self, civil: datetime) -> State:
        return self.timetable.state(civil.timestamp())

    def _scheduled(self, state: State) -> Scheduled:
        if state.programme is None:
            return Scheduled(None, DARK, self.show.order, state.until)
        programme = self.show.plan.programme(state.programme)
        names = programme.pieces or (name for name in self._index if name not in self.retired)
        pieces = frozenset(self._index[name] for name in names)
        return Scheduled(programme.name, pieces, programme.order or self.show.order, state.until)

    def _asks(self, asked: Iterable[Command]) -> Asks:
        addresses = [command.address for command in asked]
        if not addresses:
            return NO_ASKS
        return Asks(
            go=addresses.count(CUE_GO),
            back=CUE_BACK in addresses,
            release=RELEASE in addresses,
            panic=CUE_PANIC in addresses,
            fire=tuple(self._fires[address] for address in addresses if address in self._fires),
        )
