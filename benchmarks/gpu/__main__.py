"""Half an hour on a machine with a CUDA graphics card: proves that it paints right, measures how fast, and trains.

    python -m benchmarks.gpu --minutes 28 --out FOLDER [--wheels DIR] [--train PICTURES [--start-from MODEL]]
    python -m benchmarks.gpu --rehearse --minutes 1 --out FOLDER        the same on the processor, tiny

First the painters: a captured graph against plain torch, memory for pictures, frames a second, late frames against a
screen of 60 Hz where OpenGL works without one. The rows of docs/performance.md are printed, and lie in FOLDER. Then a
GAN is trained on PICTURES (as benchmarks.gpu.pack makes them) with the sizes that the time allows, by the speed
measured. FOLDER holds a sheet and the networks, renewed every two minutes, each file 16 MB at most; the same command
goes on from them, on this machine or another. benchmarks.gpu.model makes a model file of them.

--wheels is a folder of wheels for what the machine lacks (see CONTRIBUTING); they are unpacked and found last.
"""

import argparse
import sys
import tempfile
import zipfile
from pathlib import Path

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
    options.add_argument("--wheels", type=Path, metavar="DIR")
    options.add_argument("--rehearse", action="store_true", help="tiny, on the processor; trains on drawn discs")
    return options.parse_args()


def unpack(wheels: Path, folder: Path) -> None:
    """What wheels hold can be imported from then on, where the machine has nothing of that name itself."""
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as content:
            content.extractall(folder)
    sys.path.append(str(folder))


def main() -> int:
    options = asked()
    with tempfile.TemporaryDirectory() as folder:
        if options.wheels:
            unpack(options.wheels, Path(folder))
        import torch  # here: wheels may bring what it needs

        if not torch.cuda.is_available() and not options.rehearse:
            print(f"No CUDA device: torch {torch.__version__} finds none. --rehearse does all of it on the processor.")
            return NO_CUDA
        from benchmarks.gpu.work import work
        from installation.core.errors import VernissageError

        try:
            work(options)
        except VernissageError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
