"""Network bending (Broad, Leymarie and Grierson 2021, arXiv 2005.12420): what a layer has painted is turned, moved,
made stronger, made noisy or taken away before the next layer goes on with it.

All of its features are bent or those of one cluster: feature maps that show themselves in the same places of the same
pictures. Clusters are worked out once, from the pictures of the first seeds, by k-means with a fixed beginning, so that
a cluster is the same at every start.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from installation.core.controls import Values
from installation.networks.live_controls import FEATURES, RESTS, bend_address
from installation.networks.styles import Layer

SEEN, GRID = 8, 8
"""Pictures that clusters are found in, and into how many rows and columns of each its features are summed up."""

LAST = 0.2
"""What is left at least of features that are taken away all together: else nothing would be seen."""

Floats = NDArray[np.float32]
Plane = tuple[tuple[float, float, float], ...]
"""The two rows of an affine map."""


@dataclass(frozen=True)
class Bend:
    """What is done to a layer's features: see live_controls.bend_controls. ``features`` is 0 for all, or a cluster."""

    features: int = 0
    gain: float = 1.0
    scale: float = 1.0
    rotate: float = 0.0
    right: float = 0.0
    down: float = 0.0
    noise: float = 0.0
    threshold: float = 0.0
    ablate: float = 0.0

    @property
    def moves(self) -> bool:
        return (self.scale, self.rotate, self.right, self.down) != (1.0, 0.0, 0.0, 0.0)

    def plane(self, aspect: float = 1.0) -> Plane:
        """From a place in the bent picture to where it was, in halves of width and height from the middle. ``aspect``
        is width / height."""
        turn = 2 * math.pi * self.rotate
        cos, sin = math.cos(turn) / self.scale, math.sin(turn) / self.scale
        right, down = 2 * self.right, 2 * self.down
        rows = (cos, sin / aspect), (-sin * aspect, cos)
        return tuple((x, y, -x * right - y * down) for x, y in rows)


def asked(name: str, controls: Values) -> Bend:
    """What the controls of a layer or group ask for."""
    known = {control: controls.get(bend_address(name, control), rest) for control, rest in RESTS.items()}
    known["right"], known["down"] = known.pop("move/x"), known.pop("move/y")
    return Bend(int(controls.get(bend_address(name, "features"), 0.0)), **known)


class Bent:
    """A layer and what is done behind it, to its features ``chosen`` (n,), or all. Nothing of it comes from the host
    while it paints."""

    def __init__(self, layer: Layer, bend: Bend, chosen: Tensor | None, noise: Callable[[Tensor], Tensor]) -> None:
        self.layer, self.bend, self.chosen, self.noise = layer, bend, chosen, noise

    def __call__(self, x: Tensor, style: Tensor) -> Tensor:
        x = self.layer(x, style)
        if self.chosen is None:
            return bent(x, self.bend, self.noise(x))
        part = x.index_select(1, self.chosen)
        return x.index_copy(1, self.chosen, bent(part, self.bend, self.noise(x).index_select(1, self.chosen)))


def bent(x: Tensor, bend: Bend, noise: Tensor) -> Tensor:
    """Features (n, c, h, w) and noise of their size -> features."""
    if bend.moves:
        x = F.grid_sample(x, looked_at(x, bend), padding_mode="reflection", align_corners=False)
    if bend.gain != 1.0:
        x = x * bend.gain
    if bend.noise or bend.threshold:
        strength = x.square().mean((1, 2, 3), keepdim=True).sqrt()
        x = x + noise * (strength * bend.noise)
        least = strength * bend.threshold
        x = x - torch.minimum(torch.maximum(x, -least), least)
    if bend.ablate:
        x = x * (1.0 - bend.ablate * (1.0 if bend.features else 1.0 - LAST))
    return x


def looked_at(x: Tensor, bend: Bend) -> Tensor:
    """(n, h, w, 2): where each place of the bent features was."""
    height, width = x.shape[2:]
    across, down = middles(x, width), middles(x, height)[:, None]
    places = [a * across + b * down + c for a, b, c in bend.plane(width / height)]
    return torch.stack(places, 2).expand(len(x), -1, -1, -1)


def middles(x: Tensor, count: int) -> Tensor:
    """Of so many pixels, -1..1 from edge to edge; of the type of ``x`` and where that is."""
    return (2 * torch.arange(count, dtype=x.dtype, device=x.device) + (1 - count)) / count


class Noise:
    """The noise of one layer, which stands still: a texture, stronger in some features than in others."""

    def __init__(self) -> None:
        self._made = torch.zeros(0)

    def __call__(self, x: Tensor) -> Tensor:
        if self._made.shape[1:] != x.shape[1:]:
            source = torch.Generator().manual_seed(x.shape[1])
            texture = torch.randn(1, 1, *x.shape[2:], generator=source)
            self._made = (texture * torch.randn(1, x.shape[1], 1, 1, generator=source)).to(x)
        return self._made


class _Seen(Exception):
    """Nothing behind a layer needs to be painted, once its features are there."""

    def __init__(self, features: Tensor) -> None:
        super().__init__()
        self.features = features


class _Looking:
    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    def __call__(self, x: Tensor, style: Tensor) -> Tensor:
        raise _Seen(self.layer(x, style))


def features(network: Any, name: str, latent: Floats) -> Tensor:
    """What a layer of a network has painted of one latent (dim,): (1, channels, height, width)."""
    looking = network.with_layers(lambda one, layer: _Looking(layer) if one == name else layer)
    try:
        looking.synthesis(latent[None])
    except _Seen as seen:
        return seen.features
    raise ValueError(f"the network has no layer {name}")


def clusters_of(network: Any, name: str) -> Tensor:
    """(channels,): the cluster of each feature of a layer, from 1; the largest cluster is the first."""
    z = np.random.default_rng(SEEN).standard_normal((SEEN, network.z_dim)).astype(np.float32)
    seen = [features(network, name, latent) for latent in network.mapping(z)]
    pooled = torch.cat([F.adaptive_avg_pool2d(one, GRID).flatten(2) for one in seen]).float()
    described = pooled.transpose(0, 1).flatten(1)
    described = described - described.mean(1, keepdim=True)
    return grouped(F.normalize(described, dim=1).cpu(), len(FEATURES) - 1).to(network.device)


def members_of(network: Any, name: str) -> list[Tensor]:
    """The features of each cluster of a layer."""
    clusters = clusters_of(network, name)
    return [(clusters == number).nonzero()[:, 0] for number in range(1, len(FEATURES))]


def grouped(vectors: Tensor, count: int, rounds: int = 30) -> Tensor:
    """Spherical k-means over unit vectors (n, d) -> (n,) numbers from 1, the largest group first. It begins with the
    vector that is most like the others, and then each time with the one that is farthest from those taken."""
    centres = vectors[(vectors @ vectors.sum(0)).argmax()][None]
    for _ in range(min(count, len(vectors)) - 1):
        centres = torch.cat([centres, vectors[(vectors @ centres.t()).amax(1).argmin()][None]])
    for _ in range(rounds):
        nearest = (vectors @ centres.t()).argmax(1)
        sums = torch.zeros_like(centres).index_add_(0, nearest, vectors)
        centres = torch.where(sums.norm(dim=1, keepdim=True) > 0, F.normalize(sums, dim=1), centres)
    sizes = torch.bincount(nearest, minlength=len(centres))
    order = torch.argsort(sizes, descending=True, stable=True)
    return torch.argsort(order)[nearest] + 1
