"""What a wide picture costs: python -m benchmarks.frieze [--model MODEL] [--paints 6]

Processor milliseconds of a picture, the least of several, for one to eight of the model's pictures side by side, in
plain torch on one thread.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from generators.stylegan2 import Config
from installation.networks.choose_runtime import machine

ROOT = Path(__file__).resolve().parent.parent
ACROSS = (1, 2, 4, 8)


def least(work: Callable[[], object], times: int) -> float:
    """Processor milliseconds of this process."""
    spent = []
    for _ in range(times):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return 1000 * min(spent)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", type=Path, default=ROOT / "shows" / "models" / "landscapes.safetensors")
    options.add_argument("--paints", type=int, default=6)
    asked = options.parse_args()
    torch.set_num_threads(1)  # what threads wait for each other would count, too
    print(f"{machine()}, load {os.getloadavg()[0]:.0f}\n\n| tiles | picture | processor ms |\n| --- | --- | --- |")
    for across in ACROSS:
        generator = Config(kind="stylegan2", model=asked.model, tiles=(across, 1), runtime="eager").open("cpu")
        latent = generator.latent(1)
        picture = np.array(generator.paint(latent, {}))
        spent = least(lambda latent=latent, generator=generator: generator.paint(latent, {}), asked.paints)  # type: ignore[misc]
        print(f"| {across} | {picture.shape[1]}x{picture.shape[0]} | {spent:.0f} |", flush=True)


if __name__ == "__main__":
    main()
