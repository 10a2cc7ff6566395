"""How even the walks look: the coefficient of variation of the pixel change in equal times, on the bundled model.

python benchmarks/walks.py [--model shows/models/landscapes.safetensors]
"""

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from generators.stylegan2 import Config  # noqa: E402
from installation.core.contracts import Generator, Walk  # noqa: E402
from installation.walks import loop, wander  # noqa: E402

STEPS = 480
"""Pictures compared along a walk: four minutes of a wander are four stretches of it."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", type=Path, default=ROOT / "shows" / "models" / "landscapes.safetensors")
    generator = Config(model=options.parse_args().model).open("cpu")
    paced = loop.Config().open(generator, 0)
    print("| walk | unevenness | levels a second |\n| --- | --- | --- |")
    print(row("loop", paced, generator, paced.period))
    paced.pace = paced.shares
    print(row("loop, not paced", paced, generator, paced.period))
    for seed in range(4):
        print(row(f"wander, seed {seed}", wander.Config(seed=seed).open(generator, 0), generator, 240.0))


def row(name: str, walk: Walk, generator: Generator, seconds: float) -> str:
    times = np.linspace(0.0, seconds, STEPS + 1)
    pictures = [generator.paint(walk.at(float(t), {}), {}).astype(np.float32) for t in times]
    change = np.array([np.abs(after - before).mean() for before, after in pairwise(pictures)])
    return f"| {name} | {change.std() / change.mean():.2f} | {change.mean() * STEPS / seconds:.1f} |"


if __name__ == "__main__":
    main()
