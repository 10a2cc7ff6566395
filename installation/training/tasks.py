"""What the commands do. Imported only once a command is known, because torch takes seconds to load."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from generators._stylegan2 import Architecture, build
from installation.checkpoint import load_model
from installation.training import pictures
from installation.training.export import export as write_model
from installation.training.pictures import PicturesError, Prepared
from installation.training.trainer import CHECKPOINT, Habits, Recipe, Stage, Trainer, TrainingError, to_uint8
from installation.training.trainer import train as run

LISTED = 10
"""How many skipped pictures are named on the screen; prepared.json names all."""
COMFORTABLE = 300


def prepare(arguments: argparse.Namespace) -> None:
    arguments.out.mkdir(parents=True, exist_ok=True)
    prepared = read_raw(arguments, arguments.size)
    pictures.save_prepared(prepared, arguments.out)
    print(f"{arguments.out}: {len(prepared.pictures)} pictures of {prepared.size} px. Look at sheet.png, then train.")


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


def sheet(arguments: argparse.Namespace) -> None:
    check_suffix(arguments.out, ".png", "sheet")
    header, tensors = load_model(arguments.model, kind="stylegan2")
    network = build(header, tensors)
    mean = tensors["latent.mean"]
    z = np.stack([seeded(seed, network.z_dim) for seed in range(arguments.count)])
    painted = network.synthesis(mean + np.float32(arguments.psi) * (network.mapping(z) - mean))
    Image.fromarray(pictures.contact_sheet(to_uint8(painted))).save(arguments.out)
    print(f"{arguments.out}: {arguments.count} samples at psi {arguments.psi:g}.")


def export(arguments: argparse.Namespace) -> None:
    check_suffix(arguments.out, ".safetensors", "model")
    path = arguments.checkpoint / CHECKPOINT if arguments.checkpoint.is_dir() else arguments.checkpoint
    header = write_model(path, arguments.out)
    size, images = header["architecture"]["resolution"], header["training"]["images"]
    print(f"{arguments.out}: {size} px, after {images} pictures.")


def seeded(seed: int, z_dim: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The z that a seed names, as in a show."""
    return np.random.default_rng(seed).standard_normal((1, z_dim)).astype(np.float32)[0]


# -- pictures ---------------------------------------------------------------------------------------------------------


def read_any(arguments: argparse.Namespace, resolution: int) -> Prepared:
    """A prepared folder as it is, a raw one cropped in memory; at least `resolution` px."""
    if not (arguments.folder / "pictures.npy").exists():
        return read_raw(arguments, resolution)
    prepared = pictures.load_prepared(arguments.folder)
    if prepared.size < resolution or prepared.size & (prepared.size - 1):
        raise PicturesError(
            f"{arguments.folder}: prepared at {prepared.size} px; this schedule paints {resolution} px. "
            f"Prepare again with --size {resolution}."
        )
    return prepared


def read_raw(arguments: argparse.Namespace, size: int) -> Prepared:
    if arguments.crop == "face" and arguments.landmarks is None:
        raise PicturesError("--crop face needs --landmarks FILE. For pictures without faces, use --crop centre.")
    landmarks = arguments.landmarks if arguments.crop != "centre" else None
    prepared = pictures.prepare(arguments.folder, size, landmarks, arguments.ledger, show_reading)
    skipped = prepared.facts["skipped"]
    for name, why in list(skipped.items())[:LISTED]:
        print(f"left out {why if why.startswith(name) else f'{name}: {why}'}", file=sys.stderr)
    if len(skipped) > LISTED:
        print(f"left out {len(skipped) - LISTED} more", file=sys.stderr)
    if len(prepared.pictures) < COMFORTABLE:
        print(f"only {len(prepared.pictures)} pictures: {COMFORTABLE} or more would give variety", file=sys.stderr)
    return prepared


def show_reading(paths: Iterable[Path]) -> Iterable[Path]:
    return tqdm(list(paths), "reading", unit="picture", disable=None)


# -- options ----------------------------------------------------------------------------------------------------------


def check_suffix(path: Path, suffix: str, what: str) -> None:
    if path.suffix != suffix:
        raise TrainingError(f"{path}: the name of a {what} file ends with {suffix}.")


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
