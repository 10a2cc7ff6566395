"""Motion, its centre, its direction and whether somebody is there, from a camera or a video file.

No picture is stored, sent or kept: two small grey ones exist at a time. It knows motion, not faces: to a face detector
a painted portrait is a visitor.
"""

import math
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PlainValidator, ValidationInfo

from installation.core.contracts import Emit, Sensor, SensorConfig
from installation.core.errors import DeviceError, Refused
from installation.core.paths import beside
from installation.core.signals import Signal

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

FASTEST = 1 / 38
"""Seconds between two analyses at least: a camera of 60 is looked at 30 times a second, one of 30 may be unsteady."""


def _source(value: object, info: ValidationInfo) -> int | Path:
    if isinstance(value, (str, Path)):
        return beside(value, info)
    if type(value) is int and 0 <= value <= 63:
        return value
    raise Refused("a camera's number from 0 to 63, or a video file")


class Config(SensorConfig):
    apart: ClassVar[bool] = True
    kind: Literal["camera"] = "camera"
    name: str = "camera"
    source: Annotated[int | Path, PlainValidator(_source)] = Field(
        default=0, description="the number of a camera, or a video file, which repeats at its own rate"
    )
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


def shrink(picture: NDArray[np.uint8], width: int, mirror: bool) -> Gray:
    """The small grey picture that is compared, of a (height, width, 3) BGR one."""
    import cv2

    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    gray = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (width, height), interpolation=cv2.INTER_AREA)
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
        import cv2

        cv2.setNumThreads(1)
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what matters is in the DeviceError
        self.config = config
        self.flow = optical_flow()
        self.previous: Gray | None = None
        self.capture = self._open()
        rate = self.capture.get(cv2.CAP_PROP_FPS)
        self.interval = 1.0 / rate if 1.0 <= rate <= 240.0 else 1 / 30

    def run(self, emit: Emit, stop: threading.Event) -> None:
        watch, last = Watch(), 0.0
        try:
            for now, picture in self._pictures(stop):
                gray = shrink(picture, self.config.width, self.config.mirror)
                if self.previous is not None and self.previous.shape == gray.shape:
                    motion = analyse(self.previous, gray, self.flow)
                    for signal, value in watch.step(motion, min(now - last, 0.5)).items():
                        emit(signal, value)
                self.previous, last = gray, now
        finally:
            self.capture.release()

    def _pictures(self, stop: threading.Event) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """(second, picture) at most every FASTEST seconds: of a camera when it gives one, of a file when it is due."""
        is_file, last = isinstance(self.config.source, Path), -math.inf
        now = time.monotonic()
        while not stop.is_set():
            if is_file:
                now = max(now + self.interval, time.monotonic() - 1.0)
                stop.wait(now - time.monotonic())
            if not self.capture.grab():
                self._begin_again()
                continue
            now = now if is_file else time.monotonic()
            if now - last < FASTEST:
                continue
            last = now
            good, picture = self.capture.retrieve()
            if good:
                yield now, picture

    def _begin_again(self) -> None:
        self.capture.release()
        if not isinstance(self.config.source, Path):
            raise DeviceError(f"camera {self.config.source} has stopped giving pictures; is it still plugged in?")
        self.previous = None  # the seam is no motion
        self.capture = self._open()

    def _open(self) -> Any:
        import cv2

        source = self.config.source
        if isinstance(source, Path):
            capture = cv2.VideoCapture(str(source))
        else:
            capture = cv2.VideoCapture(source, cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY)
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, 640)
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, 480)
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest picture, not the oldest waiting
        if capture.isOpened() and capture.grab():
            return capture
        capture.release()
        raise DeviceError(_file_message(source) if isinstance(source, Path) else _camera_message(source, _devices()))


def _devices() -> list[Path]:
    return sorted(Path("/dev").glob("video[0-9]*")) if sys.platform == "linux" else []


def _file_message(source: Path) -> str:
    return f"{source}: found no picture that can be read in it, expected a video file such as .mp4 or .avi"


def _camera_message(source: int, devices: list[Path]) -> str:
    instead = 'or rehearse with source = "clip.mp4" or kind = "scripted"'
    wanted = Path(f"/dev/video{source}")
    if sys.platform != "linux":
        return (
            f"found no picture from camera {source}; plug it in, close what else uses it, "
            f"allow camera access in the system's privacy settings, {instead}"
        )
    if wanted not in devices:
        found = ", ".join(map(str, devices)) or "no /dev/video*"
        return f"found {found}, expected a camera at {wanted}; plug it in, name another number as source, {instead}"
    return (
        f"found no picture from {wanted}; close what else uses it, name another number as source, "
        f"let this account use it (sudo usermod -aG video $USER, then log in again), {instead}"
    )
