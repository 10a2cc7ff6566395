"""What a model's brush adds to the plain enlargement, and what it costs.

    python -m benchmarks.brush MODEL FOLDER [--sheet FILE.png] [--paints 60]

FOLDER are prepared pictures as large as the model paints without it. First, of those that its training kept apart and
that are fine, averaged down to a half: the plain enlargement and what the brush paints, by their power, their strongest
narrow peak and their difference to the pictures themselves. Then samples, at twice the model's size, against pictures
of that side. Then the time of a whole frame with and without, by turns; trust the ratios. --sheet paints samples, each
enlarged and brushed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.painting import Measured
from installation.core.atomic_write import write_whole
from installation.networks import openvino as _openvino
from installation.networks.amounts import knobs_of
from installation.networks.choose_runtime import PAINTS, WARM, machine
from installation.networks.model_generator import opened, proofs
from installation.networks.refined import refiners_of, split
from installation.networks.refiner import SCALE, Refiner
from installation.networks.runtime import Eager, Runtime
from installation.networks.tone import enlarged
from installation.training.dataset.detail import read_detail
from installation.training.dataset.pictures import Picture, load_prepared, png
from installation.training.dataset.supply import to_uint8
from installation.training.encoder.pixels import channels_first, floats
from installation.training.evaluation.surface import RINGS, peaks, power
from installation.training.latent.models import OpenModel, open_model, shown_psi, with_brush
from installation.training.refiner.pairs import HELD
from installation.training.refiner.recipe import Recipe
from installation.training.refiner.shown import rows

SAMPLES, SHOWN, AT_ONCE = 64, 6, 8
CUT = 320
"""Px of each sample on the sheet."""


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("model", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("--sheet", type=Path)
    options.add_argument("--paints", type=int, default=60)
    asked = options.parse_args()
    plain = open_model(asked.model)
    brush = with_brush(plain)
    print(f"{machine()}, torch {torch.__version__}, {torch.get_num_threads()} threads, {asked.model.name}\n")
    print("| what | " + " | ".join(f"power at {ring:g} c/px" for ring in RINGS) + " | narrow peak | levels off |")
    print("| --- " * (len(RINGS) + 3) + "|")
    print("\n".join(surfaces(plain, brush, kept_apart(asked.folder))), flush=True)
    print("\n| frame | ms | with the brush | times |\n| --- | --- | --- | --- |")
    print("\n".join(speeds(asked.model, asked.paints)))
    if asked.sheet:
        write_whole(asked.sheet, png(sheet(plain, brush)))
    return 0


def kept_apart(folder: Path) -> Picture:
    """Pictures that no brush has learnt from, with real detail for all their pixels."""
    prepared = load_prepared(folder)
    detail = read_detail(folder, "native_px", prepared.facts["files"])
    fine = detail >= Recipe.fine / SCALE * prepared.pictures.shape[1]
    index = np.arange(len(fine))
    return np.asarray(prepared.pictures[fine & (index % HELD == 0)])


def surfaces(plain: OpenModel, brush: OpenModel, real: Picture) -> Iterator[str]:
    """Of pictures kept apart, and of samples against pictures of the same side."""
    network = refiners_of(brush.network)[-1]
    soft = torch.nn.functional.avg_pool2d(floats(channels_first(real)), SCALE)
    yield row("pictures kept apart", real, real, compared=True)
    yield row("enlarged", to_uint8(enlarged(soft)), real, compared=True)
    yield row("brushed", to_uint8(brushed(network, soft)), real, compared=True)
    latents, psi = plain.latents(range(SAMPLES)), shown_psi(plain)
    for name, pictures in (
        ("samples, enlarged", to_uint8(enlarged(floats(channels_first(plain.pictures(latents, psi)))))),
        ("brushed", brush.pictures(latents, psi)),
    ):
        yield row(name, quarters(pictures), real, compared=False)


def row(name: str, pictures: Picture, real: Picture, compared: bool) -> str:
    strengths = " | ".join(f"{value:.2f}" for value in power(pictures, real).values())
    off = f"{np.abs(pictures.astype(np.int16) - real).mean():.2f}" if compared else ""
    return f"| {name} | {strengths} | {np.median(peaks(pictures)):.1f} | {off} |"


def brushed(network: Refiner, soft: Tensor) -> Tensor:
    chance = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        parts = [network(some, network.grains(len(some), some.shape[-1], chance)) for some in soft.split(AT_ONCE)]
    return torch.cat(parts)


def quarters(pictures: Picture) -> Picture:
    """The four of each picture."""
    half = pictures.shape[1] // 2
    return np.concatenate([pictures[:, y : y + half, x : x + half] for y in (0, half) for x in (0, half)])


def speeds(model: Path, paints: int) -> Iterator[str]:
    networks = [opened(model, 0, "cpu", brush).network for brush in (False, True)]
    runtimes: dict[str, Callable[[Any], Runtime]] = {"plain torch": lambda one: Eager(one.synthesis, proofs(one))}
    if _openvino.version():
        runtimes["OpenVINO"] = in_openvino
    for name, runtime in runtimes.items():
        both = [Measured(runtime(one), proofs(one)) for one in networks]
        for _ in range(1 + paints // (PAINTS - WARM)):
            for one in both:
                one.round()
        without, whole = (statistics.median(one.ms) for one in both)
        least = min(both[1].ms) / min(both[0].ms)
        yield f"| {name} | {without:.1f} | {whole:.1f} | {least:.2f} |"


def in_openvino(network: Any) -> Runtime:
    """As a show has it, but on all cores: with a brush a show leaves one to the drawing."""
    halves = split(network) if "brush" in knobs_of(network) else None
    return _openvino.OpenVino(_openvino.compiled(network.synthesis, proofs(network), split=halves))


def sheet(plain: OpenModel, brush: OpenModel) -> Picture:
    """SHOWN samples from the middle: above enlarged, below brushed."""
    latents, psi = plain.latents(range(SHOWN)), shown_psi(plain)
    some = [to_uint8(enlarged(floats(channels_first(plain.pictures(latents, psi))))), brush.pictures(latents, psi)]
    side = some[1].shape[1]
    cut = slice((side - CUT) // 2, (side + CUT) // 2)
    return rows([row[:, cut, cut] for row in some])


if __name__ == "__main__":
    sys.exit(main())
