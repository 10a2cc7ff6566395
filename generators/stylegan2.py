"""A StyleGAN2-type network that was trained by installation.training, painting from its W space."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator

from installation.checkpoint import check_shapes, load_model, read_header
from installation.contracts import Generator, GeneratorConfig, Latent, Pixels, Space
from installation.controls import Control, Values
from installation.errors import DeviceError
from installation.paths import ShowPath

FACTS = ("mean", "basis", "std", "gain")
"""What was measured of a model's latent space when it was made."""
DIRECTIONS = 4
VISIBLE_STEP = 12.0
"""What 1.0 on any direction changes: mean levels of 255 per pixel, as measured when the model was made."""
FARTHEST = 2.5
"""Standard deviations that 1.0 on a direction may move at most, however little is seen of it."""


class Config(GeneratorConfig):
    kind: Literal["stylegan2"] = "stylegan2"
    model: ShowPath = Field(description="the model file (.safetensors), beside the show")
    psi: float = Field(0.7, ge=0.0, le=1.2, description="truncation psi: 0 is the mean picture, 1 the whole variety")

    @field_validator("model")
    @classmethod
    def _is_a_model(cls, model: Path) -> Path:
        read_header(model, kind="stylegan2")
        return model

    def controls(self) -> tuple[Control, ...]:
        directions = (
            Control(
                f"/generator/direction/{number}",
                f"principal direction {number} of the model; 1 is the same visible step for each",
                "float",
                -3.0,
                3.0,
                0.0,
                "step",
            )
            for number in range(1, DIRECTIONS + 1)
        )
        psi = Control("/generator/psi", "truncation psi: calm and alike at 0, wild at 1", "float", 0.0, 1.2, self.psi)
        return (psi, *directions)

    def open(self, device: str) -> "StyleGAN2":
        return StyleGAN2(self, device)


@lru_cache(maxsize=16)
def _network(model: Path, changed: int, device: str) -> tuple[Any, dict[str, Any], str]:
    """The network, its latent facts and its digest; pieces on the same model share one. ``changed`` is its file's
    time of change (ns), so that a new model under the old name is read anew."""
    from generators._stylegan2 import build

    header, tensors = load_model(model, kind="stylegan2")
    network = build(header, tensors, device, model)
    facts = {name: tensors[f"latent.{name}"].astype(np.float32) for name in FACTS if f"latent.{name}" in tensors}
    count, dim = len(facts.get("std", ())), network.w_dim
    check_shapes(model, facts, {"mean": (dim,), "basis": (count, dim), "std": (count,), "gain": (count,)})
    return network, facts, f"{model.name}-{changed}"


def _resolve(device: str) -> str:
    """``auto`` is the best that this machine has. Raises DeviceError for one that it has not."""
    # Read when torch is loaded: its threads that wait shall not spin, as the stage may need their cores to draw.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, works in there.items() if works)
    if not there[device]:
        works = ", ".join(name for name, works in there.items() if works)
        raise DeviceError(f"--device: found {device}, which torch does not find here, expected one of {works}, or auto")
    return device


class StyleGAN2(Generator):
    """Latents are places in W, (w_dim,), not truncated: psi is applied when painting, so that it can be steered."""

    def __init__(self, config: Config, device: str) -> None:
        self.device = _resolve(device)
        self.network, facts, digest = _network(config.model, config.model.stat().st_mtime_ns, self.device)
        self.psi = config.psi
        self.space = Space(facts["mean"], facts["basis"], facts["std"], facts["gain"], f"{digest}-psi{config.psi:g}")
        reach = np.minimum(FARTHEST, VISIBLE_STEP / np.maximum(self.space.gain[:DIRECTIONS], 1e-3))
        self._steps = self.space.basis[:DIRECTIONS] * (self.space.std[:DIRECTIONS] * reach)[:, None]

    def place(self, seed: int) -> Latent:
        z = np.random.default_rng(seed).standard_normal((1, self.network.z_dim)).astype(np.float32)
        place: Latent = self.network.mapping(z)[0]
        return place

    def paint(self, latent: Latent, controls: Values) -> Pixels:
        psi = np.float32(controls.get("/generator/psi", self.psi))
        style = self.space.mean + psi * (latent - self.space.mean)
        for number, step in enumerate(self._steps, start=1):
            amount = controls.get(f"/generator/direction/{number}", 0.0)
            if amount:
                style = style + np.float32(amount) * step
        pixels: Pixels = self.network.paint(style)
        return pixels
