"""From small pictures to the camera's signals: pure analysis, the time and the picture are its arguments."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.core.signals import Signal
from sensors._background import Background, Colours, Mask, Small, View, share_of, smoothing
from sensors._calibration import Calibration
from sensors._gestures import GESTURES, Flow, Gestures, optical_flow
from sensors._owners import Owners
from sensors._visitors import Visitor, Visitors

LEAST, MOST = 0.0005, 0.1
"""The share of moving pixels that counts as motion at all, and that is full motion."""
FOLLOW, RETURN, FADE = 0.08, 1.0, 0.6
"""Time constants (s): of the centre and direction after the motion; back to rest when no visitor is present; of a
gesture's level after it was made."""
LASTS = 0.9
"""The share of what has been learnt of the colours that move which is kept from one picture to the next."""
PLACES = 3
"""Visitors whose positions are sent."""
LONGEST = 600.0
"""The longest stay that is sent (s)."""

Mix = NDArray[np.float64]
"""(colours,): how much of each."""

DOCS = {
    "swipe_left": "a hand sweeps to the left",
    "swipe_right": "a hand sweeps to the right",
    "swipe_up": "a hand sweeps upwards",
    "swipe_down": "a hand sweeps downwards",
    "push": "a hand comes towards the picture",
    "pull": "a hand is drawn back from the picture",
    "wave": "a hand waves to and fro",
    "raise": "a hand is held above the head",
    "stillness": "a visitor has stood still for three seconds",
}
TOLD = {
    "swipe_left": "someone swept a hand to the left",
    "swipe_right": "someone swept a hand to the right",
    "swipe_up": "someone swept a hand upwards",
    "swipe_down": "someone swept a hand downwards",
    "push": "someone pushed towards the picture",
    "pull": "someone drew a hand back",
    "wave": "someone waved",
    "raise": "someone raised a hand",
    "stillness": "someone stood still",
}


def signals() -> tuple[Signal, ...]:
    return (
        Signal("motion", "how much of the picture moves"),
        Signal("x", "centre of the motion, from left to right", rest=0.5),
        Signal("y", "centre of the motion, from top to bottom", rest=0.5),
        Signal("flow_x", "direction to the right; 1 crosses the picture in a second", -1.0, 1.0),
        Signal("flow_y", "direction downwards; 1 crosses the picture in a second", -1.0, 1.0),
        Signal("presence", "1 while somebody is there, also one who stands still and looks", told="someone is there"),
        Signal("enter", "somebody comes into the empty room", pulse=True, told="someone came in"),
        Signal("leave", "the last one has left", pulse=True, told="the last one left"),
        Signal("dwell", "seconds that the one who is there longest has been there", 0.0, LONGEST),
        Signal("visitors", "how many are there", 0.0, 8.0),
        *_place_signals(),
        *(Signal(name, DOCS[name], pulse=True, told=TOLD[name]) for name in GESTURES),
        *(Signal(f"{name}_level", _level_doc(name), told=TOLD[name]) for name in GESTURES),
    )


def _level_doc(name: str) -> str:
    if name == "stillness":
        return "how long the stillest visitor has been still; 1 after ten seconds"
    return f"confidence of the last {name}, which fades in a second"


def _place_signals() -> tuple[Signal, ...]:
    axes = {"x": "from left to right", "y": "from top to bottom"}
    return tuple(
        Signal(f"visitor{number}_{axis}", f"where the visitor is who came as number {number}, {way}", rest=0.5)
        for number in range(1, PLACES + 1)
        for axis, way in axes.items()
    )


@dataclass(slots=True)
class Seen:
    """After one picture: every level's value, and the pulses."""

    levels: dict[str, float]
    pulses: list[str] = field(default_factory=list)


