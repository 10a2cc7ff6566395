"""Motion, its centre, its direction and whether somebody is there, from a camera or a video file.

No picture is stored, sent or kept: two small grey ones exist at a time. It knows motion, not faces: to a face detector
a painted portrait is a visitor.
"""

import math
import re
import sys
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PlainValidator

from installation.core.contracts import Emit, Sensor, SensorConfig
from installation.core.errors import Refused
from installation.core.signals import Signal
from sensors._camera_source import Source, parse_source
from sensors._capture import Memory, Picture, open_pictures
from sensors._video_devices import describe, devices

Gray = NDArray[np.uint8]
"""(height, width), blurred a little."""

FLOW_SIZE = (160, 120)
"""(width, height) in pixels that the direction is found at."""
CHANGED = 10
"""Levels (of 255) by which a pixel must change to count as moving: above a camera's noise after shrinking and blur."""
LEAST, MOST = 0.0005, 0.1
"""The share of moving pixels that counts as motion at all, and that is full motion."""

APPEAR, REMAIN = 0.15, 0.06
"""The motion that an arriving visitor makes, and that one who stands and looks still makes."""
ARRIVE, LEAVE = 1.0, 6.0
"""Seconds of motion until somebody is there, and of stillness until nobody is."""
FOLLOW, RETURN = 0.08, 1.0
"""Time constants (s): of the centre and direction after the motion, and back to rest when nobody is there."""


def _resolution(value: object) -> tuple[int, int] | None:
    if isinstance(value, (list, tuple)):
        value = "x".join(map(str, value))
    found = re.fullmatch(r"(\d{2,4})x(\d{2,4})", value) if isinstance(value, str) else None
    if value is not None and not found:
        raise Refused('width x height in pixels, such as "1280x720"')
    return (int(found[1]), int(found[2])) if found else None


class Config(SensorConfig):
    apart: ClassVar[bool] = True
    kind: Literal["camera"] = "camera"
    name: str = "camera"
    source: Annotated[Source, PlainValidator(parse_source)] = Field(
        default=0,
        description="a camera's number, device, part of its name or address; or a film or still, which repeats",
    )
    resolution: Annotated[tuple[int, int] | None, PlainValidator(_resolution)] = Field(
        default=None,
        description='asked of a camera, such as "1280x720"; 640x480 without (--list-devices: what it offers)',
    )
    fps: float | None = Field(default=None, ge=1.0, le=240.0, description="asked of a camera (pictures a second)")
    format: str | None = Field(
        default=None, pattern=r"^[ -~]{4}$", description='asked of a camera, four letters such as "MJPG" or "YUYV"'
    )
    rotate: Literal[0, 90, 180, 270] = Field(default=0, description="degrees clockwise that set the picture upright")
    width: int = Field(default=320, ge=80, le=640, description="of the picture that is looked at (pixels)")
    mirror: bool = Field(default=True, description="left on the wall is the visitor's left")

    def signals(self) -> tuple[Signal, ...]:
        return (
            Signal("motion", "how much of the picture moves"),
            Signal("x", "centre of the motion, from left to right", rest=0.5),
            Signal("y", "centre of the motion, from top to bottom", rest=0.5),
            Signal("flow_x", "direction to the right; 1 crosses the picture in a second", -1.0, 1.0),
            Signal("flow_y", "direction downwards; 1 crosses the picture in a second", -1.0, 1.0),
            Signal("presence", "1 while somebody is there: has moved for a second, has not been still for six"),
        )

    @cached_property
    def memory(self) -> Memory:
        """Of this process: when the last picture came, over all openings."""
        return Memory()

    @classmethod
    def devices(cls) -> tuple[str, ...]:
        if sys.platform != "linux":
            return (
                "cameras are asked for by number here: source = 0 is the first; their names are read on Linux only",
            )
        return tuple(line for device in devices() for line in describe(device))

    def open(self) -> "Camera":
        return Camera(self)


# ---------------------------------------------------------------- what is seen: numbers in, numbers out


@dataclass(frozen=True, slots=True)
class Motion:
    """Between two pictures: ``energy`` 0..1, centre ``x`` and ``y`` 0..1, shift ``dx`` and ``dy`` in picture widths and
    heights. Without motion, energy and shift are 0 and the centre is the middle."""

    energy: float = 0.0
    x: float = 0.5
    y: float = 0.5
    dx: float = 0.0
    dy: float = 0.0


