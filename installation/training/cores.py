"""How a training shares the processor with whatever else runs. Standard library only: it comes before torch."""

import os

WAITING = {
    "OMP_WAIT_POLICY": "PASSIVE",  # OpenMP 5.0, section 6.7
    "GOMP_SPINCOUNT": "0",  # GNU's runtime, torch's on Linux
    "KMP_BLOCKTIME": "0",  # LLVM's and Intel's, torch's on macOS and Windows
}
"""What has a thread of torch's that waits for others leave its core, instead of spinning on it. Where anything else
runs, two threads that spin lose all but a tenth of their pace (benchmarks/beside.py)."""


def share_cores() -> None:
    """To be called before torch is loaded, as its runtime reads the environment once. What a person has set stays.

    A show does not call this: the painter is faster when its threads spin.
    """
    for name, value in WAITING.items():
        os.environ.setdefault(name, value)
