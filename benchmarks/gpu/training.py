"""A GAN, trained in the time that is left: speeds are measured first, and say which sizes are affordable."""

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu import kept
from benchmarks.gpu.pack import unpack
from benchmarks.gpu.schedule import FROM_A_MODEL, FROM_NOTHING, REHEARSAL, Plan, affordable, going_on
from installation.networks.model_file import read_header
from installation.networks.stylegan2 import read_architecture
from installation.networks.stylegan2_generator import Architecture
from installation.training.command_line.published import command_line
from installation.training.dataset.options import SourceOptions
from installation.training.dataset.pictures import Prepared, load_prepared
from installation.training.dataset.supply import Supply
from installation.training.gan import checkpoint
from installation.training.gan.architecture import architecture
from installation.training.gan.options import GanOptions
from installation.training.gan.recipe import Recipe
from installation.training.gan.run import Gan, recipe_of
from installation.training.loop.devices import Devices, open_devices
from installation.training.loop.options import (
    DeviceOptions,
    KeepingOptions,
    RecipeOptions,
    ScheduleOptions,
    TrainOptions,
)
from installation.training.loop.run import Run
from installation.training.loop.schedule import Phase, in_words
from installation.training.loop.session import interrupts
from installation.training.loop.trainer import Habits, train

KEEP = 120.0
"""Seconds after which the networks are kept again."""
RESERVE = 25.0
"""Seconds of the time that are left for keeping them at the end."""
SAY = 20.0
WARM = 4
"""Steps before those that are timed, as libraries choose their kernels in them; then so many between two looks at the
clock."""


@dataclass(frozen=True)
class Scale:
    """How large the networks and steps are."""

    width: int
    batch: int
    measured: float
    """Seconds that each size is timed for."""
    reserve: float


CARD, REHEARSED = Scale(256, 64, 12.0, RESERVE), Scale(32, 8, 0.5, 2.0)


def learn(options: argparse.Namespace, end: float) -> None:
    """Until ``end``, by the monotonic clock, or until it is interrupted."""
    scale = REHEARSED if options.rehearse else CARD
    device, threads = ("cpu", 1) if options.rehearse else ("cuda", None)
    with tempfile.TemporaryDirectory() as folder, open_devices(device, threads=threads) as devices:
        pictures = pictures_for(options, Path(folder) / "pictures")
        run = begin(options, pictures, scale, devices, end - scale.reserve)
        with interrupts(devices) as interrupted:
            told = Teller(options.out)
            habits = Habits(checkpoint=KEEP, sheet=math.inf)

            def over() -> bool:
                return interrupted() or time.monotonic() > end - scale.reserve

            train(run, Path(folder), devices, told, over, habits, tensorboard=False)
    kept.keep(run, options.out)
    print(f"{options.out}: {run.progress.images} pictures seen. Look: {options.out / kept.SHEET}. A model file of it:")
    print(f"  python -m benchmarks.gpu.model {options.out} MODEL.safetensors")


def pictures_for(options: argparse.Namespace, folder: Path) -> Prepared:
    """Those that were carried, unpacked into a folder; for a rehearsal without any, drawn discs."""
    if not options.train:
        return discs()
    unpack(options.train, folder)
    return load_prepared(folder)


def discs() -> Prepared:
    """Discs of one colour each on dark ground."""
    y, x = np.mgrid[:16, :16] / 16 - 0.5
    colours = np.random.default_rng(0).integers(50, 255, (64, 1, 1, 3))
    return Prepared(np.where((x**2 + y**2 < 0.1)[None, ..., None], colours, 20).astype(np.uint8), {"count": 64})


