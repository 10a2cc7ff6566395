"""Weights that follow from their names and shapes, so that what another program painted with them can be compared
although no file of it is here."""

import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def filled(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Floats]:
    """A state dict: normal numbers of the size with which networks begin, by a generator seeded with each name."""
    state = {name: one(name, tuple(shape)) for name, shape in shapes.items()}
    for name in [name for name in state if name.endswith("weight_u")]:
        stem = name.removesuffix("_u")
        state[f"{stem}_u"], state[f"{stem}_v"] = singular(state[f"{stem}_orig"], len(state[name]))
    return state


def one(name: str, shape: tuple[int, ...]) -> Floats:
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith(("running_var", "stored_var")):
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)
    if name.endswith(".f"):
        return np.array([1, 2, 1], np.float32)  # a blur's constant
    values = rng.standard_normal(shape)
    if name.startswith("SE.net"):
        return (5 * values).astype(np.float32)  # its program takes a tenth of it
    if len(shape) > 1 and "const" not in name and "initial_block" not in name:
        return (values / np.sqrt(max(1, np.prod(shape[1:])))).astype(np.float32)
    rest = 1.0 if name.endswith((".weight", ".g")) else 0.0
    return (rest + 0.2 * values).astype(np.float32)


def singular(weight: Floats, wide_out: int) -> tuple[Floats, Floats]:
    """The vectors of the largest singular value, as spectral normalisation keeps them: of a transposed convolution,
    whose second axis is what comes out, too."""
    axis = 0 if weight.shape[0] == wide_out else 1
    matrix = np.moveaxis(weight, axis, 0).reshape(wide_out, -1).astype(np.float64)
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    return left[:, 0].astype(np.float32), right[0].astype(np.float32)
