"""From a checkpoint to the model file that is shown: the averaged student in float16, in its teacher's latent space.

What was measured, named and chosen there holds for both: mean and directions, favourites, blocked places, paces.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from installation.networks.mobile import Painter, read_architecture
from installation.networks.model_file import Header, Tensors, save_model
from installation.training.distil.recipe import Recipe
from installation.training.latent.finishing import replaced, set_aside
from installation.training.latent.models import OpenModel, open_model
from installation.training.loop.run import Progress
from installation.training.loop.saving import read_checkpoint

BASE = "teacher.safetensors"
"""The model that is learnt from, as it was when the training began, in the work folder."""
SHARED = ("latent", "directions", "curation", "pace")
"""Groups of a model file that hold for all networks that paint the same latents alike."""
CHOSEN = SHARED[1:]
"""Those that people and measurements add to a finished model."""
MAPPING = ("mapping", "classes")


def export(checkpoint: Path, out: Path, licence: str = "") -> Header:
    """Write the model file of a training checkpoint, whose folder holds its teacher; returns its header.

    ``licence`` is that of the weights; without one, the teacher's. Where ``out`` is an earlier student of the same
    teacher, the directions, choices and paces in it are kept; where it is anything else, it is kept under another
    name."""
    state, teacher = read_checkpoint(checkpoint), open_model(checkpoint.parent / BASE)
    facts = json.loads(state["facts"])
    before = replaced(out)
    if before and before.header["training"].get("teacher") != facts["teacher"]:
        print(f"{out}: is another model. It is kept: {set_aside(out)}")
        before = None
    chosen = before or teacher
    header = header_of(state, facts, teacher)
    header |= {group: chosen.header[group] for group in CHOSEN if group in chosen.header}
    if licence:
        header["licence"] = {**header["licence"], "weights": licence}
    save_model(out, {**student(state), **named(teacher, (*MAPPING, "latent")), **named(chosen, CHOSEN)}, header)
    return header


def student(state: dict[str, Any]) -> Tensors:
    """The averaged student's tensors."""
    painter = Painter(read_architecture(json.loads(state["arch"])))
    painter.load_state_dict(state["ema"])
    return {name: tensor.contiguous().numpy().astype(np.float16) for name, tensor in painter.state_dict().items()}


def named(model: OpenModel, groups: tuple[str, ...]) -> Tensors:
    """The tensors whose names begin with one of these words."""
    return {name: tensor for name, tensor in model.tensors.items() if name.partition(".")[0] in groups}


def header_of(state: dict[str, Any], facts: dict[str, Any], teacher: OpenModel) -> Header:
    progress, old = Progress.read(state["progress"]), teacher.header
    header = {
        "kind": "mobile",
        "architecture": json.loads(state["arch"]),
        "training": {
            **facts,
            "images": progress.images,
            "steps": progress.steps,
            "active_minutes": round(progress.seconds / 60, 1),
            "off": round(progress.figures["off"], 2),
            "recipe": asdict(Recipe.read(state["recipe"])),
            "taught_by": {"kind": old["kind"], "training": old["training"]},
        },
        "ledger_sha256": old["ledger_sha256"],
        "licence": dict(old["licence"]),
        "latent": old.get("latent"),
    }
    return header | ({"classes": old["classes"]} if old.get("classes") else {})
