"""Has a model compiled in a process of its own (compile_model.py), while the show paints.

It does not block the show's interpreter, and runs with low priority. The results are stored in the cache, from which
the show's own ``fastest`` reads them.
"""

import subprocess
import sys
from pathlib import Path

from installation.core.disk_cache import DiskCache
from installation.core.parts import ROOT

MODULE = "installation.networks.compile_model"


def compile_apart(model: Path, cache: DiskCache) -> None:
    """Waits for it. Raises RuntimeError where it fails, with its last line."""
    line = [sys.executable, "-m", MODULE, str(model.absolute()), str(cache.folder.absolute())]
    flags = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
    pipe = subprocess.PIPE  # its input stays open until it ends, as it ends with its input
    with subprocess.Popen(line, cwd=ROOT, stdin=pipe, stderr=pipe, text=True, creationflags=flags) as work:
        assert work.stderr is not None
        said = work.stderr.read()
        status = work.wait()
    if status:
        last = said.strip().rpartition("\n")[2]
        raise RuntimeError(f"{model.name}: was not compiled (status {status}): {last}")
