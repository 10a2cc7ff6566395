"""One session of distilling: from the command's options to a checkpoint, and at the end to a model."""

from __future__ import annotations

import hashlib
import sys

import torch

from installation.core.atomic_write import check_place, check_suffix
from installation.networks.mobile import Architecture
from installation.training.command_line.published import command_line
from installation.training.distil.export import BASE, export
from installation.training.distil.options import DistilOptions
from installation.training.distil.recipe import Recipe
from installation.training.distil.run import Distilling
from installation.training.distil.teacher import Teacher, architecture
from installation.training.latent.models import OpenModel, kept_copy
from installation.training.loop.devices import Devices, open_devices
from installation.training.loop.saving import CHECKPOINT, make_work
from installation.training.loop.session import finish, go_on, run_on
from installation.training.refiner.losses import eye_for


def train(options: DistilOptions) -> None:
    check_suffix(options.out, ".safetensors", "model")
    keeping = options.keeping
    with open_devices(keeping.device, 1, keeping.threads, keeping.precision) as devices:
        session(options, devices)


def session(options: DistilOptions, devices: Devices) -> None:
    work = options.work or options.out.with_suffix(".work")
    check_place(options.out)
    make_work(work)
    teacher = kept_copy(options.model, work / BASE, (work / CHECKPOINT).exists(), lambda model: student(options, model))
    run = begin(options, teacher, devices)
    if (work / CHECKPOINT).exists():
        go_on(run, work)
    finished = run_on(run, work, devices, options.keeping, options.length.minutes)
    finish(run, work, options.out, finished, export)


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
    arch = architecture(teacher, asked.width, asked.layers)
    return Distilling(teacher, arch, recipe, devices, eye_for(recipe.features, devices), facts)


def student(options: DistilOptions, model: OpenModel) -> Architecture:
    """Of the network that is taught. Raises TrainingError for a model that cannot teach one."""
    return architecture(Teacher(model, torch.device("cpu")), options.recipe.width, options.recipe.layers)
