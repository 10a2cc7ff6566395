"""Signals: named numbers and pulses that sensors put on the board, which the loop reads once a frame."""

import math
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

GLIDE = 1.5
"""Seconds that a stale signal takes to glide from its last value to its rest."""

PULSES = 256
"""The most pulses kept between two frames; older ones are dropped."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A named number, or a pulse, that a sensor sends.

    ``low`` to ``high`` is the range; a value outside is clamped. ``rest`` is what it glides to once it is older than
    ``stale_after`` seconds. A ``pulse`` has no value that stays: every one counts, where of a level the latest wins.
    ``told`` is what happened, as a clause (``someone waved``, ``someone is there``); empty where its name has to do.
    """

    name: str
    doc: str
    low: float = 0.0
    high: float = 1.0
    rest: float = 0.0
    pulse: bool = False
    stale_after: float = 1.75
    told: str = ""

    def fresh(self, value: float, age: float) -> float:
        """The effective value ``age`` seconds after it was sent: the value itself, then gliding to rest, then rest."""
        if self.pulse or age <= self.stale_after:
            return value
        way = min(1.0, (age - self.stale_after) / GLIDE)
        ease = way * way * (3.0 - 2.0 * way)
        return value + (self.rest - value) * ease


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The board at one instant. ``values`` maps every level's name to its fresh value, ``pulses`` counts each pulse
    since the last snapshot, ``stale`` names the levels that were not sent lately."""

    values: Mapping[str, float]
    pulses: Mapping[str, int]
    stale: frozenset[str] = frozenset()


@dataclass(slots=True)
class Board:
    """The mailbox between the sensors' threads and the loop. ``emit`` may be called from any thread."""

    signals: dict[str, Signal] = field(default_factory=dict)
    _rests: dict[str, float] = field(default_factory=dict)
    _said: dict[str, tuple[float, float]] = field(default_factory=dict)
    _pulses: deque[str] = field(default_factory=lambda: deque(maxlen=PULSES))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def declare(self, signals: Iterable[Signal]) -> None:
        """Declares these signals, and no others: what is said of another name is ignored."""
        self.signals = {signal.name: signal for signal in signals}
        self._rests = {name: signal.rest for name, signal in self.signals.items() if not signal.pulse}

    def emit(self, name: str, value: float, now: float) -> None:
        """Sets ``value`` (in the signal's unit) at ``now`` (seconds). Unknown names and non-finite numbers are ignored,
        without a message, as they come from outside."""
        signal = self.signals.get(name)
        if signal is None or not math.isfinite(value):
            return
        with self._lock:
            if signal.pulse:
                self._pulses.append(name)
            else:
                self._said[name] = (min(max(value, signal.low), signal.high), now)

    def snapshot(self, now: float) -> Snapshot:
        """Drains the pulses and reads every level as it counts at ``now``."""
        signals, values = self.signals, self._rests.copy()
        with self._lock:
            said, pulses = self._said.copy(), list(self._pulses)
            self._pulses.clear()
        counts: dict[str, int] = {}
        for name in pulses:
            counts[name] = counts.get(name, 0) + 1
        lately = set()
        for name, (value, when) in said.items():
            signal = signals.get(name)
            if signal is None or signal.pulse:  # said before others were declared
                continue
            age = now - when
            if age <= signal.stale_after:
                lately.add(name)
            values[name] = value if age <= signal.stale_after else signal.fresh(value, age)
        return Snapshot(values, counts, frozenset(values.keys() - lately))
