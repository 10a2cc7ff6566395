"""TensorFlow Lite files of a few operators, written as the schema says, for tests of what reads and runs them."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.training.evaluation.landmark_network import OUTPUTS

CODES = {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 4, "DEQUANTIZE": 6, "MAX_POOL_2D": 17, "PAD": 34, "PRELU": 54, "ODD": 99}
KINDS = {np.dtype(np.float32): 0, np.dtype(np.float16): 1, np.dtype(np.int32): 2}


@dataclass
class Network:
    """Grows by `constant`, `tensor` and `operator`, which give the numbers of tensors."""

    tensors: list[tuple[tuple[int, ...], int, str, bytes]] = field(default_factory=list)
    operators: list[tuple[str, list[int], list[int], dict[int, Any], bytes]] = field(default_factory=list)

    def tensor(self, *shape: int, name: str = "") -> int:
        self.tensors.append((shape, 0, name, b""))
        return len(self.tensors) - 1

    def constant(self, values: NDArray[Any]) -> int:
        self.tensors.append((values.shape, KINDS[values.dtype], "", values.tobytes()))
        return len(self.tensors) - 1

    def operator(
        self, name: str, inputs: list[int], *shape: int, called: str = "", custom: bytes = b"", **options: int
    ) -> int:
        """`options`: fields of the operator's table by number, as f0=1; field 0, of bytes, is the padding."""
        told = {int(key[1:]): ("b" if key == "f0" else "i", value) for key, value in options.items()}
        output = self.tensor(*shape, name=called)
        self.operators.append((name, inputs, [output], told, custom))
        return output

    def file(self, inputs: list[int], outputs: list[int]) -> bytes:
        names = sorted({name for name, *_ in self.operators})
        codes = [{0: ("b", CODES.get(name, 32)), 1: None if name in CODES else name} for name in names]
        buffers: list[Any] = [{}, *({0: raw or None} for *_, raw in self.tensors)]
        tensors = [
            {0: list(shape), 1: ("b", kind), 2: ("I", number + 1), 3: name}
            for number, (shape, kind, name, _) in enumerate(self.tensors)
        ]
        operators = [
            {0: ("I", names.index(name)), 1: ins, 2: outs, 4: told or None, 5: custom or None}
            for name, ins, outs, told, custom in self.operators
        ]
        graph = {0: tensors, 1: inputs, 2: outputs, 3: operators}
        return flat({0: ("I", 3), 1: codes, 2: [graph], 4: buffers})


# -- FlatBuffers -------------------------------------------------------------------------------------------------------


def flat(root: dict[int, Any]) -> bytes:
    """A table is a dict by field: (kind, number), bytes, text, a list of integers or of tables, another table."""
    out = bytearray(struct.pack("<I4s", 0, b"TFL3"))
    struct.pack_into("<I", out, 0, write(out, root))
    return bytes(out)


def write(out: bytearray, value: Any) -> int:
    """Appends a value and returns its place."""
    align(out)
    if isinstance(value, dict):
        return write_table(out, value)
    offset = len(out)
    if isinstance(value, str | bytes):
        raw = value.encode() if isinstance(value, str) else value
        out += struct.pack("<I", len(raw)) + raw + b"\0"
    elif value and isinstance(value[0], dict):
        out += struct.pack(f"<{len(value) + 1}I", len(value), *[0] * len(value))
        for index, one in enumerate(value):
            point(out, offset + 4 + 4 * index, write(out, one))
    else:
        out += struct.pack(f"<I{len(value)}i", len(value), *value)
    return offset


def write_table(out: bytearray, table: dict[int, Any]) -> int:
    fields = {index: value for index, value in table.items() if value is not None}
    count = max(fields, default=-1) + 1
    listing = len(out)
    out += struct.pack("<HH", 4 + 2 * count, 4 + 4 * len(fields)) + bytes(2 * count)
    align(out)
    offset = len(out)
    out += struct.pack("<i", offset - listing) + bytes(4 * len(fields))
    for at, (index, value) in enumerate(fields.items()):
        struct.pack_into("<H", out, listing + 4 + 2 * index, 4 + 4 * at)
        if isinstance(value, tuple):
            struct.pack_into(f"<{value[0]}", out, offset + 4 + 4 * at, value[1])
        else:
            point(out, offset + 4 + 4 * at, write(out, value))
    return offset


