"""One training session: from the command's options to a checkpoint, and at the end to a model."""

from __future__ import annotations

import importlib
import math
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from installation.core.atomic_write import check_place, check_suffix
from installation.core.errors import VernissageError
from installation.core.invocation import program
from installation.training.command_line.published import command_line
from installation.training.dataset.detail import read_detail
from installation.training.dataset.pictures import Prepared
from installation.training.dataset.reading import read_any
from installation.training.dataset.sources import is_prepared
from installation.training.dataset.supply import Supply
from installation.training.latent.models import OpenModel, kept_copy
from installation.training.loop.devices import Devices, open_devices
from installation.training.loop.options import TrainOptions
from installation.training.loop.pace import in_words, seconds_left
from installation.training.loop.run import Run
from installation.training.loop.saving import CHECKPOINT, make_work, read_checkpoint, resume
from installation.training.loop.trainer import Habits, Tell
from installation.training.loop.trainer import train as run_to_the_end

PREPARED = "prepared"
"""Where in the work folder a raw folder is prepared."""


def train(options: TrainOptions[Any]) -> None:
    """Runs in each of the computing processes; only the first prints."""
    check_suffix(options.out, ".safetensors", "model")
    asked = options.devices
    with (
        open_devices(asked.device, asked.devices, asked.threads, asked.precision) as devices,
        nullcontext() if devices.first else silence(),
    ):
        session(options, devices)


def module_of(options: TrainOptions[Any]) -> Any:
    """The module of a kind of network, as loop/run.py describes it."""
    return importlib.import_module(f"installation.training.{options.model}.run")


def session(options: TrainOptions[Any], devices: Devices) -> None:
    devices.part(options.batch)  # before the pictures are read
    work = options.work_folder
    make_work(work)
    folder = options.folder if is_prepared(options.folder) else work / PREPARED
    prepared = read_in_turn(options, folder, devices)
    column = options.recipe.weight_by
    detail = read_detail(folder, column, prepared.facts["files"]) if column else None
    facts = {k: v for k, v in prepared.facts.items() if k not in ("files", "skipped")}
    facts["command"] = command_line(sys.argv[1:])
    kept = read_checkpoint(work / CHECKPOINT) if (work / CHECKPOINT).exists() else None
    if kept:  # the model it started from is no longer needed: it may be deleted, or be the output of this training
        options = replace(options, schedule=replace(options.schedule, start_from=None))
    run: Run = module_of(options).begin(options, Supply(prepared.pictures, detail), devices, facts, kept)
    if kept:
        go_on(run, work, kept)
    finished = run_on(run, work, devices, options.keeping, options.schedule.minutes)
    if devices.first and finish(run, work, options.out, finished, module_of(options).export):
        print(f"Next: {program()} curate {quoted(options.out)}")


# -- for every kind of run --------------------------------------------------------------------------------------------


class Keeping(Protocol):
    """Options of a command, as KeepingOptions has them."""

    @property
    def save_every(self) -> float: ...
    @property
    def sheet_every(self) -> float: ...
    @property
    def tensorboard(self) -> bool: ...


class Alone(Keeping, Protocol):
    """The same of a command that trains in one process."""

    @property
    def device(self) -> str: ...
    @property
    def threads(self) -> int | None: ...
    @property
    def precision(self) -> str: ...


class Length(Protocol):
    @property
    def minutes(self) -> float | None: ...


class OnModel(Protocol):
    """Options of a command that trains something on a model."""

    @property
    def model(self) -> Path: ...
    @property
    def out(self) -> Path: ...
    @property
    def work(self) -> Path | None: ...
    @property
    def keeping(self) -> Alone: ...
    @property
    def length(self) -> Length: ...


def train_on_model(
    options: OnModel,
    kept: Callable[[Path], Path],
    check: Callable[[OpenModel], object],
    begin: Callable[[OpenModel, Devices, Path], Run],
    export: Callable[[Path, Path], object],
) -> None:
    """From the command's options to a checkpoint, and at the end to a model. ``kept`` is where a work folder holds its
    copy of the model, ``check`` raises an error for one that nothing can be trained on, ``begin`` makes the run."""
    check_suffix(options.out, ".safetensors", "model")
    keeping = options.keeping
    with open_devices(keeping.device, 1, keeping.threads, keeping.precision) as devices:
        work = options.work or options.out.with_suffix(".work")
        check_place(options.out)
        make_work(work)
        begun = (work / CHECKPOINT).exists()
        run = begin(kept_copy(options.model, kept(work), begun, check), devices, work)
        if begun:
            go_on(run, work)
        finished = run_on(run, work, devices, keeping, options.length.minutes)
        finish(run, work, options.out, finished, export)


