"""The signals of the visitors' bodies: how many there are, where the first one is, his arms and his lean."""

import math
from dataclasses import dataclass, field

from installation.core.signals import Signal
from sensors._body import Body, Box, Color, look
from sensors._mediapipe import Run

EVERY = 0.1
"""Seconds between two looks, each at one visitor."""
LOST = 0.4
"""Seconds after which a body that is seen no more is gone."""
MOST = 4
"""Visitors whose bodies are looked at, at most."""
ON, OFF = 0.75, 0.6
"""How high both arms are when that is told, and below which it may be told again."""

LEVELS = {
    "body": "how surely the body of the visitor is seen who came first",
    "body_x": "where his trunk is, from left to right",
    "body_y": "where his trunk is, from top to bottom",
    "arm_left": "how high his left arm is: 0 hanging, 0.5 at the shoulder, 1 straight up",
    "arm_right": "how high his right arm is: 0 hanging, 0.5 at the shoulder, 1 straight up",
    "arms": "how high the lower of his arms is",
}


def body_signals() -> tuple[Signal, ...]:
    levels = (Signal(name, doc, rest=0.5 if name in ("body_x", "body_y") else 0.0) for name, doc in LEVELS.items())
    return (
        *levels,
        Signal("lean", "how far he leans to the left or to the right; 1 is 30 degrees", -1.0, 1.0),
        Signal("bodies", "how many of the visitors are people", 0.0, float(MOST)),
        Signal("arms_up", "both arms are raised", pulse=True, told="someone raised both arms"),
    )


def _rest() -> dict[str, float]:
    return {signal.name: signal.rest for signal in body_signals() if not signal.pulse}


@dataclass(slots=True)
class BodyWatch:
    """Give it every picture; the levels stay as they are between two looks."""

    find_joints: Run
    levels: dict[str, float] = field(default_factory=_rest)
    _due: float = -math.inf
    _turn: int = 0
    _seen: dict[int, float] = field(default_factory=dict)
    """When each visitor was last seen to be a body (s), by who he is."""
    _first: int = 0
    _up: bool = False

    def watch(self, picture: Color, here: list[tuple[int, Box]], mirror: bool, now: float) -> list[str]:
        """The pulses after the picture at ``now`` (s). ``here`` says who the visitors are and where (pixels), the first
        who came first; every second look is at him."""
        if now < self._due:
            return []
        self._due = now + EVERY
        self._turn += 1
        pulses: list[str] = []
        if here:
            here = here[:MOST]
            others = here[1:] if self._turn % 2 else []
            who, where = others[self._turn // 2 % len(others)] if others else here[0]
            body = look(self.find_joints, picture, where)
            if body:
                self._seen[who] = now
            if body and who == here[0][0]:
                pulses = self._tell(body, who, picture, mirror)
        self._forget(here, now)
        return pulses

    def _forget(self, here: list[tuple[int, Box]], now: float) -> None:
        turns = 2 * max(1, len(here) - 1)
        there = {who for who, _ in here}
        self._seen = {who: at for who, at in self._seen.items() if who in there and now - at < LOST + turns * EVERY}
        if self._first not in self._seen:
            self.levels, self._up = _rest(), False
        self.levels["bodies"] = float(len(self._seen))

    def _tell(self, body: Body, who: int, picture: Color, mirror: bool) -> list[str]:
        across = min(1.0, max(0.0, body.x / picture.shape[1]))
        arms = min(body.left, body.right)
        begins = arms > ON and not self._up
        self._up = arms > (OFF if self._up else ON)
        self._first = who
        self.levels |= {
            "body": body.sure,
            "body_x": 1.0 - across if mirror else across,
            "body_y": min(1.0, max(0.0, body.y / picture.shape[0])),
            "arm_left": body.left,
            "arm_right": body.right,
            "arms": arms,
            "lean": -body.lean if mirror else body.lean,
        }
        return ["arms_up"] if begins else []
