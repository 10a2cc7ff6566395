"""The model at work: what it paints for the figures, each set of pictures once, and only when a figure needs it."""

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
from installation.networks.encoder import Encode, encoder_of
from installation.networks.model_file import group_of, network_of
from installation.training.evaluation.likeness import Picture
from installation.training.latent.models import OpenModel, progress, shown_psi
from installation.walks._path import finished

Floats = NDArray[np.float32]

CHUNK = 32
"""Pictures painted between two steps of the progress bar."""
SHEET = 64
"""Samples that are shown and judged one by one: seeds 0 to 63, as the command `sheet` paints them."""
LOOP_SEEDS, LOOP_PERIOD = (3, 14, 15, 92), 40.0
"""Four places and the time of a way round them."""
WANDER_PACE, WANDER_SECONDS = 8.0, 20.0
FAST_PACE, FAST_SECONDS = 200.0, 60.0
"""The same kind of way, gone through so fast that a minute shows what an evening would."""


@dataclass(frozen=True)
class Effort:
    """How much is looked at."""

    samples: int = 500
    """Pictures compared with as many real ones."""
    rate: float = 30.0
    """Frames a second at which the walks are judged."""
    frames: int = 200
    """Frames of a long walk that are searched for training pictures, besides the samples and the loop."""
    rebuilt: int = 200
    """Pictures that are encoded and painted again."""
    examined: int = 256
    """Pictures, and as many real ones twice, whose surface, eyes and features are looked at."""


QUICK = Effort(samples=128, rate=5.0, frames=64, rebuilt=32, examined=64)


@dataclass(frozen=True)
class Subject:
    """A model, what is compared with it, and how thoroughly."""

    model: OpenModel
    real: Picture | None = None
    names: tuple[str, ...] = ()
    effort: Effort = Effort()
    seed: int = 0
    inception: str | None = None
    device: str = "cpu"
    landmarks: str | None = None
    """The file of the landmark network, where there is one."""
    aligned: bool = False
    """Whether the pictures are faces, all brought to one place."""

    def paint(self, latents: Floats, psi: float, words: str) -> Picture:
        """Pictures (n, h, w, 3) at latents (n, latent_dim), with a progress bar."""
        done: list[Picture] = []
        with progress(words, len(latents)) as tell:
            for some in np.split(latents, range(CHUNK, len(latents), CHUNK)):
                done.append(self.model.pictures(some, psi))
                tell(len(some))
        return np.concatenate(done)

    @cached_property
    def psi(self) -> float:
        """The truncation at which models of this kind are shown."""
        return shown_psi(self.model)

    @cached_property
    def places(self) -> Floats:
        """Where the seeds 0, 1, 2 ... are: first the sheet's."""
        return self.model.places(range(max(self.effort.samples, SHEET)))

    @cached_property
    def shown(self) -> Picture:
        """Samples at the truncation at which models are shown."""
        return self.paint(self.places, self.psi, f"samples at psi {self.psi:g}")

    @cached_property
    def whole(self) -> Picture:
        """Samples of the whole variety."""
        return self.paint(self.places[: self.effort.samples], 1.0, "samples at psi 1")

    @property
    def sheet(self) -> Picture:
        return self.shown[:SHEET]

    @cached_property
    def halves(self) -> tuple[Picture, Picture] | None:
        """Two sets of real pictures that have none in common, for what the model is compared with and for what chance
        alone makes; every second is mirrored, as a model learns from both."""
        if self.real is None:
            return None
        order = np.random.default_rng(self.seed).permutation(len(self.real))
        count = min(self.effort.examined, len(self.real) // 2)
        first, second = (self.real[some] for some in (order[:count], order[count : 2 * count]))
        return mirrored(first), mirrored(second)

    @property
    def examined(self) -> Picture:
        """As many samples as there are in each half of the real pictures."""
        count = self.effort.examined if self.halves is None else len(self.halves[0])
        return self.shown[:count]

    @cached_property
    def hung(self) -> Hung:
        return Hung(self.model, self.psi, digest(self.model))

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
        walk: Walk = config("walk", kind)(**options).open(self.hung, self.seed)
        if isinstance(walk, Paced) and not walk.measured:
            walk.take(finished(walk.measure(self.hung)))
        latents = np.stack([walk.at(float(frame) / self.effort.rate, {}) for frame in frames])
        return self.paint(latents, self.psi, words)

    @cached_property
    def encode(self) -> Encode | None:
        """From a picture to its place, if the model has learnt that."""
        model = self.model
        if not group_of(model.tensors, "encoder"):
            return None
        return encoder_of(model.network, model.header, model.tensors, self.device, model.path)

    def rebuilt(self, encode: Encode, pictures: Picture, words: str) -> Picture:
        """Pictures as the model paints them after its encoder has seen them."""
        with progress(words, len(pictures)) as tell:
            places = []
            for picture in pictures:
                places.append(encode(picture))
                tell(1)
        return self.paint(np.stack(places), 1.0, words)

    def along(self, place: Latent, step: Latent, amounts: Sequence[float]) -> Picture:
        """The picture at a place, at the truncation shown, and moved along a direction, as a show does."""
        start = self.model.truncated(place[None], self.psi)[0]
        return self.model.pictures(np.stack([start + np.float32(amount) * step for amount in amounts]), 1.0)


def mirrored(pictures: Picture) -> Picture:
    """The same with every second picture mirrored, those behind the others."""
    return np.concatenate([pictures[::2], pictures[1::2, :, ::-1]])


class Hung(Generator):
    """An open model as a walk sees it."""

    def __init__(self, model: OpenModel, psi: float, name: str) -> None:
        self.model, self.psi = model, psi
        self.space = replace(model.space, digest=f"{name}-psi{psi:g}")

    def place(self, seed: int) -> Latent:
        found: Latent = self.model.places([seed])[0]
        return found

    def paint(self, latent: Latent, controls: Values) -> Pixels:
        pixels: Pixels = self.model.pictures(latent[None], self.psi)[0]
        return pixels


def digest(model: OpenModel, groups: Sequence[str] = ()) -> str:
    """sha256 of a model's network and latent space, and of other groups of its file."""
    kept = network_of(model.tensors)
    for group in ("latent", *groups):
        kept |= {f"{group}.{name}": tensor for name, tensor in group_of(model.tensors, group).items()}
    total = hashlib.sha256(json.dumps([model.header.get(group) for group in groups], sort_keys=True).encode())
    for name, tensor in sorted(kept.items()):
        total.update(f"{name}{tensor.shape}".encode())
        total.update(np.ascontiguousarray(tensor).tobytes())
    return total.hexdigest()