def point(out: bytearray, offset: int, target: int) -> None:
    struct.pack_into("<I", out, offset, target - offset)


def align(out: bytearray) -> None:
    out += bytes(-len(out) % 4)


def flex(options: dict[str, Any]) -> bytes:
    """A FlexBuffer map of integers, real numbers and lists of integers, all in four bytes."""
    out, keys, lists = bytearray(), {}, {}
    for name in sorted(options):
        keys[name] = len(out)
        out += name.encode() + b"\0"
    align(out)
    for name, value in options.items():
        if isinstance(value, list):
            out += struct.pack(f"<{len(value) + 1}i", len(value), *value)
            lists[name] = len(out) - 4 * len(value)
    out += struct.pack("<I", len(keys))
    start = len(out)
    for name in sorted(keys):
        out += struct.pack("<I", len(out) - keys[name])
    out += struct.pack("<II", len(out) - start, 4) + struct.pack("<I", len(keys))
    values, types = len(out), bytearray()
    for name in sorted(keys):
        value = options[name]
        kind = 11 if isinstance(value, list) else 3 if isinstance(value, float) else 1
        packed = len(out) - lists[name] if name in lists else value
        out += struct.pack("<f" if kind == 3 else "<i", packed)
        types.append(kind << 2 | 2)
    out += types
    align(out)
    out += struct.pack("<I", len(out) - values)
    return bytes(out + bytes([9 << 2 | 2, 4]))


# -- a landmark network that sees next to nothing ----------------------------------------------------------------------


def landmarks_file(given: dict[str, NDArray[Any]], brightness: dict[str, NDArray[Any]]) -> bytes:
    """A network with the outputs of the real one: `given` by name, and to it `brightness` times how bright the
    brightest red of the picture is, 0..1. What is not given is 0, but for the presence of a face."""
    network = Network()
    picture = network.tensor(1, 192, 192, 3, name="input_1")
    seen = network.operator("MAX_POOL_2D", [picture], 1, 1, 1, 3, f0=1, f1=192, f2=192, f3=192, f4=192)
    outputs = []
    for name, shape in OUTPUTS.items():
        count = int(np.prod(shape))
        kernel = np.zeros((count, 1, 1, 3), np.float32)
        kernel[:, 0, 0, 0] = np.asarray(brightness.get(name, np.zeros(shape))).reshape(-1)
        usual = np.full(shape, 9.0) if name == "conv_faceflag" else np.zeros(shape)
        bias = np.asarray(given.get(name, usual), np.float32).reshape(-1)
        inputs = [seen, network.constant(kernel), network.constant(bias)]
        outputs.append(network.operator("CONV_2D", inputs, 1, 1, 1, count, called=name, f0=1, f1=1, f2=1))
    return network.file([picture], outputs)


def eye(middle: Sequence[float], outward: int, gaze: Sequence[float] = (0, 0), lids: float = 6.0) -> tuple[Any, Any]:
    """(71, 2) points of an eye 20 wide, and (5, 2) of its iris, which is 8 wide; `outward` is -1 in the left one."""
    points = np.zeros((71, 2), np.float32)
    points[:9, 0] = np.linspace(outward * 10, -outward * 10, 9)
    points[9:16, 0] = np.linspace(outward * 7.5, -outward * 7.5, 7)
    points[:9, 1] = lids / 2 * (1 - np.square(points[:9, 0] / 10))
    points[9:16, 1] = -lids / 2 * (1 - np.square(points[9:16, 0] / 10))
    iris = np.array([(0, 0), (4, 0), (0, -4), (-4, 0), (0, 4)], np.float32) + np.asarray(gaze, np.float32)
    return points + np.asarray(middle, np.float32), iris + np.asarray(middle, np.float32)