def upright(picture: Picture, degrees: int) -> Picture:
    """A picture turned clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(picture, -degrees // 90)) if degrees else picture


def shrink(picture: NDArray[np.uint8], width: int, mirror: bool) -> Gray:
    """The small grey picture that is compared, of a (height, width, 3) BGR or a grey one."""
    import cv2

    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY) if small.ndim == 3 and small.shape[2] == 3 else small
    gray = cv2.GaussianBlur(gray, (5, 5), 0)
    return np.asarray(cv2.flip(gray, 1) if mirror else gray, np.uint8)


def optical_flow() -> Any:
    """OpenCV's fastest DIS flow, one scale finer: as it comes it halves the speed of anything as narrow as a person."""
    import cv2

    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    flow.setFinestScale(1)
    return flow


def analyse(previous: Gray, gray: Gray, flow: Any) -> Motion:
    """The motion from one grey picture to the next of the same size; ``flow`` comes from ``optical_flow``.

    A change of the whole picture's brightness is a lamp or the camera's exposure, and is taken out.
    """
    import cv2

    lighter = cv2.mean(gray)[0] - cv2.mean(previous)[0]
    change = cv2.convertScaleAbs(cv2.addWeighted(gray, 1.0, previous, -1.0, 128.0 - lighter), beta=-128.0)
    moving = cv2.threshold(change, CHANGED, 255, cv2.THRESH_BINARY)[1]
    sums = cv2.moments(moving, binaryImage=True)
    count = sums["m00"]
    share = count / moving.size
    if share < LEAST:
        return Motion()
    height, width = moving.shape
    small, before, where = (cv2.resize(p, FLOW_SIZE, interpolation=cv2.INTER_AREA) for p in (gray, previous, moving))
    shift = cv2.mean(flow.calc(before, small, None), where)
    return Motion(
        energy=min(1.0, math.sqrt(share / MOST)),
        x=(sums["m10"] / count + 0.5) / width,
        y=(sums["m01"] / count + 0.5) / height,
        dx=shift[0] / FLOW_SIZE[0],
        dy=shift[1] / FLOW_SIZE[1],
    )


class Watch:
    """What is remembered from picture to picture: where the motion was, and whether somebody is there."""

    def __init__(self) -> None:
        self.present = False
        self._sure = 0.0
        self._smooth = {"x": 0.5, "y": 0.5, "flow_x": 0.0, "flow_y": 0.0}

    def step(self, motion: Motion, seconds: float) -> dict[str, float]:
        """Every signal's value, after a motion that took ``seconds``."""
        self._judge(motion.energy, seconds)
        if motion.energy:
            flow_x, flow_y = (max(-1.0, min(1.0, d / seconds)) for d in (motion.dx, motion.dy))
            self._approach(seconds / FOLLOW, x=motion.x, y=motion.y, flow_x=flow_x, flow_y=flow_y)
        else:
            self._approach(seconds / FOLLOW, flow_x=0.0, flow_y=0.0)
            if not self.present:
                self._approach(seconds / RETURN, x=0.5, y=0.5)
        return {"motion": motion.energy, **self._smooth, "presence": float(self.present)}

    def _judge(self, energy: float, seconds: float) -> None:
        stirs = energy > (REMAIN if self.present else APPEAR)
        self._sure = min(1.0, max(0.0, self._sure + (seconds / ARRIVE if stirs else -seconds / LEAVE)))
        if self._sure in (0.0, 1.0):
            self.present = self._sure == 1.0

    def _approach(self, constants: float, **targets: float) -> None:
        share = 1.0 - math.exp(-constants)
        for name, target in targets.items():
            self._smooth[name] += (target - self._smooth[name]) * share


# ---------------------------------------------------------------- the device


class Camera(Sensor):
    def __init__(self, config: Config) -> None:
        self.config = config
        self.source = open_pictures(config.source, config, config.memory)
        self.flow = optical_flow()

    def run(self, emit: Emit, stop: threading.Event) -> None:
        watch, last, previous = Watch(), 0.0, None
        try:
            for now, picture, seam in self.source.pictures(stop):
                gray = shrink(upright(picture, self.config.rotate), self.config.width, self.config.mirror)
                if not seam and previous is not None and previous.shape == gray.shape:
                    motion = analyse(previous, gray, self.flow)
                    for signal, value in watch.step(motion, min(now - last, 0.5)).items():
                        emit(signal, value)
                previous, last = gray, now
        finally:
            self.source.close()
