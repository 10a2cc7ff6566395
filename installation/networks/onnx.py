"""A generator in an ONNX file, painted by onnxruntime (the extra ``onnx``) on the processor.

The model file holds that file, byte for byte, as the tensor ``file``. A graph of ONNX is data, but it may name files
and operators outside of itself, run without end, or ask for any amount of memory. So it is read with the library
``onnx`` first, whenever it is opened, and refused by name where it does; then it is run.

What is taken is a generator of one kind: one input, z (1, z_dim) or (1, z_dim, 1, 1), float32, and a picture
(1, colours, height, width) as the first output. It is painted one picture at a time. Raises ModelError for every other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt
from torch import Tensor

from installation.core.errors import ModelError
from installation.core.parts import require
from installation.networks.fitting import architecture
from installation.networks.onnx_shapes import inferred, most_at_once, multiplications, shape_of, shapes_of
from installation.networks.stylegan2_ada import three

Range = Literal["-1..1", "0..1", "0..255"]
INSTALL = 'pip install "vernissage[onnx]", or .venv/bin/python -m pip install onnx onnxruntime in a checkout'
FILE = "file"
"""The tensor that holds the file, uint8."""
LARGEST = (2 << 30) - 1
"""Bytes of a file: the most that its format can hold."""
MOST_NODES = 20_000
MOST_NUMBERS = 1 << 28
"""In any tensor between two nodes: 1 GiB."""
MOST_AT_ONCE = 1 << 30
"""Numbers, constants and what lies between nodes together: 4 GiB."""
MOST_WORK = 1 << 42
LONGEST_SIDE = 4096
OWN = ("", "ai.onnx")
"""Domains of operators that are onnxruntime's own and of the standard."""
ENDLESS = ("Loop", "Scan", "If", "SequenceMap")
RANDOM = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli")


class Architecture(BaseModel):
    """What must be known to paint: the names of the file's input and output, how many axes the input has, the size of
    the pictures, and in which range their numbers are."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    z_dim: PositiveInt = Field(le=8192)
    input: str = Field(max_length=1000)
    axes: int = Field(ge=2, le=4)
    output: str = Field(max_length=1000)
    size: list[PositiveInt] = Field(min_length=2, max_length=2)
    colours: int = Field(ge=1, le=4)
    range: Range
    resolution: PositiveInt = Field(le=LONGEST_SIDE)


def build(
    header: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], device: str = "cpu", name: object = "model"
) -> Network:
    """The network of a model file named ``name``. Raises ModelError, with that name, where it is no generator."""
    arch = architecture(Architecture, header["architecture"], name)
    held = tensors.get(FILE)
    if held is None or held.dtype != np.uint8:
        raise ModelError(f"{name}: holds no ONNX file; convert it again.")
    return Network(arch, session(held.tobytes(), name), device)


# -- what is refused --------------------------------------------------------------------------------------------------


def checked(raw: bytes, where: object) -> Any:
    """The graph in an ONNX file, with the shapes that can be told. Raises ModelError where it is not self-contained or
    not bounded, MissingDependency without the libraries."""
    onnx = require("onnx", "a model of kind onnx", INSTALL)
    known = (onnx.checker.ValidationError, onnx.shape_inference.InferenceError)
    errors = (ValueError, TypeError, RuntimeError, IndexError, OverflowError, *known)
    decode = require("google.protobuf.message", "a model of kind onnx", INSTALL).DecodeError
    try:
        model = onnx.load_model_from_string(raw)
    except decode:
        raise ModelError(f"{where}: is no ONNX file, or a part of one; copy it again.") from None
    for found in wrong(model, onnx):
        raise ModelError(f"{where}: {found}. Refused; nothing in it was run.")
    alone(model)
    try:
        graph = inferred(model, onnx)
    except errors as error:
        raise ModelError(f"{where}: its shapes do not fit each other ({first_line(error)}).") from None
    for found in oversized(graph):
        raise ModelError(f"{where}: {found}. Refused; nothing in it was run.")
    return graph


def wrong(model: Any, onnx: ModuleType) -> Iterator[str]:
    """What a graph holds that is no plain, bounded function of its input; in words."""
    if len(model.graph.node) > MOST_NODES or not model.graph.node:
        yield f"has {len(model.graph.node)} nodes; 1 to {MOST_NODES:,} are supported"
    if unreadable(model):
        yield "has names that are no text"
    if model.functions:
        yield "defines operators of its own; export it again with these inlined"
    for node in model.graph.node:
        yield from wrong_node(node)
    for tensor in stored(model.graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            yield f"keeps {quoted(tensor.name)} in another file; export it again into one file"
    if model.graph.sparse_initializer:
        yield "has sparse tensors, which no generator has"


def unreadable(message: Any) -> bool:
    """Whether a text in a message is none, which protobuf gives as bytes."""
    for field, held in message.ListFields():
        values = [held] if isinstance(held, str | bytes) or not hasattr(held, "__len__") else held
        if field.type == field.TYPE_STRING and any(isinstance(value, bytes) for value in values):
            return True
        if field.type == field.TYPE_MESSAGE and any(map(unreadable, values)):
            return True
    return False


def wrong_node(node: Any) -> Iterator[str]:
    if node.domain not in OWN:
        yield f"uses {quoted(f'{node.domain}.{node.op_type}')}, an operator outside of the standard"
    if node.op_type in ENDLESS or any(one.HasField("g") or one.graphs for one in node.attribute):
        yield f"uses {quoted(node.op_type)}, which runs a graph inside of the graph"
    if any(one.HasField("sparse_tensor") or one.sparse_tensors for one in node.attribute):
        yield "has sparse tensors, which no generator has"
    if node.op_type in RANDOM:
        yield f"draws random numbers ({node.op_type}), so that it would flicker; export it with constant noise"


def stored(graph: Any) -> Iterator[Any]:
    """Every tensor that is in the file."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from ([attribute.t] if attribute.HasField("t") else [])
            yield from attribute.tensors


