"""A GAN of 16 px that learns in milliseconds, for the tests; as a program, a run of it in several processes.

python -m tests.tiny_training FOLDER PROCESSES STEPS: goes on from the folder's checkpoint if there is one, saves after
so many steps, and each process writes the digest of its own weights into the folder.
"""

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from installation.networks.stylegan2_generator import Architecture
from installation.training.dataset.supply import Supply
from installation.training.gan.recipe import Recipe
from installation.training.gan.run import Gan
from installation.training.loop.devices import Devices, open_devices
from installation.training.loop.run import Run
from installation.training.loop.saving import CHECKPOINT, resume
from installation.training.loop.schedule import Phase
from installation.training.loop.trainer import Habits, train

ARCH = Architecture(
    resolution=16,
    z_dim=16,
    w_dim=16,
    channels=(16, 16, 16),
    mapping_layers=2,
    version=2,
    noise=True,
    replicate=True,
    fine=16,
)
RECIPE = Recipe(stages=(Phase(8, 0.032), Phase(16, 0.032)), batch=8, fade=16, r1_every=2)
NEVER = Habits(look=1e9, log=1e9, checkpoint=1e9, sheet=1e9)


def discs(count: int = 24, size: int = 16) -> np.ndarray:
    """Bright discs on dark ground: (count, size, size, 3) uint8."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    rng = np.random.default_rng(0)
    inside = (x**2 + y**2 < 0.1)[None, ..., None]
    return np.where(inside, rng.integers(150, 255, (count, 1, 1, 3)), 20).astype(np.uint8)


def tiny(devices: Devices, recipe: Recipe = RECIPE, arch: Architecture = ARCH, **facts: Any) -> Gan:
    return Gan(Supply(discs()), arch, recipe, devices, facts)


def quiet(_run: Run, _speed: float) -> None:
    pass


def steps(run: Gan, folder: Path, devices: Devices, count: int) -> None:
    """So many steps, and a checkpoint."""
    end = run.progress.steps + count
    train(run, folder, devices, quiet, lambda: run.progress.steps == end, NEVER, tensorboard=False)


def digest(run: Gan) -> str:
    """Of all weights and of the averaged ones, to the bit."""
    every = [*run.weights(), *run.learner.average.net.parameters()]
    return hashlib.sha256(b"".join(weight.detach().numpy().tobytes() for weight in every)).hexdigest()


def apart(some: Sequence[Tensor], others: Sequence[Tensor]) -> float:
    """The distance between two sets of weights."""
    pairs = zip(some, others, strict=True)
    return float(torch.stack([(a - b).detach().square().sum() for a, b in pairs]).sum().sqrt())


def main(folder: Path, processes: int, count: int) -> None:
    with open_devices("cpu", processes, processes, "fp32") as devices:
        run = tiny(devices)
        if (folder / CHECKPOINT).exists():
            resume(run, folder)
        steps(run, folder, devices, count)
        (folder / f"digest_{devices.fabric.global_rank}").write_text(digest(run))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
