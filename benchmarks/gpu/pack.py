"""Makes a prepared folder small enough to be carried: JPEGs in place of pixels, 20 MB for 1,192 faces of 256 px.

python -m benchmarks.gpu.pack PREPARED PICTURES
"""

import argparse
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from installation.core.atomic_write import write_whole
from installation.training.dataset.pictures import Picture, load_prepared

FACTS = "packed.json"
QUALITY = 92


@dataclass(frozen=True)
class Packed:
    """(n, size, size, 3) uint8, and the facts of the prepared folder that a model's header repeats."""

    pictures: Picture
    facts: dict[str, Any]


def pack(prepared: Path, out: Path) -> None:
    """Of the pictures that its ledger keeps. Raises PicturesError for a folder that is not prepared."""
    folder = load_prepared(prepared)
    out.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(folder.pictures):
        whole = io.BytesIO()
        Image.fromarray(np.asarray(picture)).save(whole, "JPEG", quality=QUALITY, subsampling=0)
        write_whole(out / f"{number:05}.jpg", whole.getvalue())
    facts = {name: value for name, value in folder.facts.items() if name != "skipped"}
    write_whole(out / FACTS, json.dumps(facts, ensure_ascii=False).encode())


def unpack(folder: Path) -> Packed:
    facts = json.loads((folder / FACTS).read_text("utf-8"))
    return Packed(np.stack([picture(folder / f"{number:05}.jpg") for number in range(facts["count"])]), facts)


def picture(path: Path) -> Picture:
    with Image.open(path) as whole:
        return np.asarray(whole)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("prepared", type=Path)
    options.add_argument("out", type=Path)
    asked = options.parse_args()
    pack(asked.prepared, asked.out)
    print(f"{asked.out}: {sum(path.stat().st_size for path in asked.out.iterdir()) / 1e6:.0f} MB")
