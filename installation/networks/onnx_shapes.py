"""How large the tensors of an ONNX graph are: its memory, and the multiplications for one picture, told beforehand.

onnx infers shapes, but not through every way in which programs work a shape out: torch writes ``repeat`` with a
ConstantOfShape, ``expand`` with Equal and Where. These few numbers are worked out here and put in their place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shapes = dict[str, tuple[int, ...]]
SMALL = 64
"""Numbers: the longest tensor that may be a shape."""
ROUNDS = 8
"""Most times that shapes are inferred, each time with those worked out before."""
CONVOLUTIONS = ("Conv", "ConvTranspose")
FOLDED: dict[str, Callable[..., Array]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Equal": np.equal,
    "Where": np.where,
    "Identity": np.array,
}


def inferred(model: Any, onnx: ModuleType) -> Any:
    """The graph with all shapes that can be told. The model's large tensors lose their numbers."""
    for tensor in model.graph.initializer:
        if math.prod(tensor.dims) > SMALL:
            for field in ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data"):
                tensor.ClearField(field)
    for _ in range(ROUNDS):
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
        if not folded(model.graph, onnx):
            break
    return model.graph


def folded(graph: Any, onnx: ModuleType) -> bool:
    """Puts the numbers in place of the nodes that work out a few known ones. Returns whether there was any."""
    shapes, known = shapes_of(graph), few_numbers(graph, onnx)
    left = []
    for node in graph.node:
        value = result(node, known, shapes, onnx)
        if value is None or value.size > SMALL:
            left.append(node)
        else:
            known[node.output[0]] = value
            graph.initializer.append(onnx.numpy_helper.from_array(value, node.output[0]))
    found = len(left) < len(graph.node)
    if found:
        kept = [type(node).FromString(node.SerializeToString()) for node in left]
        del graph.node[:]
        graph.node.extend(kept)
    return found


def few_numbers(graph: Any, onnx: ModuleType) -> dict[str, Array]:
    """The values of the small tensors in the file."""
    held = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            values = [one.t for one in node.attribute if one.name == "value" and one.HasField("t")]
            held |= dict(zip(node.output, values, strict=False))
    small = {name: tensor for name, tensor in held.items() if math.prod(tensor.dims) <= SMALL}
    return {name: onnx.numpy_helper.to_array(tensor) for name, tensor in small.items() if tensor.data_type != 8}


def result(node: Any, known: Mapping[str, Array], shapes: Shapes, onnx: ModuleType) -> Array | None:
    """What a node gives, where that is a few numbers that are known; else None."""
    if node.op_type == "Shape" and not node.attribute and node.input[0] in shapes:
        return np.array(shapes[node.input[0]], np.int64)
    if not node.input or not all(name in known for name in node.input):
        return None
    values = [known[name] for name in node.input]
    if node.op_type == "ConstantOfShape":
        fill = next((onnx.numpy_helper.to_array(one.t) for one in node.attribute), np.zeros(1, np.float32))
        shape = [int(length) for length in values[0].reshape(-1)]
        return np.full(shape, fill.reshape(-1)[0]) if min(shape, default=0) >= 0 and math.prod(shape) <= SMALL else None
    work = FOLDED.get(node.op_type)
    with np.errstate(all="ignore"):
        return None if work is None else np.asarray(work(*values))


def shapes_of(graph: Any) -> Shapes:
    """Of every tensor whose shape is known; that of a single number is empty."""
    told = {value.name: shape_of(value) for value in (*graph.value_info, *graph.output, *graph.input)}
    shapes = {name: shape for name, shape in told.items() if shape is not None}
    return shapes | {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}


def shape_of(value: Any) -> tuple[int, ...] | None:
    """None where a length is not known."""
    kind = value.type.tensor_type
    if not kind.HasField("shape") or not all(dim.HasField("dim_value") for dim in kind.shape.dim):
        return None
    return tuple(dim.dim_value for dim in kind.shape.dim)


def most_at_once(graph: Any, shapes: Shapes) -> int:
    """Numbers that are held at one time, at most, while the nodes run in their order. What does not depend on the
    input counts to the end, as it is worked out once and kept."""
    last = {name: index for index, node in enumerate(graph.node) for name in node.input}
    constant = {tensor.name for tensor in graph.initializer}
    ending: dict[int, int] = {}
    held = most = sum(math.prod(shapes[name]) for name in constant)
    for index, node in enumerate(graph.node):
        fixed = all(name in constant for name in node.input if name)
        constant |= set(node.output) if fixed else set()
        numbers = sum(math.prod(shapes.get(name, ())) for name in node.output if name)
        held += numbers
        most = max(most, held)
        until = len(graph.node) if fixed else max([index, *(last.get(name, index) for name in node.output)])
        ending[until] = ending.get(until, 0) + numbers
        held -= ending.pop(index, 0)
    return most


def multiplications(graph: Any, shapes: Shapes) -> int:
    """For one picture, about."""
    return sum(times(node, shapes) for node in graph.node)


def times(node: Any, shapes: Shapes) -> int:
    given = [shapes.get(name, ()) for name in node.input]
    made = math.prod(shapes.get(node.output[0], ())) if node.output else 0
    if node.op_type in CONVOLUTIONS and len(given) > 1 and given[1]:
        places = math.prod(given[0]) if node.op_type == "ConvTranspose" else made
        return places * math.prod(given[1][1:])
    if node.op_type in ("MatMul", "Gemm", "Einsum") and given and given[0]:
        return made * max(given[0])
    return made
