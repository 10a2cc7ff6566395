"""Evaluates wires: from signals to the controls' values. Pure: signals and a time step in, values out.

A wire maps its signal from the range ``in`` to 0..1, applies its curve, and maps the result to the range ``out``; the
result follows with the time constant ``smooth``, the same at every frame rate. A stale signal glides to its rest on the
board, and the wire follows it.

Several wires may meet at one control. Each adds its difference from its own value at its signal's rest, so that none
overrides another; the sum starts from the mean of those rest values and is clamped to the widest of their ranges. A
single wire gives exactly its own value.

With ``push`` the signal is a speed: the control goes on by it, as far as ``out`` reaches, and comes back to where it
rests with the time constant ``smooth``.

A pulse moves a control that has a value at once to the second end of ``out``, then back to the first,
``smooth`` being the time constant of the way back. To a command, and to a control that is a pulse, it is passed on.
"""

import math
from collections.abc import Callable, Iterable, Mapping

from installation.core.controls import Control, Values
from installation.core.signals import Signal, Snapshot
from installation.engine.arbiter import words
from installation.showfile.load import Wire

BACK = 0.05
"""The share of a pulse's way at which its control counts as back."""

BEND = 4.0
"""How far ``exp`` and ``log`` bend: the slopes at their ends differ by a factor of e to the power of this."""

CURVES: Mapping[str, Callable[[float], float]] = {
    "linear": lambda way: way,
    "ease": lambda way: way * way * (3.0 - 2.0 * way),
    "exp": lambda way: math.expm1(BEND * way) / math.expm1(BEND),
    "log": lambda way: math.log1p(way * math.expm1(BEND)) / BEND,
}
"""From 0..1 to 0..1, rising: even; slow at both ends; slow, then fast; fast, then slow."""


def shape(value: float, in_: tuple[float, float], out: tuple[float, float], curve: str) -> float:
    """Where ``value`` between the ends of ``in_`` (which differ) comes to lie between the ends of ``out``."""
    way = (value - in_[0]) / (in_[1] - in_[0])
    bent = CURVES[curve](min(1.0, max(0.0, way)))  # in this order what is not a number counts as 0
    there = out[0] + (out[1] - out[0]) * bent
    return min(max(there, min(out)), max(out))


class _Strand:
    """One wire to a control that has a value, and where it is now."""

    def __init__(self, wire: Wire, signal: Signal) -> None:
        self.wire, self.signal = wire, signal
        self.idle = self._shaped(0.0 if signal.pulse else signal.rest)
        self.value = self.idle
        self._kick = 0.0
        self._since = math.inf
        self._heard: float | None = None  # the signal's value; None while its sensor is silent

    def step(self, snapshot: Snapshot, dt: float) -> float:
        """Its value ``dt`` seconds after the last step."""
        left = math.exp(-dt / self.wire.smooth) if self.wire.smooth > 0.0 else 0.0
        if self.signal.pulse:
            came = bool(snapshot.pulses.get(self.signal.name))
            self._kick, self._since = (1.0, 0.0) if came else (self._kick * left, self._since + dt)
            self.value = self._shaped(self._kick)
        else:
            heard = snapshot.values.get(self.signal.name, self.signal.rest)
            self._heard = None if self.signal.name in snapshot.stale else heard
            target = self._shaped(heard)
            if self.wire.push:
                return self._pushed(target - self.idle, left, dt)
            # Mixed, not added to: it cannot step over the target.
            self.value = self.value * left + target * (1.0 - left)
        return self.value

    def cause(self) -> str:
        """What moves its control, as a clause."""
        signal = self.signal
        if signal.pulse:
            return self._pulse_cause()
        if self._heard is None:
            return f"nothing is heard of {signal.name}, so it rests"
        if signal.told and abs(self._heard - signal.rest) >= 0.25 * (signal.high - signal.low):
            return signal.told
        return f"it follows {signal.name}, which is {self._heard:.2f}"

    def _pulse_cause(self) -> str:
        if self._since == math.inf:
            return f"it waits for {self.signal.name}"
        what = self.signal.told or f"it heard {self.signal.name}"
        came = f"{what} {words(self._since)} ago"
        back = self.wire.smooth * math.log(self._kick / BACK) if self._kick > BACK else 0.0
        return f"{came}; it goes back in {words(back)}" if back >= 0.5 else came

    def _pushed(self, speed: float, left: float, dt: float) -> float:
        """Further by the speed, which is a change in a second, and back towards the value at rest."""
        there = self.idle + (self.value - self.idle) * left + speed * dt
        self.value = min(max(there, min(self.wire.out)), max(self.wire.out))
        return self.value

    def _shaped(self, value: float) -> float:
        return shape(value, self.wire.in_, self.wire.out, self.wire.curve)


class _Wired:
    """All wires to one control."""

    def __init__(self, strands: list[_Strand]) -> None:
        self.strands = strands
        ends = [end for strand in strands for end in strand.wire.out]
        self.base, self.low, self.high = sum(one.idle for one in strands) / len(strands), min(ends), max(ends)

    def cause(self) -> str:
        """That of the wire that moves it furthest."""
        return max(self.strands, key=lambda strand: abs(strand.value - strand.idle)).cause()

    def step(self, snapshot: Snapshot, dt: float) -> float:
        moved = sum([strand.step(snapshot, dt) - strand.idle for strand in self.strands])
        return min(max(self.base + moved, self.low), self.high)


class Wiring:
    """The wires of one piece. ``signals`` and ``controls`` are those that the wires name; others are not looked at. A
    wire whose address is no control's passes a pulse on to a command."""

    def __init__(self, wires: Iterable[Wire], signals: Mapping[str, Signal], controls: Mapping[str, Control]) -> None:
        strands: dict[str, list[_Strand]] = {}
        self._bells: list[tuple[str, str]] = []
        for wire in wires:
            if wire.address in controls and controls[wire.address].type != "pulse":
                strands.setdefault(wire.address, []).append(_Strand(wire, signals[wire.signal]))
            else:
                self._bells.append((wire.signal, wire.address))
        self._wired = {address: _Wired(those) for address, those in strands.items()}

    def pulses(self, snapshot: Snapshot) -> tuple[str, ...]:
        """The address of every pulse that the wires pass on, as often as it came."""
        if not snapshot.pulses:
            return ()
        return tuple(address for signal, address in self._bells for _ in range(snapshot.pulses.get(signal, 0)))

    def values(self, snapshot: Snapshot, dt: float) -> Values:
        """The value that wires give to each of their controls, ``dt`` seconds (0 or more) after the last call."""
        return {address: wired.step(snapshot, dt) for address, wired in self._wired.items()}

    def cause(self, address: str) -> str:
        """What moves a control, as a clause; empty where no wire does."""
        wired = self._wired.get(address)
        return wired.cause() if wired else ""
