"""Compiles a model for this processor and races it against plain torch, in a process of its own with a low priority.

    python -m installation.networks.compile_apart MODEL CACHE_FOLDER

A show paints meanwhile: here nothing holds its interpreter, and only time that it leaves is used. What was found lies
in the cache then, where the show's own ``fastest`` takes it from. Ends when its standard input does, as its parent's
end closes that.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

from installation.core.disk_cache import DiskCache
from installation.core.parts import ROOT

NICE = 10
"""Below the show: about a tenth of what a busy painter gets."""


def compile_apart(model: Path, cache: DiskCache) -> None:
    """Waits for it. Raises RuntimeError where it fails, with its last line."""
    line = [sys.executable, "-m", __name__, str(model), str(cache.folder)]
    flags = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
    work = subprocess.Popen(
        line, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, creationflags=flags
    )
    assert work.stdin is not None
    assert work.stderr is not None
    said = work.stderr.read()  # not communicate: that would close its input, and end it
    status = work.wait()
    work.stdin.close()
    work.stderr.close()
    if status:
        last = said.strip().rpartition("\n")[2]
        raise RuntimeError(f"{model.name}: was not compiled (status {status}): {last}")


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main(model: Path, folder: Path) -> None:
    from installation.networks.model_generator import fastest_runtime

    if hasattr(os, "nice"):
        os.nice(NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    fastest_runtime(model, model.stat().st_mtime_ns, "cpu", DiskCache(folder), apart=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
