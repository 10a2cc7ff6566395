"""The frames of walks through a model, each walk painted once, and only when a figure needs it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.core.contracts import Generator, Latent, Paced, Pixels, Walk
from installation.core.controls import Values
from installation.core.parts import config
from installation.networks.model_file import group_of, network_of
from installation.training.evaluation.effort import Effort
from installation.training.evaluation.likeness import Picture
from installation.training.latent.models import OpenModel, progress
from installation.walks._path import finished

Floats = NDArray[np.float32]

CHUNK = 32
"""Pictures painted between two steps of the progress bar."""
LOOP_SEEDS, LOOP_PERIOD = (3, 14, 15, 92), 40.0
"""Four latents, and the time of a loop through them."""
WANDER_PACE, WANDER_SECONDS = 8.0, 20.0
FAST_PACE, FAST_SECONDS = 200.0, 60.0
"""The same kind of walk, at such a speed that a minute covers what an evening would."""


@dataclass(frozen=True)
class Walked:
    """Walks through a model, at the truncation and from the seed given."""

    model: OpenModel
    psi: float
    seed: int
    effort: Effort

    @cached_property
    def generator(self) -> Generator:
        return Shown(self.model, self.psi, digest(self.model))

    @cached_property
    def loop(self) -> Picture:
        """Every frame once round a loop, and the first again."""
        frames = round(LOOP_PERIOD * self.effort.rate)
        return self._walked("loop", {"seeds": LOOP_SEEDS, "period": LOOP_PERIOD}, np.arange(frames + 1), "loop")

    @cached_property
    def wander(self) -> Picture:
        """Every frame of the beginning of a wandering."""
        frames = np.arange(round(WANDER_SECONDS * self.effort.rate) + 1)
        return self._walked("wander", {"pace": WANDER_PACE}, frames, "wander")

    @cached_property
    def travelled(self) -> Picture:
        """Frames of a long way, far apart."""
        frames = np.arange(self.effort.frames) * (FAST_SECONDS * self.effort.rate / self.effort.frames)
        return self._walked("wander", {"pace": FAST_PACE}, frames, "a long wander")

    def _walked(self, kind: str, options: dict[str, Any], frames: NDArray[Any], words: str) -> Picture:
        walk: Walk = config("walk", kind)(**options).open(self.generator, self.seed)
        if isinstance(walk, Paced) and not walk.measured:
            with progress(f"{words}, its pace", walk.pace_pictures) as tick:
                walk.take(finished(walk.measure(self.generator), tick))
        latents = np.stack([walk.at(float(frame) / self.effort.rate, {}) for frame in frames])
        return paint(self.model, latents, self.psi, words)


def paint(model: OpenModel, latents: Floats, psi: float, words: str) -> Picture:
    """Pictures (n, h, w, 3) at latents (n, latent_dim), with a progress bar."""
    done: list[Picture] = []
    with progress(words, len(latents)) as tell:
        for some in np.split(latents, range(CHUNK, len(latents), CHUNK)):
            done.append(model.pictures(some, psi))
            tell(len(some))
    return np.concatenate(done)


class Shown(Generator):
    """What a walk uses of an open model."""

    def __init__(self, model: OpenModel, psi: float, name: str) -> None:
        self.model, self.psi = model, psi
        self.space = replace(model.space, digest=f"{name}-psi{psi:g}")

    def latent(self, seed: int) -> Latent:
        latent: Latent = self.model.latents([seed])[0]
        return latent

    def paint(self, latent: Latent, controls: Values) -> Pixels:
        pixels: Pixels = self.model.pictures(latent[None], self.psi)[0]
        return pixels


def digest(model: OpenModel, groups: Sequence[str] = ()) -> str:
    """sha256 of a model's network, refiner and latent space, and of other groups of its file."""
    kept, groups = network_of(model.tensors), ("refiner", *groups)
    for group in ("latent", *groups):
        kept |= {f"{group}.{name}": tensor for name, tensor in group_of(model.tensors, group).items()}
    total = hashlib.sha256(json.dumps([model.header.get(group) for group in groups], sort_keys=True).encode())
    for name, tensor in sorted(kept.items()):
        total.update(f"{name}{tensor.shape}".encode())
        total.update(np.ascontiguousarray(tensor).tobytes())
    return total.hexdigest()