def alone(model: Any) -> None:
    """Sets the length of the batch, where it may be any, to one picture."""
    for value in (*model.graph.input, *model.graph.output):
        dims = value.type.tensor_type.shape.dim
        if dims and not dims[0].HasField("dim_value"):
            dims[0].dim_value = 1


def oversized(graph: Any) -> Iterator[str]:
    """The tensors that are too large, alone or together, or may be of any size; and work without end."""
    known = shapes_of(graph)
    for shape in known.values():
        if math.prod(shape) > MOST_NUMBERS:
            yield f"makes a tensor of {' x '.join(map(str, shape))}, which is too large"
    for node in graph.node:
        if any(name and name not in known for name in node.output):
            what = quoted(node.op_type)
            yield f"has a {what} whose size cannot be told; export it with fixed sizes (no dynamic_axes)"
    if most_at_once(graph, known) > MOST_AT_ONCE:
        yield f"holds more than {MOST_AT_ONCE * 4 >> 30} GiB at once, which is too much"
    if multiplications(graph, known) > MOST_WORK:
        yield f"takes more than {MOST_WORK:.0e} multiplications for a picture, which is too much"


def quoted(text: str, most: int = 80) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:most]


def first_line(error: Exception) -> str:
    """Without where in its sources a library found it."""
    said = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : |/[\w/.]+\.(cc|h):\d+ .*?\) ", "", str(error))
    return quoted(said.strip().partition("\n")[0], 200)


# -- what is taken ----------------------------------------------------------------------------------------------------


def described(graph: Any, where: object) -> dict[str, Any]:
    """The architecture that a graph's ends tell, without the range. Raises ModelError where it is no generator."""
    held = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in held]
    taken, given = [end(value) for value in inputs], [end(value) for value in graph.output[:1]]
    latent = shape_of(inputs[0]) if len(inputs) == 1 else None
    picture = shape_of(graph.output[0]) if graph.output else None
    if not (is_latent(latent) and is_picture(picture) and is_float(inputs[0]) and is_float(graph.output[0])):
        raise ModelError(
            f"{where}: takes {', '.join(taken) or 'nothing'} and gives {', '.join(given) or 'nothing'}; a generator "
            "takes one z, float32 (1, length), and gives a picture, float32 (1, 1 to 4 colours, height, width)."
        )
    assert latent is not None
    assert picture is not None
    return {
        "z_dim": latent[1],
        "input": inputs[0].name,
        "axes": len(latent),
        "output": graph.output[0].name,
        "size": list(picture[2:]),
        "colours": picture[1],
        "resolution": max(picture[2:]),
    }


