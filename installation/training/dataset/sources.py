"""Where pictures come from: folders, zips, films and single files, as one list of files with a name each.

Every file is listed: one that will not be read is in the list with the reason. Names are labels for messages and for
the ledger; they are never used as paths to write to.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Literal

from installation.training.dataset.decoding import BROKEN, MAX_BYTES, SUFFIXES, PicturesError

FILMS = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".ogv", ".wmv"})
ARCHIVES = frozenset({".zip"})
HINTS = {
    ".heic": "HEIC is not read; export it as JPEG",
    ".heif": "HEIC is not read; export it as JPEG",
    ".svg": "a drawing, not pixels; export it as PNG",
    ".pdf": "a document; export its pictures as PNG",
    ".psd": "a layered file; export it as PNG or TIFF",
    **dict.fromkeys((".cr2", ".cr3", ".nef", ".arw", ".dng", ".raf", ".orf"), "a camera's raw file; export it as JPEG"),
    **dict.fromkeys((".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"), "an archive that is not read; use zip"),
}

MAX_MEMBERS = 100_000
"""Files in one zip."""
MAX_MEMBER = 256 << 20
"""Bytes of one file in a zip, unpacked."""
MAX_UNPACKED = 200 << 30
"""Bytes of all files in a zip, unpacked."""
MAX_RATIO = 100
"""The largest ratio of content to zip: pictures hardly compress further, zip bombs exceed it."""
NAMED = 5
"""The most sources whose labels are written into a model's header."""
MAX_READ = 64 << 20
"""The most bytes that the zip reader may read at once: a larger list of members would fill the memory."""

Kind = Literal["picture", "film", "listed"]
Seen = dict[object, str]
"""{file system identity: name} of every file and folder seen."""


@dataclass(frozen=True)
class SourceFile:
    """One file. ``name`` is source/path, fit to print; a picture can be ``read``, a film lies at ``path``."""

    name: str
    source: str
    kind: Kind
    why: str = ""
    """Why the file is not read; empty if it is."""
    read: Callable[[], bytes] = bytes
    path: Path = Path()

    @property
    def short(self) -> str:
        """The name without its source: that of a file in the folder given."""
        return self.name.removeprefix(f"{self.source}/")


@contextmanager
def opened_sources(sources: Sequence[Path], out: Path | None = None, films: bool = False) -> Iterator[list[SourceFile]]:
    """All files of all sources, each source's sorted by name. The folder `out` is not walked into.

    `films` tells whether films inside folders count, too. Raises PicturesError for a source that cannot be opened.
    """
    with ExitStack() as stack:
        files: list[SourceFile] = []
        seen: Seen = {}
        for path, label in zip(sources, labels(sources), strict=True):
            files += open_source(path, label, out, films, seen, stack)
        if not any(file.kind != "listed" for file in files):
            where = ", ".join(str(path) for path in sources)
            raise PicturesError(f"{where}: no pictures in it. Looked for {', '.join(sorted(SUFFIXES))}.")
        yield files


def labels(sources: Sequence[Path]) -> list[str]:
    """A name for each source: the last part of its path, with a number if two are equal."""
    taken: dict[str, int] = {}
    result = []
    for path in sources:
        name = plain(path.resolve().name) or "pictures"
        taken[name] = taken.get(name, 0) + 1
        result.append(name if taken[name] == 1 else f"{name} ({taken[name]})")
    return result


def told_together(sources: Sequence[Path]) -> str:
    """The labels in one line; of many sources only the first."""
    first, rest = labels(sources)[:NAMED], len(sources) - NAMED
    return " + ".join([*first, f"{rest} more"] if rest > 0 else first)


def open_source(
    path: Path, label: str, out: Path | None, films: bool, seen: Seen, stack: ExitStack
) -> list[SourceFile]:
    if path.is_dir() and is_prepared(path):
        raise PicturesError(f"{path}: pictures that are prepared already. Give what they were made from.")
    if path.is_dir():
        return [in_folder(file, name, label, films, why) for name, file, why in walk(path, label, out, seen)]
    suffix = path.suffix.lower()
    if not path.is_file() or suffix not in SUFFIXES | ARCHIVES | FILMS:
        why = "It is none by its name's ending" if path.exists() else "There is nothing by that name"
        raise PicturesError(f"{path}: not a folder of pictures, nor a picture, a zip or a film. {why}.")
    why = trouble(label, path, out, seen)
    if why:
        return [SourceFile(label, label, "listed", why)]
    if suffix in ARCHIVES:
        return open_zip(path, label, stack)
    return [SourceFile(label, label, "film" if suffix in FILMS else "picture", "", partial(read_file, path), path)]


