"""How near a student is to its teacher, and how much faster: python -m benchmarks.distil TEACHER STUDENT

* KID (arXiv 1801.01401) x 1000 of the student's pictures to the teacher's, in EfficientNet-Lite2 as the reports have
  it, beside that of two halves of the teacher's;
* the mean difference of the two pictures of a latent, in levels of 255;
* smoothness: of a walk between seeds in small steps, the largest change from picture to picture over the median change,
  1 where a walk goes evenly, of either;
* processor milliseconds for a picture in plain torch on one thread, by turns in one run, and the ratio.

Both are painted at the latents of the same seeds, truncated by the psi of the teacher's kind.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import torch

from installation.core.errors import VernissageError
from installation.networks.choose_runtime import machine
from installation.networks.model_generator import proofs
from installation.networks.runtime import Eager
from installation.training.evaluation import efficientnet_lite2
from installation.training.latent.distances import kernel_distance
from installation.training.latent.models import OpenModel, open_model, shown_psi

ROUNDS, PAINTS = 7, 3
WALKED, STEPS = 4, 24
"""Seeds that a walk goes through, and its pictures between two."""


def walk(model: OpenModel) -> np.ndarray:
    """Latents on straight ways through some seeds and back."""
    seeds = model.latents(range(WALKED))
    shares = np.arange(STEPS, dtype=np.float32)[:, None] / STEPS
    ways = zip(seeds, np.roll(seeds, -1, 0), strict=True)
    return np.concatenate([one + shares * (other - one) for one, other in ways])


def unevenness(model: OpenModel, psi: float) -> float:
    shown = model.levels(walk(model), psi)
    steps = (shown[1:] - shown[:-1]).abs().mean((1, 2, 3)).reshape(-1)
    return float(steps.max() / steps.median())


def milliseconds(models: list[OpenModel]) -> list[float]:
    """Of the processor, the median of rounds by turns, each of a few paints behind one that does not count."""
    torch.set_num_threads(1)
    latents = [proofs(model.network) for model in models]
    runtimes = [Eager(model.network.synthesis, at) for model, at in zip(models, latents, strict=True)]
    taken: list[list[float]] = [[] for _ in models]
    for _ in range(ROUNDS):
        for runtime, at, times in zip(runtimes, latents, taken, strict=True):
            runtime.paint(at[0])
            began = time.process_time()
            for paint in range(PAINTS):
                runtime.paint(at[paint])
            times.append(1000 * (time.process_time() - began) / PAINTS)
    return [statistics.median(times) for times in taken]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("student", type=Path)
    parser.add_argument("--pictures", type=int, default=200, help="of each (default 200)")
    asked = parser.parse_args()
    teacher, student = open_model(asked.teacher), open_model(asked.student)
    psi = shown_psi(teacher)
    slow, fast = milliseconds([teacher, student])
    told = student.header["training"]
    print(f"{machine()}; the student has seen {told['images']} pictures in {told['active_minutes']} minutes")
    print(f"ms of the processor a picture: teacher {slow:.1f}, student {fast:.1f}, {slow / fast:.2f} times as fast")
    latents = teacher.latents(range(asked.pictures))
    wanted, painted = (model.pictures(latents, psi) for model in (teacher, student))
    off = np.abs(wanted.astype(np.int16) - painted).mean()
    seen, mine = (efficientnet_lite2.features(pictures) for pictures in (wanted, painted))
    half = len(seen) // 2
    print(f"mean difference of the two pictures of a latent: {off:.2f} levels of 255")
    print(f"KID x 1000 to the teacher: {kernel_distance(seen, mine):.2f}, ", end="")
    print(f"of two halves of the teacher's: {kernel_distance(seen[:half], seen[half:]):.2f}")
    uneven = [unevenness(model, psi) for model in (teacher, student)]
    print(f"largest step of a walk over the median step: teacher {uneven[0]:.2f}, student {uneven[1]:.2f}")


if __name__ == "__main__":
    try:
        main()
    except VernissageError as error:
        raise SystemExit(f"error: {error}") from None
