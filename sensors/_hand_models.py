"""The two networks that find hands and their joints: MediaPipe's, read from a folder that the user names.

They are not shipped and never downloaded. ``npm pack @mediapipe/hands`` (Apache-2.0) fetches the package that holds
them; unpacked, its folder is what ``hands`` names: hand_landmark_full.tflite or hand_landmark_lite.tflite, and
palm_detection_full.tflite or palm_detection_lite.tflite, the latter as a file or inside
hands_solution_packed_assets.data. OpenVINO runs them, on one core.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationInfo

from installation.core.errors import DeviceError, Refused
from installation.core.parts import require

LANDMARKS = ("hand_landmark_full.tflite", "hand_landmark_lite.tflite")
PALMS = ("palm_detection_full.tflite", "palm_detection_lite.tflite")
PACKED = "hands_solution_packed_assets.data"
FETCH = "npm pack @mediapipe/hands, and unpack the file that it brings (tar xzf mediapipe-hands-*.tgz)"
INSTALL = "pip install openvino"
MARK, MARK_AT = b"TFL3", 4
"""What a TensorFlow Lite file has at that byte (its flatbuffer's file identifier)."""
LARGEST = 64 * 2**20
"""Bytes of a model file at most."""
PRECISE = "f32"
"""On a processor that multiplies bfloat16 natively OpenVINO would, and the palm network finds no open hand then."""
OPTIONS = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": PRECISE}

Array = NDArray[np.float32]
Run = Callable[[Array], list[Array]]
"""A network: (height, width, 3) RGB of 0..1 in, its outputs in the order of their names."""


def models_folder(value: object, info: ValidationInfo) -> Path | None:
    """The folder with the networks that an option's value names, from the show file's folder. Raises Refused."""
    if value is None:
        return None
    if not isinstance(value, (str, Path)) or not str(value).strip() or "\0" in str(value):
        raise Refused("a folder with the hand models", f"to get them: {FETCH}")
    folder = Path((info.context or {}).get("folder", "."), value).absolute()
    lacks = missing(folder)
    if lacks:
        raise Refused(f"a folder with {lacks}", f"to get it: {FETCH}")
    return folder


def missing(folder: Path) -> str:
    """Which file is not in the folder; empty where both networks are."""
    if not _first(folder, LANDMARKS):
        return " or ".join(LANDMARKS)
    return "" if _first(folder, (*PALMS, PACKED)) else " or ".join((*PALMS, PACKED))


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def open_models(folder: Path) -> tuple[Run, Run]:
    """The network that finds palms, and the one that finds the joints of a hand. Raises DeviceError where the folder
    has none that can be read, and MissingDependency without OpenVINO."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # it reports its import to its makers
    openvino = require("openvino", "telling hands", INSTALL)
    lacks = missing(folder)
    if lacks:
        raise DeviceError(f"{folder}: found no {lacks}; {FETCH}")
    joints = _first(folder, LANDMARKS)
    assert joints is not None
    core = openvino.Core()
    try:
        with palm_file(folder) as palms:
            return _compiled(core, palms), _compiled(core, joints)
    except (RuntimeError, OSError) as error:
        why = " ".join(str(error).split())[-200:]
        raise DeviceError(f"{folder}: found hand models that cannot be read ({why}); {FETCH}") from error


@contextmanager
def palm_file(folder: Path) -> Iterator[Path]:
    """The palm network as a file of its own; out of the package's archive it is copied for the time being."""
    if found := _first(folder, PALMS):
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


def _compiled(core: Any, path: Path) -> Run:
    request = core.compile_model(str(path), "CPU", OPTIONS).create_infer_request()

    def run(picture: Array) -> list[Array]:
        results = request.infer({0: picture[None]})
        return [np.asarray(value) for _, value in sorted(results.items(), key=lambda item: str(item[0].any_name))]

    return run
