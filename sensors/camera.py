"""Visitors and their gestures, motion, its centre and direction, from a camera or a video file.

No picture of a visitor is stored, sent or kept: small ones exist for seconds, and of the empty room an average is
kept (see _calibration.py). While a console is open its operator is told outlines and directions (see _outlines.py). It
detects motion and changes from the empty room, not faces: a face detector would count
painted portraits.
"""

import math
import re
import sys
import threading
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field, PlainValidator

from installation.core.contracts import Emit, Sensor, SensorConfig
from installation.core.errors import Refused
from installation.core.signals import Signal
from sensors._background import shrink
from sensors._body import POSE, open_body
from sensors._body_signals import BodyWatch, body_signals
from sensors._calibration import Keeper, read
from sensors._camera_source import Source, parse_source, shown
from sensors._capture import Memory, Picture, open_pictures
from sensors._gestures import reach
from sensors._hand_models import HANDS, open_models
from sensors._hand_signals import HandWatch, Person, hand_signals
from sensors._hands import Hands
from sensors._outlines import Drawing, Tell, Wanted
from sensors._seeing import Seeing, signals
from sensors._video_devices import describe, devices
from sensors._visitors import Box, Visitor

Region = tuple[float, float, float, float]
"""left, top, right, bottom in shares of the picture."""

LONGEST_STEP = 0.5
"""Seconds between two pictures at most for a motion to be computed."""
QUIETLY, ANYWAY = 0.004, 0.5
"""A level is sent when it has changed by this share of its range, and every so many seconds anyway."""


def _resolution(value: object) -> tuple[int, int] | None:
    if isinstance(value, (list, tuple)):
        value = "x".join(map(str, value))
    match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", value) if isinstance(value, str) else None
    if value is not None and not match:
        raise Refused('width x height in pixels, such as "1280x720"')
    return (int(match[1]), int(match[2])) if match else None


def _region(value: object) -> Region:
    sides = tuple(value) if isinstance(value, (list, tuple)) else ()
    if len(sides) != 4 or not all(isinstance(side, (int, float)) and 0 <= side <= 1 for side in sides):
        raise Refused("left, top, right and bottom from 0 to 1, such as [0.2, 0, 0.8, 1]")
    left, top, right, bottom = map(float, sides)
    if right - left < 0.1 or bottom - top < 0.1:
        raise Refused("a right and bottom at least 0.1 beyond left and top")
    return left, top, right, bottom


class Config(SensorConfig):
    apart: ClassVar[bool] = True
    uses: ClassVar[tuple[str, ...]] = ("cv2",)
    kind: Literal["camera"] = "camera"
    name: str = "camera"
    source: Annotated[Source, PlainValidator(parse_source)] = Field(
        default=0,
        description="a camera's number, device, part of its name or address; or a film or still, which repeats",
    )
    resolution: Annotated[tuple[int, int] | None, BeforeValidator(_resolution)] = Field(
        default=None,
        description='asked of a camera, such as "1280x720"; 640x480 without (--list-devices: what it offers)',
    )
    fps: float | None = Field(default=None, ge=1.0, le=240.0, description="asked of a camera (pictures a second)")
    format: str | None = Field(
        default=None, pattern=r"^[ -~]{4}$", description='asked of a camera, four letters such as "MJPG" or "YUYV"'
    )
    rotate: Literal[0, 90, 180, 270] = Field(default=0, description="degrees clockwise that set the picture upright")
    region: Annotated[Region, BeforeValidator(_region)] = Field(
        default=(0.0, 0.0, 1.0, 1.0),
        description="left, top, right, bottom of what is looked at, in shares of the picture",
    )
    width: int = Field(
        default=160, ge=80, le=640, description="of the picture that is looked at (pixels); more costs more"
    )
    mirror: bool = Field(default=True, description="left on the wall is the visitor's left")
    hands: Annotated[Path | None, PlainValidator(HANDS.option)] = Field(
        default=None, description="a folder with MediaPipe's hand models: fingers are told too (needs openvino)"
    )
    body: Annotated[Path | None, PlainValidator(POSE.option)] = Field(
        default=None, description="a folder with MediaPipe's pose models: arms and lean are told too (needs openvino)"
    )

    def signals(self) -> tuple[Signal, ...]:
        return (*signals(), *(hand_signals() if self.hands else ()), *(body_signals() if self.body else ()))

    @cached_property
    def memory(self) -> Memory:
        """Of this process: when the last picture came, over all openings."""
        return Memory()

    @property
    def view(self) -> str:
        """Names what is looked at; what was measured of it does not apply to another."""
        return (
            f"{shown(self.source)}, turned {self.rotate}, {self.region}, {self.width}, mirror {self.mirror}, in colours"
        )

    @classmethod
    def devices(cls) -> tuple[str, ...]:
        if sys.platform != "linux":
            return (
                "cameras are asked for by number here: source = 0 is the first; their names are read on Linux only",
            )
        return tuple(line for device in devices() for line in describe(device))

    def open(self) -> "Camera":
        return Camera(self)


