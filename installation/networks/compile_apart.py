"""Has models compiled in a process of its own (compile_model.py), one after another, while the show paints.

It does not block the show's interpreter, and runs with low priority; what it loads, torch above all, it loads once for
all models. The results are stored in the cache, from which the show's own ``fastest`` reads them.
"""

import hashlib
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer

from installation.core.disk_cache import DiskCache
from installation.core.parts import ROOT

MODULE = "installation.networks.compile_model"

DONE = "done"
"""What the process says of a model that is compiled; of another one it says why it is not."""

LONGEST = 900.0
"""Seconds at one model after which the process counts as hanging. A busy machine takes minutes."""

SLEEPS = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0"}
"""Threads that wait sleep, and leave the processor to the painter."""


PLAIN, BRUSHED = "plain", "brush"
"""A model without its brush, and with it, in the words to the process."""


@dataclass(frozen=True)
class Form:
    """What is compiled of a model file: its network, with its brush or without."""

    model: Path
    brush: bool = False

    def digest(self) -> str:
        """Names its content."""
        with self.model.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        return f"{content} {BRUSHED}" if self.brush else content

    def words(self) -> tuple[str, str]:
        return (BRUSHED if self.brush else PLAIN, str(self.model.absolute()))


def lacks_verdict(form: Form, device: str, cache: DiskCache) -> bool:
    """Whether it is not known yet how a model file is painted fastest, and finding out takes long."""
    from installation.networks.choose_runtime import candidate_name, kept  # here: it loads torch

    candidate = candidate_name(device)
    return device == "cpu" and bool(candidate) and not kept(cache, form.digest(), str(candidate)).verdict()


def compile_apart(forms: Iterable[Form], cache: DiskCache, longest: float = LONGEST) -> Iterator[tuple[Form, str]]:
    """Each as soon as it is compiled, and why it is not; empty where it is. Where the process ends or hangs at a
    model, another one goes on with those behind it."""
    left = deque(forms)
    while left:
        with TemporaryFile() as said, _started(left, cache, said.fileno()) as work:
            for line in _lines(work, longest):
                yield left.popleft(), "" if line == DONE else line
            status = work.wait()
            if left:
                yield (
                    left.popleft(),
                    f"the process that compiles ended with status {status}: {_last_line(said.fileno())}",
                )


def compile_one(form: Form, cache: DiskCache) -> None:
    """Raises RuntimeError where a model is not compiled."""
    for _, why in compile_apart([form], cache):
        if why:
            raise RuntimeError(f"{form.model.name}: was not compiled: {why}")


def _started(forms: Iterable[Form], cache: DiskCache, errors: int) -> "subprocess.Popen[str]":
    line = [
        sys.executable,
        "-m",
        MODULE,
        str(cache.folder.absolute()),
        *(word for form in forms for word in form.words()),
    ]
    return subprocess.Popen(
        line,
        cwd=ROOT,
        env=os.environ | SLEEPS,
        stdin=subprocess.PIPE,  # open until it ends, as it ends with its input
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
    )


def _lines(work: "subprocess.Popen[str]", longest: float) -> Iterator[str]:
    """What it says, until it ends; it is ended where it says nothing for ``longest`` seconds."""
    assert work.stdout is not None
    line = "\n"
    while line:
        guard = Timer(longest, work.kill)
        guard.daemon = True
        guard.start()
        line = work.stdout.readline()
        guard.cancel()
        if line:
            yield line.strip()


def _last_line(file: int) -> str:
    os.lseek(file, max(0, os.lseek(file, 0, os.SEEK_END) - 4096), os.SEEK_SET)
    return os.read(file, 4096).decode(errors="replace").strip().rpartition("\n")[2]
