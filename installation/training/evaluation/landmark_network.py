"""Landmarks of faces, with irises, by the network `face_landmark_with_attention.tflite` of MediaPipe (Apache-2.0;
Attention Mesh, arXiv 2006.10962), run in torch.

The file is no part of this project and is never downloaded: it is in the npm package @mediapipe/face_mesh, which
`npm pack` brings (see `where`). The importers of OpenVINO and OpenCV refuse it, as three of its operators are not built
into TensorFlow Lite: they are written here, from what they do in MediaPipe.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from installation.core.errors import OptionError
from installation.training.evaluation import tflite
from installation.training.evaluation.tflite import Graph, Operator, TfliteError

FILE = "face_landmark_with_attention.tflite"
ARCHIVES = "mediapipe-face_mesh-*.tgz"
WINDOWS = sys.platform == "win32"
DATA = ("LOCALAPPDATA", r"~\AppData\Local") if WINDOWS else ("XDG_DATA_HOME", "~/.local/share")
NAMED, MAKE = ("%LOCALAPPDATA%", "mkdir") if WINDOWS else ("$XDG_DATA_HOME", "mkdir -p")
"""The user's data folder by system: the environment variable that names it, and the default."""
PACKED = "package/face_mesh_solution_packed_assets"
SIDE = 192
"""Side of the network's input, in px."""
OUTPUTS = {
    "output_mesh_identity": (468, 3),
    "output_left_eye": (71, 2),
    "output_right_eye": (71, 2),
    "output_left_iris": (5, 2),
    "output_right_iris": (5, 2),
    "conv_faceflag": (1, 1),
}
"""Named as in the file; left is left in the picture. Points are in pixels of the square, x before y."""
Floats = NDArray[np.float32]


# -- the file ----------------------------------------------------------------------------------------------------------


def data_folder() -> Path:
    """Where a person's own files for this program are kept, by the custom of the system."""
    variable, usual = DATA
    return Path(os.environ.get(variable) or usual).expanduser() / "vernissage"


def where() -> str:
    """How to get the network, in two commands, with the home folder abbreviated."""
    variable, usual = DATA
    folder = f"{NAMED if os.environ.get(variable) else usual}{os.sep}vernissage"
    return (
        f"needs the landmark network (7 MB, Apache-2.0), once: {MAKE} {folder} and then "
        f"npm pack @mediapipe/face_mesh --pack-destination {folder} (or give its file with --landmarks-model FILE)"
    )


def find(given: Path | None) -> Path | None:
    """The file given, else the one in the data folder: the newest archive of the package, or the network itself.
    Raises OptionError for a given file that is not there."""
    if given is not None:
        if not given.is_file():
            raise OptionError(f"--landmarks-model {given}: there is no such file. It {where()}.")
        return given
    folder = data_folder()
    paths = [*sorted(folder.glob(ARCHIVES)), *folder.glob(FILE)]
    return paths[-1] if paths else None


def unpacked(path: Path) -> bytes:
    """The network, out of the archive that npm brings, or as it is. Raises OptionError."""
    if path.suffix != ".tgz":
        return path.read_bytes()
    try:
        with tarfile.open(path) as archive:
            listing, data = (_member(archive, f"{PACKED}{ending}") for ending in ("_loader.js", ".data"))
    except (tarfile.TarError, KeyError) as error:
        raise OptionError(f"{path}: not the archive of @mediapipe/face_mesh ({error}). It {where()}.") from None
    match = re.search(rf'{re.escape(FILE)}", "start": (\d+), "end": (\d+)'.encode(), listing)
    if match is None:
        raise OptionError(f"{path}: holds no {FILE}. It {where()}.")
    return data[int(match[1]) : int(match[2])]


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()


# -- the network -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Landmarks:
    """Of n squares. `mesh` (n, 468, 3); `eyes` (n, 2, 71, 2) and `irises` (n, 2, 5, 2), the left in the picture first:
    x, y in pixels of the square; `presence` (n,) 0..1, how sure it is that there is a face."""

    mesh: Floats
    eyes: Floats
    irises: Floats
    presence: Floats


