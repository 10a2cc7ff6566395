"""The two networks that find hands and their joints: those of the package @mediapipe/hands.

Its folder holds hand_landmark_full.tflite or hand_landmark_lite.tflite, and palm_detection_full.tflite or
palm_detection_lite.tflite, the latter as a file or inside hands_solution_packed_assets.data.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sensors._mediapipe import Package, Run, compiled, first

LANDMARKS = ("hand_landmark_full.tflite", "hand_landmark_lite.tflite")
PALMS = ("palm_detection_full.tflite", "palm_detection_lite.tflite")
PACKED = "hands_solution_packed_assets.data"
HANDS = Package("hands", "hand", (LANDMARKS, (*PALMS, PACKED)))
MARK, MARK_AT = b"TFL3", 4
"""What a TensorFlow Lite file has at that byte (its flatbuffer's file identifier)."""
LARGEST = 64 * 2**20
"""Bytes of a model file at most."""


def open_models(folder: Path) -> tuple[Run, Run]:
    """The network that finds palms, and the one that finds the joints of a hand. Raises DeviceError where the folder
    has none that can be read, and MissingDependency without OpenVINO."""
    core = HANDS.runtime(folder)
    joints = first(folder, LANDMARKS)
    assert joints is not None
    try:
        with palm_file(folder) as palms:
            return compiled(core, palms), compiled(core, joints)
    except (RuntimeError, OSError) as error:
        raise HANDS.unreadable(folder, error) from error


@contextmanager
def palm_file(folder: Path) -> Iterator[Path]:
    """The palm network as a file of its own; out of the package's archive it is copied for the time being."""
    if found := first(folder, PALMS):
        yield found
        return
    with (folder / PACKED).open("rb") as file:
        packed = file.read(LARGEST)
    starts = [at - MARK_AT for at in _places(packed, MARK) if at >= MARK_AT]
    if not starts:
        raise OSError(f"{PACKED} holds no model")
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / PALMS[0]
        path.write_bytes(packed[starts[0] : (*starts[1:], len(packed))[0]])
        yield path


def _places(whole: bytes, part: bytes) -> Iterator[int]:
    at = whole.find(part)
    while at >= 0:
        yield at
        at = whole.find(part, at + 1)
