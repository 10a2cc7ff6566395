"""Warped waves of pigment: procedural, without a network or torch. It is also what hangs where no piece opens."""

from itertools import cycle
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from installation.core.contracts import Generator, GeneratorConfig, Latent, Pixels, Space
from installation.core.controls import Control, Values

DIM = 8
SHADES = 1024
# Five pigments from dark to light and back, so that the scale is continuous.
PALETTES = {
    "umber": ("#1d1712", "#5a3a22", "#a9763f", "#e6cf9f", "#6d5b4a"),
    "verdigris": ("#10201f", "#23504a", "#5f9a86", "#dfe3c4", "#7a7f57"),
    "ultramarine": ("#10142b", "#263a7a", "#6f8fc4", "#eadfca", "#8a5a46"),
}


class Config(GeneratorConfig):
    kind: Literal["plasma"] = "plasma"
    width: int = Field(256, ge=32, le=1024, description="pixels")
    height: int = Field(256, ge=32, le=1024, description="pixels")
    palette: Literal["umber", "verdigris", "ultramarine"] = "umber"
    detail: float = Field(1.0, ge=0.25, le=4.0, description="how fine the waves are (x)")
    hue: float = Field(0.0, ge=-0.5, le=0.5, description="turn of the colour scale (turns)")

    def controls(self) -> tuple[Control, ...]:
        return (
            Control("/generator/detail", "how fine the waves are", "float", 0.25, 4.0, self.detail, "x"),
            Control("/generator/hue", "turns the colour scale", "float", -0.5, 0.5, self.hue, "turn"),
        )

    def open(self, device: str) -> "Plasma":
        return Plasma(self)


GAINS: dict[Config, NDArray[np.float32]] = {}
"""Those of each plasma that was made: pieces that are alike share them."""


class Plasma(Generator):
    """Latents (8,): six phases of the waves, one of the colour, one of the warp. Always on the CPU."""

    def __init__(self, config: Config) -> None:
        self.config = config
        shape = (config.height, config.width)
        longest = max(shape)
        rows = (np.arange(shape[0], dtype=np.float32) - shape[0] / 2) / longest * 2
        columns = (np.arange(shape[1], dtype=np.float32) - shape[1] / 2) / longest * 2
        self._y, self._x = rows[:, None], columns[None, :]
        self._scale = _scale(PALETTES[config.palette])
        self._field = np.empty(shape, np.float32)
        self._wave = np.empty(shape, np.float32)
        self._shade = np.empty(shape, np.intp)
        self._pages = cycle([np.empty((*shape, 3), np.uint8) for _ in range(4)])
        if config not in GAINS:
            GAINS[config] = self._gains()
        zero, one = np.zeros(DIM, np.float32), np.ones(DIM, np.float32)
        basis = np.eye(DIM, dtype=np.float32)
        digest = f"plasma-{config.palette}-{shape[1]}x{shape[0]}-{config.detail:g}"
        self.space = Space(zero, basis, one, GAINS[config], digest)

    def latent(self, seed: int) -> Latent:
        return np.random.default_rng(seed).standard_normal(DIM).astype(np.float32)

    def paint(self, latent: Latent, controls: Values) -> Pixels:
        fine = np.float32(controls.get("/generator/detail", self.config.detail))
        hue = controls.get("/generator/hue", self.config.hue) + 0.15 * float(latent[6])
        a, b, c, d, e, f = (np.float32(value) for value in 0.9 * latent[:6])
        u, v = self._x * fine, self._y * fine
        warp = np.float32(0.9 + 0.25 * latent[7])
        # Each wave bends the next one's plane, as wet paint is dragged: domain warping.
        np.add(3.1 * u + a, warp * np.sin(2.3 * v + b), out=self._field)
        np.sin(self._field, out=self._field)
        np.add(2.7 * v + c, 1.3 * self._field, out=self._wave)
        self._wave += warp * np.sin(1.9 * u + d)
        np.sin(self._wave, out=self._wave)
        self._field += self._wave
        np.multiply(self._wave, 1.7, out=self._wave)
        self._wave += 1.5 * u - 2.1 * v + e
        np.sin(self._wave, out=self._wave)
        self._field += self._wave
        self._field *= np.float32(SHADES / 12)
        self._field += np.float32((hue + 0.08 * float(f)) % 1.0 * SHADES + SHADES)
        np.copyto(self._shade, self._field, casting="unsafe")
        self._shade &= SHADES - 1
        page = next(self._pages)
        np.take(self._scale, self._shade, axis=0, out=page)
        return page

    def _gains(self) -> NDArray[np.float32]:
        """Mean pixel change (0..255) for one step along each of the axes, around eight latents: of 72 pictures."""
        steps = np.zeros(DIM, np.float32)
        for seed in range(8):
            here = self.latent(seed)
            base = self.paint(here, {}).astype(np.int16)
            for axis in range(DIM):
                there = here.copy()
                there[axis] += 0.1
                steps[axis] += np.abs(self.paint(there, {}) - base).mean() * 10 / 8
        return steps


def _scale(stops: tuple[str, ...]) -> NDArray[np.uint8]:
    """(SHADES, 3) sRGB through the stops and back to the first, mixed in linear light."""
    colours = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in (*stops, stops[0])]) / 255
    linear = colours**2.2
    at = np.linspace(0, len(stops), SHADES, endpoint=False)
    mixed = np.stack([np.interp(at, np.arange(len(stops) + 1), linear[:, channel]) for channel in range(3)], axis=1)
    return (mixed ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)
