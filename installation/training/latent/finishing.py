"""Completes every new model file: adds its directions, and the curator's choices in the model that it replaces.

A model that was trained further mostly shows the same thing at the same latent. Names of directions, favourites and
blocked latents are carried over where that is so; where it is not, the file that had them is kept beside the new one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from installation.core.errors import ModelError
from installation.core.invocation import program
from installation.networks.model_file import BEHIND, NOT_TOLD, Header, Tensors, group_of, network_of, save_model
from installation.training.latent.directions import COUNT, VISIBLE_STEP, Directions, effort, find, inherit, listed
from installation.training.latent.models import Floats, OpenModel, open_model, opened, progress

SAME_PICTURE = VISIBLE_STEP
"""A latent still shows the same if its picture has changed by less than this: mean levels of 255, at psi 0.7."""
KEPT = ("directions", "curation", "encoder", *BEHIND)
CHOSEN = {"favourites": ("favourites",), "blocked": ("blocked", "radii")}
"""What a curator chose, as the header calls it, and the tensors of the group that have a row for each."""


def finish(out: Path, tensors: Mapping[str, NDArray[Any]], header: Header) -> Header:
    """Writes a model file: the network and its latent.*, with directions, and all that can be kept of the file that it
    replaces. Prints what could not be kept, and the file that has it. Returns the header."""
    model = opened(out, header, dict(tensors))
    before = replaced(out)
    facts, groups, lost = carried(before, model) if before else ({}, {}, [])
    if "directions" not in facts:
        directions, nameless = directions_of(model, before)
        facts["directions"], groups["directions.vectors"] = directions.facts, directions.vectors
        lost = nameless + lost
    if lost:
        print(f"{out}: not in the new model: {', '.join(lost)}. The model that had this is kept: {set_aside(out)}")
    header = {**header, **facts, "licence": licence_of(header, before)}
    save_model(out, {**tensors, **groups}, header)
    return header


def licence_of(header: Header, before: OpenModel | None) -> dict[str, str]:
    """The new header's; where it does not tell that of the weights, what the artist said of the model before."""
    own: dict[str, str] = dict(header["licence"])
    said = before.header["licence"].get("weights") if before else None
    return {**own, "weights": str(said)} if said and own.get("weights") == NOT_TOLD else own


def replaced(out: Path) -> OpenModel | None:
    """The model that is about to be replaced. What is no model is kept under another name."""
    if not out.exists():
        return None
    try:
        return open_model(out)
    except ModelError as error:
        print(f"{error} It is kept: {set_aside(out)}")
        return None


def set_aside(path: Path) -> Path:
    """Gives a file a second name beside it, mine.safetensors.bak, .2.bak ..., that no file has."""
    names = (path.with_name(f"{path.name}{number}.bak") for number in ("", *(f".{n}" for n in range(2, 1000))))
    free = next(name for name in names if not name.exists())
    try:
        os.link(path, free)
    except OSError:  # a file system without hard links
        shutil.copyfile(path, free)
    return free


def directions_of(model: OpenModel, before: OpenModel | None) -> tuple[Directions, list[str]]:
    """New directions, with the names that they had before; and the names of those that are no more, in words."""
    count = max(COUNT, len(listed(before)) if before else 0)
    with progress("looking at directions", effort(model, count)) as tick:
        directions = find(model, count, tick)
    if before is None:
        return directions, []
    directions, nameless = inherit(directions, before)
    return directions, [f"the direction {name}" for name in nameless]


# -- what is carried over ---------------------------------------------------------------------------------------------


def carried(before: OpenModel, after: OpenModel) -> tuple[Header, Tensors, list[str]]:
    """Of the older model's groups what still holds: entries of the header, tensors under their full names; and what
    does not, in words. All holds for the same network."""
    if same_network(before, after):
        groups = [group for group in KEPT if before.header.get(group) and group not in after.header]
        tensors = {name: tensor for name, tensor in before.tensors.items() if name.partition(".")[0] in groups}
        return {group: before.header[group] for group in groups}, tensors, []
    facts: Header = {}
    tensors = {}
    lost: list[str] = []
    if before.header.get("curation"):
        facts["curation"], tensors, lost = still_chosen(before, after)
    if before.header.get("encoder") and "encoder" not in after.header:
        lost.append(f"the encoder (train one again: {program()} encoder)")
    for group in BEHIND:
        if before.header.get(group) and group not in after.header:
            lost.append(f"the {group} (train one again: {program()} {group})")
    return facts, tensors, lost


def same_network(before: OpenModel, after: OpenModel) -> bool:
    one, other = network_of(before.tensors), network_of(after.tensors)
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def still_chosen(before: OpenModel, after: OpenModel) -> tuple[dict[str, Any], Tensors, list[str]]:
    """The favourites and blocked latents that look the same in both models, and the names of those that do not."""
    facts, old = dict(before.header["curation"]), group_of(before.tensors, "curation")
    tensors: Tensors = {}
    gone: list[str] = []
    for kind, parts in CHOSEN.items():
        entries = facts.get(kind, [])
        same = still_the_same(before, after, old[kind]) if entries else np.zeros(0, bool)
        gone += [f"{entry['name']} ({kind})" for entry, kept in zip(entries, same, strict=True) if not kept]
        facts[kind] = [entry for entry, kept in zip(entries, same, strict=True) if kept]
        tensors |= {f"curation.{part}": old[part][same] for part in parts if part in old and same.any()}
    return facts, tensors, gone


def still_the_same(before: OpenModel, after: OpenModel, latents: Floats) -> NDArray[np.bool_]:
    """(n,) whether both models paint the same at latents (n, latent_dim)."""
    if before.header["kind"] != after.header["kind"] or len(before.space.mean) != len(after.space.mean):
        return np.zeros(len(latents), bool)
    one, other = before.levels(latents), after.levels(latents)
    size = min(one.shape[-1], other.shape[-1])
    change = F.adaptive_avg_pool2d(one, size) - F.adaptive_avg_pool2d(other, size)
    return np.asarray((change.abs().mean((1, 2, 3)) < SAME_PICTURE).to(torch.bool).numpy())
