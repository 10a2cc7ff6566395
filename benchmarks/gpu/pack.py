"""Makes a prepared folder small enough to be carried: JPEGs in place of pixels, 20 MB for 1,192 faces of 256 px, with
prepared.json and ledger.csv as they are; and there a prepared folder again.

python -m benchmarks.gpu.pack PREPARED PICTURES
python -m benchmarks.gpu.pack --unpack PICTURES PREPARED
"""

import argparse
import io
import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.gpu.plainly import plainly
from installation.core.atomic_write import write_whole
from installation.training.dataset.pictures import FACTS, LEDGER, PICTURES, PicturesError, names_of, read_prepared

QUALITY = 92


def pack(prepared: Path, out: Path) -> None:
    """Raises PicturesError for a folder that is not prepared."""
    pictures, _, _ = read_prepared(prepared)
    out.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        whole = io.BytesIO()
        Image.fromarray(np.asarray(picture)).save(whole, "JPEG", quality=QUALITY, subsampling=0)
        write_whole(packed(out, number), whole.getvalue())
    carry(prepared, out)


def unpack(folder: Path, prepared: Path) -> None:
    """Raises PicturesError where a picture or what is told of them is missing."""
    if not (folder / FACTS).exists():
        raise PicturesError(
            f"{folder}: holds no packed pictures. First: python -m benchmarks.gpu.pack PREPARED {folder}"
        )
    facts = json.loads((folder / FACTS).read_text("utf-8"))
    count, size = len(names_of(facts)), facts["size"]
    for number in range(count):
        if not packed(folder, number).exists():
            raise PicturesError(f"{packed(folder, number)}: is missing, of {count} pictures. Carry it here, too.")
    prepared.mkdir(parents=True, exist_ok=True)
    pictures = np.lib.format.open_memmap(prepared / PICTURES, "w+", np.uint8, (count, size, size, 3))
    for number in range(count):
        with Image.open(packed(folder, number)) as whole:
            pictures[number] = np.asarray(whole)
    pictures.flush()
    carry(folder, prepared)


def packed(folder: Path, number: int) -> Path:
    return folder / f"{number:05}.jpg"


def carry(here: Path, there: Path) -> None:
    """What is told of the pictures."""
    for name in (LEDGER, FACTS):
        if (here / name).exists():
            shutil.copyfile(here / name, there / name)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("here", type=Path)
    options.add_argument("there", type=Path)
    options.add_argument("--unpack", action="store_true")
    asked = options.parse_args()
    with plainly():
        (unpack if asked.unpack else pack)(asked.here, asked.there)
    print(f"{asked.there}: {sum(path.stat().st_size for path in asked.there.iterdir()) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
