"""Networks of MediaPipe's packages, read from a folder that the user names and run by OpenVINO on one core.

They are not shipped and never downloaded. ``npm pack @mediapipe/NAME`` (Apache-2.0) fetches a package that holds some;
unpacked, its folder is what an option of the camera names.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationInfo

from installation.core.errors import DeviceError, Refused
from installation.core.parts import require

INSTALL = "pip install openvino"
PRECISE = "f32"
"""On a processor that multiplies bfloat16 natively OpenVINO would, and the palm network finds no open hand then."""
OPTIONS = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": PRECISE}

Array = NDArray[np.float32]
Run = Callable[[Array], list[Array]]
"""A network: (height, width, 3) RGB of 0..1 in, its outputs in the order of their names."""


@dataclass(frozen=True, slots=True)
class Package:
    """What a package brings: ``what`` its networks find, and the files, of each row of which one is needed."""

    name: str
    what: str
    files: tuple[tuple[str, ...], ...]

    @property
    def fetch(self) -> str:
        return (
            f"npm pack @mediapipe/{self.name}, and unpack the file that it brings (tar xzf mediapipe-{self.name}-*.tgz)"
        )

    def option(self, value: object, info: ValidationInfo) -> Path | None:
        """The folder with the networks that an option's value names, from the show file's folder. Raises Refused."""
        if value is None:
            return None
        if not isinstance(value, (str, Path)) or not str(value).strip() or "\0" in str(value):
            raise Refused(f"a folder with the {self.what} models", f"to get them: {self.fetch}")
        folder = Path((info.context or {}).get("folder", "."), value).absolute()
        lacks = self.missing(folder)
        if lacks:
            raise Refused(f"a folder with {lacks}", f"to get it: {self.fetch}")
        return folder

    def missing(self, folder: Path) -> str:
        """Which file is not in the folder; empty where all are."""
        return next((" or ".join(names) for names in self.files if not first(folder, names)), "")

    def runtime(self, folder: Path) -> Any:
        """OpenVINO's core, where the folder has all files. Raises DeviceError where not, and MissingDependency."""
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # it reports its import to its makers
        openvino = require("openvino", f"telling {self.name}", INSTALL)
        lacks = self.missing(folder)
        if lacks:
            raise DeviceError(f"{folder}: found no {lacks}; {self.fetch}")
        return openvino.Core()

    def unreadable(self, folder: Path, error: Exception) -> DeviceError:
        why = " ".join(str(error).split())[-200:]
        return DeviceError(f"{folder}: found {self.what} models that cannot be read ({why}); {self.fetch}")


def first(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The first of the files that is there."""
    return next((folder / name for name in names if (folder / name).is_file()), None)


def compiled(core: Any, path: Path) -> Run:
    request = core.compile_model(str(path), "CPU", OPTIONS).create_infer_request()

    def run(picture: Array) -> list[Array]:
        results = request.infer({0: picture[None]})
        return [np.asarray(value) for _, value in sorted(results.items(), key=lambda item: str(item[0].any_name))]

    return run


def as_input(picture: NDArray[Any]) -> Array:
    """A (height, width, 3) BGR picture as these networks take it."""
    return np.ascontiguousarray(picture[:, :, ::-1], np.float32) / np.float32(255.0)
