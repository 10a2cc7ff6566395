"""The tensors of a model file as torch takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from installation.networks.model_file import Shapes, check_shapes


def fitting(arrays: Mapping[str, NDArray[Any]], shapes: Shapes, where: str) -> dict[str, Tensor]:
    """In float32. Raises ModelError, which begins with ``where``, unless they have just these names and shapes."""
    check_shapes(where, arrays, shapes)
    return as_tensors(arrays)


def as_tensors(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.asarray(array, np.float32)) for name, array in arrays.items()}
