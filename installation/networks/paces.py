"""The paces of walks that were measured when a model was made, and are stored in its file: the group ``pace``.

The header holds a list of {"walk", "options"}: what decides the walk's way (``pace_name`` of contracts.Paced), and the
generator's options with which it was painted, as psi decides how much is seen. The tensor ``pace.N`` (n,), rising from
0 to 1, is that of entry N, from 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.core.errors import ModelError
from installation.core.invocation import program
from installation.networks.model_file import Header, Tensors, group_of

GROUP = "pace"
NO_PART = ("refine",)
"""Options that older files name beside a pace, and that do not change it."""
MOST = 64
"""Paces in one file; above that the oldest go."""


@dataclass(frozen=True, eq=False)
class MeasuredPace:
    """``walk`` and ``options`` say of what; ``pace`` (n,) float64 rises from 0 to 1."""

    walk: str
    options: Mapping[str, Any]
    pace: NDArray[np.float64]

    def same(self, other: "MeasuredPace") -> bool:
        """Whether it is of the same walk, painted in the same way."""
        return self.walk == other.walk and self.options == other.options


def paces_of(name: object, header: Header, tensors: Tensors) -> tuple[MeasuredPace, ...]:
    """The paces in a model file. Raises ModelError for what is none."""
    listed, arrays = header.get(GROUP) or [], group_of(tensors, GROUP)
    if not isinstance(listed, list) or set(arrays) != {str(number) for number in range(len(listed))}:
        raise ModelError(f"{name}: header pace does not fit the tensors pace.*. {again(name)}")
    return tuple(_pace(name, entry, arrays[str(number)]) for number, entry in enumerate(listed))


def _pace(name: object, entry: object, tensor: NDArray[np.float32]) -> MeasuredPace:
    told = isinstance(entry, dict) and isinstance(entry.get("walk"), str) and isinstance(entry.get("options"), dict)
    if not isinstance(entry, dict) or not told:
        raise ModelError(f"{name}: header pace is no list of tables with a walk and options. {again(name)}")
    pace = tensor.astype(np.float64)
    if pace.ndim != 1 or len(pace) < 2 or pace[0] != 0 or abs(pace[-1] - 1) > 1e-5 or (np.diff(pace) < 0).any():
        raise ModelError(f'{name}: the pace of "{entry["walk"]}" does not rise from 0 to 1. {again(name)}')
    options = {name: value for name, value in entry["options"].items() if name not in NO_PART}
    return MeasuredPace(entry["walk"], options, pace)


def again(name: object) -> str:
    return f"Measure again: {program()} pace {name} --fresh"


def joined(old: Sequence[MeasuredPace], new: Sequence[MeasuredPace]) -> tuple[MeasuredPace, ...]:
    """Old and new paces, the newer in place of an older one of the same walk; MOST at most."""
    kept = [one for one in old if not any(one.same(other) for other in new)]
    return tuple([*kept, *new][-MOST:])


def as_group(paces: Sequence[MeasuredPace]) -> tuple[Tensors, list[dict[str, Any]]]:
    """Tensors and entry of the header, as model_file.amend_model takes them."""
    tensors = {str(number): one.pace.astype(np.float32) for number, one in enumerate(paces)}
    return tensors, [{"walk": one.walk, "options": dict(one.options)} for one in paces]


def paces_for(options: Mapping[str, Any], paces: Sequence[MeasuredPace]) -> dict[str, NDArray[np.float64]]:
    """Those that hold for a generator with these options, by walk."""
    return {one.walk: one.pace for one in paces if one.options == options}
