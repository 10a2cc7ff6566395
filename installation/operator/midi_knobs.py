"""What a MIDI device's keys and knobs do to a show's controls, and what its motors and lamps are told. Pure: no device.

Soft takeover: a knob that does not stand where its control does is not heard until it passes that value, so that no
picture jumps when an operator touches a knob that another hand has moved meanwhile.
"""

from collections.abc import Iterable, Iterator, Mapping

from installation.core.controls import Control
from installation.core.midi import Decoder, Moved, Source, encode
from installation.showfile.midi_tables import Binding, Takeover

NEAR = 1.5 / 127
"""So near to the control's value a knob need not pass it: a step and a half of seven bits."""

SETTLED = 0.5
"""Seconds after a knob's last movement in which it is told nothing and not let go of: the show answers behind it."""

Put = tuple[str, float]
"""An address, and the value that its control accepted."""


class Knob:
    """One binding's state. Positions and values are 0..1 between the two ends of ``out``."""

    def __init__(self, binding: Binding, control: Control, takeover: Takeover) -> None:
        self.binding, self.control = binding, control
        self.source = binding.source
        self.low, self.high = binding.out or (control.low, control.high)
        self._pickup = takeover == "pickup" and not binding.motor
        self._shown: float | None = None
        self._position: float | None = None
        self._moved = -SETTLED
        self._caught = False
        self._said: float | None = None

    # ------------------------------------------------------------ from the device

    def move(self, value: float, now: float) -> float | None:
        """What the control is set to when the source has moved to ``value`` at ``now`` (s); None: nothing."""
        before, self._position, self._moved = self._position, value, now
        if self.source.kind == "note" or self.control.type in ("bool", "pulse"):
            return self._press(before or 0.0, value)
        if self.control.type == "choice":
            return min(float(int(value * len(self.control.choices))), self.control.high)
        if self._pickup and not self._caught:
            self._caught = self._passes(before, value)
            if not self._caught:
                return None
        self._shown = value
        return self.control.clamp(self.low + value * (self.high - self.low))

    def _press(self, before: float, value: float) -> float | None:
        """A key that is hit sends its value, or a pulse, or turns a switch; a knob turns a switch at its middle."""
        if self.source.kind != "note" and self.control.type == "bool":
            self._shown = float(value >= 0.5)
            return self._shown if (before >= 0.5) != (value >= 0.5) else None
        if value <= 0.0 or before > 0.0:
            return None
        if self.binding.value is not None:
            return self.control.accept(self.binding.value)
        if self.control.type == "bool":
            self._shown = 0.0 if self._shown else 1.0
            return self._shown
        return 1.0 if self.control.type == "pulse" else self.control.clamp(self.low + value * (self.high - self.low))

    def _passes(self, before: float | None, value: float) -> bool:
        """Whether the knob stands at its control's value now, or has just gone past it."""
        if self._shown is None or abs(value - self._shown) <= NEAR:
            return True
        return before is not None and (before - self._shown) * (value - self._shown) <= 0.0

    # ------------------------------------------------------------ to the device

    def tell(self, value: float, now: float) -> list[list[int]]:
        """The show's value of the control, and the messages that show it; none while a finger is on the knob."""
        shown = self._share(value)
        if self.source.kind != "note" and now - self._moved < SETTLED:
            return []
        if self._shown is None or abs(shown - self._shown) > NEAR:
            self._caught = False
        self._shown = shown
        if self.binding.motor:
            self._position = shown
        lit = self._lit(value, shown)
        if not self.binding.feedback or self.control.type == "pulse" or lit == self._said:
            return []
        self._said = lit
        return encode(self.source, lit)

    def _share(self, value: float) -> float:
        if self.control.type == "choice":
            return (value + 0.5) / max(1, len(self.control.choices))
        span = self.high - self.low
        return min(max((value - self.low) / span, 0.0), 1.0) if span else 0.0

    def _lit(self, value: float, shown: float) -> float:
        """A key's lamp is lit where the control has the key's value; a knob's is as bright as its value is high."""
        if self.binding.value is not None:
            return float(value == self.control.accept(self.binding.value))
        return shown

    def forget(self) -> None:
        """The device is another, or was away: its lamps are dark, and its knobs stand anywhere."""
        self._said, self._position, self._caught = None, None, False


class Knobs:
    """All bindings of a device. ``table`` has the show's controls and commands by address."""

    def __init__(self, bindings: Iterable[Binding], table: Mapping[str, Control], takeover: Takeover) -> None:
        self._knobs = [Knob(one, table[one.control], takeover) for one in bindings]
        self._by_source: dict[Source, list[Knob]] = {}
        for knob in self._knobs:
            self._by_source.setdefault(knob.source, []).append(knob)
        self._decoder = Decoder(self._by_source)

    def hear(self, message: list[int], now: float) -> Iterator[Put]:
        """What a message (its bytes) from the device does at ``now`` (s)."""
        for moved in self._decoder.feed(message):
            yield from self._move(moved, now)

    def _move(self, moved: Moved, now: float) -> Iterator[Put]:
        for knob in self._by_source.get(moved.source, ()):
            value = knob.move(moved.value, now)
            if value is not None:
                yield knob.control.address, value

    def tell(self, values: Mapping[str, float], now: float) -> Iterator[list[int]]:
        """The messages (their bytes) by which the device shows the controls' values."""
        for knob in self._knobs:
            value = values.get(knob.control.address)
            if value is not None:
                yield from knob.tell(value, now)

    def forget(self) -> None:
        for knob in self._knobs:
            knob.forget()