def go_on(run: Run, work: Path, kept: dict[str, Any] | None = None) -> None:
    """Takes up the work folder's checkpoint, whose content may have been read already, and says so."""
    told = resume(run, work, kept)
    print(f"Going on from {work / CHECKPOINT}: {run.progress.images} pictures seen.", *told)


def run_on(run: Run, work: Path, devices: Devices, keeping: Keeping, minutes: float | None) -> bool:
    """Whether the schedule came to its end."""
    minutes = minutes or math.inf
    habits = Habits(checkpoint=keeping.save_every, sheet=keeping.sheet_every, minutes=minutes)
    with interrupts(devices) as stop, progress_bar(run, devices, minutes) as tell:
        return run_to_the_end(run, work, devices, tell, stop, habits, keeping.tensorboard)


def finish(run: Run, work: Path, out: Path, finished: bool, export: Callable[[Path, Path], object]) -> bool:
    """Writes the model where the schedule is at its end; says how to go on where it is not. Returns ``finished``."""
    if finished:
        export(work / CHECKPOINT, out)
        print(f"{out}: done, {run.progress.images} pictures seen. Look: {work / 'sheet.png'}")
    else:
        print(f"Stopped and saved in {work}. The same command goes on from here; for the model as it is now:")
        print(f"  {program()} export {quoted(work)} --out {quoted(out)}")
    return finished


def read_in_turn(options: TrainOptions[Any], folder: Path, devices: Devices) -> Prepared:
    """The pictures; a raw folder is prepared by the first process, once, and the others then read what it made."""
    if devices.first:
        try:
            check_place(options.out)
            prepared = read_any(options.folder, options.source, options.stages[-1][0], folder)
        except (VernissageError, OSError):
            devices.agree(0)
            raise
        devices.agree(1)
        return prepared
    if not devices.agree(0):
        raise SystemExit(0)
    return read_any(options.folder, options.source, options.stages[-1][0], folder)


def quoted(path: Path) -> str:
    return shlex.quote(str(path))


# -- while it runs ----------------------------------------------------------------------------------------------------


@contextmanager
def silence() -> Iterator[None]:
    """Silences a process that is not the first: it raises the same errors as the first, which prints them."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            yield
        except VernissageError:
            raise SystemExit(0) from None  # another code would have the first process killed before it has printed


@contextmanager
def interrupts(devices: Devices) -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM end the run after the current step; a second Ctrl-C ends it at once.

    Of several processes the first one decides; Ctrl-C in a terminal reaches them all, so the others ignore it.
    """
    asked: list[int] = []

    def ask(number: int, _frame: object) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    handler = ask if devices.first else signal.SIG_IGN
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def progress_bar(run: Run, devices: Devices, minutes: float) -> Iterator[Tell]:
    """Pictures a second and the time left, of a run that ends after `minutes` in all at the latest; a line every 20 s
    where the screen is a file."""
    interval = 0.5 if sys.stderr.isatty() else 20.0
    with tqdm(
        total=run.timetable.total,
        initial=run.progress.images,
        mininterval=interval,
        miniters=1,
        disable=not devices.first,
        bar_format="{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]",
    ) as bar:

        def tell(run: Run, speed: float) -> None:
            resolution, fade = run.timetable.phase()
            bar.set_description(f"{resolution} px" + (f" (new, {fade:.0%})" if fade < 1 else ""), refresh=False)
            figures = " ".join(f"{name} {value:.2f}" for name, value in run.progress.figures.items())
            bar.set_postfix_str(
                f"{in_words(seconds_left(run, speed, minutes))}, {speed:.1f} img/s, {figures}", refresh=False
            )
            bar.update(min(run.progress.images, run.timetable.total) - bar.n)

        yield tell
