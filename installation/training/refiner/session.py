"""One session of training a refiner: from the command's options to a checkpoint, and at the end to a model."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from installation.core.errors import TrainingError
from installation.networks.model_file import Header
from installation.networks.refined import refiners_of, unrefined
from installation.networks.refiner import SCALE, Architecture, Refiner
from installation.training.command_line.published import command_line
from installation.training.dataset.detail import read_detail
from installation.training.dataset.pictures import LEDGER, Ledger, Picture, Prepared, spread
from installation.training.dataset.reading import read_any
from installation.training.dataset.sources import is_prepared
from installation.training.dataset.supply import shrink, to_uint8
from installation.training.encoder.pixels import channels_first, floats
from installation.training.latent.models import OpenModel, open_model
from installation.training.loop.devices import GROUP, Devices
from installation.training.loop.session import PREPARED, train_on_model
from installation.training.refiner.export import base_in, export, real_facts
from installation.training.refiner.network import MEASURED, SMALLEST, Degraded, Source, source, unfit
from installation.training.refiner.options import RecipeOptions, RefinerOptions
from installation.training.refiner.pairs import PairSupply
from installation.training.refiner.projection import feature_networks
from installation.training.refiner.recipe import Recipe
from installation.training.refiner.run import Facts, Refining
from installation.training.refiner.teacher import TEACHER, all_kept, find_weights, taught
from installation.training.refiner.vae import Reconstructions, soft_painter

FINER = 20.0
"""Weight, of a model that is no VAE, of what a worn picture tells of the picture."""
RISE, AVERAGE = 1000, 2500
"""Steps over which the adversarial losses are introduced, and half-life of the moving average: a discriminator needs
them, however many windows a step has."""
Runs = TypeVar("Runs", bound=Refining)

TEACHER_FOLDER = "teacher"
"""Of the work folder: what a teacher painted."""


def train(options: RefinerOptions) -> None:
    train_on_model(options, base_in, check_refined, partial(begin, options), export)


def check_refined(model: OpenModel) -> None:
    """Raises TrainingError for a model whose pictures no refiner enlarges."""
    if model.header["kind"] != "vae":
        source(model, torch.device("cpu"))
    side = int(unrefined(model.network).resolution)
    if side < SMALLEST:
        raise unfit(model, side, side)


def begin(options: RefinerOptions, base: OpenModel, devices: Devices, work: Path) -> Refining:
    """The run that the command's options ask for. What may be refused is looked at before pictures are read."""
    side, vae = int(unrefined(base.network).resolution), base.header["kind"] == "vae"
    recipe, lessons = recipe_of(options, side, vae), Lessons(options.recipe.teacher, work, devices)
    if lessons.count and vae:
        raise TrainingError("--teacher is for a model that is no VAE; a VAE's pictures are known.")
    lessons.check()
    earlier = learnt_before(options.recipe, base, side)
    folder = options.folder if is_prepared(options.folder) else work / PREPARED
    prepared = read_any(options.folder, options.source, SCALE * side, folder)
    detail = detail_of(options.recipe.weight_by, folder, prepared)
    pairs = pairs_of(base, prepared.pictures, detail, recipe, lessons)
    digest = hashlib.sha256(base.path.read_bytes()).hexdigest()
    facts = facts_of(prepared, pairs, digest, lessons.count)
    facts |= real_facts(prepared.pictures)
    run = Refining(pairs, recipe, devices, *feature_networks(recipe, devices), facts=facts)
    return go_on_from(run, earlier) if earlier else run


def go_on_from(run: Refining, model: OpenModel) -> Refining:
    """With what a model's refiner has learnt; its windows are counted in the facts."""
    [learnt] = refiners_of(model.network)
    return after(run, learnt, model.header["refiner"])


def after(run: Runs, learnt: Refiner, told: Header) -> Runs:
    """The run with what another one has learnt, of which a header tells."""
    run.learner.begin_from(learnt)
    run.facts["images_before"] = told["images"] + (told.get("images_before") or 0)
    return run


def learnt_before(asked: RecipeOptions, base: OpenModel, side: int) -> OpenModel | None:
    """The model whose refiner is gone on from; None to begin anew. Raises TrainingError where the one that is asked for
    has none that fits."""
    if asked.start_from is None:
        return base if not asked.anew and fits(base, side) else None
    model = open_model(asked.start_from)
    if not fits(model, side):
        raise TrainingError(
            f"{model.path}: has no refiner like this one, of {side} px, to start from. Give a model that "
            "has one, or leave --start-from out."
        )
    return model


