"""The pictures that a model paints for the figures, each set computed once, when first needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from installation.core.contracts import Latent
from installation.networks.encoder import Encode, encoder_of
from installation.networks.grain import has_grain, regrained
from installation.networks.model_file import group_of
from installation.training.evaluation.effort import THOROUGH, Effort
from installation.training.evaluation.likeness import Picture
from installation.training.evaluation.walked import Walked, paint
from installation.training.latent.models import OpenModel, progress, shown_psi

Floats = NDArray[np.float32]

SHEET = 64
"""Samples that are shown and judged one by one: seeds 0 to 63, as the command `sheet` paints them."""


@dataclass(frozen=True)
class Subject:
    """A model, the real pictures it is compared with, and the sample sizes."""

    model: OpenModel
    real: Picture | None = None
    names: tuple[str, ...] = ()
    effort: Effort = THOROUGH
    seed: int = 0
    inception: str | None = None
    device: str = "cpu"
    landmarks: str | None = None
    """The file of the landmark network, where there is one."""
    aligned: bool = False
    """Whether the pictures are aligned faces."""

    def paint(self, latents: Floats, psi: float, words: str) -> Picture:
        """Pictures (n, h, w, 3) at latents (n, latent_dim), with a progress bar."""
        return paint(self.model, latents, psi, words)

    @cached_property
    def psi(self) -> float:
        """The truncation at which models of this kind are shown."""
        return shown_psi(self.model)

    @cached_property
    def latents(self) -> Floats:
        """The latents of the seeds 0, 1, 2 ...; the first are those of the sheet."""
        return self.model.latents(range(max(self.effort.samples, SHEET)))

    @cached_property
    def shown(self) -> Picture:
        """Samples at the truncation at which models are shown."""
        return self.paint(self.latents, self.psi, f"samples at psi {self.psi:g}")

    @cached_property
    def whole(self) -> Picture:
        """Samples without truncation."""
        return self.paint(self.latents[: self.effort.samples], 1.0, "samples at psi 1")

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
    def regrained(self) -> Picture:
        """The same samples, each with a grain of its own: what stays at its place is the network's."""
        if not has_grain(self.model.header):
            return self.examined
        model, count = self.model, len(self.examined)
        with progress("samples with a grain each", count) as tell:
            done = []
            for index in range(count):
                one = replace(model, network=regrained(model.network, index + 1))
                done.append(one.pictures(self.latents[index : index + 1], self.psi))
                tell(1)
        return np.concatenate(done)

    @cached_property
    def walked(self) -> Walked:
        return Walked(self.model, self.psi, self.seed, self.effort)

    @cached_property
    def encode(self) -> Encode | None:
        """The function from a picture to its latent, if the model has an encoder."""
        model = self.model
        if not group_of(model.tensors, "encoder"):
            return None
        return encoder_of(model.network, model.header, model.tensors, self.device, model.path)

    def rebuilt(self, encode: Encode, pictures: Picture, words: str) -> Picture:
        """Reconstructions: pictures painted at the latents that the encoder computes."""
        with progress(words, len(pictures)) as tell:
            latents = []
            for picture in pictures:
                latents.append(encode(picture))
                tell(1)
        return self.paint(np.stack(latents), 1.0, words)

    def along(self, latent: Latent, step: Latent, amounts: Sequence[float]) -> Picture:
        """The picture of a latent, at the truncation shown, and moved along a direction, as a show does."""
        start = self.model.truncated(latent[None], self.psi)[0]
        return self.model.pictures(np.stack([start + np.float32(amount) * step for amount in amounts]), 1.0)


def mirrored(pictures: Picture) -> Picture:
    """The same with every second picture mirrored, those behind the others."""
    return np.concatenate([pictures[::2], pictures[1::2, :, ::-1]])
