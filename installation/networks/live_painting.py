"""Paints a style-based network as its live controls ask: layers bent, styles mixed, another network blended in.

It paints by plain torch: what is compiled for a machine (see choose_runtime.py) is the network at rest. A refiner comes
after all of it, and paints on what the changed network has painted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from installation.core.contracts import Latent, Pixels
from installation.core.controls import Values
from installation.networks import bending
from installation.networks.grain import with_noise
from installation.networks.layers import INPUT
from installation.networks.live_controls import BLEND, MIX, NOISE, TRUNCATE, Live, span
from installation.networks.refined import refiners_of, unrefined
from installation.networks.runtime import Synthesis, levels, ring
from installation.networks.styles import Layer

STEPS = 256
"""So many networks lie between two that are blended: one that was worked out is kept until another is asked for."""

Floats = NDArray[np.float32]


class LivePainter:
    """Paints for one piece, in one thread at a time. ``other`` is the network that is blended in."""

    @torch.inference_mode()
    def __init__(self, live: Live, network: Any, other: Any = None) -> None:
        self._refiners = refiners_of(network)
        network, other = unrefined(network), unrefined(other)
        self.live, self.network, self._other = live, network, other
        if live.tiles != (1, 1):
            self.network, self._other = network.tiled(*live.tiles), other and other.tiled(*live.tiles)
        self._members = {
            name: bending.members_of(network, live.layers.place(name)) for name in live.bend if name != INPUT
        }
        self._noise = {name: bending.Noise() for name in live.bend}
        self._blended: tuple[object, Any] = (None, network)  # what was asked for last, and what it gave
        self._noisy: tuple[object, Any] = (None, network)
        self._slots: Iterator[tuple[Tensor, Pixels]] | None = None
        across, down = live.tiles
        self._grain = [[grain.repeat(1, 1, down, across) for grain in one.fixed()] for one in self._refiners]

    @torch.inference_mode()
    def paint(
        self,
        latents: Sequence[Latent],
        second: Latent | None,
        mean: Latent,
        controls: Values,
        amounts: Sequence[float] = (),
    ) -> Pixels:
        """The picture of latents (w_dim,), one for each tile from left to right, as the controls ask; ``second`` is
        what is mixed in, ``mean`` where truncation leads, ``amounts`` 0..1 how much each refiner paints. The array is
        reused as those of a runtime are."""
        styles = np.stack([self.styles(latent, second, mean, controls) for latent in latents])
        synthesis = self._refined(self.asked(controls).synthesis, amounts)
        picture = levels(synthesis, torch.from_numpy(styles).to(self.network.device))
        if self._slots is None:
            self._slots = ring(picture.shape)
        slot, pixels = next(self._slots)
        slot.copy_(picture)
        return pixels

    def _refined(self, synthesis: Synthesis, amounts: Sequence[float]) -> Synthesis:
        def painted(styles: Tensor) -> Tensor:
            picture = synthesis(styles)
            for refiner, grain, amount in zip(self._refiners, self._grain, amounts, strict=True):
                picture = refiner(refiner.cleaned(picture.clamp_(-1, 1)), grain, amount)
            return picture

        return painted

    def styles(self, latent: Latent, second: Latent | None, mean: Latent, controls: Values) -> Floats:
        """(w_dim,), or (layers, w_dim) where not all layers have the same."""
        changed = dict.fromkeys(self.live.layers.levels, latent)
        for name in self.live.truncate:
            times = np.float32(controls.get(f"{TRUNCATE}/{name}", 1.0))
            for level in self.live.layers.members(name) if times != 1 else ():
                changed[level] = mean + times * (changed[level] - mean)
        share = np.float32(controls.get(f"{MIX}/amount", 0.0))
        if second is not None and share:
            for level in span(MIX, self.live.layers, controls):
                changed[level] = changed[level] + share * (second - changed[level])
        if all(one is latent for one in changed.values()):
            return latent
        return np.stack([changed[self.live.layers.level(name)] for name in self.network.affines.names])

    def asked(self, controls: Values) -> Any:
        """The network as the controls ask for it."""
        return self._bent(self._with_noise(self._with_other(controls), controls), controls)

    def _with_other(self, controls: Values) -> Any:
        step = round(STEPS * controls.get(f"{BLEND}/amount", 0.0))
        if self._other is None or not step:
            return self.network
        within = span(BLEND, self.live.layers, controls)
        if self._blended[0] != (step, within):
            level = self.live.layers.level
            network = self.network.between(self._other, lambda name: step / STEPS if level(name) in within else 0.0)
            self._blended = (step, within), network
        return self._blended[1]

    def _with_noise(self, network: Any, controls: Values) -> Any:
        step, seed = round(STEPS * controls.get(f"{NOISE}/amount", 1.0)), int(controls.get(f"{NOISE}/seed", 0.0))
        if not self.live.noise or (step, seed) == (STEPS, 0):
            return network
        if self._noisy[0] != (network, step, seed):
            changed = network.with_layers(lambda name, layer: with_noise(layer, name, step / STEPS, seed))
            self._noisy = (network, step, seed), changed
        return self._noisy[1]

    def _bent(self, network: Any, controls: Values) -> Any:
        bends = {self.live.layers.place(name): (name, bending.asked(name, controls)) for name in self.live.bend}
        bends = {place: (name, bend) for place, (name, bend) in bends.items() if bend != bending.Bend(bend.features)}
        if not bends:
            return network

        def change(place: str, layer: Layer) -> Layer:
            if place not in bends:
                return layer
            name, bend = bends[place]
            chosen = self._members[name][bend.features - 1] if bend.features else None
            return bending.Bent(layer, bend, chosen, self._noise[name])

        made = network.with_layers(change)
        if INPUT in bends:
            made.input = network.input.moved(in_plane(bends[INPUT][1]))
        return made


def in_plane(bend: bending.Bend) -> Tensor:
    """(3, 3): the same for the waves of a StyleGAN3, whose picture is one unit of the plane wide."""
    (a, b, right), (c, d, down) = bend.plane()
    return torch.tensor([[a, b, right / 2], [c, d, down / 2], [0.0, 0.0, 1.0]])
