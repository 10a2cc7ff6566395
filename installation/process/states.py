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
