"""One session of training an encoder: from the command's options to a checkpoint, and at the end into the model."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from installation.core.atomic_write import check_place, write_whole
from installation.core.errors import TrainingError
from installation.core.invocation import program
from installation.networks.encoder import Architecture
from installation.networks.model_file import amend_model
from installation.training.command_line.published import command_line
from installation.training.dataset.reading import read_any
from installation.training.encoder.frozen import freeze
from installation.training.encoder.options import EncoderOptions
from installation.training.encoder.pixels import Pictures
from installation.training.encoder.recipe import Recipe
from installation.training.encoder.run import MODEL, Trainer
from installation.training.latent.models import open_model
from installation.training.loop.devices import open_devices
from installation.training.loop.saving import CHECKPOINT, FORMAT, make_work, read_checkpoint
from installation.training.loop.session import interrupts

BAR = "{desc} {percentage:3.0f}%|{bar}| {n_fmt} of {total_fmt} s{postfix}"
"""Format of the progress bar: the seconds passed, out of --minutes."""
AT_ONCE = 256
"""Real pictures that are averaged down at a time."""


def train(options: EncoderOptions) -> None:
    work = options.work or options.model.with_suffix(".encoder.work")
    with open_devices("cpu", 1, options.threads, options.precision) as devices:
        trainer, facts = begin(options, work, devices.dtype)
        with interrupts(devices) as stop:
            began = time.monotonic() - trainer.seconds
            finished = learn(trainer, options, work, lambda: time.monotonic() - began, stop)
    if not finished:
        print(f"Stopped and saved in {work}. The same command goes on from here; the model file is as it was.")
        return
    print(f"{options.out or options.model}: {told(keep(trainer, options, facts))}")


def begin(options: EncoderOptions, work: Path, dtype: torch.dtype) -> tuple[Trainer, dict[str, Any]]:
    model = open_model(options.model)
    if model.header["kind"] == "vae":
        raise TrainingError(
            f"{options.model}: a VAE, which has its encoder from the start. Go on with: {program()} encode"
        )
    frozen = freeze(model)
    recipe = Recipe(seed=options.seed, learning_rate=options.learning_rate)
    check_place(options.out or options.model)
    make_work(work)
    real, facts = None, {}
    if options.pictures:
        prepared = read_any(options.pictures, options.source, frozen.resolution, work / "pictures")
        real = averaged(prepared.pictures, frozen.resolution)
        facts = {"source": prepared.facts.get("source"), "pictures": len(real), "crop": prepared.facts.get("crop")}
    trainer = Trainer(frozen, Architecture.fitting(frozen.resolution, len(frozen.std)), recipe, real, dtype)
    if (work / CHECKPOINT).exists():
        resume(trainer, work)
        print(f"Going on from {work / CHECKPOINT}: {trainer.seconds / 60:.1f} minutes, {trainer.steps} steps.")
    return trainer, facts


def averaged(pictures: Pictures, resolution: int) -> Pictures:
    """(n, size, size, 3) uint8 to the generator's resolution, by the mean of each area."""
    n, factor = len(pictures), pictures.shape[1] // resolution
    if factor == 1:
        return np.array(pictures)
    small = np.empty((n, resolution, resolution, 3), np.uint8)
    for start in range(0, n, AT_ONCE):
        some = pictures[start : start + AT_ONCE].reshape(-1, resolution, factor, resolution, factor, 3)
        small[start : start + AT_ONCE] = some.mean((2, 4)).round()
    return small


def learn(
    trainer: Trainer,
    options: EncoderOptions,
    work: Path,
    clock: Callable[[], float],
    stop: Callable[[], bool],
) -> bool:
    """Trains until --minutes have passed in all, saving regularly. Returns false if `stop` ended it before."""
    total, saved = options.minutes * 60, time.monotonic()
    interval = 0.5 if sys.stderr.isatty() else 20.0
    with tqdm(
        total=round(total), desc="encoder", unit="s", mininterval=interval, miniters=1, leave=False, bar_format=BAR
    ) as bar:
        while trainer.seconds < total and not stop():
            trainer.step()
            trainer.seconds = clock()
            tell(bar, trainer, total)
            if time.monotonic() - saved > options.save_every:
                save(trainer, work)
                saved = time.monotonic()
    save(trainer, work)
    return not stop()


def tell(bar: tqdm, trainer: Trainer, total: float) -> None:
    losses = " ".join(f"{name} {value:.3f}" for name, value in trainer.losses.items())
    bar.set_postfix_str(f"step {trainer.steps} {losses}", refresh=False)
    bar.update(round(min(trainer.seconds, total)) - bar.n)


# -- keeping ----------------------------------------------------------------------------------------------------------


def save(trainer: Trainer, work: Path) -> None:
    whole = io.BytesIO()
    torch.save({"format": FORMAT, "model": MODEL, **trainer.state()}, whole)
    write_whole(work / CHECKPOINT, whole.getvalue())


def resume(trainer: Trainer, work: Path) -> None:
    path = work / CHECKPOINT
    state = read_checkpoint(path)
    if state["model"] != MODEL:
        raise TrainingError(f"{path}: trains a {state['model']}, not an encoder. Use another --work folder.")
    try:
        trainer.load(state)
    except TrainingError as error:
        raise TrainingError(f"{path}: {error}") from None


def keep(trainer: Trainer, options: EncoderOptions, facts: dict[str, Any]) -> dict[str, Any]:
    """Write the encoder into the model file; returns what its header says of it."""
    if freeze(open_model(options.model)).digest() != trainer.frozen.digest():
        raise TrainingError(
            f"{options.model}: is another model than when this training began; the encoder would not fit it. "
            "Train one for the new model, with another --work folder."
        )
    arch = trainer.average.arch
    said = {
        "architecture": {**asdict(arch), "channels": list(arch.channels)},
        "images": trainer.steps * trainer.recipe.batch,
        "steps": trainer.steps,
        "minutes": round(trainer.seconds / 60, 1),
        "real": facts or None,
        "recipe": asdict(trainer.recipe),
        "error": trainer.errors(),
        "command": command_line(sys.argv[1:]),
    }
    amend_model(options.model, "encoder", trainer.tensors(), said, options.out)
    return said


def told(said: dict[str, Any]) -> str:
    kinds = {"generated": "generated pictures", "real": "real ones that it has not learnt from"}
    missed = (
        f"{words} by {said['error'][f'pixels_mae_{kind}']:.1f} levels of 255"
        f" (the mean picture: {said['error'][f'pixels_mae_{kind}_of_mean']:.1f})"
        for kind, words in kinds.items()
        if said["error"][f"pixels_mae_{kind}"] is not None
    )
    learnt = f"an encoder, after {said['images']} pictures in {said['minutes']:g} minutes"
    return f"{learnt}. It misses {', '.join(missed)}."
