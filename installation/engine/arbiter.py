"""Who moves a control. Pure: numbers and the time in, numbers out.

A knob may get a value from five hands, and has that of the highest: **operator > cue > votes > wire > rest**.

- An operator's touch takes effect in the frame in which it arrives, without easing. The operator keeps the knob until
``release`` seconds pass without a touch while a lower hand has a value for it; while none has, it stays.
- Whenever a knob passes to another hand, to another wire or to another rest (the piece changed), the value eases there
  in ``EASE`` seconds: a smoothstep mix of the value at that moment and of the target, which may go on moving. Then the
  target is passed through as it is, without lag.
- A knob that no hanging piece has is kept as the operator set it (``kept``), and is his when its piece comes.
- Knobs that count or switch (int, bool, choice) have nothing between two values, so they switch.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf, isfinite
from types import MappingProxyType

from installation.core.commands import Touch
from installation.core.controls import Control, Values

EASE = 1.5
"""Seconds that a value takes to its new target when its knob passes to another hand."""

OPERATOR, CUE, VOTES, WIRE, REST = "operator", "cue", "votes", "wire", "rest"
CAUSES = {CUE: "a cue holds it", VOTES: "visitors pull at it", WIRE: "a wire moves it", REST: "nobody moves it"}
"""What moves a control, where nobody says more."""
NOBODY: Mapping[str, float] = MappingProxyType({})
NAMELESS: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class _Knob:
    """What is kept of one control between two frames; all times in seconds."""

    value: float = 0.0
    hand: str = ""  # None yet: the first value is taken without easing
    source: float | str | None = None  # which wire, or which rest: another one is eased to as well
    start: float = 0.0  # the value that it eases from ...
    since: float = -inf  # ... and since when
    held: float | None = None  # the operator's value, until it is released
    touched: float = 0.0  # time of the operator's last touch
    who: str = ""  # which operator that was
    wanted: float | None = None  # since when the operator has not touched what a lower hand has a value for

    def touch(self, now: float, touch: Touch, others: bool) -> None:
        if touch.value is not None and not isfinite(touch.value):
            return
        self.held, self.touched, self.who = touch.value, min(now, touch.when), touch.who
        self.wanted = now if others else None

    def wait(self, now: float, others: bool, release: float) -> None:
        """Releases a held value once a lower hand has wanted the knob for ``release`` untouched seconds."""
        if not others:
            self.wanted = None
        elif self.wanted is None:
            self.wanted = now
        elif now - self.wanted >= release:
            self.held = None

    def move(self, now: float, control: Control, hand: str, source: float | str | None, target: float) -> float:
        """The value at ``now``: easing to ``target``, or equal to it."""
        if hand != self.hand or source != self.source:
            eases = self.hand and hand != OPERATOR and control.type == "float"
            self.start, self.since = self.value, now if eases else -inf
            self.hand, self.source = hand, source
        way = (now - self.since) / EASE
        if way < 1.0:
            mix = way * way * (3.0 - 2.0 * way)
            target = min(control.high, max(control.low, self.start * (1.0 - mix) + target * mix))
        self.value = target
        return target


class Arbiter:
    """Decides once a frame what every control is. ``release`` is in seconds; ``math.inf`` never gives back."""

    def __init__(self, release: float = 30.0) -> None:
        self.release = release
        self._now = -inf
        self._knobs: dict[str, _Knob] = {}
        self._here: Mapping[str, Control] = {}
        self._rests: Values = {}
        self._values: dict[str, float] = {}
        self._hands: dict[str, str] = {}
        self._busy: set[str] = set()
        """The controls that may change without a new wish: those that ease, and those that a lower hand wants."""
        self._touched: dict[str, None] = {}

    def step(
        self,
        now: float,
        controls: Mapping[str, Control],
        rests: Values,
        wires: Values,
        operator: Mapping[str, Touch],
        cues: Values = NOBODY,
        votes: Values = NOBODY,
        names: Mapping[str, str] = NAMELESS,
    ) -> dict[str, float]:
        """The value of every control but the pulses, within its range and finite, at ``now`` (seconds, never back).

        ``rests``, ``wires``, ``cues`` and ``votes`` hold the values that each hand gives *this* frame: an address that
        is missing, or whose number is not finite, is not wanted. A control without a rest rests at its default.
        ``operator`` holds only what arrived since the last frame. ``names`` says which signal each wire carries, for
        ``why`` and to ease when it is another. A rest stands still while a piece hangs: what moves is a wire.
        The dict is new each frame, as the painter's thread goes on reading the last one. As long as ``controls`` and
        ``rests`` are the same objects as in the last step, controls that nobody moves cost next to nothing.
        """
        self._now = now = max(now, self._now)
        lower = [(hand, said) for hand, said in ((CUE, cues), (VOTES, votes), (WIRE, wires)) if said]
        for address in self._due(controls, rests, operator, lower):
            control = controls[address]
            if control.type != "pulse":
                self._decide(control, lower, operator.get(address), names)
        for address in operator.keys() - controls.keys():
            self._touch(address, now, operator[address], others=False)
        return dict(self._values)

    def _due(
        self, controls: Mapping[str, Control], rests: Values, operator: Collection[str], lower: list[tuple[str, Values]]
    ) -> Collection[str]:
        """The controls that have to be decided in this step."""
        if controls is not self._here or rests is not self._rests:
            self._here, self._rests = controls, rests
            self._values, self._hands, self._busy = {}, {}, set()
            return controls
        wanted = self._busy.union(operator, *(said for _, said in lower))
        return wanted & controls.keys()

    def _decide(
        self, control: Control, lower: list[tuple[str, Values]], touch: Touch | None, names: Mapping[str, str]
    ) -> None:
        now, address, knob = self._now, control.address, self._knob(control.address)
        hand, target = _highest(address, lower)
        wanted = hand != REST
        if touch is not None:
            self._touch(address, now, touch, others=wanted)
        elif knob.held is not None:
            knob.wait(now, wanted, self.release)
        source: float | str | None = names.get(address) if hand == WIRE else None
        if knob.held is not None:
            hand, source, target = OPERATOR, None, knob.held
        elif hand == REST:
            target = self._rests.get(address, control.default)
            source = target = target if isfinite(target) else control.default
        self._values[address] = knob.move(now, control, hand, source, control.clamp(target))
        self._hands[address] = hand
        if wanted or now - knob.since < EASE:
            self._busy.add(address)
        else:
            self._busy.discard(address)

    def _touch(self, address: str, now: float, touch: Touch, others: bool) -> None:
        self._touched[address] = None
        self._knob(address).touch(now, touch, others)

    def _knob(self, address: str) -> _Knob:
        knob = self._knobs.get(address)
        if knob is None:
            knob = self._knobs[address] = _Knob()
        return knob

    def hands(self) -> dict[str, str]:
        """Who has each control of the last step."""
        return dict(self._hands)

    def kept(self) -> dict[str, float]:
        """What the operator holds of controls that were not in the last step: they wait for the piece that has them."""
        waiting = ((address, self._knobs[address].held) for address in self._touched if address not in self._here)
        return {address: held for address, held in waiting if held is not None}

    def release_all(self, now: float) -> None:
        """Releases all that the operator holds at ``now``; the next frame begins to ease to the highest other hand."""
        self._now = max(now, self._now)
        for address in self._touched:
            self._knobs[address].held = None
        self._busy.update(self._touched.keys() & self._here.keys())

    def why(self, address: str, causes: Mapping[str, str] = NAMELESS) -> str:
        """In one sentence, why a control is where it is: ``The operator moved it 3 s ago; it goes back in 27 s.``

        ``causes`` says by hand what makes it move, as a clause: ``someone waved 2 s ago``."""
        knob = self._knobs.get(address, _Knob())
        if knob.held is not None:
            by = f" ({knob.who})" if knob.who else ""
            return f"The operator{by} moved it {words(self._now - knob.touched)} ago; {self._until(knob)}."
        hand = knob.hand or REST
        cause = causes.get(hand) or CAUSES[hand]
        left = knob.since + EASE - self._now
        eases = f"; easing for {left:.1f} s more" if left > 0.0 else ""
        return f"{cause[0].upper()}{cause[1:]}{eases}."

    def _until(self, knob: _Knob) -> str:
        left = inf if knob.wanted is None else self.release - (self._now - knob.wanted)
        return f"it goes back in {words(max(0.0, left))}" if left < inf else "it stays until it is released"


def _highest(address: str, lower: list[tuple[str, Values]]) -> tuple[str, float]:
    """The highest hand below the operator that has a value for this control, and that value; rest where none has."""
    for hand, said in lower:
        wish = said.get(address)
        if wish is not None and isfinite(wish):
            return hand, wish
    return REST, 0.0


def words(seconds: float) -> str:
    """``40 s``, ``17 min``."""
    return f"{seconds:.0f} s" if seconds < 120.0 else f"{seconds / 60.0:.0f} min"
