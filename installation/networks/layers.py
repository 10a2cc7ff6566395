"""The layers of a network as a show file and its controls name them, told from a model file's header.

A style-based network paints level by level: a StyleGAN2 by sizes ("4", "8", "16" ... pixels), a StyleGAN3 by its layers
("0", "1" ...). What one changes in the first of them is the composition, then the things, then colours and texture: so
they fall into three groups, coarse, middle and fine, as the StyleGAN papers have it (arXiv 1812.04948): up to 8 px, up
to 32 px, and above; of a StyleGAN3 a third each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from installation.core.errors import ModelError, Refused, did_you_mean

GROUPS = ("coarse", "middle", "fine")
MOST = 64
"""Levels of a network."""
INPUT = "input"
"""The waves that a StyleGAN3's picture begins as."""


@dataclass(frozen=True)
class Layers:
    """``levels`` in the order in which they paint; ``groups`` has those of each group that is not empty; ``places``
    the convolution behind which a group or a layer is bent, by its name in a show file."""

    levels: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    places: Mapping[str, str]

    def level(self, layer: str) -> str:
        """That of a layer or of what gives its colours: "16" of "16.conv0"."""
        return layer.partition(".")[0]

    def members(self, name: str) -> tuple[str, ...]:
        """The levels of a group, or the one of that name. Raises ValueError for neither."""
        if name in self.levels:
            return (name,)
        if name not in self.groups:
            raise unknown(name, (*self.groups, *self.levels))
        return self.groups[name]

    def place(self, name: str) -> str:
        """The convolution behind which that is bent. Raises ValueError where there is none of that name."""
        if name not in self.places:
            raise unknown(name, tuple(self.places))
        return self.places[name]


def unknown(name: str, known: tuple[str, ...]) -> Refused:
    return Refused(f"a layer of this model: {', '.join(known)}", did_you_mean(name, known), f'the layer "{name}"')


def layers_of(header: Mapping[str, Any]) -> Layers:
    """Of a model file of kind stylegan2, stylegan2_ada or stylegan3. Raises ModelError where its header is damaged."""
    name = "layers" if header["kind"] == "stylegan3" else "channels"
    listed = header["architecture"].get(name)
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST:
        raise ModelError(f"header: architecture.{name}: expected a list of 1 to {MOST}.")
    return _of_waves(len(listed)) if name == "layers" else _of_sizes(len(listed))


def _of_sizes(count: int) -> Layers:
    sizes = [4 * 2**index for index in range(count)]
    ends = {"coarse": (0, 8), "middle": (8, 32), "fine": (32, 4 * 2**count)}
    groups = {name: tuple(str(size) for size in sizes if low < size <= high) for name, (low, high) in ends.items()}
    groups = {name: found for name, found in groups.items() if found}
    convolutions = [f"{size}.{part}" for size in sizes for part in ("conv0", "conv1") if size > 4 or part == "conv1"]
    # Features of 4 x 4 are too few to be turned or moved, so what is coarse is bent at 8.
    first = {name: found[-1] if name == "coarse" else found[0] for name, found in groups.items()}
    first = {name: f"{size}.conv{int(size == '4')}" for name, size in first.items()}
    return Layers(tuple(map(str, sizes)), groups, first | {name: name for name in convolutions})


def _of_waves(count: int) -> Layers:
    """The last layer gives the colours and is not bent."""
    levels = tuple(map(str, range(count)))
    third = -(-(count - 1) // 3) or 1
    parts = zip(GROUPS, (levels[:third], levels[third : 2 * third], levels[2 * third :]), strict=True)
    groups = {name: found for name, found in parts if found}
    places = {name: found[0] for name, found in groups.items() if found[0] != levels[-1]}
    return Layers(levels, groups, {INPUT: INPUT} | places | {name: name for name in levels[:-1]})


def has_noise(header: Mapping[str, Any]) -> bool:
    """Whether a network adds noise behind its convolutions."""
    return bool(header["architecture"].get("noise", False))
