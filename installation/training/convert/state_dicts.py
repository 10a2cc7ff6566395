"""State dicts: where a checkpoint holds that of its generator, and its tensors, taken out one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.core.errors import ModelError
from installation.training.convert.allowed import Part, is_tensor
from installation.training.convert.branches import Floats
from installation.training.convert.containers import arrays

PARALLEL = "module."
"""What torch's DataParallel writes before every name."""
MOST_MODULES = 5000
NORMAL = 1e-5
"""What torch's batch normalisation adds to a variance."""


def tables(root: Any) -> Iterator[dict[str, Any]]:
    """The content itself and the tables in it, without DataParallel's prefix. A list of tensors is none."""
    if not isinstance(root, dict) or isinstance(root, Part):
        return
    for held in (root, *(value for value in root.values() if isinstance(value, dict))):
        if any(map(is_tensor, held.values())):
            yield {str(name).removeprefix(PARALLEL): value for name, value in held.items()}


def state_of(part: Part, where: str) -> dict[str, Any]:
    """The state dict of a module, as torch names it. Raises ModelError for one of more modules than any network has,
    as one that holds itself."""
    state: dict[str, Any] = {}
    ahead = [("", part)]
    for _ in range(MOST_MODULES + 1):
        if not ahead:
            return state
        name, module = ahead.pop()
        groups = [module.state.get(group) for group in ("_parameters", "_buffers", "_modules")]
        for group in groups:
            for key, value in group.items() if isinstance(group, dict) else ():
                if isinstance(value, Part):
                    ahead.append((f"{name}{key}.", value))
                elif value is not None:
                    state[f"{name}{key}"] = value
    raise ModelError(f"{where}: has more than {MOST_MODULES} modules, which no network of this kind has.")


def part_of(held: dict[str, Any], prefixes: Sequence[str]) -> dict[str, Any] | None:
    """What is named with the first of the prefixes that occurs, without it."""
    for prefix in prefixes:
        part = {name.removeprefix(prefix): value for name, value in held.items() if name.startswith(prefix)}
        if part:
            return part
    return None


@dataclass(frozen=True)
class Taken:
    """The tensors of a state dict that are not yet taken; ``family`` and ``where`` are for messages."""

    held: dict[str, NDArray[Any]]
    family: str
    where: str

    def __contains__(self, name: str) -> bool:
        return name in self.held

    def refuse(self, what: str) -> ModelError:
        return ModelError(f"{self.where}: is a {self.family}, but {what}.")

    def take(self, name: str, *shape: int | None) -> Floats:
        """A tensor as float32. ``shape`` has None where any length will do. Raises ModelError for one that is missing
        or of another shape."""
        if name not in self.held:
            raise ModelError(f"{self.where}: has no {name}, which a {self.family} has.")
        tensor = self.held.pop(name)
        fits = len(shape) == tensor.ndim and all(
            one in (None, many) for one, many in zip(shape, tensor.shape, strict=True)
        )
        if not fits:
            expected = " x ".join("any" if length is None else str(length) for length in shape) or "one number"
            found = " x ".join(map(str, tensor.shape)) or "one number"
            raise ModelError(f"{self.where}: {name} is {found}; a {self.family} of this kind has {expected}.")
        return tensor.astype(np.float32)

    def take_flat(self, name: str, length: int) -> Floats:
        """A tensor of so many numbers, whatever its axes, as (length,)."""
        shape = self.held[name].shape if name in self.held and self.held[name].size == length else (length,)
        return self.take(name, *shape).reshape(-1)

    def count(self, pattern: str) -> int:
        """How many names fit a pattern as a whole."""
        return sum(1 for name in self.held if re.fullmatch(pattern, name))

    def finish(self, ignored: str) -> None:
        """Raises ModelError where a tensor is left over that does not fit the pattern of what is not needed."""
        left = [name for name in self.held if not re.fullmatch(ignored, name)]
        if left:
            raise ModelError(
                f"{self.where}: has tensors that no {self.family} of this kind has: {', '.join(left[:3])}."
            )

    def normalised(self, name: str, width: int) -> tuple[Floats, Floats]:
        """A batch normalisation as it paints: the factor and the summand of each channel."""
        names = [f"{name}.{what}" for what in ("weight", "bias", "running_mean", "running_var")]
        weight, bias, mean, variance = (self.take(one, width) for one in names)
        factor = (weight / np.sqrt(np.maximum(variance, 0) + np.float32(NORMAL))).astype(np.float32)
        return factor, bias - mean * factor


def taken(state: dict[str, Any], family: str, where: str) -> Taken:
    """A state dict to take from; its counters and what is no tensor are left out."""
    held = {name: array for name, array in arrays(state, where).items() if not name.endswith("num_batches_tracked")}
    wrong = next((name for name, array in held.items() if array.dtype.kind not in "fiub"), None)
    if wrong is not None:
        raise ModelError(f"{where}: {wrong} holds {held[wrong].dtype}, no numbers.")
    return Taken(held, family, where)


def constant_noise(layer: int, side: int) -> Floats:
    """Noise that stays as it is, (side, side), normal, of its own for each layer: these programs draw theirs anew for
    every picture, which would flicker."""
    return np.random.default_rng([layer, side]).standard_normal((side, side)).astype(np.float32)
