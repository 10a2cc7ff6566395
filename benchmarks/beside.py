"""What a training keeps of its pace beside other work: two threads alone, then beside two loops that never rest; as the
chain starts them (their waiting threads sleep), and as OpenMP has them by itself (they spin).

.venv/bin/python benchmarks/beside.py --seconds 30
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TRAIN = ["--stages", "64:9000", "--width", "64", "--precision", "fp32", "--threads", "2", "--no-tensorboard"]
SPINNING = {"GOMP_SPINCOUNT": "300000", "KMP_BLOCKTIME": "200"}
"""GNU's and LLVM's own defaults."""
KEPT = 0.4
"""The share of its pace that a training is promised."""


@contextmanager
def busy() -> Iterator[None]:
    """A loop of its own that takes what it can get of a core."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def pace(folder: Path, out: Path, seconds: float, environment: dict[str, str]) -> float:
    """Pictures a second of a training of so many seconds, from its first line in the log to its last."""
    line = [sys.executable, "-m", "installation.training", "train", str(folder), "--out", str(out), *TRAIN]
    line += ["--minutes", str(seconds / 60)]
    done = subprocess.run(line, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    with (out.with_suffix(".work") / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    first, last = rows[0], rows[-1]
    if first["images"] == last["images"]:
        raise SystemExit(f"too short for two lines in the log, give more --seconds; {done.stderr[-400:]}")
    images, minutes = (float(last[name]) - float(first[name]) for name in ("images", "minutes"))
    return images / minutes / 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each of the four trainings (default 30)")
    seconds = parser.parse_args().seconds
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before it began, {time.strftime('%Y-%m-%d')}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "pictures"
        folder.mkdir()
        chance = np.random.default_rng(0)
        for index in range(64):
            Image.fromarray(chance.integers(0, 255, (64, 64, 3), np.uint8)).save(folder / f"{index}.png")
        for what, environment in (("sleeping", {}), ("spinning", SPINNING)):
            alone = pace(folder, Path(name) / f"{what}-alone.safetensors", seconds, environment)
            with ExitStack() as loops:
                for _ in range(2):
                    loops.enter_context(busy())
                beside = pace(folder, Path(name) / f"{what}-beside.safetensors", seconds, environment)
            told = f"{beside / alone:.0%} kept" + (f", {KEPT:.0%} promised" if what == "sleeping" else "")
            print(
                f"threads that wait are {what}: alone {alone:.1f}, beside {beside:.1f} pictures/s, {told}", flush=True
            )


if __name__ == "__main__":
    main()
