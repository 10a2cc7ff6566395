"""One training session: from the command's arguments to a checkpoint, and at the end to a model."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from tqdm import tqdm

from generators._stylegan2 import Architecture
from installation.training.export import export as write_model
from installation.training.options import check_suffix
from installation.training.reading import read_any
from installation.training.trainer import CHECKPOINT, Habits, Recipe, Stage, Trainer
from installation.training.trainer import train as run


def train(arguments: argparse.Namespace) -> None:
    check_suffix(arguments.out, ".safetensors", "model")
    recipe = recipe_of(arguments)
    resolution = recipe.stages[-1].resolution
    prepared = read_any(arguments, resolution)
    threads = int(arguments.threads or os.cpu_count() or 1)
    torch.set_num_threads(threads)
    work = arguments.work or arguments.out.with_suffix(".work")
    work.mkdir(parents=True, exist_ok=True)
    facts = {**{k: v for k, v in prepared.facts.items() if k not in ("files", "skipped")}, "command": command_line()}
    trainer = Trainer(
        prepared.pictures, architecture(resolution, arguments.width), recipe, threads, bf16(arguments.precision), facts
    )
    if (work / CHECKPOINT).exists():
        trainer.resume(work)
        print(f"Going on from {work / CHECKPOINT}: {trainer.progress.images} pictures seen.")
    habits = Habits(arguments.save_every, arguments.sheet_every, arguments.minutes or float("inf"))
    with interrupts() as stop, progress_bar(trainer) as tell:
        finished = run(trainer, work, tell, stop, habits)
    if not finished:
        print(f"Stopped and saved in {work}. The same command goes on from here; for the model as it is now:")
        print(
            f"  python -m installation.training export {shlex.quote(str(work))} --out {shlex.quote(str(arguments.out))}"
        )
        return
    write_model(work / CHECKPOINT, arguments.out)
    print(f"{arguments.out}: done, {trainer.progress.images} pictures seen. Look: {work / 'sheet.png'}")


# -- options ----------------------------------------------------------------------------------------------------------


def recipe_of(arguments: argparse.Namespace) -> Recipe:
    return Recipe(
        stages=tuple(Stage(size, kimg) for size, kimg in arguments.stages),
        batch=arguments.batch,
        learning_rate=arguments.learning_rate,
        seed=arguments.seed,
    )


def architecture(resolution: int, width: int = 256) -> Architecture:
    """For a picture size: `width` feature maps up to 16 px, then half as many at each doubling (at least 32)."""
    sizes = [4 * 2**i for i in range(resolution.bit_length() - 2)]
    channels = tuple(min(width, max(32, width * 16 // size)) for size in sizes)
    return Architecture(resolution=resolution, z_dim=width, w_dim=width, channels=channels)


def bf16(precision: str) -> bool:
    """Half the work where the processor multiplies bfloat16 natively, many times the work elsewhere."""
    if precision == "auto":
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and has_native_bf16()
    return precision == "bf16"


def has_native_bf16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def command_line() -> str:
    """What to type to train this again."""
    return shlex.join(["python", "-m", "installation.training", *sys.argv[1:]])


# -- while it runs ----------------------------------------------------------------------------------------------------


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and the end of a service are asked for after the step at hand; a second Ctrl-C ends at once."""
    asked: list[int] = []

    def ask(number: int, _frame: object) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress_bar(trainer: Trainer) -> Iterator[Callable[[Trainer], None]]:
    """Pictures a second and the time left; a line every 20 s where the screen is a file."""
    interval = 0.5 if sys.stderr.isatty() else 20.0
    with tqdm(
        total=trainer.total,
        initial=trainer.progress.images,
        unit="img",
        smoothing=0.02,
        mininterval=interval,
        miniters=1,
    ) as bar:

        def tell(trainer: Trainer) -> None:
            progress, (resolution, fade) = trainer.progress, trainer.place()
            bar.set_description(f"{resolution} px" + (f" (new, {fade:.0%})" if fade < 1 else ""), refresh=False)
            bar.set_postfix_str(
                f"d {progress.loss_d:.2f} g {progress.loss_g:.2f} sure {progress.sure:.2f} alter {progress.share:.2f}",
                refresh=False,
            )
            bar.update(progress.images - bar.n)

        yield tell