def upright(picture: Picture, degrees: int) -> Picture:
    """A picture turned clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(picture, -degrees // 90)) if degrees else picture


def crop(picture: Picture, region: Region) -> Picture:
    """The part of a picture that a region, (left, top, right, bottom) 0..1, has."""
    height, width = picture.shape[:2]
    left, top, right, bottom = region
    return picture[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]


# ---------------------------------------------------------------- the device


class Camera(Sensor):
    def __init__(self, config: Config) -> None:
        self.config = config
        self.hands = HandWatch(Hands(*open_models(config.hands))) if config.hands else None
        self.body = BodyWatch(open_body(config.body)) if config.body else None
        self.source = open_pictures(config.source, config, config.memory)
        self.kept: Path | None = None
        self.drawing: Drawing | None = None

    def draw(self, wanted: Wanted, tell: Tell) -> None:
        self.drawing = Drawing(wanted, tell)

    def calibrate(self, path: Path) -> None:
        self.kept = path

    def run(self, emit: Emit, stop: threading.Event) -> None:
        view, keeper = self.config.view, Keeper(self.kept)
        seeing = Seeing(read(self.kept, view) if self.kept else None)
        says, last = Says(self.config.signals(), emit), 0.0
        try:
            for now, picture, seam in self.source.pictures(stop):
                seconds = min(max(now - last, 1e-3), LONGEST_STEP)
                whole = crop(upright(picture, self.config.rotate), self.config.region)
                seen = seeing.see(shrink(whole, self.config.width, self.config.mirror), now, seconds, seam)
                for pulse in (*seen.pulses, *self._look_closer(seeing, whole, now)):
                    emit(pulse, 1.0)
                says.levels(seen.levels | self._closer(), now)
                if self.drawing:
                    self.drawing.step(seeing, now)
                if keeper.due(now, seeing.background.calm):
                    keeper.keep(seeing.background.calibration(view), now)
                last = now
        finally:
            self.source.close()
            keeper.close()

    def _closer(self) -> dict[str, float]:
        """The levels that the networks tell."""
        return (self.hands.levels if self.hands else {}) | (self.body.levels if self.body else {})

    def _look_closer(self, seeing: Seeing, picture: Picture, now: float) -> list[str]:
        """The pulses of hands and bodies."""
        here = seeing.visitors.here if picture.ndim == 3 and picture.shape[2] == 3 else []
        width, mirror = self.config.width, self.config.mirror
        pulses = []
        if self.hands:
            size = seeing.gestures[id(here[0])].height if here else 0.0
            person = _person(here[0], size, picture, width, mirror) if here else None
            pulses += self.hands.watch(picture, person, mirror, now)
        if self.body:
            boxes = [(id(one), _in_large(one.box, picture, width, mirror)) for one in here]
            pulses += self.body.watch(picture, boxes, mirror, now)
        return pulses


def _person(visitor: Visitor, size: float, picture: Picture, width: int, mirror: bool) -> Person:
    """The visitor, ``size`` tall in the small picture of that width, as he is in the large one."""
    left, top, right, bottom = _in_large(reach(visitor), picture, width, mirror)
    high, wide = picture.shape[:2]
    box = max(0, left), max(0, top), min(wide, right), min(high, bottom)
    return Person(box, float(bottom), picture.shape[1] / width * size)


def _in_large(box: Box, picture: Picture, width: int, mirror: bool) -> Box:
    """A box of the small picture of that width in the large one; it may lie outside it."""
    scale, wide = picture.shape[1] / width, picture.shape[1]
    left, top, right, bottom = (round(scale * side) for side in box)
    return (wide - right, top, wide - left, bottom) if mirror else (left, top, right, bottom)


class Says:
    """Sends levels that have changed; all of them twice a second, so that none becomes stale."""

    def __init__(self, signals: tuple[Signal, ...], emit: Emit) -> None:
        self.emit = emit
        self._least = {signal.name: QUIETLY * (signal.high - signal.low) for signal in signals}
        self._said: dict[str, float] = {}
        self._all = -math.inf

    def levels(self, levels: dict[str, float], now: float) -> None:
        every = now - self._all > ANYWAY
        if every:
            self._all = now
        for name, value in levels.items():
            said = self._said.get(name)
            if every or said is None or abs(value - said) > self._least[name] or (value == 0.0 != said):
                self._said[name] = value
                self.emit(name, value)
