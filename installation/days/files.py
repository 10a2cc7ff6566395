"""The files of a state folder: a record and a page for each day, the newest DAYS of them.

What is kept goes by how many there are, and not by the date of today: a clock that is set wrong deletes nothing.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

from installation.core.errors import DeviceError, FrameError
from installation.core.folders import REPORTS
from installation.core.typed_messages import pack, unpack
from installation.days.rows import ROWS, VERSION, Head, Row

RECORDS = "days"
DAYS = 90

LARGEST = 4_000_000
"""Bytes of a day's record at most; 400 KB are usual."""

LONGEST = 20_000
"""Characters of a row at most, when a record is read."""


def record_of(folder: Path, day: date) -> Path:
    """The record of that day in a show's state folder."""
    return folder / RECORDS / f"{day}.jsonl"


def report_of(folder: Path, day: date) -> Path:
    """The page of that day."""
    return folder / REPORTS / f"{day}.html"


def append(path: Path, rows: Iterable[Row]) -> None:
    """Adds rows to a record, unless it is full. Raises OSError where it cannot be written."""
    text = "".join(json.dumps(pack(row), ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        size = file.seek(0, 2)
        if size + len(text) > LARGEST:
            return
        file.seek(max(0, size - 1))
        cut_off = size and file.read(1) != b"\n"  # the power failed in the middle of a row
        file.write(b"\n" * bool(cut_off) + text.encode("utf-8", "backslashreplace"))


def read(folder: Path, day: date) -> list[Row]:
    """The rows of a day; lines that are no row are left out. Raises DeviceError where there is no record."""
    path = record_of(folder, day)
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            rows = list(_rows(file))
    except FileNotFoundError:
        known = [str(one) for one in days_in(folder / RECORDS, ".jsonl")]
        there = f"there are: {', '.join(known[-7:])}" if known else "nothing was recorded there yet"
        raise DeviceError(f"found no record of {day} in {path.parent}; {there}") from None
    except OSError as error:
        raise DeviceError(f"{path}: cannot be read ({error.strerror or error})") from error
    if not any(isinstance(row, Head) for row in rows):
        raise DeviceError(f"{path}: found no show in it, expected the record of a day")
    return rows


def _rows(lines: Iterable[str]) -> Iterator[Row]:
    for line in lines:
        with suppress(ValueError, FrameError, RecursionError):
            row = unpack(json.loads(line[:LONGEST]), ROWS)
            if not isinstance(row, Head) or row.version == VERSION:
                yield row


def days_in(folder: Path, ending: str) -> list[date]:
    """The days that have a file in a folder, in order."""
    found = []
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    for name in names:
        if re.fullmatch(r"\d{4}-\d\d-\d\d" + re.escape(ending), name):
            with suppress(ValueError):
                found.append(date.fromisoformat(name[:10]))
    return sorted(found)


def unreported(folder: Path, last: date) -> list[date]:
    """The days up to ``last`` that have a record, and no page that is as new."""
    return [day for day in days_in(folder / RECORDS, ".jsonl")[-DAYS:] if day <= last and not _is_told(folder, day)]


def _is_told(folder: Path, day: date) -> bool:
    report = report_of(folder, day)
    return report.exists() and report.stat().st_mtime >= record_of(folder, day).stat().st_mtime


def prune(folder: Path) -> None:
    """Deletes the records and pages beyond the newest DAYS."""
    for inner, ending in ((RECORDS, ".jsonl"), (REPORTS, ".html")):
        for day in days_in(folder / inner, ending)[:-DAYS]:
            (folder / inner / f"{day}{ending}").unlink(missing_ok=True)
