"""Checkpoints: everything a run needs to resume bit for bit, in one file that is written atomically.

A checkpoint holds tensors, numbers and text, never a program (torch.load reads it with weights_only). Format 1 knew
only GANs, and neither the random state nor the order of the pictures; it is still read.
"""

from __future__ import annotations

import io
import os
import shutil
import time
from pathlib import Path
from typing import Any

import torch

from installation.core.atomic_write import stage
from installation.core.errors import OptionError, TrainingError
from installation.training.loop.run import Run

CHECKPOINT, BEFORE = "checkpoint.pt", "checkpoint_before.pt"
FORMAT = 2
NO_CHECKPOINTS = (".safetensors", ".pkl", ".onnx")
"""How files end that are models, or networks of other programs: torch reads some of them, or warns that it cannot."""
NOT_OURS = "{path}: not a checkpoint of this program. Give a training's work folder, such as mine.work."
BEFORE_AGE = 1800.0
"""Seconds: the older copy is renewed when it is older than that, so that it is from before a slow decline, too."""
MODEL = "gan"
"""What a checkpoint of format 1 holds."""


def make_work(folder: Path) -> None:
    """Makes a work folder. Raises OptionError where a file has its name."""
    if folder.exists() and not folder.is_dir():
        raise OptionError(
            f"--work {folder}: is a file; expected a folder for the checkpoint, the logs and the sheets, which is made "
            "where there is none."
        )
    folder.mkdir(parents=True, exist_ok=True)


def save(run: Run, folder: Path) -> None:
    """Write the run's checkpoint beside the old one and rename it over. On any error the old one is still whole."""
    whole = io.BytesIO()
    torch.save({"format": FORMAT, "model": run.model, "progress": run.progress.text(), **run.state()}, whole)
    path, partial = folder / CHECKPOINT, folder / (CHECKPOINT + ".partial")
    try:
        stage(path, whole.getbuffer())
        keep_before(folder)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        kept = f"; the one before is whole, from {age(path)} ago" if path.exists() else ""
        raise TrainingError(
            f"{path}: a checkpoint of {whole.tell() / 1e6:.0f} MB cannot be written ({error.strerror or error}){kept}. "
            "Make room, or set this right; then the same command goes on from there."
        ) from None


def keep_before(folder: Path) -> None:
    """Keep the checkpoint at hand as the older copy, where that one is old enough to be replaced."""
    path, before = folder / CHECKPOINT, folder / BEFORE
    if not path.exists() or (before.exists() and time.time() - before.stat().st_mtime < BEFORE_AGE):
        return
    spare = folder / (BEFORE + ".partial")
    spare.unlink(missing_ok=True)
    try:
        os.link(path, spare)
    except OSError:  # a file system without hard links
        shutil.copyfile(path, spare)
    spare.replace(before)


def age(path: Path) -> str:
    minutes = (time.time() - path.stat().st_mtime) / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"


def resume(run: Run, folder: Path, kept: dict[str, Any] | None = None) -> list[str]:
    """Go on from the checkpoint of a work folder (`kept`: what it holds, where that was read already); returns what is
    worth telling. Raises TrainingError if it cannot."""
    path = folder / CHECKPOINT
    state = kept or read_checkpoint(path)
    if state["model"] != run.model:
        raise TrainingError(f"{path}: trains a {state['model']}, not a {run.model}. Use another --work folder.")
    try:
        return run.load(state)
    except (KeyError, RuntimeError) as error:
        if isinstance(error, TrainingError):
            raise TrainingError(f"{path}: {error}") from None
        raise TrainingError(f"{path}: does not fit this network ({str(error).splitlines()[0]}).") from None


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Tensors and plain values only: a checkpoint is never a program."""
    if path.suffix in NO_CHECKPOINTS and path.is_file():
        raise TrainingError(NOT_OURS.format(path=path))
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise TrainingError(
            f"{path}: there is no checkpoint. A training's work folder holds it, such as mine.work."
        ) from None
    except Exception as error:  # noqa: BLE001 - torch raises a dozen kinds for a damaged file, by its version
        raise TrainingError(
            f"{path}: not a checkpoint, or a damaged one ({type(error).__name__}). Of a training, {BEFORE} is older."
        ) from None
    if not isinstance(state, dict) or state.get("format") not in (1, FORMAT):
        raise TrainingError(NOT_OURS.format(path=path))
    return {"model": MODEL, **state}