class LandmarkNetwork:
    """Raises OptionError for a file that is not this network."""

    def __init__(self, path: Path) -> None:
        content = unpacked(path)
        self.digest = hashlib.sha256(content).hexdigest()
        try:
            self.graph = tflite.read(content)
        except TfliteError as error:
            raise OptionError(f"{path}: {error}; expected {FILE}. It {where()}.") from None
        named = {self.graph.names[number]: number for number in self.graph.outputs}
        if not OUTPUTS.keys() <= named.keys():
            raise OptionError(f"{path}: gives {', '.join(sorted(named))}; expected {FILE}. It {where()}.")
        strange = {operator.name for operator in self.graph.operators} - {"DEQUANTIZE", *RUN}
        if strange:
            raise OptionError(f"{path}: holds the operator {min(strange)}; expected {FILE}. It {where()}.")
        self.outputs = {name: named[name] for name in OUTPUTS}
        self.constants = constants(self.graph)

    def __call__(self, squares: NDArray[np.uint8]) -> Landmarks:
        """Squares (n, SIDE, SIDE, 3) uint8 sRGB -> landmarks."""
        with torch.inference_mode():
            outputs = self._run(torch.from_numpy(squares).permute(0, 3, 1, 2).float() / 255)
        both = [
            np.stack([outputs[f"output_{side}_{part}"] for side in ("left", "right")], 1) for part in ("eye", "iris")
        ]
        presence = (1 / (1 + np.exp(-outputs["conv_faceflag"].reshape(-1)))).astype(np.float32)
        return Landmarks(outputs["output_mesh_identity"], both[0], both[1], presence)

    def _run(self, x: Tensor) -> dict[str, Floats]:
        values: dict[int, Tensor] = {**self.constants, self.graph.inputs[0]: x}
        for operator in self.graph.operators:
            if operator.outputs[0] not in values:
                inputs = [values[number] for number in operator.inputs]
                shape = self.graph.shapes[operator.outputs[0]]
                values[operator.outputs[0]] = RUN[operator.name](operator, inputs, shape)
        return {
            name: np.asarray(channels_last(values[number]).reshape(len(x), *OUTPUTS[name]).numpy())
            for name, number in self.outputs.items()
        }


def constants(graph: Graph) -> dict[int, Tensor]:
    """The file's constants as float32 or int32; kernels in torch's order of axes."""
    values = {number: torch.from_numpy(value.copy()) for number, value in graph.constants.items()}
    for operator in graph.operators:
        if operator.name == "DEQUANTIZE" and operator.inputs[0] in values:
            values[operator.outputs[0]] = values[operator.inputs[0]].float()
    for operator in graph.operators:
        if operator.name in KERNELS:
            number = operator.inputs[1]
            values[number] = values[number].permute(*KERNELS[operator.name]).contiguous()
    return values


KERNELS = {"CONV_2D": (0, 3, 1, 2), "DEPTHWISE_CONV_2D": (3, 0, 1, 2)}
"""Axes of a kernel of the file in torch's order: maps out, maps in, down, across."""
Inputs = list[Tensor]
Shape = tuple[int, ...]


def channels_last(x: Tensor) -> Tensor:
    """From torch's order of axes to the file's."""
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


