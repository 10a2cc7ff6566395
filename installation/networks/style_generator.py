"""What the generators of style-based networks have in common beside their model file: the live controls.

A show file asks for each that it wants; without, there are no such controls and nothing on the frame's way for them.
While all are at rest, the network paints as without them, by the fastest runtime; else live_painting.py paints.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field, field_validator, model_validator

from installation.core.contracts import Latent, Pixels
from installation.core.controls import Control, Values
from installation.core.disk_cache import DiskCache
from installation.core.errors import Refused
from installation.core.paths import ShowPath
from installation.networks.amounts import asked_for
from installation.networks.classes import of_class
from installation.networks.layers import has_noise, layers_of
from installation.networks.live_controls import MIX, USUAL_VARIETY, VARIETY, Live
from installation.networks.model_file import Header, bytes_in_memory, read_header
from installation.networks.model_generator import (
    Facts,
    ModelConfig,
    ModelGenerator,
    classes_of,
    latent_of,
    opened,
)

LIVE = ("bend", "mix", "blend", "truncate", "noise")
"""The options that bring controls and, while these rest, change no picture."""

LONGEST = 120
"""Letters that tell how two models differ; what is longer, as a list of layers, helps nobody."""

OWN = (*LIVE, "tiles")
"""The options that only these generators have."""

ELSEWHERE = dict.fromkeys(OWN, "it is an option of the kinds stylegan2, stylegan2_ada and stylegan3 alone")
"""For the messages of other kinds."""


class StyleConfig(ModelConfig, ABC):
    """The options of a generator that paints a style-based network."""

    bend: tuple[str, ...] = Field(
        (), description='layers to bend: "coarse", "middle", "fine", one of its own as "16.conv1", or "input"'
    )
    mix: bool = Field(False, description="a second picture's style can be mixed in, by a range of layers")
    blend: ShowPath | None = Field(None, description="another model of the same architecture, to blend in")
    truncate: tuple[str, ...] = Field((), description='layers with a psi of their own: "coarse", "middle" ... or "16"')
    noise: bool = Field(False, description="the strength and the seed of the network's noise are controls")
    tiles: tuple[Annotated[int, Field(ge=1, le=8)], Annotated[int, Field(ge=1, le=8)]] = Field(
        (1, 1),
        description="how many of the model's pictures wide and high it paints, without a seam: [4, 1] is a frieze",
    )

    @field_validator("blend")
    @classmethod
    def _is_a_model_too(cls, blend: Path | None) -> Path | None:
        if blend is not None:
            read_header(blend, kind=cls.model_fields["kind"].default)
        return blend

    @model_validator(mode="after")
    def _fits_the_model(self) -> StyleConfig:
        header = read_header(self.model)
        layers = layers_of(header)
        places = [layers.place(name) for name in self.bend]
        for name, place in zip(self.bend, places, strict=True):
            if places.count(place) > 1:
                raise Refused("each layer once", found=f'bend = "{name}", which is at {place}, as another of them is')
        for name in self.truncate:
            layers.members(name)
        if self.noise and not has_noise(header):
            raise Refused(f"noise left out, as {self.model.name} adds none to what it paints", found="noise = true")
        if self.blend is not None:
            check_same(self.model, header, self.blend, read_header(self.blend))
        return self

    @property
    def live(self) -> Live | None:
        """What it asks for; None where it asks for nothing."""
        layers, blend = layers_of(read_header(self.model)), self.blend is not None
        asked = Live(layers, self.bend, self.mix, blend, self.truncate, self.noise, self.tiles)
        return asked if asked.controls() or self.tiles != (1, 1) else None

    def controls(self) -> tuple[Control, ...]:
        own = super().controls()
        live = self.live if self.model else None  # --list makes one without a model
        return own if live is None else (*own, *live.controls())

    def resident(self) -> Mapping[str, int]:
        other = {} if self.blend is None else {str(self.blend): bytes_in_memory(self.blend)}
        return {**super().resident(), **other}

    def options(self) -> dict[str, Any]:
        away = LIVE if self.tiles != (1, 1) else OWN
        return {name: value for name, value in super().options().items() if name not in away}


def check_same(model: Path, header: Header, other: Path, others: Header) -> None:
    """Raises Refused where two models are not of one architecture."""
    one, two = header["architecture"], others["architecture"]
    name = next((name for name in sorted({*one, *two}) if one.get(name) != two.get(name)), None)
    if name is not None:
        first, second = (options.get(name) for options in (one, two))
        differs = f"{name} {second} where {model.name} has {first}"
        found = f"blend = {other.name}, with {differs if len(differs) < LONGEST else f'other {name}'}"
        raise Refused("a model of the same architecture, as one that was trained on from it", found=found)


class StyleGenerator(ModelGenerator):
    """Latents are as ModelGenerator has them. The second picture that is mixed in, and what is bent, are not kept out
    of the curator's blocked places: those are places of whole pictures."""

    _live: Live | None = None
    _painter: Any = None

    def __init__(self, config: StyleConfig, device: str) -> None:
        self._live = config.live
        self._rests = () if self._live is None else tuple(self._live.rests())
        self._blend = config.blend
        super().__init__(config, device)
        self._tiles = config.tiles
        if self._tiles != (1, 1):
            self.space = replace(self.space, digest=f"{self.space.digest}-{self._tiles[0]}x{self._tiles[1]}")

    def accelerate(self, cache: DiskCache) -> None:
        """What is compiled has the size of the model's pictures."""
        if self._live is None or self._live.tiles == (1, 1):
            super().accelerate(cache)

    def _place(self, device: str) -> Facts:
        facts = super()._place(device)
        self._of_seed = lru_cache(maxsize=16)(partial(latent_of, self.network))  # no circle: what is let go is gone
        if self._live is not None:
            from installation.networks.live_painting import LivePainter  # here: it loads torch

            blend = self._blend
            self._other = blend and opened(blend, blend.stat().st_mtime_ns, device)
            self._painter = LivePainter(self._live, self.network, self._other and self._other.network)
        return facts

    def painted(self, latent: Latent, controls: Values) -> Pixels:
        at_rest = all(controls.get(address, rest) == rest for address, rest in self._rests)
        if at_rest and (self._live is None or self._live.tiles == (1, 1)):
            return super().painted(latent, controls)
        mean = of_class(self.space.mean, classes_of(self.network), controls)
        latents = [self.styled(one, controls) for one in self.side_by_side(latent, controls)]
        amounts = asked_for(self._rests_behind, controls)
        pixels: Pixels = self._painter.paint(latents, self.second(controls), mean, controls, amounts)
        return pixels

    def styled(self, latent: Latent, controls: Values) -> Latent:
        return of_class(self.steered(latent, controls), classes_of(self.network), controls)

    def side_by_side(self, latent: Latent, controls: Values) -> list[Latent]:
        """The latents of a wide picture's parts: each is turned from the walk's towards one of its own, and stays as
        far from the mean."""
        share, mean = np.float32(controls.get(VARIETY, USUAL_VARIETY)), self.space.mean
        near = mean + np.sqrt(1 - share * share) * (latent - mean)
        return [latent, *(near + share * (self._of_seed(part) - mean) for part in range(1, self._tiles[0]))]

    def second(self, controls: Values) -> Latent | None:
        """The style that is mixed in; None while none is."""
        if not controls.get(f"{MIX}/amount", 0.0):
            return None
        seed = controls.get(f"{MIX}/seed", 1.0)
        low = self._of_seed(int(seed))
        between = np.float32(seed - int(seed))
        return self.styled(low + between * (self._of_seed(int(seed) + 1) - low) if between else low, controls)