def end(value: Any) -> str:
    """An input or output in words, such as z (1 x 512)."""
    dims = value.type.tensor_type.shape.dim
    shape = " x ".join(str(dim.dim_value) if dim.HasField("dim_value") else "?" for dim in dims)
    return f"{quoted(value.name)} ({shape or 'of an unknown shape'})"


def is_latent(shape: Sequence[int] | None) -> bool:
    return shape is not None and len(shape) in (2, 4) and shape[0] == 1 and shape[1] <= 8192 and set(shape[2:]) <= {1}


def is_picture(shape: Sequence[int] | None) -> bool:
    if shape is None or len(shape) != 4:
        return False
    return shape[0] == 1 and 1 <= shape[1] <= 4 and all(2 <= side <= LONGEST_SIDE for side in shape[2:])


def is_float(value: Any) -> bool:
    return bool(value.type.tensor_type.elem_type == 1)  # TensorProto.FLOAT


def session(raw: bytes, where: object) -> Any:
    """A checked file, opened. Raises ModelError for a graph that onnxruntime does not run."""
    graph = checked(raw, where)
    described(graph, where)
    runtime = require("onnxruntime", "a model of kind onnx", INSTALL)
    runtime.disable_telemetry_events()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return runtime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])
    except failures(runtime) as error:
        raise ModelError(f"{where}: onnxruntime does not open it ({first_line(error)}).") from None


def failures(runtime: ModuleType) -> tuple[type[Exception], ...]:
    """What onnxruntime raises, which has no common class."""
    held = vars(runtime.capi.onnxruntime_pybind11_state).values()
    return tuple(one for one in held if isinstance(one, type) and issubclass(one, Exception))


class Network:
    """A generator that only paints. ``latents`` are z, (n, z_dim)."""

    classes = 1

    def __init__(self, arch: Architecture, opened: Any, device: str = "cpu") -> None:
        self.arch, self.device = arch, device
        self.z_dim = self.w_dim = arch.z_dim
        self.resolution = arch.resolution
        self._session = opened
        self._shape = (1, arch.z_dim, 1, 1)[: arch.axes]

    def mapping(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """z (n, z_dim), which is a latent already."""
        return np.array(z, np.float32)

    def synthesis(self, latents: NDArray[np.float32] | Tensor) -> Tensor:
        """-> pictures (n, 3, height, width), float32, about -1..1 (not clipped)."""
        held = latents.cpu().numpy() if isinstance(latents, Tensor) else latents
        painted = np.concatenate([self._painted(one) for one in np.asarray(held, np.float32)])
        return three(torch.from_numpy(to_signed(painted, self.arch.range)), self.arch.colours).to(self.device)

    def _painted(self, latent: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            (picture,) = self._session.run([self.arch.output], {self.arch.input: latent.reshape(self._shape)})
        except failures(require("onnxruntime", "a model of kind onnx", INSTALL)) as error:
            raise ModelError(f"onnxruntime does not run it ({first_line(error)}).") from None
        if picture.shape != (1, self.arch.colours, *self.arch.size):
            raise ModelError(f"paints {picture.shape}; its header says {(1, self.arch.colours, *self.arch.size)}.")
        return np.asarray(picture, np.float32)


def to_signed(pictures: NDArray[np.float32], held: Range) -> NDArray[np.float32]:
    """Pictures of a range in -1..1."""
    if held == "-1..1":
        return pictures
    return pictures * np.float32(2 if held == "0..1" else 2 / 255) - np.float32(1)
