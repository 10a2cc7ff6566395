"""The result of reading a file: a network in this program's form, and the facts stated in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.core.errors import ModelError
from installation.training.convert.allowed import Part, bare, is_tensor, tensor_of

Floats = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]
LONGEST = 1000
"""Of an attribute's text or list."""
LARGEST = 1 << 31
"""Of an attribute that is a whole number."""


@dataclass(frozen=True)
class Converted:
    """A network: its kind and architecture, as a header has them, and its tensors, float32. ``mean`` (w_dim,) is what
    truncation pulls towards, None if the file has none; ``labels`` are the classes kept, out of ``known`` classes;
    ``told`` holds other facts from the file; ``notes`` are lines to print."""

    kind: str
    architecture: dict[str, Any]
    tensors: Arrays
    family: str
    mean: Floats | None = None
    labels: tuple[int, ...] = ()
    known: int = 0
    told: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Branch:
    """A module of a network, and its path for messages."""

    part: Part
    where: str

    def refuse(self, what: str) -> ModelError:
        return ModelError(f"{self.where}: {what}.")

    def child(self, name: str) -> Branch:
        branch = self.maybe(name)
        if branch is None:
            raise self.refuse(f"has no {name}, which networks of this kind have")
        return branch

    def maybe(self, name: str) -> Branch | None:
        part = self._group("_modules").get(name)
        return Branch(part, f"{self.where}.{name}") if isinstance(part, Part) else None

    @property
    def children(self) -> list[str]:
        return [str(name) for name, part in self._group("_modules").items() if isinstance(part, Part)]

    def tensor(self, name: str, axes: int | None = None) -> Floats:
        """A parameter or buffer as float32, copied. Raises ModelError if missing or of another number of axes."""
        tensor = self.maybe_tensor(name)
        if tensor is None or axes not in (None, tensor.ndim):
            raise self.refuse(f"has no {name} of {axes} axes" if axes is not None else f"has no {name}")
        return tensor

    def maybe_tensor(self, name: str) -> Floats | None:
        held = {**self._group("_buffers"), **self._group("_parameters")}.get(name)
        return np.array(self._tensor(name, held), np.float32) if is_tensor(held) else None

    def number(self, name: str, default: Any = None) -> Any:
        """An attribute that is a number, a text, None or a list of these."""
        value = self.part.state.get(name, default)
        if is_tensor(value) and bare(value).size <= LONGEST:
            value = self._tensor(name, value).tolist()
        short = isinstance(value, list) and len(value) <= LONGEST and all(map(is_plain, value))
        if not short and not is_plain(value):
            raise self.refuse(f"has a {name} that is no number")
        return value

    def real(self, name: str, default: Any = None) -> float:
        """An attribute that is a finite number. Raises ModelError for any other, as ``whole`` does."""
        value = self.number(name, default)
        if not isinstance(value, int | float) or not np.isfinite(float(value)):
            raise self.refuse(f"has a {name} of {value!r}, which is no number")
        return float(value)

    def whole(self, name: str, default: Any = None) -> int:
        value = self.number(name, default)
        if not isinstance(value, int) or abs(value) > LARGEST:
            raise self.refuse(f"has a {name} of {value!r}, which is no number")
        return int(value)

    def _tensor(self, name: str, held: Any) -> NDArray[Any]:
        try:
            tensor = tensor_of(held)
        except ValueError as error:
            raise self.refuse(f"{name}: {error}") from None
        if tensor is None or tensor.dtype.kind not in "fiub":
            raise self.refuse(f"{name}: holds no numbers")
        return tensor

    def _group(self, name: str) -> dict[str, Any]:
        group = self.part.state.get(name, {})
        if not isinstance(group, dict):
            raise self.refuse(f"has {name} that are no table")
        return group


def is_plain(value: Any) -> bool:
    """Whether a value is short and holds no other."""
    return isinstance(value, int | float | type(None)) or (isinstance(value, str) and len(value) <= LONGEST)


def linear(branch: Branch, name: str) -> Arrays:
    """A fully connected layer of NVIDIA's programs, with its gains multiplied in."""
    weight, bias = branch.tensor("weight", 2), branch.maybe_tensor("bias")
    gains = [branch.real(f"{part}_gain", 1.0) for part in ("weight", "bias")]
    bias = np.zeros(len(weight), np.float32) if bias is None else bias
    return {f"{name}.weight": weight * np.float32(gains[0]), f"{name}.bias": bias * np.float32(gains[1])}


def chosen_labels(wanted: Sequence[int] | None, known: int, most: int, where: str) -> tuple[int, ...]:
    """The classes to keep. Raises ModelError for one that the network does not have."""
    if not known:
        return ()
    if wanted is None:
        return tuple(range(min(known, most)))
    wrong = [label for label in wanted if not 0 <= label < known]
    if wrong:
        raise ModelError(f"{where}: knows the classes 0 to {known - 1}; there is no {wrong[0]}.")
    return tuple(wanted)
