"""The options and tensors of a model file as a network takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError
from torch import Tensor

from installation.core.errors import ModelError
from installation.networks.model_file import Shapes, check_shapes

Options = TypeVar("Options", bound=BaseModel)


def architecture(kind: type[Options], options: Mapping[str, Any], name: object) -> Options:
    """A header's architecture, checked. Raises ModelError, which begins with ``name``, with the first wrong option."""
    try:
        return kind(**options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ModelError(f"{name}: header: architecture.{where}: {first['msg']}.") from None


def fitting(arrays: Mapping[str, NDArray[Any]], shapes: Shapes, where: str) -> dict[str, Tensor]:
    """In float32. Raises ModelError, which begins with ``where``, unless they have just these names and shapes."""
    check_shapes(where, arrays, shapes)
    return as_tensors(arrays)


def as_tensors(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.asarray(array, np.float32)) for name, array in arrays.items()}
