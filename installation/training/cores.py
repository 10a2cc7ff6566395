"""Lets a training share the processor with other programs. Standard library only: it is imported before torch."""

import os

WAITING = {
    "OMP_WAIT_POLICY": "PASSIVE",  # OpenMP 5.0, section 6.7
    "GOMP_SPINCOUNT": "0",  # GNU's runtime, torch's on Linux
    "KMP_BLOCKTIME": "0",  # LLVM's and Intel's, torch's on macOS and Windows
}
"""Environment variables that make waiting OpenMP threads release their core instead of spinning. Beside other
programs, two spinning threads run at a tenth of their speed (benchmarks/beside.py)."""


def share_cores() -> None:
    """Call before torch is imported, as its runtime reads the environment once. Variables already set are kept.

    A show does not call this: the painter is faster when its threads spin.
    """
    for name, value in WAITING.items():
        os.environ.setdefault(name, value)
