"""What is kept of a training while it goes on: its networks in float16, in files of 16 MB at most, and a sheet.

Adam's moments are not kept: with beta1 0 and beta2 0.99 they are new after some hundred steps anyway. ``kept.json`` is
written last and names the files; those of an earlier time are removed after it.
"""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import load as from_safetensors
from safetensors.numpy import save as to_safetensors

from installation.core.atomic_write import write_whole
from installation.training.gan import checkpoint
from installation.training.gan.recipe import Recipe
from installation.training.gan.run import Gan
from installation.training.loop.run import Progress

LIST, SHEET = "kept.json", "sheet.jpg"
MOST = 16_000_000
"""Bytes of a file."""
AVERAGE = "average"
Tensors = dict[str, np.ndarray]


def networks(run: Gan) -> dict[str, torch.nn.Module]:
    """All that learns, by name; the average is what is shown."""
    judges = {f"judge-{judge.name}": judge.net for judge in run.judges}
    return {AVERAGE: run.learner.average.net, "generator": run.learner.net, **judges}


def halved(net: torch.nn.Module) -> Tensors:
    arrays = {name: tensor.detach().cpu().numpy() for name, tensor in net.state_dict().items()}
    return {name: a.astype(np.float16) if a.dtype == np.float32 else a for name, a in arrays.items()}


def shards(tensors: Tensors) -> Iterator[Tensors]:
    """In files of MOST bytes at most, the header of safetensors counted in."""
    shard: Tensors = {}
    for name, array in tensors.items():
        if shard and len(to_safetensors({**shard, name: array})) > MOST:
            yield shard
            shard = {}
        shard[name] = array
    yield shard


def keep(run: Gan, folder: Path) -> None:
    """Renews what is kept."""
    images, files = run.progress.images, {}
    for name, net in networks(run).items():
        parts = [to_safetensors(shard) for shard in shards(halved(net))]
        files[name] = [f"{name}-{number}-of-{len(parts)}.{images}.safetensors" for number in range(1, len(parts) + 1)]
        for file, part in zip(files[name], parts, strict=True):
            write_whole(folder / file, part)
    run.read()
    told = {
        "files": files,
        "arch": asdict(run.arch),
        "recipe": asdict(run.recipe),
        "progress": run.progress.text(),
        "facts": run.facts,
    }
    sheet = io.BytesIO()
    Image.fromarray(run.shown.sheet()).save(sheet, "JPEG", quality=90)
    write_whole(folder / SHEET, sheet.getvalue())
    write_whole(folder / LIST, json.dumps(told, ensure_ascii=False).encode())
    wanted = {file for named in files.values() for file in named}
    for old in folder.glob("*-of-*.safetensors"):
        if old.name not in wanted:
            old.unlink()


def read(folder: Path) -> dict[str, Any] | None:
    """``kept.json``; None where nothing is kept."""
    path = folder / LIST
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def done(kept: Mapping[str, Any]) -> tuple[Recipe, Progress]:
    """By which recipe, and how far."""
    return Recipe.read(json.dumps(kept["recipe"])), Progress.read(kept["progress"])


def network(folder: Path, kept: Mapping[str, Any], name: str) -> dict[str, torch.Tensor]:
    """The weights of one network, in float32."""
    arrays: Tensors = {}
    for file in kept["files"][name]:
        arrays |= from_safetensors((folder / file).read_bytes())
    return {key: torch.from_numpy(array.astype(np.float32)) for key, array in arrays.items()}


def restore(run: Gan, folder: Path, kept: Mapping[str, Any], recipe: Recipe) -> None:
    """Goes on from there by another recipe."""
    for name, net in networks(run).items():
        net.load_state_dict(network(folder, kept, name))
    past, run.progress = done(kept)
    checkpoint.adopt(run, replace(recipe, head_start=past.head_start, average_ramp=False))
    run.facts.update({name: kept["facts"][name] for name in ("started_from",) if name in kept["facts"]})
    run.figures.load(run.progress.figures)
    run.share.load(run.progress.figures.get("share", 0.0))
    run.numbers.load({}, recipe.seed + run.progress.images)
