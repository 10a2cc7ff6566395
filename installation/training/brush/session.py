"""One session of training a brush: from the command's options to a checkpoint, and at the end to a model."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import torch

from installation.networks.model_file import group_of
from installation.networks.refiner import SCALE, Refiner, build
from installation.training.brush.export import CHANNELS, GROUP, export
from installation.training.brush.options import BrushOptions
from installation.training.brush.run import Brushing
from installation.training.brush.windows import Windows, windows
from installation.training.dataset.reading import read_any
from installation.training.dataset.sources import is_prepared
from installation.training.latent.models import OpenModel
from installation.training.loop.devices import Devices
from installation.training.loop.session import PREPARED, train_on_model
from installation.training.refiner.export import base_in
from installation.training.refiner.recipe import Recipe
from installation.training.refiner.session import (
    AVERAGE,
    FINER,
    RISE,
    Lessons,
    after,
    check_batch,
    degraded,
    detail_of,
    facts_of,
)

SOFTEST = 0.6
"""px, at most, of the blur: what a refiner paints is sharper than what a GAN does."""


def train(options: BrushOptions) -> None:
    train_on_model(options, base_in, lambda model: windows(model, torch.device("cpu")), partial(begin, options), export)


def begin(options: BrushOptions, base: OpenModel, devices: Devices, work: Path) -> Brushing:
    """The run that the command's options ask for. What may be refused is looked at before pictures are read."""
    asked, source = options.recipe, windows(base, devices.device)
    recipe, lessons = recipe_of(options, source), Lessons(asked.teacher, work, devices)
    lessons.check()
    before = None if asked.anew else brush_in(base)
    folder = options.folder if is_prepared(options.folder) else work / PREPARED
    prepared = read_any(options.folder, options.source, SCALE * source.side, folder)
    detail = detail_of(asked.weight_by, folder, prepared)
    pairs = degraded(source, prepared.pictures, detail, recipe, lessons)
    facts = facts_of(prepared, pairs, hashlib.sha256(base.path.read_bytes()).hexdigest(), asked.teacher)
    run = Brushing(pairs, recipe, devices, facts)
    return after(run, before, base.header[GROUP]) if before else run


def brush_in(base: OpenModel) -> Refiner | None:
    """What a model's own brush has learnt, for pictures of half the size; None where it has none of this form."""
    group = group_of(base.tensors, GROUP)
    brush = build(base.header.get(GROUP), group, base.path, GROUP) if group else None
    return brush if brush and brush.arch.channels == CHANNELS else None


def recipe_of(options: BrushOptions, source: Windows) -> Recipe:
    asked = options.recipe
    check_batch(asked.batch, asked.projected)
    return Recipe(
        kimg=options.length.kimg,
        batch=asked.batch,
        window=min(asked.window, source.side),
        learning_rate=asked.learning_rate,
        softest=SOFTEST,
        threads=0.0,
        texture=0.0,
        finer=FINER,
        features=asked.features,
        adversarial=asked.adversarial,
        projected=asked.projected,
        rise=RISE * asked.batch,
        average=AVERAGE * asked.batch,
        seed=asked.seed,
    )
