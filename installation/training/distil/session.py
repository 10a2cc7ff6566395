"""One session of distilling: from the command's options to a checkpoint, and at the end to a model."""

from __future__ import annotations

import hashlib
import math
import shutil
import sys
from pathlib import Path

from installation.core.atomic_write import check_place, check_suffix
from installation.core.errors import MissingDependency
from installation.core.invocation import program
from installation.training.command_line.published import command_line
from installation.training.distil.export import BASE, export
from installation.training.distil.options import DistilOptions
from installation.training.distil.recipe import Recipe
from installation.training.distil.run import Distilling
from installation.training.distil.teacher import Teacher, architecture
from installation.training.gan.projected import Eye
from installation.training.latent.models import OpenModel, open_model
from installation.training.loop.devices import Devices, open_devices
from installation.training.loop.saving import CHECKPOINT, resume
from installation.training.loop.session import interrupts, progress_bar, quoted
from installation.training.loop.trainer import Habits
from installation.training.loop.trainer import train as run_to_the_end
from installation.training.refiner.losses import TAPS


def train(options: DistilOptions) -> None:
    check_suffix(options.out, ".safetensors", "model")
    keeping = options.keeping
    with open_devices(keeping.device, 1, keeping.threads, keeping.precision) as devices:
        session(options, devices)


def session(options: DistilOptions, devices: Devices) -> None:
    work = options.work or options.out.with_suffix(".work")
    check_place(options.out)
    work.mkdir(parents=True, exist_ok=True)
    run = begin(options, keep_teacher(options.model, work), devices)
    if (work / CHECKPOINT).exists():
        told = resume(run, work)
        print(f"Going on from {work / CHECKPOINT}: {run.progress.images} pictures seen.", *told)
    keeping, minutes = options.keeping, options.length.minutes or math.inf
    habits = Habits(checkpoint=keeping.save_every, sheet=keeping.sheet_every, minutes=minutes)
    with interrupts(devices) as stop, progress_bar(run, devices, minutes) as tell:
        finished = run_to_the_end(run, work, devices, tell, stop, habits, keeping.tensorboard)
    if not finished:
        print(f"Stopped and saved in {work}. The same command goes on from here; for the model as it is now:")
        print(f"  {program()} export {quoted(work)} --out {quoted(options.out)}")
        return
    export(work / CHECKPOINT, options.out)
    print(f"{options.out}: done, {run.progress.images} pictures seen. Look: {work / 'sheet.png'}")


def keep_teacher(model: Path, work: Path) -> OpenModel:
    """Copies the model into the work folder, so that a resumed training does not need the model file."""
    if not (work / CHECKPOINT).exists():
        open_model(model)
        shutil.copyfile(model, work / BASE)
    return open_model(work / BASE)


def begin(options: DistilOptions, model: OpenModel, devices: Devices) -> Distilling:
    """The run that the command's options ask for."""
    asked, teacher = options.recipe, Teacher(model, devices.device)
    recipe = Recipe(
        kimg=options.length.kimg,
        batch=asked.batch,
        learning_rate=asked.learning_rate,
        features=asked.features,
        seed=asked.seed,
    )
    digest = hashlib.sha256(model.path.read_bytes()).hexdigest()
    facts = {"command": command_line(sys.argv[1:]), "teacher": digest}
    return Distilling(
        teacher, architecture(teacher, asked.width, asked.layers), recipe, devices, eye_of(recipe, devices), facts
    )


def eye_of(recipe: Recipe, devices: Devices) -> Eye | None:
    """The network whose features are compared; None if it is not wanted, or, with a printed note, not installed."""
    if not recipe.features:
        return None
    try:
        return Eye(devices.device, devices.dtype, devices.depthwise, taps=TAPS)
    except MissingDependency as error:
        print(f"Without features: {error}", file=sys.stderr)
        return None
