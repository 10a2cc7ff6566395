"""Saving and restoring a GAN's run, from a checkpoint or from a trained generator alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

import torch

from installation.core.errors import ModelError, TrainingError
from installation.core.invocation import program
from installation.networks.model_file import load_model, network_of, read_header
from installation.networks.stylegan2 import load_effective, read_architecture
from installation.networks.stylegan2_generator import Architecture
from installation.training.dataset.supply import Supply
from installation.training.gan.architecture import grown_from
from installation.training.gan.augment import Share
from installation.training.gan.judges import Judge
from installation.training.gan.learner import Learner
from installation.training.gan.recipe import LOSSES, Recipe
from installation.training.loop.figures import RunningMeans
from installation.training.loop.numbers import Numbers
from installation.training.loop.optimisers import load_optimiser
from installation.training.loop.run import Progress
from installation.training.loop.schedule import Timetable, continued, in_words

HEAD_START = 3000
"""Pictures that a new discriminator is trained on before a generator that was trained before learns from it."""


class Parts(Protocol):
    """What a run of a GAN is made of (see run.py)."""

    arch: Architecture
    recipe: Recipe
    facts: dict[str, Any]
    progress: Progress
    supply: Supply
    learner: Learner
    judges: list[Judge]
    timetable: Timetable
    numbers: Numbers
    figures: RunningMeans
    share: Share

    def read(self) -> dict[str, float]: ...


def state(run: Parts) -> dict[str, Any]:
    """All that `load` needs. The first judge has the key names of checkpoints with one judge."""
    run.read()
    first, *others = run.judges
    return {
        "arch": json.dumps(asdict(run.arch)),
        "recipe": json.dumps(asdict(run.recipe)),
        "facts": json.dumps(run.facts, ensure_ascii=False),
        "g": run.learner.net.state_dict(),
        "d": first.net.state_dict(),
        "ema": run.learner.average.net.state_dict(),
        "opt_g": run.learner.optimiser.state_dict(),
        "opt_d": first.optimiser.state_dict(),
        "history": first.history,
        "judges": {one.name: {"net": one.net.state_dict(), "opt": one.optimiser.state_dict()} for one in others},
        "chance": run.numbers.state(),
        "supply": run.supply.state(),
    }


def load(run: Parts, state: Mapping[str, Any]) -> list[str]:
    """The network may have grown since, the recipe may differ: its learning rate is the one in the options."""
    old, past = read_architecture(json.loads(state["arch"])), Recipe.read(state["recipe"])
    if past.loss not in LOSSES:
        raise TrainingError(
            f"was trained with --loss {past.loss}, which is no longer a loss of its own. Export it, and begin anew "
            "with --start-from MODEL --projected 0.2 in another --work folder."
        )
    if not grown_from(old, run.arch):
        raise TrainingError(f"holds another network ({state['arch']}). Use another --work folder, or delete it.")
    run.progress = Progress.read(state["progress"])
    stages = continued(past.stages, run.progress.images, run.recipe.stages)
    told = [] if stages == run.recipe.stages else [f"The schedule is now {in_words(stages)}."]
    adopt(run, replace(run.recipe, stages=stages, head_start=past.head_start, average_ramp=past.average_ramp))
    known = json.loads(state.get("facts", "{}"))
    if "started_from" in known:
        run.facts["started_from"] = known["started_from"]
    if old != run.arch:
        told.append(f"The network has grown from {old.resolution} px to {run.arch.resolution} px.")
    told += load_networks(run, state, same=old == run.arch)
    run.figures.load(run.progress.figures)
    run.share.load(run.progress.figures.get("share", float(run.share.value)))
    told += run.numbers.load(dict(state), run.recipe.seed + run.progress.images)
    return told + (run.supply.load(state["supply"]) if "supply" in state else [])


def load_networks(run: Parts, state: Mapping[str, Any], same: bool) -> list[str]:
    """Weights and moments; `same`: of this very architecture. A judge that was not there yet begins now."""
    first, *others = run.judges
    learner = run.learner
    learner.net.load_state_dict(state["g"], strict=same)
    learner.average.net.load_state_dict(state["ema"], strict=same)
    first.net.load_state_dict(state["d"], strict=same)
    load_optimiser(learner.optimiser, learner.net, state["opt_g"], list(state["g"]))
    load_optimiser(first.optimiser, first.net, state["opt_d"], list(state["d"]))
    if "history" in state:
        first.history.copy_(state["history"])
    kept, told = state.get("judges", {}), []
    for judge in others:
        if judge.name not in kept:
            told.append(f"The judge {judge.name} is new and begins with nothing.")
            continue
        judge.net.load_state_dict(kept[judge.name]["net"])
        judge.optimiser.load_state_dict(
            {**kept[judge.name]["opt"], "param_groups": judge.optimiser.state_dict()["param_groups"]}
        )
    return told


def adopt(run: Parts, recipe: Recipe) -> None:
    """Go on by another recipe, which may differ in schedule, head start and average."""
    run.recipe = run.timetable.recipe = run.learner.recipe = recipe


def start_from(run: Parts, path: Path) -> None:
    """Take the generator of a model file, which may be smaller; the judges are trained first, so that they do not
    degrade it, and the average goes on with its whole half-life. Raises ModelError, or TrainingError if the model
    does not fit."""
    header, tensors = load_model(path, "stylegan2")
    old = read_architecture(header["architecture"], path)
    if not grown_from(old, run.arch):
        raise TrainingError(
            f"--start-from {path}: {old.resolution} px with {list(old.channels)} feature maps; this run has "
            f"{run.arch.resolution} px with {list(run.arch.channels)}. Give --width {old.w_dim} and "
            f"--stages that reach {old.resolution} px."
        )
    weights = {name: torch.from_numpy(tensor) for name, tensor in network_of(tensors).items()}
    for net in (run.learner.net, run.learner.average.net):
        load_effective(net, weights, old.resolution)
    adopt(run, replace(run.recipe, head_start=HEAD_START, average_ramp=False))
    run.facts["started_from"] = {"images": header["training"].get("images"), "ledger": header["ledger_sha256"]}


def check_start(path: Path) -> None:
    """Raises ModelError for a model that no GAN goes on from, or that is none."""
    kind = read_header(path)["kind"]
    if kind != "stylegan2":
        raise ModelError(
            f'--start-from {path}: a model of kind "{kind}"; training goes on only from a GAN that was trained '
            f"here. For finer paint on what it paints: {program()} refiner; for a smaller network: {program()} distil."
        )


def form_of(path: Path | None, kept: Mapping[str, Any] | None) -> Architecture | None:
    """The architecture that a run shall go on with: of its checkpoint, or else of the model it starts from; None where
    it begins with nothing. Raises ModelError for a model that cannot be read."""
    if kept and kept["model"] == "gan":
        return read_architecture(json.loads(kept["arch"]))
    if path:
        header, _ = load_model(path, "stylegan2")
        return read_architecture(header["architecture"], path)
    return None
