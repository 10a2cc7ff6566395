"""The state of a run of `prepare` on disk: squares in the order of the files, and a journal with one line per file.

An interrupted run leaves `pictures.npy.partial` and `files.partial`; the next one reuses what is still valid, file by
file from the first. A checksum in each line detects squares damaged by a power cut. Only a completed run replaces a
result.
"""

from __future__ import annotations

import io
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.lib import format as npy

from installation.training.dataset.crops import Crop, LeftOut
from installation.training.dataset.decoding import Picture, PicturesError
from installation.training.dataset.pictures import FORMAT, PICTURES, read_prepared

JOURNAL = "files.partial"


@dataclass
class Record:
    """One file of a source. ``crops`` are {"at", "native_px"} of each square it gave, ``left_out`` is {at: why}.

    ``sha256`` is of its content, empty if that was not read; ``key`` a digest of all inputs of its squares;
    ``crc`` the checksum of the squares.
    """

    file: str
    source: str
    sha256: str = ""
    key: str = ""
    crops: list[dict[str, Any]] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    note: str = ""
    crc: int = 0

    def same(self, other: Record) -> bool:
        """Whether two records are of one file and its squares must be the same."""
        mine, its = ((r.file, r.source, r.sha256, r.key) for r in (self, other))
        return mine == its and (bool(self.key) or self.left_out == other.left_out)

    def line(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode() + b"\n"


class Work:
    """The partial files of a run, open; a context. Squares are (size, size, 3) uint8. Raises OSError on a full disk."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size, self.count = folder, size, 0
        self.records: list[Record] = []
        self.header = header(size, 0)
        self.each = size * size * 3
        self.ahead = read_journal(folder / JOURNAL)
        self.squares = open_partial(folder / (PICTURES + ".partial"))
        self.journal = open_partial(folder / JOURNAL)
        self.written = 0
        if not self.ahead:
            self.cut()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self.journal, self.squares:  # both, even where the disk has no room for the end of the first
            pass

    def cut(self) -> None:
        """Discards the remaining data of the interrupted run, as it differs from what this run makes."""
        self.ahead.clear()
        self.squares.truncate(len(self.header) + self.count * self.each)
        self.squares.seek(0)
        self.squares.write(self.header)
        self.squares.seek(0, os.SEEK_END)
        self.journal.truncate(self.written)
        self.journal.seek(self.written)

    def resume(self, record: Record) -> bool:
        """Reuses the interrupted run's squares of this file, if it comes next and they are undamaged."""
        if self.ahead:
            done = self.ahead[0]
            if done.same(record) and self.checksum(len(done.crops)) == done.crc:
                self.took(self.ahead.pop(0))
                if not self.ahead:
                    self.cut()
                return True
            self.cut()
        return False

    def checksum(self, squares: int) -> int:
        crc = 0
        self.squares.seek(len(self.header) + self.count * self.each)
        for _ in range(squares):
            crc = zlib.crc32(self.squares.read(self.each), crc)
        return crc

    def add(self, record: Record, parts: Iterable[Crop | LeftOut]) -> None:
        """Writes a file's squares, then its line: squares without a line are ignored."""
        for part in parts:
            if isinstance(part, LeftOut):
                record.left_out[part.at] = part.why
                continue
            content = np.ascontiguousarray(part.square).data
            self.squares.write(content)
            record.crc = zlib.crc32(content, record.crc)
            record.crops.append({"at": part.at, "native_px": part.native_px})
        self.squares.flush()
        self.journal.write(record.line())
        self.journal.flush()
        self.took(record)

    def add_all(self, records: Iterable[tuple[Record, Iterable[Crop | LeftOut]]]) -> None:
        for record, parts in records:
            self.add(record, parts)

    def took(self, record: Record) -> None:
        self.records.append(record)
        self.count += len(record.crops)
        self.written += len(record.line())

    def finish(self) -> None:
        """Completes the partial .npy file and flushes it to the disk."""
        self.cut()
        self.squares.seek(0)
        self.squares.write(header(self.size, self.count))
        self.squares.flush()
        os.fsync(self.squares.fileno())


class Before:
    """The result of an earlier completed run, if it can be read: its records in order, and their squares."""

    def __init__(self, folder: Path) -> None:
        self.facts: dict[str, Any] = {}
        self.pictures: Picture = np.zeros((0, 1, 1, 3), np.uint8)
        self.records: list[Record] = []
        self.matched = 0
        try:
            pictures, facts, _ = read_prepared(folder)
            if facts.get("format") == FORMAT:
                self.records = [Record(**values) for values in facts["files"]]
                self.pictures, self.facts = pictures, facts
        except (PicturesError, TypeError, KeyError):
            self.records = []  # there is none, or it is damaged: everything is made anew
        self.starts = list(accumulate((len(record.crops) for record in self.records), initial=0))
        self.at = {record.key: index for index, record in enumerate(self.records) if record.key}

    def agrees(self, record: Record) -> bool:
        """Whether the earlier run's next file was this one, and its squares are undamaged."""
        agreed = self.matched < len(self.records) and self.records[self.matched].same(record)
        agreed = agreed and self.is_whole(self.matched)
        self.matched += agreed
        return agreed

    def agreed(self) -> Iterator[tuple[Record, Iterator[Crop | LeftOut]]]:
        """All files for which `agrees` was true since the last call, to be written."""
        count, self.matched = self.matched, 0
        for index in range(count):
            yield self.again(index)

    def find(self, record: Record) -> tuple[Record, Iterator[Crop | LeftOut]] | None:
        """The squares with this record's key, from any position in the earlier run."""
        index = self.at.get(record.key)
        if index is None or not self.is_whole(index):
            return None
        done, parts = self.again(index)
        return replace(done, file=record.file, source=record.source), parts

    def again(self, index: int) -> tuple[Record, Iterator[Crop | LeftOut]]:
        done = self.records[index]
        return Record(done.file, done.source, done.sha256, done.key, note=done.note), self.parts(index)

    def parts(self, index: int) -> Iterator[Crop | LeftOut]:
        done = self.records[index]
        for crop, square in zip(done.crops, self.squares(index), strict=True):
            yield Crop(square, crop["native_px"], crop["at"])
        for at, why in done.left_out.items():
            yield LeftOut(why, at)

    def squares(self, index: int) -> Picture:
        return self.pictures[self.starts[index] : self.starts[index + 1]]

    def is_whole(self, index: int) -> bool:
        crc = 0
        for square in self.squares(index):
            crc = zlib.crc32(np.ascontiguousarray(square).data, crc)
        return crc == self.records[index].crc

    def close(self) -> None:
        """Closes the file, so that it can be replaced."""
        self.pictures = np.zeros((0, 1, 1, 3), np.uint8)


def header(size: int, count: int) -> bytes:
    """Of a .npy file (NEP 1) of `count` squares; its length is the same for any count."""
    file = io.BytesIO()
    npy.write_array_header_1_0(file, {"shape": (count, size, size, 3), "fortran_order": False, "descr": "|u1"})
    return file.getvalue()


def open_partial(path: Path) -> Any:
    """For reading and writing, with what is in it."""
    path.touch()
    return path.open("r+b")


def read_journal(path: Path) -> list[Record]:
    """The complete lines from the first on, up to the first incomplete one."""
    records: list[Record] = []
    if path.exists():
        for line in path.read_bytes().splitlines(keepends=True):
            try:
                records.append(Record(**json.loads(line)))
            except (ValueError, TypeError):
                break
            if records[-1].line() != line:
                return records[:-1]
    return records