class Seeing:
    """Give it every picture, small and blurred, in its order. ``known`` was measured of the room."""

    def __init__(self, known: Calibration | None = None) -> None:
        self.background, self.visitors = Background(known), Visitors()
        self._flow: Any = optical_flow()
        self.gestures: dict[int, Gestures] = {}
        self._owners = Owners()
        self._levels = {signal.name: signal.rest for signal in signals() if not signal.pulse}
        self._even: Colours | None = None
        self._changes = np.zeros((3, 3))
        self.view: View | None = None
        self.flow: Flow | None = None
        self.seconds = 0.0
        """What the last picture was like, where it went (pixels), and the time since the one before."""

    def see(self, small: Small, now: float, seconds: float, seam: bool = False) -> Seen:
        """The signals of the picture at ``now`` (s), ``seconds`` after the last; at a seam nothing moves."""
        view = self.background.look(small, seconds, self.visitors.occupied(), seam)
        known = {id(one) for one in self.visitors.here}
        here = self.visitors.step(view, now, seconds)
        if any(id(one) not in known for one in here):
            self.background.forget_newcomer()
        flow = self._follow_flow(view, seam)
        self.view, self.flow, self.seconds = view, flow, seconds
        self._move(view, flow, bool(here), seconds)
        pulses = self._count(here, now) + self._watch_hands(here, view, flow, now, seconds)
        return Seen(dict(self._levels), pulses)

    def _follow_flow(self, view: View, seam: bool) -> Flow | None:
        """How the pixels went since the picture before; None where nothing did."""
        before, self._even = self._even, view.even
        if seam or before is None or before.shape != view.even.shape or share_of(view.moving) < LEAST:
            return None
        mix = self._mix(view.even - before, view.moving)
        return np.asarray(self._flow.calc(_mixed(before, mix), _mixed(view.even, mix), None), np.float32)

    def _mix(self, steps: Colours, moving: Mask) -> Mix:
        """The mix of colours in which what has moved lately differs most from what it moves before: the first principal
        axis of its changes."""
        if steps.shape[2] == 1:
            return np.ones(1)
        changes = steps[moving > 0].astype(np.float64)
        self._changes = LASTS * self._changes + changes.T @ changes
        return np.asarray(np.linalg.eigh(self._changes)[1][:, -1])

    def _move(self, view: View, flow: Flow | None, somebody: bool, seconds: float) -> None:
        import cv2

        share = share_of(view.moving)
        height, width = view.moving.shape
        if flow is None:
            self._approach(seconds / FOLLOW, flow_x=0.0, flow_y=0.0)
            if not somebody:
                self._approach(seconds / RETURN, x=0.5, y=0.5)
            self._levels["motion"] = 0.0
            return
        sums = cv2.moments(view.moving, binaryImage=True)
        x, y = (sums[name] / sums["m00"] + 0.5 for name in ("m10", "m01"))
        shift = cv2.mean(flow, view.moving)
        flow_x, flow_y = (max(-1.0, min(1.0, d / seconds)) for d in (shift[0] / width, shift[1] / height))
        self._approach(seconds / FOLLOW, x=x / width, y=y / height, flow_x=flow_x, flow_y=flow_y)
        self._levels["motion"] = min(1.0, math.sqrt(share / MOST))

    def _approach(self, constants: float, **targets: float) -> None:
        share = smoothing(constants, 1.0)
        for name, target in targets.items():
            self._levels[name] += (target - self._levels[name]) * share

    def _count(self, here: list[Visitor], now: float) -> list[str]:
        was = self._levels["presence"] > 0.0
        self._levels["presence"], self._levels["visitors"] = float(bool(here)), float(len(here))
        longest = max((now - (one.since or now) for one in here), default=0.0)
        self._levels["dwell"] = min(LONGEST, longest)
        for number in range(PLACES):
            x, y = _place(here[number]) if number < len(here) else (0.5, 0.5)
            self._levels[f"visitor{number + 1}_x"], self._levels[f"visitor{number + 1}_y"] = x, y
        if bool(here) == was:
            return []
        return ["enter"] if here else ["leave"]

    def _watch_hands(self, here: list[Visitor], view: View, flow: Flow | None, now: float, seconds: float) -> list[str]:
        """The gestures of all; the same gesture by two visitors at once is reported twice."""
        fade = math.exp(-seconds / FADE)
        for name in GESTURES:
            self._levels[f"{name}_level"] *= fade
        self.gestures = {id(one): self.gestures.get(id(one)) or Gestures() for one in here}
        still = np.zeros((*view.moving.shape, 2), np.float32) if flow is None else flow
        pulses = []
        for one, moving in zip(here, self._owners.share(view.moving, here, now), strict=True):
            for name, confidence in self.gestures[id(one)].step(one, moving, still, now, seconds):
                pulses.append(name)
                self._levels[f"{name}_level"] = max(self._levels[f"{name}_level"], confidence)
        self._levels["stillness_level"] = max((hands.stillness for hands in self.gestures.values()), default=0.0)
        return pulses


def _mixed(colours: Colours, mix: Mix) -> Small:
    """A grey picture of that mix of its colours, as bright as they are."""
    import cv2

    parts = mix / np.abs(mix).sum()
    dark = -255.0 * parts[parts < 0.0].sum()
    return np.clip(cv2.transform(colours, np.array([[*parts, dark]])), 0, 255).astype(np.uint8)


def _place(visitor: Visitor) -> tuple[float, float]:
    height, width = visitor.mask.shape
    return (visitor.centre[0] + 0.5) / width, (visitor.centre[1] + 0.5) / height