def padded(x: Tensor, side: tuple[int, int], stride: tuple[int, int], same: bool) -> Tensor:
    """SAME of TensorFlow: the output has a stride-th of the input's side, and of an odd padding more is behind."""
    if not same:
        return x
    totals = [
        max((-(-size // step) - 1) * step + wide - size, 0)
        for size, wide, step in zip(x.shape[2:], side, stride, strict=True)
    ]
    down, across = totals
    return F.pad(x, (across // 2, across - across // 2, down // 2, down - down // 2))


def convolve(operator: Operator, inputs: Inputs, shape: Shape) -> Tensor:
    x, kernel, bias = inputs
    stride = operator.options["stride"]
    x = padded(x, (kernel.shape[2], kernel.shape[3]), stride, operator.options["same"])
    groups = x.shape[1] if operator.name == "DEPTHWISE_CONV_2D" else 1
    return F.conv2d(x, kernel, bias, stride, groups=groups)


def pool(operator: Operator, inputs: Inputs, shape: Shape) -> Tensor:
    return F.max_pool2d(inputs[0], operator.options["side"], operator.options["stride"])


def prelu(operator: Operator, inputs: Inputs, shape: Shape) -> Tensor:
    return F.prelu(inputs[0], inputs[1].reshape(-1))


def pad_channels(operator: Operator, inputs: Inputs, shape: Shape) -> Tensor:
    return F.pad(inputs[0], (0, 0, 0, 0, 0, shape[3] - inputs[0].shape[1]))


def reshape(operator: Operator, inputs: Inputs, shape: Shape) -> Tensor:
    return channels_last(inputs[0]).reshape(len(inputs[0]), *shape[1:]) if len(shape) == 3 else inputs[0].flatten(1)


# -- the operators that are not built in -------------------------------------------------------------------------------


def matrix(operator: Operator, inputs: Inputs, shape: Shape) -> Tensor:
    """Landmarks (n, 468, 3) -> (n, 4, 4) from coordinates in a small square to those in the whole: the square is as
    large as the box round some landmarks, times a scale, upright where the line through two of them lies level."""
    told, points = operator.options, inputs[0][..., :2]
    line = points[:, told["right_rotation_idx"]] - points[:, told["left_rotation_idx"]]
    angle = told["target_rotation_radians"] - torch.atan2(line[:, 1], line[:, 0])
    upright = points[:, told["subset_idxs"]] @ rotation(angle).mT
    low, high = upright.amin(1), upright.amax(1)
    centre = rotation(-angle) @ ((low + high) / 2)[..., None]
    sides = torch.tensor([told["output_width"], told["output_height"]], dtype=torch.float32)
    scale = (high - low) * torch.tensor([told["scale_x"], told["scale_y"]]) / sides
    linear = rotation(-angle) * scale[:, None]
    matrices = torch.eye(4).repeat(len(points), 1, 1)
    matrices[:, :2, :2] = linear
    matrices[:, :2, 3:] = centre - linear @ (sides / 2)[:, None]
    return matrices


def rotation(angle: Tensor) -> Tensor:
    """(n,) -> (n, 2, 2)."""
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)


def look(operator: Operator, inputs: Inputs, shape: Shape) -> Tensor:
    """The features in the small square: bilinear, 0 outside; coordinates are at pixel centres."""
    features, transform = inputs
    height, width = operator.options["output_height"], operator.options["output_width"]
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    points = torch.stack([x, y], -1).reshape(-1, 2) @ transform[:, :2, :2].mT + transform[:, None, :2, 3]
    whole = torch.tensor([features.shape[3], features.shape[2]], dtype=torch.float32)
    grid = (points / whole * 2 - 1).reshape(-1, height, width, 2)
    return F.grid_sample(features, grid, align_corners=False)


def back(operator: Operator, inputs: Inputs, shape: Shape) -> Tensor:
    """Points (n, k, 2) of the small square to where they are in the whole."""
    points, transform = inputs
    return points @ transform[:, :2, :2].mT + transform[:, None, :2, 3]


RUN: dict[str, Callable[[Operator, Inputs, Shape], Any]] = {
    "ADD": lambda operator, inputs, shape: inputs[0] + inputs[1],
    "MUL": lambda operator, inputs, shape: inputs[0] * inputs[1],
    "STRIDED_SLICE": lambda operator, inputs, shape: inputs[0],  # in this file: all of it
    "CONV_2D": convolve,
    "DEPTHWISE_CONV_2D": convolve,
    "MAX_POOL_2D": pool,
    "PRELU": prelu,
    "PAD": pad_channels,
    "RESHAPE": reshape,
    "Landmarks2TransformMatrix": matrix,
    "TransformTensorBilinear": look,
    "TransformLandmarks": back,
}
