"""Half an hour on a machine with a CUDA graphics card: proves that it paints right, measures how fast, and trains.

    python -m benchmarks.gpu --minutes 28 --out FOLDER [--train PICTURES [--start-from MODEL]]
    python -m benchmarks.gpu --rehearse --minutes 1 --out FOLDER        the same on the processor, tiny

First the painters: a captured graph against plain torch, memory for pictures, frames a second, late frames against a
screen of 60 Hz where OpenGL works without one. The rows of docs/performance.md are printed, and lie in FOLDER. Then a
GAN is trained on PICTURES (as benchmarks.gpu.pack makes them) with the sizes that the time allows, by the speed
measured. FOLDER holds a sheet and the networks, renewed every two minutes, each file 16 MB at most; the same command
goes on from them, on this machine or another. benchmarks.gpu.model makes a model file of them.

CONTRIBUTING says how to bring what the machine lacks.
"""

import argparse
import sys
from pathlib import Path

from benchmarks.gpu.plainly import plainly

NO_CUDA = 2
"""Exit status where there is no CUDA device."""


def asked() -> argparse.Namespace:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--minutes", type=float, required=True, metavar="N", help="of all of it")
    options.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    options.add_argument("--train", type=Path, metavar="PICTURES", help="without it nothing is trained")
    options.add_argument("--start-from", type=Path, metavar="MODEL", help="a GAN to go on from")
    options.add_argument("--rehearse", action="store_true", help="tiny, on the processor; trains on drawn discs")
    return options.parse_args()


def main() -> int:
    options = asked()
    import torch  # here: it takes seconds to load

    if not torch.cuda.is_available() and not options.rehearse:
        print(f"No CUDA device: torch {torch.__version__} finds none. --rehearse does all of it on the processor.")
        return NO_CUDA
    from benchmarks.gpu.work import work

    with plainly():
        work(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
