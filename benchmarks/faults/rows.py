"""One injection of a fault and what it cost; the faults, each with what is promised."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.faults.supervised import Place

TIMEOUT = 300.0
"""Seconds that anything may take before the benchmark gives up."""


@dataclass(frozen=True, slots=True)
class Row:
    """One injection: ``seconds`` until all was well, of ``fault``; ``fine`` is false where something was wrong besides
    the time, as ``note`` says."""

    fault: str
    seconds: float
    note: str = ""
    fine: bool = True


@dataclass(frozen=True, slots=True)
class Fault:
    """``inject`` does it so many times, in a place of its own or in the show that most share; ``what`` is measured of
    it, and at most ``promised`` seconds are owed. ``each``: seconds that one injection takes on two quiet cores."""

    what: str
    promised: float
    inject: Callable[["Place", int], Iterator[Row]]
    each: float = 5.0


def wait_for(true: Callable[[], Any], what: str = "it", every: float = 0.02) -> Any:
    """What ``true`` returns as soon as that is true. Raises TimeoutError."""
    ends = time.monotonic() + TIMEOUT
    while not (value := true()):
        if time.monotonic() > ends:
            raise TimeoutError(f"waited {TIMEOUT:.0f} s in vain for {what}")
        time.sleep(every)
    return value
