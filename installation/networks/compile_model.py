"""Compiles models for this processor and races each against plain torch, with a low priority.

    python -m installation.networks.compile_model CACHE_FOLDER plain|brush MODEL ...

The results are stored in the cache. For each model it prints a line: ``done``, or why it was not compiled. Ends when
its standard input is closed, as by its parent's end.
"""

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from installation.core.disk_cache import DiskCache
from installation.networks.compile_apart import BRUSHED, DONE, Form
from installation.networks.model_generator import fastest_runtime

NICE = 10
"""Below the show: about a tenth of what a busy painter gets."""


LONGEST = 400
"""Letters of why a model was not compiled: libraries tell their whole stack."""


def end_with_parent() -> None:
    while os.read(0, 4096):  # not sys.stdin, whose lock this thread would still hold when the interpreter ends
        pass
    os._exit(0)


def own_output() -> TextIO:
    """The standard output, for our lines alone: what libraries print goes where errors go."""
    ours = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return ours


def compiled(form: Form, cache: DiskCache) -> str:
    """``done``, or why not, in one line."""
    try:
        fastest_runtime(form, form.model.stat().st_mtime_ns, "cpu", cache, apart=False)
    except Exception as error:  # noqa: BLE001 the edge: libraries raise anything, and the next model may do
        return " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST]
    return DONE


def main(folder: Path, forms: Sequence[Form]) -> None:
    out = own_output()
    if hasattr(os, "nice"):
        os.nice(NICE)
    threading.Thread(target=end_with_parent, daemon=True).start()
    for form in forms:
        print(compiled(form, DiskCache(folder)), file=out, flush=True)


if __name__ == "__main__":
    folder, *words = sys.argv[1:]
    main(Path(folder), [Form(Path(model), how == BRUSHED) for how, model in zip(words[::2], words[1::2], strict=True)])
