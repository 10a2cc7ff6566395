"""How long a thread waited for a processor that others had: on a busy machine that is no hang. See proc(5)."""

import threading

LONG = 1.0
"""Seconds of one work after which it is asked for."""


def waited(task: int) -> float:
    """Seconds that a thread, or the main thread of a process, has waited in all for a processor that others had; 0
    where the system does not count them (CONFIG_SCHED_INFO)."""
    try:
        with open(f"/proc/{task}/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


class Patience:
    """For whoever watches another thread's works: how long one has taken, without the time in which that thread, or
    the watching one, waited for a processor. The system is asked only about works longer than LONG."""

    def __init__(self) -> None:
        self._work: object = None
        self._before = 0.0

    def taken(self, work: object, seconds: float, worker: threading.Thread) -> float:
        """Of the ``seconds`` that ``worker`` has been at one ``work``, which is told by its identity, those that count.
        To be asked regularly."""
        if seconds < LONG:
            return seconds
        starved = waited(worker.native_id or 0) + waited(threading.get_native_id())
        if work is not self._work:
            self._work, self._before = work, starved
        return seconds - (starved - self._before)
