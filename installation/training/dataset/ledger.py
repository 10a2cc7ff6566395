"""The ledger: a CSV with a row for each picture, who made it and by what right it is used, kept from folder to model.

Its first column names the picture, `folder/name.jpg`; for a tile or a frame followed by a W3C Media Fragment:
`folder/name.jpg#xywh=0,0,256,256`, `film.mp4#t=12.5`. Of the other columns the program itself reads

    native_px   pixels of real detail along the side of the picture
    keep        "no": the picture is not trained on (written by screening, or by hand)

and leaves all others as they are.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from installation.core.atomic_write import write_whole
from installation.training.dataset.decoding import PicturesError

LEDGER = "ledger.csv"
"""Its name in a prepared folder."""

BY_THE_ARTIST = ("artist", "title", "year", "licence")
COLUMNS = ("file", "sha256", "source", *BY_THE_ARTIST, "native_px")
"""Columns of a ledger made from the files alone; those of the artist are filled in by hand."""

Row = dict[str, str]


@dataclass
class Ledger:
    """``columns`` in the file's order; ``rows`` {what the first column says: {column: value}}."""

    columns: list[str] = field(default_factory=lambda: list(COLUMNS))
    rows: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """Raises PicturesError for what is no CSV, has no line of column names, or names a picture twice."""
        lines = read_ledger(path)
        columns = [name.strip() for name in lines[0]] if lines else []
        if not all(columns) or len(set(columns)) < max(2, len(columns)):
            raise PicturesError(f"{path}: its first line must name the columns, each once; found {columns}.")
        ledger = cls(columns)
        for number, line in enumerate(lines[1:], 2):
            if len(line) > len(columns):
                raise PicturesError(f"{path}: row {number} has {len(line)} values for {len(columns)} columns.")
            if line[0] in ledger.rows:
                raise PicturesError(f"{path}: row {number} names {line[0]} again. One row for each picture.")
            ledger.rows[line[0]] = dict(zip(columns, [*line, *[""] * (len(columns) - len(line))], strict=True))
        return ledger

    def add_columns(self, names: Iterable[str]) -> None:
        self.columns = list(dict.fromkeys([*self.columns, *names]))

    def lines(self) -> list[list[str]]:
        """The rows as read_ledger gives them."""
        return [[row.get(column, "") for column in self.columns] for row in self.rows.values()]

    def content(self) -> bytes:
        """The file that read() reads."""
        return as_csv([self.columns, *self.lines()])

    def write(self, path: Path) -> None:
        """Writes atomically."""
        write_whole(path, self.content())


def as_csv(lines: Iterable[list[str]]) -> bytes:
    """Rows, those of the columns' names first, as read_ledger reads them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()


def beside(model: Path) -> Path:
    """The path of the ledger of a model's training pictures, beside the model file."""
    return model.with_suffix(".ledger.csv")


def merge(
    pictures: Iterable[tuple[str, Row, Row | None]], given: Ledger | None, old: Ledger | None, notes: dict[str, str]
) -> Ledger:
    """The ledger of these (name, what is known from the file, row of the `given` ledger), each name once.

    What was written into an `old` ledger of the same folder is kept with a picture as long as its content is the same;
    what the artist wrote, even if not. Values in `given` override both. Files whose content has changed since their row
    was written are added to `notes`.
    """
    ledger = Ledger(list(given.columns if given else COLUMNS))
    ledger.add_columns([*COLUMNS[1:], *(old.columns[1:] if old else ())])
    rows = old.rows if old else {}
    of_file = {name.partition("#")[0]: row for name, row in rows.items()}
    for name, own, row in pictures:
        file, _, part = name.partition("#")
        kept = rows.get(name, {})
        if kept.get("sha256") != own["sha256"]:
            kept = {column: of_file[file].get(column, "") for column in BY_THE_ARTIST} if file in of_file else {}
        if row and row.get("sha256") not in (None, "", own["sha256"]):
            notes[file] = "its content is not what the ledger's sha256 says"
        said = {column: value for column, value in (row or {}).items() if value}
        settled = ("sha256", "native_px") if part else ("sha256",)
        merged = {**own, **kept, "native_px": own["native_px"], **said, **{column: own[column] for column in settled}}
        ledger.rows[name] = {**merged, ledger.columns[0]: name}
    return ledger


def is_kept(row: Mapping[str, str]) -> bool:
    """Whether a picture may be trained on: always, unless the column `keep` says no."""
    return row.get("keep", "").strip().casefold() != "no"


def read_ledger(path: Path) -> list[list[str]]:
    """The rows of a CSV whose first column names a picture, with its folder or without; the names of the columns first.

    UTF-8, with commas, or with the semicolons that a spreadsheet writes where the comma is the decimal point.
    """
    try:
        text = path.read_text("utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = ";" if ";" in first and "," not in first else ","
        return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except (OSError, ValueError, csv.Error) as error:
        raise PicturesError(f"{path}: cannot be read as a ledger ({error}). It must be a CSV file in UTF-8.") from None


def ledger_digest(rows: list[list[str]], folder: str, names: Iterable[str]) -> str:
    """sha256 over the rows of the pictures used, sorted, so that a model file states exactly what it was trained on."""
    wanted = {path for name in names for path in (name, f"{folder}/{name}")}
    used = sorted(",".join(row) for row in rows if row[0] in wanted)
    if not used:
        raise PicturesError(
            f"the ledger holds no row for any picture of {folder}. Its first column is the file's name."
        )
    return hashlib.sha256("\n".join(used).encode()).hexdigest()
