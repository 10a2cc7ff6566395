"""ONNX files of a tiny generator that was never trained, as other programs would save them, and of what is none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LENGTH, SIDE = 6, 16


def weights(seed: int = 0) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Of the matrix (LENGTH, 3 * 4 * 4), and of the convolution (3, 3, 3, 3) behind the enlargement."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((LENGTH, 48)).astype(np.float32), rng.standard_normal((3, 3, 3, 3)).astype(np.float32)


def expected(z: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What the generator paints at z (n, LENGTH), (n, 3, SIDE, SIDE), by numpy."""
    matrix, kernel = weights()
    small = (z @ matrix).reshape(len(z), 3, 4, 4)
    large = np.pad(small.repeat(4, 2).repeat(4, 3), ((0, 0), (0, 0), (1, 1), (1, 1)))
    around = np.lib.stride_tricks.sliding_window_view(large, (3, 3), (2, 3))
    pictures: np.ndarray[Any, Any] = np.tanh(np.einsum("nchwyx,ocyx->nohw", around, kernel))
    return pictures


def generator(change: Callable[[list[Any], list[Any]], Any] = lambda nodes, held: None, last: str = "Tanh") -> Any:
    """The graph; ``change`` may work on its nodes and stored tensors. Its batch is of any length, as torch saves it."""
    matrix, kernel = weights()
    held = [numpy_helper.from_array(matrix, "matrix"), numpy_helper.from_array(kernel, "kernel")]
    held.append(numpy_helper.from_array(np.array([-1, 3, 4, 4], np.int64), "shape"))
    held.append(numpy_helper.from_array(np.array([1, 1, 4, 4], np.float32), "scales"))
    nodes = [
        helper.make_node("MatMul", ["z", "matrix"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["small"]),
        helper.make_node("Resize", ["small", "", "scales"], ["large"], mode="nearest"),
        helper.make_node("Conv", ["large", "kernel"], ["painted"], pads=[1, 1, 1, 1]),
        helper.make_node(last, ["painted"], ["picture"]),
    ]
    change(nodes, held)
    batch = ["n"]
    z = helper.make_tensor_value_info("z", TensorProto.FLOAT, [*batch, LENGTH])
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [*batch, 3, SIDE, SIDE])
    graph = helper.make_graph(nodes, "tiny", [z], [picture], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def written(path: Path, model: Any = None) -> Path:
    path.write_bytes((model or generator()).SerializeToString())
    return path


def torn(model: Any, name: str) -> Any:
    """The model with one tensor in a file beside it."""
    for tensor in model.graph.initializer:
        if tensor.name == name:
            onnx.external_data_helper.set_external_data(tensor, location="/etc/passwd")
            tensor.ClearField("raw_data")
    return model
