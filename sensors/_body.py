"""The body of a visitor: his joints in a colour picture, how high his arms are, and how far he leans.

The network and the meaning of its joints are those of MediaPipe Pose (Bazarevsky et al., "BlazePose: On-device
Real-time Body Pose tracking", 2020). Its detector is not used: it would find painted people. Where to look is known, as
a visitor is who came in and moved.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors._mediapipe import Package, Run, as_input, compiled, first

LANDMARKS = ("pose_landmark_full.tflite", "pose_landmark_lite.tflite", "pose_landmark_heavy.tflite")
POSE = Package("pose", "body", (LANDMARKS,))

Points = NDArray[np.float64]
Color = NDArray[np.uint8]
"""(height, width, 3) BGR."""
Box = tuple[int, int, int, int]
"""left, top, right, bottom in pixels."""

SIDE, AROUND = 256, 1.25
"""Pixels of the square that the network takes, and how much larger it is than the visitor."""
JOINTS, NUMBERS = 33, 5
"""The joints of a body, and what is told of each: x, y, depth, how surely it is visible, how surely it is there."""
SURE, VISIBLE = 0.5, 0.3
"""The least probabilities of a body and of a wrist that is not hidden."""
SHOULDERS, WRISTS, HIPS = (11, 12), (15, 16), (23, 24)
"""The left one first: of the visitor, not of the picture."""
LEANT = math.radians(30.0)
"""How far the back is from upright for a lean of 1."""


@dataclass(frozen=True, slots=True)
class Body:
    """``x`` and ``y`` are the middle of the trunk (pixels), ``left`` and ``right`` how high the arms are: 0 hanging,
    0.5 at the height of the shoulder, 1 straight up; ``lean`` is -1..1 to the right of the picture."""

    sure: float
    x: float
    y: float
    left: float
    right: float
    lean: float


def open_body(folder: Path) -> Run:
    """The network that finds joints. Raises DeviceError where the folder has none that can be read, and
    MissingDependency without OpenVINO."""
    core, path = POSE.runtime(folder), first(folder, LANDMARKS)
    assert path is not None
    try:
        return compiled(core, path)
    except (RuntimeError, OSError) as error:
        raise POSE.unreadable(folder, error) from error


def look(find_joints: Run, picture: Color, where: Box) -> Body | None:
    """The body of the visitor in that box; it takes about 11 (lite) or 15 ms (full) of a core."""
    import cv2

    left, top, right, bottom = where
    side = AROUND * max(right - left, bottom - top, 1)
    scale, corner = SIDE / side, np.array([(left + right - side) / 2, (top + bottom - side) / 2])
    matrix = np.column_stack((np.eye(2) * scale, -scale * corner))
    crop: NDArray[Any] = cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    found, sure = (output.ravel() for output in find_joints(as_input(crop))[:2])
    if float(sure[0]) < SURE:
        return None
    joints = found[: JOINTS * NUMBERS].reshape(JOINTS, NUMBERS).astype(np.float64)
    joints[:, :2] = joints[:, :2] / scale + corner
    return read_body(joints, float(sure[0]))


def read_body(joints: Points, sure: float) -> Body:
    """What the body with those (33, 5) joints does. Lengths are measured by its trunk, so its size is no matter."""
    shoulders, hips = joints[list(SHOULDERS), :2], joints[list(HIPS), :2]
    up = shoulders.mean(axis=0) - hips.mean(axis=0)
    trunk = math.hypot(*up) + 1e-9
    heights = [
        float(shoulder[1] - wrist[1]) / trunk if _visible(wrist) else -1.0
        for shoulder, wrist in zip(shoulders, joints[list(WRISTS)], strict=True)
    ]
    left, right = (min(1.0, max(0.0, 0.5 + 0.5 * height)) for height in heights)
    x, y = joints[[*SHOULDERS, *HIPS], :2].mean(axis=0)
    lean = math.atan2(up[0], -up[1]) / LEANT
    return Body(min(1.0, sure), float(x), float(y), left, right, min(1.0, max(-1.0, lean)))


def _visible(joint: Points) -> bool:
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, float(joint[3]))))) >= VISIBLE
