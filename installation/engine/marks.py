"""The quiet mark on the wall that tells visitors that they are seen, and that a vote without a phone was counted. Pure.

A mark stands at each visitor's place, as far as a camera tells places, else one in the middle while somebody is there.
It comes and goes in FADE seconds, whatever the signals do, so that it cannot flash.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from installation.core.commands import VOTES, Command
from installation.core.controls import Values
from installation.core.signals import Signal
from installation.showfile.visitors_table import Visitors

PLACED = 3
"""Visitors whose places a camera tells."""

FADE, FOLLOW = 0.7, 0.35
"""Seconds in which a mark comes or goes wholly, and the time constant in which it follows."""

SEEN, COUNTED = 0.55, 1.0
"""How bright a mark is while somebody is seen, and when a vote was counted."""

LASTS = 1.2
"""Seconds that it stays so bright."""

THERE = 0.5


@dataclass(slots=True)
class _Mark:
    x: float = 0.5
    strength: float = 0.0


class Marks:
    """``step`` is one frame; returns (x, strength) of each mark to be seen: its place from left to right and how bright
    it is, both 0..1."""

    def __init__(self, options: Visitors, signals: Iterable[Signal]) -> None:
        known = {signal.name: signal for signal in signals}
        self._by = [name for name in options.present_by(known) if name in known]
        sensors = dict.fromkeys(name.partition(".")[0] for name in self._by)
        self._sensor = next((one for one in sensors if f"{one}.visitor1_x" in known), "")
        self._marks = [_Mark() for _ in range(PLACED)]
        self._voted = -math.inf

    def step(
        self, now: float, dt: float, signals: Values, commands: Iterable[Command]
    ) -> tuple[tuple[float, float], ...]:
        if any(command.address in VOTES for command in commands):
            self._voted = now
        counted = now - self._voted < LASTS
        places = self._places(signals) or ([0.5] if counted else [])
        for number, mark in enumerate(self._marks):
            there = number < len(places)
            wanted = (COUNTED if counted else SEEN) if there else 0.0
            if there:
                near = math.exp(-dt / FOLLOW) if mark.strength > 0.0 else 0.0
                mark.x = mark.x * near + places[number] * (1.0 - near)
            most = dt / FADE
            mark.strength += min(max(wanted - mark.strength, -most), most)
        return tuple((mark.x, mark.strength) for mark in self._marks if mark.strength > 0.0)

    def _places(self, signals: Values) -> list[float]:
        if not any(signals.get(name, 0.0) >= THERE for name in self._by):
            return []
        count = min(round(signals.get(f"{self._sensor}.visitors", 0.0)), PLACED) if self._sensor else 0
        return [signals.get(f"{self._sensor}.visitor{number}_x", 0.5) for number in range(1, count + 1)] or [0.5]
