"""A prepared folder, which is what every later step of the chain reads, and the sheets to look at.

A *raw* folder holds image files. A *prepared* folder holds

    pictures.npy    (n, size, size, 3) uint8 sRGB, in the order of prepared.json
    prepared.json   how it was made: options, every file with its sha256, the crops it gave, what was left out and why
    ledger.csv      a row for each picture, see `installation.training.dataset.ledger`
    sheet.png       to look at
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from installation.training.dataset.decoding import Picture, PicturesError, read_picture
from installation.training.dataset.ledger import LEDGER, Ledger, is_kept, ledger_digest, read_ledger

__all__ = [
    "LEDGER",
    "Ledger",
    "Picture",
    "PicturesError",
    "Prepared",
    "contact_sheet",
    "ledger_digest",
    "load_prepared",
    "png",
    "read_ledger",
    "read_picture",
    "spread",
]

FORMAT = 2
PICTURES, FACTS, SHEET = "pictures.npy", "prepared.json", "sheet.png"


@dataclass(frozen=True)
class Prepared:
    """Pictures ready to train on: (n, size, size, 3) uint8 sRGB, with the facts that the model's header will repeat.

    `pictures` is mapped from disk: what is indexed is read, and writing to it does not change the file. Of the facts,
    `files` are the pictures' names in their order, as in the ledger's first column; `skipped` is {name: why}; `dropped`
    counts those that the ledger withholds. Of the others `ledger` has the columns and rows, and `licences` what their
    column licence says, "" where it says nothing.
    """

    pictures: Picture
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return int(self.pictures.shape[1])


def load_prepared(folder: Path, screened: bool = True) -> Prepared:
    """A prepared folder without the pictures that its ledger withholds; with `screened` false, all of them.

    Raises PicturesError for a folder that is damaged, whose ledger misses a picture, or of which nothing is left.
    """
    pictures, facts, names = read_prepared(folder)
    kept = list(range(len(pictures)))
    if (folder / LEDGER).exists():
        ledger = Ledger.read(folder / LEDGER)
        missing = [name for name in names if name not in ledger.rows]
        if missing:
            raise PicturesError(
                f"{folder / LEDGER}: no row for {missing[0]} ({len(missing)} missing). To leave a picture out, write "
                "no in the column keep. Preparing again brings the rows back."
            )
        kept = [i for i, name in enumerate(names) if not screened or is_kept(ledger.rows[name])]
        names = [names[i] for i in kept]
        if not kept:
            raise PicturesError(f"{folder / LEDGER}: keep is no for all {len(pictures)} pictures.")
        facts = {**facts, "ledger_sha256": ledger_digest(ledger.lines(), facts["source"], names)}
        facts["licences"] = sorted({ledger.rows[name].get("licence", "").strip() for name in names})
        used = set(names)
        facts["ledger"] = [ledger.columns, *(row for row in ledger.lines() if row[0] in used)]
    told = {"count": len(kept), "files": names, "skipped": skipped_of(facts), "dropped": len(pictures) - len(kept)}
    return Prepared(chosen(pictures, kept, folder), {**facts, **told})


def read_prepared(folder: Path) -> tuple[Picture, dict[str, Any], list[str]]:
    """(all pictures, mapped; what prepared.json holds; their names). Raises PicturesError where these do not fit."""
    if not (folder / PICTURES).exists() and not (folder / FACTS).exists():
        found = "not a prepared folder" if folder.is_dir() else "there is no such folder"
        raise PicturesError(f"{folder}: {found}. First: prepare my_pictures --out {folder.with_name('ready')}")
    try:
        pictures = np.load(folder / PICTURES, mmap_mode="c", allow_pickle=False)
        facts = json.loads((folder / FACTS).read_text("utf-8"))
        size, names = facts["size"], names_of(facts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        raise PicturesError(f"{folder}: not a prepared folder, or a damaged one ({error}). Prepare it again.") from None
    expected = (len(names), size, size, 3)
    if pictures.dtype != np.uint8 or pictures.shape != expected:
        raise PicturesError(
            f"{folder / PICTURES}: found {pictures.dtype} {pictures.shape}, expected uint8 {expected}. "
            "Prepare it again."
        )
    return pictures, facts, names


def names_of(facts: dict[str, Any]) -> list[str]:
    """Of the pictures of a prepared.json, in order."""
    if facts.get("format") != FORMAT:  # before 2, the names were all that it held
        return list(facts["files"])
    return [full_name(record["file"], crop["at"]) for record in facts["files"] for crop in record["crops"]]


def skipped_of(facts: dict[str, Any]) -> dict[str, str]:
    """{name: why} of the files, tiles and frames that gave no picture."""
    if facts.get("format") != FORMAT:
        return dict(facts.get("skipped", {}))
    return {full_name(record["file"], at): why for record in facts["files"] for at, why in record["left_out"].items()}


def full_name(file: str, at: str) -> str:
    return f"{file}#{at}" if at else file


def chosen(pictures: Picture, kept: list[int], folder: Path) -> Picture:
    """The pictures at these indices; unless that is all, from a copy on the same disk that is deleted after use.

    Raises PicturesError if the disk is full."""
    if len(kept) == len(pictures):
        return pictures
    where = folder if os.access(folder, os.W_OK) else None
    try:
        with tempfile.TemporaryFile(dir=where) as file:
            for index in kept:
                file.write(np.ascontiguousarray(pictures[index]).data)
            file.flush()
            return np.memmap(file, np.uint8, "c", shape=(len(kept), *pictures.shape[1:]))
    except OSError as error:
        raise PicturesError(
            f"{where or tempfile.gettempdir()}: no room for a copy of the pictures that are kept ({error.strerror}), "
            f"{len(kept) * pictures[0].nbytes / 1e6:.0f} MB. Make room; then the same command goes on."
        ) from None


# -- sheets -----------------------------------------------------------------------------------------------------------


def spread(total: int, count: int) -> NDArray[np.int64]:
    """Up to `count` indices evenly spread over `total`."""
    return np.unique(np.linspace(0, total - 1, min(total, count)).round().astype(np.int64))


def png(picture: Picture) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def contact_sheet(pictures: Picture) -> Picture:
    """(n, h, w, 3) pictures -> one picture with as many columns as rows, or a little wider."""
    n, height, width, _ = pictures.shape
    columns = int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    sheet = np.zeros((rows * columns, height, width, 3), np.uint8)
    sheet[:n] = pictures
    return np.ascontiguousarray(
        sheet.reshape(rows, columns, height, width, 3).swapaxes(1, 2).reshape(rows * height, columns * width, 3)
    )
