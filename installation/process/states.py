"""What the system tells of another process; see proc(5). Nothing where there is no /proc."""


def stat(pid: int) -> list[str]:
    """A process's state, its parent, and more."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return ["?", "0"]


def stopped(pid: int) -> bool:
    """Whether a process was stopped by a signal, so that it handles none."""
    return stat(pid)[0] in "Tt"


def waited(pid: int) -> float:
    """Seconds that the main thread of a process has waited in all for a processor that others had; 0 where the system
    does not count them (CONFIG_SCHED_INFO)."""
    try:
        with open(f"/proc/{pid}/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
