"""Which recipe learns most in equal time: two losses, each with and without augmentation, on a prepared folder.

With more than one --width: which of these widths of the default recipe does.

python3 run_show.py prepare FOLDER --out ready --size 32
python benchmarks/recipes.py ready --minutes 5

The variants learn in turns of some seconds, in one process and on one thread, and each is stopped by its own processor
time: what else the machine does slows all of them alike. The distance is the sliced Wasserstein distance between the
averaged generator's samples (not truncated) and the pictures, as `evaluate` measures it; the last row is the distance
between two halves of the pictures, which is as near as that many samples can get.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installation.training.dataset.pictures import Picture, load_prepared  # noqa: E402
from installation.training.dataset.supply import Supply  # noqa: E402
from installation.training.gan.architecture import architecture  # noqa: E402
from installation.training.gan.recipe import LOSSES, Recipe  # noqa: E402
from installation.training.gan.run import Gan  # noqa: E402
from installation.training.latent.distances import sliced_wasserstein_levels  # noqa: E402
from installation.training.loop.devices import Devices, open_devices  # noqa: E402
from installation.training.loop.schedule import Phase  # noqa: E402
from installation.training.loop.watch import measure  # noqa: E402

SLICE = 10.0
"""Processor seconds that a variant learns before the next has its turn."""
MARKS = (0.5, 1.0)
"""Shares of the time after which the distance is measured."""


class Variant:
    """One recipe, how long it has learnt (processor seconds), and its distance at each mark."""

    def __init__(self, loss: str, altered: bool, pictures: Picture, width: int, seed: int, devices: Devices) -> None:
        size = pictures.shape[1]
        recipe = Recipe(stages=(Phase(size, 1e6),), loss=loss, augment=altered, seed=seed)
        self.name = f"{loss}, {'augmented' if altered else 'as they are'}, {width} maps"
        self.run = Gan(Supply(pictures), architecture(size, width), recipe, devices)
        self.seconds, self.distances = 0.0, list[float]()

    def learn(self, until: float) -> None:
        """For a turn, or to the end of its time."""
        begun, end = time.process_time() - self.seconds, min(until, self.seconds + SLICE)
        while self.seconds < end:
            self.run.step()
            self.seconds = time.process_time() - begun

    def painted(self, count: int) -> Picture:
        return self.run.learner.painted(count, 1.0, *self.run.timetable.phase())

    def row(self) -> str:
        measure(self.run)
        speed = self.run.progress.images / self.seconds
        distances = " | ".join(f"{distance:.1f}" for distance in self.distances)
        seen = self.run.progress.images / 1000
        return f"| {self.name} | {speed:.0f} | {seen:.1f} | {distances} | {self.run.progress.spread:.2f} |"


def in_turns(variants: list[Variant], until: float) -> None:
    """Each learns to this mark of its own processor time."""
    done = int(sum(variant.seconds for variant in variants))
    with tqdm(total=int(until * len(variants)), initial=done, unit="s of processor", mininterval=5) as bar:
        while any(variant.seconds < until for variant in variants):
            for variant in variants:
                variant.learn(until)
                bar.update(int(sum(each.seconds for each in variants)) - bar.n)


def distance(a: Picture, b: Picture) -> float:
    """A mean over three draws of patches and projections, the same for all."""
    draws = (sliced_wasserstein_levels(a, b, np.random.default_rng(seed)) for seed in range(3))
    return float(np.mean([list(draw.values()) for draw in draws]))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path, help="a prepared folder; its size is what is painted")
    options.add_argument("--minutes", type=float, default=5.0, help="processor minutes for each variant (default 5)")
    options.add_argument("--width", type=int, nargs="+", default=[64], help="most feature maps of a layer (default 64)")
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    pictures = np.array(load_prepared(asked.folder).pictures)
    with open_devices("cpu", 1, 1, "auto") as devices:
        recipes = [(loss, altered) for loss in LOSSES for altered in (True, False)]
        variants = [
            Variant(loss, altered, pictures, width, asked.seed, devices)
            for width in asked.width
            for loss, altered in (recipes if len(asked.width) == 1 else recipes[:1])
        ]
        for mark in MARKS:
            in_turns(variants, mark * asked.minutes * 60)
            for variant in variants:
                variant.distances.append(distance(variant.painted(len(pictures)), pictures))
        tell(variants, pictures, asked.minutes, devices)


def tell(variants: list[Variant], pictures: Picture, minutes: float, devices: Devices) -> None:
    size = pictures.shape[1]
    print(f"{len(pictures)} pictures of {size} px, {minutes:g} processor minutes each, one thread, {devices.dtype},")
    print(f"torch {torch.__version__}\n")
    marks = " | ".join(f"distance at {mark * minutes:g} min" for mark in MARKS)
    print(f"| recipe | pictures/s | thousands seen | {marks} | spread |\n| --- | --- | --- | --- | --- | --- |")
    for variant in variants:
        print(variant.row())
    print(f"| two halves of the pictures | | | | {distance(pictures[::2], pictures[1::2]):.1f} | |")


if __name__ == "__main__":
    main()
