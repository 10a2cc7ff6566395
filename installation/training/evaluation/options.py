"""Options of an evaluation. Standard library only, so that --help starts fast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.training.command_line.options import (
    Bounds,
    argument,
    group,
    model_argument,
    option,
    required,
)
from installation.training.dataset.options import SourceOptions


@dataclass(frozen=True)
class EvaluateOptions:
    """Options of `evaluate`."""

    model: Path = model_argument()
    folder: Path | None = argument("the pictures that it was trained on, raw or prepared", Path, "PICTURES", "?")
    out: Path = required("where to write, such as docs/models/NAME", Path, "DIR")
    title: str | None = option(None, "the model's name in report and card (default: its file's)", metavar="TEXT")
    quick: bool = option(False, "fewer pictures, slower walks: a first look")
    inception: Path | None = option(None, "TorchScript: (n, 3, h, w) uint8 to features, for KID and FID", Path, "FILE")
    landmarks_model: Path | None = option(
        None,
        "mediapipe-face_mesh-*.tgz, or the .tflite of it, to judge eyes (default: the one in your data folder)",
        Path,
        "FILE",
    )
    show_training: bool = option(False, "show the nearest training pictures, 64 px (not for publication)")
    seed: int = option(0, "of the random numbers (default 0)", Bounds(int, 0, 2**31))
    device: str = option("cpu", "cpu (the default: the same figures anywhere), cuda, mps, auto")
    threads: int | None = option(None, "processor threads (default: all cores)", Bounds(int, 1, 256))
    afresh: bool = option(False, "compute every part again")
    source: SourceOptions = group("pictures", SourceOptions)
