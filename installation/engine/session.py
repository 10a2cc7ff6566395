"""Visits: from signals to how much of them counts, and whether the show invites. Pure: signals and time in, values out.

While nobody is there the show invites (*attract*): the walk goes slower and further, eased in ``CALM`` seconds. Who
arrives ends that in ``WAKE`` seconds. When the last one leaves, the signals ease from what they were to their rests in
``LEAVE`` seconds. Where several are there the places may be shared; where one stays, the signals' distance from their
rests shrinks until somebody comes or all have left.
"""

import math
from collections.abc import Iterable, Mapping

from installation.core.controls import Control, Values
from installation.core.signals import Signal, Snapshot
from installation.showfile.visitors_table import Visitors

THERE, AWAY = 0.5, 0.3
"""The presence from which somebody is there, and under which nobody is."""
CALM, WAKE, LEAVE = 8.0, 0.25, 4.0
SPEED, PSI = "/walk/speed", "/generator/psi"
PLACED = 3
"""Visitors whose places a camera tells."""


class Visits:
    """``step`` is one frame. It starts as if nobody had been there for long, not yet inviting."""

    def __init__(self, options: Visitors, signals: Iterable[Signal]) -> None:
        self.options = options
        self._signals = {signal.name: signal for signal in signals if not signal.pulse}
        self._rests = {name: signal.rest for name, signal in self._signals.items()}
        self._by = [name for name in options.present_by(self._signals) if name in self._signals]
        sensors = {name.partition(".")[0] for name in self._by}
        self._theirs = [signal for name, signal in self._signals.items() if name.partition(".")[0] in sensors]
        self._sensors = [sensor for sensor in sensors if f"{sensor}.visitors" in self._signals]
        self._counts = [f"{sensor}.visitors" for sensor in self._sensors]
        self.there = False
        self._changed = -math.inf
        self._many = 0.0
        self._calm = 0.0
        self._last: Values = {}

    @property
    def attract(self) -> float:
        """How much the show invites, 0..1, eased."""
        return _eased(self._calm) if self._by else 0.0

    def step(self, now: float, dt: float, snapshot: Snapshot) -> Snapshot:
        """The signals as they count at ``now`` (s), ``dt`` seconds after the last step."""
        if not self._by:
            return snapshot
        values = {**self._rests, **snapshot.values}
        self._look(now, values)
        self._calm = min(max(self._calm + dt * self._rate(now, snapshot), 0.0), 1.0)
        values.update(self._places(now, values))
        counted = self._faded(now, values)
        if self.there:
            self._last = counted
        else:
            counted = self._handed(now, counted)
        return Snapshot(counted, snapshot.pulses, snapshot.stale)

    def cause(self, address: str) -> str:
        """What it does to a control, as a clause; empty for nothing."""
        return "nobody is there, so it invites" if self.attract > 0.0 and address in (SPEED, PSI) else ""

    def steer(self, wires: Values, controls: Mapping[str, Control], rests: Values) -> Values:
        """The wires' values with the slower, wider walk in them. Both controls are always given a value, so that no
        hand changes when somebody arrives."""
        if not self._by:
            return wires
        factors = {SPEED: self.options.speed, PSI: self.options.wider}
        steered = {
            address: controls[address].clamp(wires.get(address, rests[address]) * (1.0 + (factor - 1.0) * self.attract))
            for address, factor in factors.items()
            if address in controls
        }
        return {**wires, **steered}

    def _rate(self, now: float, snapshot: Snapshot) -> float:
        """How fast the invitation comes or goes (1/s). Where no sensor tells presence, nobody knows: it goes."""
        if self.there:
            return -1.0 / WAKE
        if snapshot.stale.issuperset(self._by):
            return -1.0 / CALM
        return 1.0 / CALM if now - self._changed >= self.options.attract else 0.0

    # ------------------------------------------------------------ who is there

    def _look(self, now: float, values: Values) -> None:
        """Notes who came and who left. One more visitor begins a new visit."""
        presence = max([values[name] for name in self._by])
        there = presence >= (AWAY if self.there else THERE)
        many = sum([values[name] for name in self._counts])
        if there != self.there or many > self._many + 0.5:
            self.there, self._changed = there, now
        self._many = many

    def _places(self, now: float, values: Values) -> dict[str, float]:
        """The places that count where several visitors are there."""
        if self.options.share == "motion":
            return {}
        shared = {}
        for sensor, visitors in zip(self._sensors, self._counts, strict=True):
            count = min(round(values[visitors]), PLACED)
            for axis in ("x", "y") if count > 1 else ():
                names = [f"{sensor}.visitor{number}_{axis}" for number in range(1, count + 1)]
                if f"{sensor}.{axis}" in values and all(name in values for name in names):
                    shared[f"{sensor}.{axis}"] = self._shared(now, [values[name] for name in names])
        return shared

    def _shared(self, now: float, places: list[float]) -> float:
        if self.options.share == "mean":
            return sum(places) / len(places)
        return places[int(now / self.options.turn) % len(places)]

    # ------------------------------------------------------------ how much it counts

    def _faded(self, now: float, values: dict[str, float]) -> dict[str, float]:
        """The signals after the influence of who stays has shrunk."""
        beyond = now - self._changed - self.options.half_life
        if not self.there or beyond <= 0.0:
            return values
        share = max(self.options.least, 0.5 ** (beyond / self.options.half_life))
        return values | {one.name: one.rest + share * (values[one.name] - one.rest) for one in self._theirs}

    def _handed(self, now: float, values: dict[str, float]) -> dict[str, float]:
        """The signals on their way from what they were when the last one left."""
        way = (now - self._changed) / LEAVE
        if way >= 1.0 or not self._last:
            return values
        mix, last = _eased(way), self._last
        return values | {one.name: last[one.name] + mix * (values[one.name] - last[one.name]) for one in self._theirs}


def _eased(way: float) -> float:
    return way * way * (3.0 - 2.0 * way)
