"""What takes away the texture that is locked to its place in the picture: four trainings of 64 px in equal time.

python3 run_show.py prepare FOLDER --out ready --size 64 --crop face --landmarks FILE
python benchmarks/causes.py ready --minutes 15 --out proof

The arms are the first generator, grown from 32 px; the same with noise; with noise and its border repeated as padding;
and that without growing. Nothing else differs. They learn in turns of some seconds, in one process and on one thread,
and each is stopped by its own processor time: what else the machine does slows all of them alike. `--out` holds a
checkpoint and a sheet of each arm; the same command goes on from there. `--only-measure` prints the table as it is now.

Of 256 samples of the averaged generator, not truncated, in brightness:

* locked ratio: standard deviation over pixels of the mean of their high-passes (picture minus a Gaussian blur of
  SIGMA pixels), over what as many independent pictures would give, std of a high-pass / 16. 1 is chance. Aligned faces
  are locked by themselves, so it is measured off the face, too: outside of an ellipse in the middle. The last row is
  what 256 real pictures give.
* frame: mean |high-pass| of the outermost pixels over that of the inner ones.
* power: radial power at 0.28, 0.41 and 0.47 cycles a pixel over that of the real pictures.
* distance: sliced Wasserstein, as `evaluate` measures it.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installation.networks.stylegan2_generator import Architecture  # noqa: E402
from installation.training.dataset.pictures import Picture, load_prepared, spread  # noqa: E402
from installation.training.dataset.supply import Supply  # noqa: E402
from installation.training.gan.architecture import architecture  # noqa: E402
from installation.training.gan.recipe import Recipe  # noqa: E402
from installation.training.gan.run import Gan  # noqa: E402
from installation.training.latent.distances import sliced_wasserstein_levels  # noqa: E402
from installation.training.loop.devices import Devices, open_devices  # noqa: E402
from installation.training.loop.saving import CHECKPOINT, resume, save  # noqa: E402
from installation.training.loop.schedule import Phase  # noqa: E402

SLICE, SAVE = 20.0, 120.0
"""Processor seconds that an arm learns before the next has its turn, and between its checkpoints."""
SAMPLES, SIGMA = 256, 1.5
FREQUENCIES, WIDTH = (0.28, 0.41, 0.47), 0.03
FACE_AXES = (0.30, 0.42)
"""Half axes of the ellipse that a face fills, in sides of the picture."""
SMALL_FIRST = 12
"""Thousand pictures of 32 px that a growing arm sees first; 64 px are then blended in over FADE."""
FADE = 4000
Floats = NDArray[np.float64]


# -- what is measured -------------------------------------------------------------------------------------------------


def brightness(pictures: Picture) -> Floats:
    """(n, r, r) in levels of 255."""
    return pictures.astype(np.float64) @ np.array([0.299, 0.587, 0.114])


def high_pass(grey: Floats) -> Floats:
    return np.stack([one - cv2.GaussianBlur(one, (0, 0), SIGMA, borderType=cv2.BORDER_REFLECT_101) for one in grey])


def off_the_face(side: int) -> NDArray[np.bool_]:
    y, x = (np.mgrid[:side, :side] + 0.5) / side - 0.5
    return (x / FACE_AXES[0]) ** 2 + (y / FACE_AXES[1]) ** 2 > 1


def locked(high: Floats, where: NDArray[np.bool_]) -> float:
    """1 is what independent pictures give."""
    chance = high[:, where].std() / np.sqrt(len(high))
    return float(high.mean(0)[where].std() / chance)


def frame(high: Floats) -> float:
    inner = np.zeros(high.shape[1:], bool)
    inner[4:-4, 4:-4] = True
    outer = np.ones_like(inner)
    outer[1:-1, 1:-1] = False
    return float(np.abs(high[:, outer]).mean() / np.abs(high[:, inner]).mean())


def power(grey: Floats) -> Floats:
    """Mean power at FREQUENCIES, of pictures under a Hann window."""
    side = grey.shape[-1]
    window = np.outer(np.hanning(side), np.hanning(side))
    spectrum = np.square(np.abs(np.fft.fft2((grey - grey.mean((1, 2), keepdims=True)) * window))).mean(0)
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    return np.array([spectrum[np.abs(radius - f) < WIDTH].mean() for f in FREQUENCIES])


def measured(pictures: Picture, real: Picture) -> str:
    """The cells of a row."""
    grey = brightness(pictures)
    high, everywhere = high_pass(grey), np.ones(grey.shape[1:], bool)
    ratios = " | ".join(f"{ratio:.2f}" for ratio in power(grey) / power(brightness(real)))
    draws = (sliced_wasserstein_levels(pictures, real, np.random.default_rng(seed)) for seed in range(3))
    far = np.mean([list(draw.values()) for draw in draws])
    return (
        f"{locked(high, off_the_face(grey.shape[-1])):.2f} | {locked(high, everywhere):.2f} | {frame(high):.2f} | "
        f"{ratios} | {far:.1f}"
    )


# -- the arms ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arm:
    name: str
    noise: bool = False
    replicate: bool = False
    grows: bool = True

    def architecture(self, size: int, width: int) -> Architecture:
        return replace(architecture(size, width), noise=self.noise, replicate=self.replicate, fine=0)

    def recipe(self, size: int, seed: int) -> Recipe:
        last = Phase(size, 1e6)
        stages = (Phase(size // 2, SMALL_FIRST), last) if self.grows else (last,)
        return Recipe(stages=stages, fade=FADE, seed=seed)


ARMS = (
    Arm("as before"),
    Arm("noise", noise=True),
    Arm("noise, border repeated", noise=True, replicate=True),
    Arm("the same, without growing", noise=True, replicate=True, grows=False),
)


class Training:
    """One arm's run, in a folder of its own."""

    def __init__(self, arm: Arm, folder: Path, pictures: Picture, width: int, seed: int, devices: Devices) -> None:
        self.arm, self.folder = arm, folder
        size = pictures.shape[1]
        self.run = Gan(Supply(pictures), arm.architecture(size, width), arm.recipe(size, seed), devices)
        self.folder.mkdir(parents=True, exist_ok=True)
        if (folder / CHECKPOINT).exists():
            resume(self.run, folder)
        self.saved = self.run.progress.seconds

    def learn(self, until: float) -> None:
        """For a turn, or to the end of its time in processor seconds."""
        progress = self.run.progress
        begun, end = time.process_time() - progress.seconds, min(until, progress.seconds + SLICE)
        while progress.seconds < end:
            self.run.step()
            progress.seconds = time.process_time() - begun
        if progress.seconds - self.saved > SAVE or progress.seconds >= until:
            save(self.run, self.folder)
            Image.fromarray(self.run.shown.sheet()).save(self.folder / "sheet.png")
            self.saved = progress.seconds

    def row(self, real: Picture) -> str:
        run = self.run
        painted = run.learner.painted(SAMPLES, 1.0, *run.timetable.phase())
        if painted.shape != real.shape:
            return f"| {self.arm.name} | {run.progress.images / 1000:.1f} | still at {painted.shape[1]} px |"
        return f"| {self.arm.name} | {run.progress.images / 1000:.1f} | {measured(painted, real)} |"


