"""From a checkpoint to the model file that is shown: the averaged generator in float16, and measured facts about W.

The facts let a show move through W at constant visual speed, and give its directions a like strength:

    latent.mean   (w_dim,)    the mean style: what truncation pulls towards
    latent.basis  (k, w_dim)  orthonormal principal directions of W, by falling variance (GANSpace, arXiv 2004.02546)
    latent.std    (k,)        standard deviation of W along each
    latent.gain   (k,)        mean absolute change of the picture, in levels of 255, per one std along each
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray

from installation.core.atomic_write import write_whole
from installation.networks.model_file import NOT_TOLD
from installation.networks.stylegan2 import Network, build, effective_tensors, read_architecture
from installation.networks.stylegan2_generator import Architecture, StyleGan2
from installation.training.dataset.ledger import as_csv, beside
from installation.training.gan.recipe import Recipe
from installation.training.latent.finishing import finish
from installation.training.latent.models import at_once, in_parts
from installation.training.loop.run import Progress
from installation.training.loop.saving import read_checkpoint
from installation.training.loop.schedule import Schedule, phase_at

Floats = NDArray[np.float32]
Tick = Callable[[int], object]
SAMPLES = 20_000
STEP = 0.5
"""Finite step of the gain measurement, in standard deviations."""
LATENTS, MAIN_DIRECTIONS = 8, 64
"""The first 64 directions are measured at 8 latents, the others, which are hardly visible, at one."""
PSI = 0.7
LICENCES = 5
"""How many different ones of pictures a header names."""


def export(checkpoint: Path, out: Path, licence: str = "") -> dict[str, Any]:
    """Write the model file of a training checkpoint, with its directions; returns its header. ``licence`` is that of
    the weights; without one, that of the model which is replaced stays."""
    state = read_checkpoint(checkpoint)
    whole = read_architecture(json.loads(state["arch"]))
    recipe, progress = Recipe.read(state["recipe"]), Progress.read(state["progress"])
    resolution, fade = phase_at(recipe, progress.images)
    generator = StyleGan2(whole)
    generator.load_state_dict(state["ema"])
    arch = whole.at(resolution)
    tensors = {name: half(tensor) for name, tensor in effective_tensors(generator, resolution, fade).items()}
    data = json.loads(state.get("facts", "{}"))
    about = header_of(arch, recipe, progress, data, licence)
    network = build(about, {name: tensor.astype(np.float32) for name, tensor in tensors.items()})
    facts = {f"latent.{name}": value for name, value in measure(network).items()}
    header = finish(out, {**tensors, **facts}, about)
    write_ledger(out, data)
    return header


def header_of(
    arch: Architecture, recipe: Recipe, progress: Progress, data: Mapping[str, Any], licence: str
) -> dict[str, Any]:
    """``data`` are the facts of the run."""
    return {
        "kind": "stylegan2",
        "architecture": arch.header(),
        "training": training_facts(recipe, progress, data),
        "ledger_sha256": data.get("ledger_sha256"),
        "licence": licences(licence, data),
        "latent": {
            "samples": SAMPLES,
            "gain": f"mean |change| of the clipped picture in levels of 255 per std, at psi {PSI}, step {STEP}; "
            f"directions up to {MAIN_DIRECTIONS} at {LATENTS} places, the others at one",
        },
    }


def write_ledger(out: Path, data: Mapping[str, Any]) -> None:
    """Beside the model the rows of the pictures that it has seen, whose digest its header holds."""
    if data.get("ledger"):
        write_whole(beside(out), as_csv(data["ledger"]))


def half(tensor: torch.Tensor) -> NDArray[np.float16]:
    return tensor.contiguous().numpy().astype(np.float16)


def training_facts(recipe: Schedule, progress: Progress, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "images": progress.images,
        "steps": progress.steps,
        "active_minutes": round(progress.seconds / 60, 1),
        "recipe": asdict(cast(Any, recipe)),
        "command": data.get("command"),
        "source": data.get("source"),
        "pictures": data.get("count"),
        "crop": data.get("crop"),
        **({"started_from": data["started_from"]} if "started_from" in data else {}),
    }


def licences(weights: str, data: Mapping[str, Any]) -> dict[str, str]:
    """Of a header: what the artist says of the weights, what the ledger says of the pictures. Nothing is assumed."""
    licences = [text or f"{NOT_TOLD} of some" for text in data.get("licences", ())]
    told = "; ".join(licences[:LICENCES]) + ("; and others" if len(licences) > LICENCES else "")
    return {
        "weights": weights or NOT_TOLD,
        "data": NOT_TOLD if licences == [f"{NOT_TOLD} of some"] else told or NOT_TOLD,
    }


class Paints(Protocol):
    """The painting form of any network."""

    resolution: int

    def synthesis(self, w: Floats, /) -> torch.Tensor: ...


def measure(network: Network, samples: int = SAMPLES) -> dict[str, Floats]:
    """mean, basis, std and gain of a network's W; the same for the same network (fixed seed)."""
    rng = np.random.default_rng(0)
    w = network.mapping(rng.standard_normal((samples, network.z_dim)).astype(np.float32))
    mean, basis, std = principal(w)
    latents = mean + PSI * (w[:LATENTS] - mean)
    return {"mean": mean, "basis": basis, "std": std, "gain": gains(network, latents, basis * std[:, None])}


def principal(w: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean (d,), principal directions (d, d) as rows by falling variance, their standard deviations (d,)."""
    return axes(w.mean(0, dtype=np.float64), np.cov(w.T.astype(np.float64)))


def axes(mean: NDArray[np.float64], covariance: NDArray[np.float64]) -> tuple[Floats, Floats, Floats]:
    """The same, from mean (d,) and covariance (d, d)."""
    variance, directions = np.linalg.eigh(covariance)
    basis = directions[:, ::-1].T
    strongest = np.abs(basis).argmax(1)
    basis = (
        basis * np.sign(basis[np.arange(len(basis)), strongest])[:, None]
    )  # a sign that does not depend on the machine
    std = np.sqrt(np.maximum(variance[::-1], 0))
    return mean.astype(np.float32), np.ascontiguousarray(basis, np.float32), std.astype(np.float32)


def places(latents: Floats, steps: Floats) -> list[int]:
    """At how many latents each step is measured."""
    return [len(latents) if index < MAIN_DIRECTIONS else 1 for index in range(len(steps))]


def gains(network: Paints, latents: Floats, steps: Floats, tick: Tick = lambda _: None) -> Floats:
    """(k,) mean absolute change of the picture per unit of each row of steps (k, w_dim), at latents (n, w_dim).
    ``tick`` is called with the number of pictures painted."""
    few, counts = at_once(network), places(latents, steps)
    before = torch.cat([levels(network, some) for some in in_parts(latents, few)])
    which = np.repeat(np.arange(len(steps)), counts)
    where = np.concatenate([(np.arange(count) + index) % len(latents) for index, count in enumerate(counts)])
    sums = np.zeros(len(steps))
    for some in in_parts(np.arange(len(which)), few):
        after = levels(network, latents[where[some]] + np.float32(STEP) * steps[which[some]])
        changes = (after - before[where[some]]).abs().mean((1, 2, 3)).numpy() / STEP
        np.add.at(sums, which[some], changes)
        tick(len(some))
    return (sums / counts).astype(np.float32)


def levels(network: Paints, w: Floats) -> torch.Tensor:
    """The pictures at w (n, w_dim) in levels 0..255, not rounded."""
    return (network.synthesis(w) * 127.5 + 127.5).clamp(0, 255)
