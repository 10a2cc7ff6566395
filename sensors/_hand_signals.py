"""The signals of a visitor's hand: where it is, open or closed, pinching, pointing, raised; ten looks a second."""

import math
from dataclasses import dataclass, field

from installation.core.signals import Signal
from sensors._hands import Box, Color, Hand, Hands

EVERY = 0.1
"""Seconds between two looks."""
LOST = 0.4
"""Seconds after which a hand that is seen no more is gone."""
ON, OFF = 0.7, 0.4
"""The level from which a pinch or a pointing finger is told, and below which it may be told again."""
CLOSED, OPENED, GRAB_TIME = 0.25, 0.6, 1.0
"""A hand is closed below, and open above; a grab is the one so soon (s) after the other."""
SHOULDER, OVER_HEAD = 0.85, 1.1
"""Heights of the visitor above his feet where ``hand_raise`` begins, and where it is 1."""

LEVELS = {
    "hand": "how surely a hand is seen",
    "hand_x": "where the hand is, from left to right",
    "hand_y": "where the hand is, from top to bottom",
    "hand_open": "1 with all fingers stretched, 0 for a fist",
    "hand_raise": "0 below the shoulder, 1 above the head",
    "pinch_level": "how close thumb and index finger are",
    "point_level": "how much the index finger alone is stretched",
}
PULSES = {"pinch": "thumb and index finger meet", "point": "the index finger points", "grab": "an open hand closes"}
TOLD = {"pinch": "someone pinched", "point": "someone pointed", "grab": "someone closed a hand"}


def _rest() -> dict[str, float]:
    return {signal.name: signal.rest for signal in hand_signals() if not signal.pulse}


def hand_signals() -> tuple[Signal, ...]:
    levels = (Signal(name, doc, rest=0.5 if name in ("hand_x", "hand_y") else 0.0) for name, doc in LEVELS.items())
    return (*levels, *(Signal(name, doc, pulse=True, told=TOLD[name]) for name, doc in PULSES.items()))


@dataclass(frozen=True, slots=True)
class Person:
    """The visitor whose hands are looked at, in pixels of the colour picture: the box that his hands reach, the row of
    his feet, and how tall he is."""

    reach: Box
    feet: float
    height: float


@dataclass(slots=True)
class HandWatch:
    """Give it every picture; the levels stay as they are between two looks."""

    hands: Hands
    levels: dict[str, float] = field(default_factory=_rest)
    _due: float = -math.inf
    _seen: float = -math.inf
    _opened: float = -math.inf
    _made: set[str] = field(default_factory=set)

    def watch(self, picture: Color, person: Person | None, mirror: bool, now: float) -> list[str]:
        """The pulses after the picture at ``now`` (s). Without a visitor nothing is looked for."""
        if now < self._due:
            return []
        self._due = now + EVERY
        found = self.hands.look(picture, person.reach, now) if person else []
        if person is None or not found:
            return self._lose(now)
        hand = max(found, key=lambda one: one.sure)
        x, y = hand.place
        across = min(1.0, max(0.0, x / picture.shape[1]))
        self._seen = now
        self.levels |= {
            "hand": min(1.0, hand.sure),
            "hand_x": 1.0 - across if mirror else across,
            "hand_y": min(1.0, max(0.0, y / picture.shape[0])),
            "hand_raise": _raised((person.feet - y) / max(1.0, person.height)),
            "hand_open": hand.open,
            "pinch_level": hand.pinch,
            "point_level": hand.point,
        }
        return self._pulses(hand, now)

    def _lose(self, now: float) -> list[str]:
        if now - self._seen > LOST:
            self.levels |= _rest()
            self._made.clear()
        return []

    def _pulses(self, hand: Hand, now: float) -> list[str]:
        pulses = [name for name, level in (("pinch", hand.pinch), ("point", hand.point)) if self._begins(name, level)]
        if hand.open > OPENED:
            self._opened = now
        elif hand.open < CLOSED and now - self._opened < GRAB_TIME:
            self._opened = -math.inf
            pulses.append("grab")
        return pulses

    def _begins(self, name: str, level: float) -> bool:
        begins = level > ON and name not in self._made
        if level > ON:
            self._made.add(name)
        elif level < OFF:
            self._made.discard(name)
        return begins


def _raised(heights: float) -> float:
    return min(1.0, max(0.0, (heights - SHOULDER) / (OVER_HEAD - SHOULDER)))