def plain(name: str) -> str:
    """A name that can be printed and written as UTF-8: bytes that are no text and control characters as escapes."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def judge(name: str) -> tuple[Kind, str]:
    """(kind, why it is not read) by the name alone."""
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    if any(part.startswith(".") and part != ".." for part in path.parts) or "__MACOSX" in path.parts:
        return "listed", "a hidden file"
    if suffix in SUFFIXES:
        return "picture", ""
    if suffix in FILMS:
        return "film", ""
    if suffix in ARCHIVES:
        return "listed", "an archive inside of a source; give it as a source of its own"
    return "listed", HINTS.get(suffix, f"not a picture ({suffix or 'a name without an ending'})")


# -- folders ----------------------------------------------------------------------------------------------------------


def in_folder(path: Path, name: str, label: str, films: bool, why: str) -> SourceFile:
    kind, judged = judge(name.removeprefix(f"{label}/"))
    if why or kind == "listed":
        return SourceFile(name, label, "listed", why or judged)
    if kind == "film" and not films:
        return SourceFile(name, label, "listed", "a film; give --every SECONDS to take frames of it")
    return SourceFile(name, label, kind, read=partial(read_file, path), path=path)


def read_file(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PicturesError(f"more than {MAX_BYTES >> 20} MB")
        return path.read_bytes()
    except OSError as error:
        raise PicturesError(f"cannot be read ({error.strerror})") from None


def walk(folder: Path, label: str, out: Path | None, seen: Seen) -> list[tuple[str, Path, str]]:
    """(name, path, why it is not read) of every file under a folder, sorted by name; nothing that was `seen` before.

    Links are followed after everything else has been walked, so that a file keeps its own name and cycles end.
    """
    listed: list[tuple[str, Path, str]] = []
    waiting, links = [(label, folder)], list[tuple[str, Path]]()
    while waiting or links:
        if not waiting:
            links.sort()
            waiting = [links.pop(0)]
        name, path = waiting.pop()
        why = trouble(name, path, out, seen)
        if why:
            listed.append((name, path, why))
        elif not path.is_dir():
            listed.append((name, path, ""))
        else:
            try:
                entries = sorted(os.scandir(path), key=lambda entry: entry.name, reverse=True)
            except OSError as error:
                listed.append((name, path, f"a folder that cannot be read ({error.strerror})"))
                continue
            for entry in entries:
                todo = links if entry.is_symlink() else waiting
                todo.append((f"{name}/{plain(entry.name)}", path / entry.name))
    return sorted(listed)


def trouble(name: str, path: Path, out: Path | None, seen: Seen) -> str:
    """Why a file or folder is not read or walked into; otherwise it is recorded as seen."""
    try:
        state = path.stat()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if not stat.S_ISDIR(state.st_mode) and not stat.S_ISREG(state.st_mode):
        return "neither a file nor a folder"
    if stat.S_ISDIR(state.st_mode):
        if "/" in name and path.name.startswith("."):
            return "a hidden folder"
        if is_prepared(path) or (out and out.exists() and path.samefile(out)):
            return "a folder of prepared pictures"
    first = seen.setdefault((state.st_dev, state.st_ino) if state.st_ino else path.resolve(), name)
    return "" if first == name else f"the same as {first}"


def is_prepared(folder: Path) -> bool:
    return (folder / "pictures.npy").exists()


# -- zip archives -----------------------------------------------------------------------------------------------------


class Archive(io.FileIO):
    """A zip file that refuses reads of too many bytes at once, whatever sizes the zip declares."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_READ:
            raise PicturesError("its list of files is too long to be true")
        return super().read(size) or b""


def open_zip(path: Path, label: str, stack: ExitStack) -> list[SourceFile]:
    """The files in a zip, sorted by name. Raises PicturesError for one that is damaged or a bomb."""
    try:
        archive = stack.enter_context(zipfile.ZipFile(stack.enter_context(Archive(path))))
        infos = [info for info in archive.infolist() if not info.is_dir()]
    except PicturesError as error:
        raise PicturesError(f"{path}: {error}.") from None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise PicturesError(f"{path}: cannot be read as a zip ({error}).") from None
    unpacked = sum(info.file_size for info in infos)
    if len(infos) > MAX_MEMBERS:
        raise PicturesError(f"{path}: {len(infos)} files in it, more than {MAX_MEMBERS}. Unpack it into a folder.")
    if unpacked > min(MAX_UNPACKED, max(MAX_RATIO * path.stat().st_size, 1 << 20)):
        raise PicturesError(
            f"{path}: {path.stat().st_size >> 10} KB that unpack to {unpacked >> 20} MB: a bomb, not pictures."
        )
    counted: dict[str, int] = {}
    return [in_zip(archive, info, label, counted) for info in sorted(infos, key=lambda info: info.filename)]


def in_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, label: str, counted: dict[str, int]) -> SourceFile:
    name = plain(info.filename)
    counted[name] = counted.get(name, 0) + 1
    full = f"{label}/{name}" + (f" ({counted[name]})" if counted[name] > 1 else "")
    kind, why = judge(name)
    if kind == "film":
        kind, why = "listed", "a film inside of a zip; unpack it"
    elif kind == "picture" and info.flag_bits & 1:
        kind, why = "listed", "encrypted"
    elif kind == "picture" and info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        kind, why = "listed", "packed by another method than deflate, which cannot be unpacked piece by piece"
    elif kind == "picture" and info.file_size > MAX_MEMBER:
        kind, why = "listed", f"more than {MAX_MEMBER >> 20} MB when unpacked"
    return SourceFile(full, label, kind, why, partial(read_member, archive, info))


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The bytes of a member, never more than its declared size, which has been checked."""
    try:
        with archive.open(info) as file:
            return file.read(info.file_size)
    except (zipfile.BadZipFile, *BROKEN) as error:
        raise PicturesError(f"cannot be unpacked ({error})") from None
