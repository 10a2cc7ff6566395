"""What pip prints, in short; and whether the packages that it installed are complete."""

import csv
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

NAMED = re.compile(
    r"(?:Collecting|Requirement already satisfied:|Ignoring) ([A-Za-z0-9][\w.-]*)(?:==([\w.+!]+))?"
    r"|Processing \S*?([A-Za-z0-9][\w.]*)-(\d[^-/]*)-\S+\.whl"
)
"""The lines of pip's that take up a package: its name and version."""

CUDA = 2.6e9
"""Bytes of a torch with CUDA beyond those of one without."""

SOON = 1e6
"""Bytes after which the time left is shown."""

UNITS = {"kB": 1e3, "MB": 1e6, "GB": 1e9}


def pinned(lock: str) -> frozenset[str]:
    """The names, as pip normalises them, that a lock file pins."""
    return frozenset(plain(name) for name in re.findall(r"(?m)^([A-Za-z0-9][\w.-]*)==", lock))


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(slots=True)
class PipOutput:
    """Reads pip's output line by line; ``str()`` of it says how far pip is.

    ``names`` are the pinned ones, ``downloads`` the folder that pip downloads to, ``site`` the one it installs in.
    ``on_cuda`` is called when a torch with CUDA is on its way, which is ten times as large as one without. ``expected``
    is about how many bytes will come in all, 0 where that is unknown; ``clock`` counts seconds.
    """

    names: frozenset[str]
    downloads: Path
    site: Path
    on_cuda: Callable[[], None] = lambda: None
    expected: float = 0.0
    clock: Callable[[], float] = time.monotonic
    _came: float = 0.0
    _began: float | None = None
    _seen: set[str] = field(default_factory=set)
    _what: str = "asking for them"
    _file: str = ""
    _size: float = 0.0
    _installing: int = 0
    _before: int = 0

    def hear(self, line: str) -> None:
        """Takes one line of pip's output."""
        line = line.strip()
        if (match := NAMED.match(line)) or line.startswith("Installing collected"):
            self._came, self._size = self._came + self._size, 0.0
        if match := NAMED.match(line):
            name, version = match[1] or match[3], match[2] or match[4] or ""
            self._seen |= {plain(name)} & self.names
            self._what, self._file = f"{name} {version}".strip(), ""
        elif match := re.match(r"Downloading (\S+\.(?:whl|tar\.gz|zip)) \((\S+) ([kMG]B)\)", line):
            self._came += self._size
            self._began = self.clock() if self._began is None else self._began
            self._file, self._size = match[1].rpartition("/")[2].replace("%2B", "+"), float(match[2]) * UNITS[match[3]]
            if self._file.startswith("torch-") and "+cpu" not in self._file and self._size > 400e6:
                self.on_cuda()
                self.expected += CUDA
        elif match := re.match(r"Using cached \S+ \((\S+) ([kMG]B)\)", line):
            self.expected -= float(match[1]) * UNITS[match[2]]
        elif match := re.match(r"Installing collected packages: (.+)", line):
            self._installing, self._before = match[1].count(",") + 1, self._placed()

    def __str__(self) -> str:
        if self._installing:
            return f"putting in place {min(self._placed() - self._before, self._installing)} of {self._installing}"
        return f"{len(self._seen)} of {len(self.names)}: {self._what}{self._progress()}"

    def _progress(self) -> str:
        """How much of a large file and of the whole has been downloaded, and the time left."""
        come = sum(path.stat().st_size for path in self.downloads.glob(f"*/{self._file}")) if self._file else 0
        file = f", {come / 1e6:.0f} of {self._size / 1e6:.0f} MB" if self._size >= 5e6 else ""
        return file + self._left(self._came + min(come, self._size))

    def _left(self, come: float) -> str:
        seconds = 0.0 if self._began is None else self.clock() - self._began
        if not self.expected or come < SOON:
            return ""
        told = f"; {come / 1e6:.0f} of about {max(come, self.expected) / 1e6:.0f} MB in all"
        if seconds < 3.0:
            return told
        left = max(0.0, self.expected - come) * seconds / come
        return f"{told}, {left / 60:.0f} min left" if left >= 60 else f"{told}, {left:.0f} s left"

    def _placed(self) -> int:
        return sum(1 for _ in self.site.glob("*.dist-info/RECORD"))


def incomplete(site: Path) -> Iterator[Path]:
    """The ``.dist-info`` folders of packages that were put in place in part: no list of files, or files that are not
    there or not of the listed size. pip takes them for installed."""
    return (info for info in sorted(site.glob("*.dist-info")) if not _whole(info))


def _whole(info: Path) -> bool:
    try:
        with (info / "RECORD").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if len(row) == 3 and row[2]]
        return bool(rows) and all((info.parent / name).stat().st_size == int(size) for name, _, size in rows)
    except (OSError, ValueError):
        return False
