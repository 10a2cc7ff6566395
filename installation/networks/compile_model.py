"""Compiles a model for this processor and races it against plain torch, with a low priority.

    python -m installation.networks.compile_model MODEL CACHE_FOLDER

The results are stored in the cache. Ends when its standard input is closed, as by its parent's end.
"""

import os
import sys
import threading
from pathlib import Path

from installation.core.disk_cache import DiskCache
from installation.networks.model_generator import fastest_runtime

NICE = 10
"""Below the show: about a tenth of what a busy painter gets."""


def end_with_parent() -> None:
    while os.read(0, 4096):  # not sys.stdin, whose lock this thread would still hold when the interpreter ends
        pass
    os._exit(0)


def main(model: Path, folder: Path) -> None:
    if hasattr(os, "nice"):
        os.nice(NICE)
    threading.Thread(target=end_with_parent, daemon=True).start()
    fastest_runtime(model, model.stat().st_mtime_ns, "cpu", DiskCache(folder), apart=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
