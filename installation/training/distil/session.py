"""One session of distilling: from the command's options to a checkpoint, and at the end to a model."""

from __future__ import annotations

import hashlib
import sys
from functools import partial
from pathlib import Path

import torch

from installation.networks.mobile import Architecture
from installation.training.command_line.published import command_line
from installation.training.distil.export import BASE, export
from installation.training.distil.options import DistilOptions
from installation.training.distil.recipe import Recipe
from installation.training.distil.run import Distilling
from installation.training.distil.teacher import Teacher, architecture
from installation.training.latent.models import OpenModel
from installation.training.loop.devices import Devices
from installation.training.loop.session import train_on_model
from installation.training.refiner.losses import eye_for


def train(options: DistilOptions) -> None:
    train_on_model(options, lambda work: work / BASE, partial(student, options), partial(begin, options), export)


def begin(options: DistilOptions, model: OpenModel, devices: Devices, _work: Path) -> Distilling:
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