def tell(trainings: Sequence[Training], pictures: Picture, minutes: float, width: int, devices: Devices) -> str:
    real = pictures[spread(len(pictures), SAMPLES)]
    others = pictures[spread(len(pictures) - 1, SAMPLES) + 1]
    told = f"{len(pictures)} pictures of {pictures.shape[1]} px, width {width}, {minutes:g} processor minutes each, one"
    lines = [
        f"{told} thread, {devices.dtype}, torch {torch.__version__}\n",
        "| arm | thousands seen | locked off the face | locked | frame | power at 0.28 | 0.41 | 0.47 | distance |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(training.row(real) for training in trainings),
        f"| real pictures | | {measured(others, real)} |",
    ]
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path, help="a prepared folder of 64 px")
    options.add_argument("--out", type=Path, required=True, help="where checkpoints, sheets and table go")
    options.add_argument("--minutes", type=float, default=15.0, help="processor minutes for each arm (default 15)")
    options.add_argument("--width", type=int, default=64, help="most feature maps of a layer (default 64)")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only-measure", action="store_true")
    asked = options.parse_args()
    pictures = np.array(load_prepared(asked.folder).pictures)
    with open_devices("cpu", 1, 1) as devices:
        trainings = [
            Training(arm, asked.out / f"arm{index}", pictures, asked.width, asked.seed, devices)
            for index, arm in enumerate(ARMS)
        ]
        until = 0.0 if asked.only_measure else asked.minutes * 60
        while any(training.run.progress.seconds < until for training in trainings):
            for training in trainings:
                training.learn(until)
            seconds = {training.arm.name: round(training.run.progress.seconds) for training in trainings}
            print(json.dumps(seconds), file=sys.stderr, flush=True)
        table = tell(trainings, pictures, asked.minutes, asked.width, devices)
    (asked.out / "table.md").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    main()
