"""From a refiner's checkpoint to the model file that is shown: the model with the averaged refiner in float16."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.core.atomic_write import write_whole
from installation.networks.model_file import Header, Tensors, amend_model, group_of, network_of
from installation.networks.refiner import Refiner, read_architecture
from installation.training.dataset.ledger import as_csv
from installation.training.dataset.pictures import Picture
from installation.training.latent.finishing import replaced, set_aside
from installation.training.latent.models import OpenModel, open_model
from installation.training.loop.run import Progress
from installation.training.loop.saving import read_checkpoint
from installation.training.refiner.even import even_out
from installation.training.refiner.in_common import Light, grading, light_of, samples_of
from installation.training.refiner.recipe import Recipe
from installation.training.refiner.tone import fitted, power_of

BASE = "base.safetensors"
"""The model as it was when the training began, in the work folder: the refiner fits no other."""
BEFORE = "vae.safetensors"
"""The same in the work folder of a training by an older version."""
GROUP = "refiner"
TOLD = ("command", "source", "pictures", "fine", "features", "teacher", "images_before", "ledger_sha256", "licences")
"""What a header repeats of the facts of a training."""


def export(checkpoint: Path, out: Path, licence: str = "") -> Header:
    """Write the model file of a training checkpoint, whose folder holds its model; returns its header.

    ``licence`` is that of the weights; without one, the model's stays. Where ``out`` is the same model already, its
    curator's choice and names are kept; where it is anything else, it is kept under another name. The rows of the
    pictures that the refiner has seen lie beside the model, in NAME.refiner.ledger.csv."""
    state, base = read_checkpoint(checkpoint), base_for(checkpoint.parent, out)
    tensors, told, facts = tensors_of(learnt(state)), entry(state), json.loads(state["facts"])
    header = amended(base, tensors, told, facts, out, licence)
    write_ledger(facts, out, GROUP)
    return header


def write_ledger(facts: Header, out: Path, group: str) -> None:
    """The rows of the pictures that were learnt from, beside the model."""
    if rows := facts.get("ledger"):
        write_whole(out.with_suffix(f".{group}.ledger.csv"), as_csv(rows))


def real_facts(pictures: Picture) -> Header:
    """What is looked at of real pictures (n, h, h, 3) uint8, for the refiner's tone and grading."""
    return {"power": power_of(pictures), "light": light_of(pictures).facts()}


def amended(base: Path, tensors: Tensors, told: Header, real: Header, out: Path, licence: str = "") -> Header:
    """Writes the model with this refiner and what its header tells of it; returns the header. The tone is found of what
    it paints without one, for the power of ``real`` pictures (see `real_facts`); then, of what it paints in that tone,
    what samples have in common. ``out`` is written in the end, at once."""
    with TemporaryDirectory() as folder:
        made = Path(folder) / out.name
        amend_model(base, GROUP, tensors, told, made, licence)
        if power := real.get("power"):
            amend_model(made, GROUP, tensors, {**told, "architecture": fitted(open_model(made), power).header()})
        return finished(open_model(made), real.get("light"), out)


def finished(model: OpenModel, light: Header | None, out: Path) -> Header:
    """Writes a model's refiner with what is taken from and added to its pictures; returns the header. A VAE learns the
    light of real pictures to the pixel: its samples would only come further from them by a grading."""
    told, tensors, samples = model.header[GROUP], group_of(model.tensors, GROUP), samples_of(model)
    arch = {**told["architecture"], "unlock": True}
    measured = {"locked": samples.locked}
    if light and samples.light and model.header["kind"] != "vae":
        arch["grade"] = True
        measured |= dict(zip(("colours", "light"), grading(samples.light, Light.read(light)), strict=True))
    whole = tensors | {name: tensor.numpy() for name, tensor in measured.items()}
    halves = {name: tensor.astype(np.float16) for name, tensor in whole.items()}
    return amend_model(model.path, GROUP, halves, {**told, "architecture": arch}, out)


def base_for(work: Path, out: Path) -> Path:
    """The model that is written with what was trained in a work folder: what is at ``out``, where that is the same
    model, else as it was when the training began."""
    base, before = base_in(work), replaced(out)
    if before and same_model(before, open_model(base)):
        return out
    if before:
        print(f"{out}: is another model. It is kept: {set_aside(out)}")
    return base


def base_in(work: Path) -> Path:
    """The model that a training began with."""
    return work / (BEFORE if (work / BEFORE).exists() else BASE)


def same_model(one: OpenModel, other: OpenModel) -> bool:
    """Whether two model files hold the same network and latent space."""
    pairs = [(part(one.tensors), part(other.tensors)) for part in (network_of, lambda t: group_of(t, "latent"))]
    return all(a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a) for a, b in pairs)


def learnt(state: dict[str, Any]) -> Refiner:
    """The averaged refiner of a checkpoint, evened."""
    refiner = Refiner(read_architecture(json.loads(state["arch"])))
    refiner.load_state_dict(state["ema"])
    even_out(refiner.out)
    return refiner


def tensors_of(refiner: Refiner) -> dict[str, NDArray[Any]]:
    """As a model file holds them."""
    return {name: tensor.contiguous().numpy().astype(np.float16) for name, tensor in refiner.state_dict().items()}


def entry(state: dict[str, Any]) -> dict[str, Any]:
    """What the header says of the refiner."""
    progress, facts = Progress.read(state["progress"]), json.loads(state["facts"])
    return {
        "architecture": read_architecture(json.loads(state["arch"])).header(),
        "images": progress.images,
        "steps": progress.steps,
        "active_minutes": round(progress.seconds / 60, 1),
        "recipe": asdict(Recipe.read(state["recipe"])),
        **{name: facts.get(name) for name in TOLD},
    }