class Teller:
    """Says how it goes, and keeps the networks every two minutes."""

    def __init__(self, out: Path) -> None:
        self.out, self.said, self.kept = out, -math.inf, time.monotonic()

    def __call__(self, run: Run, speed: float) -> None:
        now = time.monotonic()
        if now - self.said >= SAY:
            figures = " ".join(f"{name} {value:.2f}" for name, value in run.progress.figures.items())
            size, images = run.timetable.phase()[0], run.progress.images
            print(f"{size} px, {images} of {run.timetable.total} pictures, {speed:.0f} a second, {figures}", flush=True)
            self.said = now
        if now - self.kept >= KEEP:
            assert isinstance(run, Gan)
            kept.keep(run, self.out)
            self.kept = time.monotonic()


def begin(options: argparse.Namespace, pictures: Prepared, scale: Scale, devices: Devices, end: float) -> Gan:
    """A run from nothing, from a model, or from what was kept before."""
    earlier = kept.read(options.out)
    plan = plan_of(options, pictures.size)
    arch = form(options, earlier, scale, max(plan))
    facts = {name: value for name, value in pictures.facts.items() if name not in ("files", "skipped")}
    facts["command"] = command_line(["-m", "benchmarks.gpu", *sys.argv[1:]])
    supply, recipe = Supply(pictures.pictures), recipe_for(plan, scale, pictures.facts)
    speeds = measured(supply, arch, recipe, devices, plan, scale.measured)
    left = end - time.monotonic()
    if earlier:
        past, progress = kept.done(earlier)
        recipe = replace(recipe, stages=going_on(past.stages, progress.images, plan, speeds, left))
    else:
        recipe = replace(recipe, stages=affordable(plan, speeds, left))
    print(f"{left / 60:.1f} minutes are left: {in_words(recipe.stages)}", flush=True)
    run = Gan(supply, arch, recipe, devices, facts)
    if earlier:
        kept.restore(run, options.out, earlier, recipe)
        print(f"Going on from {options.out}: {run.progress.images} pictures seen.")
    elif options.start_from:
        checkpoint.start_from(run, options.start_from)
    return run


def plan_of(options: argparse.Namespace, largest: int) -> Plan:
    """Of sizes that the pictures have; from a model, those from its own on."""
    if options.rehearse:
        return REHEARSAL
    plan, least = FROM_NOTHING, 0
    if options.start_from:
        plan, least = FROM_A_MODEL, read_header(options.start_from, "stylegan2")["architecture"]["resolution"]
    return {size: kimg for size, kimg in plan.items() if least <= size <= largest}


def form(options: argparse.Namespace, earlier: Mapping[str, Any] | None, scale: Scale, size: int) -> Architecture:
    """The network that was kept; else one of ``size`` px, grown from the model to start from."""
    if earlier:
        return read_architecture({**earlier["arch"]}, options.out)
    if not options.start_from:
        return architecture(size, scale.width)
    old = read_architecture(read_header(options.start_from, "stylegan2")["architecture"], options.start_from)
    return architecture(size, old.w_dim, old)


def recipe_for(plan: Plan, scale: Scale, facts: Mapping[str, Any]) -> Recipe:
    """The recipe of ``train``, for a step of so many pictures."""
    schedule = ScheduleOptions(stages=tuple(plan.items()))
    recipe = RecipeOptions(batch=scale.batch, width=scale.width)
    others = GanOptions(), DeviceOptions(), KeepingOptions(), SourceOptions()
    return recipe_of(TrainOptions(Path(), Path(), None, "gan", schedule, recipe, *others), dict(facts))


def measured(
    supply: Supply, arch: Architecture, recipe: Recipe, devices: Devices, plan: Plan, seconds: float
) -> dict[int, float]:
    """Pictures a second at each size, by a run of each that is thrown away."""
    speeds = {}
    for size in plan:
        run = Gan(supply, arch, replace(recipe, stages=(Phase(size, 1e6),)), devices)
        for _ in range(WARM):
            run.step()
        run.read()  # waits for the device
        begun, before = time.monotonic(), run.progress.images
        while time.monotonic() - begun < seconds:
            for _ in range(WARM):
                run.step()
            run.read()
        speeds[size] = (run.progress.images - before) / (time.monotonic() - begun)
        print(f"{size} px: {speeds[size]:.0f} pictures a second", flush=True)
    return speeds