def fits(model: OpenModel, side: int) -> bool:
    """Whether a model has a refiner of the form that is trained, for pictures of ``side`` px."""
    forms = [(one.arch.channels, one.arch.resolution) for one in refiners_of(model.network)]
    return forms == [(Architecture.channels, side)]


@dataclass(frozen=True)
class Lessons:
    """How many samples a teacher paints, and the work folder that keeps them."""

    count: int
    work: Path
    devices: Devices

    @property
    def folder(self) -> Path:
        return self.work / TEACHER_FOLDER

    def check(self) -> None:
        """Raises MissingDependency where a teacher is wanted and not there."""
        if not all_kept(self.folder, self.count):
            find_weights()

    def take(self, model: Source) -> tuple[Tensor, Picture]:
        """The samples, and the pictures."""

        def sample(seed: int) -> Tensor:
            return model.sample(model.psi, 1, torch.Generator().manual_seed(seed)).cpu()

        samples, painted = taught(sample, self.count, self.folder, self.devices)
        return samples, to_uint8(painted)


def pairs_of(
    model: OpenModel,
    pictures: Picture,
    detail: NDArray[np.float64] | None,
    recipe: Recipe,
    lessons: Lessons,
) -> PairSupply:
    """Raises TrainingError for a model that no refiner is for."""
    if model.header["kind"] == "vae":
        vae = soft_painter(model, lessons.devices.device)
        return PairSupply(pictures, detail, Reconstructions(vae, recipe), recipe)
    beside = some_of(pictures, int(unrefined(model.network).resolution)) if recipe.clean else None
    return degraded(source(model, lessons.devices.device, beside), pictures, detail, recipe, lessons)


def some_of(pictures: Picture, side: int) -> Tensor:
    """(n, 3, side, side) in -1..1: what a network is looked at beside."""
    few = pictures[spread(len(pictures), min(MEASURED, len(pictures)))]
    return floats(channels_first(averaged(few, side)))


def degraded(
    network: Source, pictures: Picture, detail: NDArray[np.float64] | None, recipe: Recipe, lessons: Lessons
) -> PairSupply:
    """Pairs of a network that does not find the latent of a picture."""
    if not lessons.count:
        return PairSupply(pictures, detail, Degraded(network, recipe), recipe)
    samples, painted = lessons.take(network)
    side = SCALE * samples.shape[-1]
    pictures = np.concatenate([averaged(pictures, side), averaged(painted, side)])
    fine = np.full(len(painted), np.inf)
    known = np.full(len(pictures) - len(painted), np.inf) if detail is None else detail
    return PairSupply(pictures, np.concatenate([known, fine]), Degraded(network, recipe, samples), recipe, len(painted))


def averaged(pictures: Picture, side: int) -> Picture:
    """(n, s, s, 3), s a multiple of ``side``, -> (n, side, side, 3)."""
    return shrink(torch.from_numpy(np.array(pictures)))[side].numpy()


def recipe_of(options: RefinerOptions, side: int, vae: bool) -> Recipe:
    asked = options.recipe
    check_batch(asked.batch, asked.projected)
    return Recipe(
        kimg=options.length.kimg,
        batch=asked.batch,
        window=min(asked.window, side),
        learning_rate=asked.learning_rate,
        finer=0.0 if vae else FINER,
        clean=0.0 if vae else asked.clean,
        features=asked.features,
        adversarial=asked.adversarial,
        projected=asked.projected,
        r1=asked.r1,
        conditional=asked.conditional,
        rise=RISE * asked.batch,
        average=AVERAGE * asked.batch,
        seed=asked.seed,
    )


def check_batch(batch: int, projected: float) -> None:
    if projected and batch % GROUP:
        raise TrainingError(
            f"--batch {batch}: the judge on features sees {GROUP} windows beside each other. Give a multiple of "
            f"{GROUP}, or --projected 0."
        )


def detail_of(column: str, folder: Path, prepared: Prepared) -> NDArray[np.float64] | None:
    """Px of real detail of each picture; None, with a printed note, if the folder's ledger lacks them."""
    if not (folder / LEDGER).exists() or column not in Ledger.read(folder / LEDGER).columns:
        print(f"{folder}: no ledger with a column {column}: every picture is taken for sharp.", file=sys.stderr)
        return None
    return read_detail(folder, column, prepared.facts["files"])


def facts_of(prepared: Prepared, pairs: PairSupply, digest: str, taught: int) -> Facts:
    told = {name: value for name, value in prepared.facts.items() if name not in ("files", "skipped")}
    return {
        **told,
        "command": command_line(sys.argv[1:]),
        "pictures": len(pairs),
        "fine": int(pairs.fine.sum()),
        "model": digest,
        "teacher": f"{TEACHER}, {taught} samples" if taught else None,
    }
