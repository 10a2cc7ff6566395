"""Makes a model file of what a training kept.

python -m benchmarks.gpu.model FOLDER MODEL [--licence TEXT]
"""

import argparse
import json
import tempfile
from pathlib import Path

import torch

from benchmarks.gpu.kept import AVERAGE, network, read
from benchmarks.gpu.plainly import plainly
from installation.core.errors import TrainingError
from installation.training.gan.export import export
from installation.training.loop.saving import CHECKPOINT, FORMAT


def model(folder: Path, out: Path, licence: str = "") -> None:
    """Raises TrainingError where nothing is kept."""
    kept = read(folder)
    if kept is None:
        raise TrainingError(f"{folder}: holds no training. Give the folder that was --out of python -m benchmarks.gpu.")
    state = {name: json.dumps(kept[name]) for name in ("arch", "recipe", "facts")}
    whole = {"format": FORMAT, "model": "gan", "progress": kept["progress"], **state}
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / CHECKPOINT
        torch.save({**whole, "ema": network(folder, kept, AVERAGE)}, path)
        export(path, out, licence)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("--licence", default="")
    asked = options.parse_args()
    with plainly():
        model(asked.folder, asked.out, asked.licence)
