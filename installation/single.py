"""Prevents a second copy of a show: locks on its state folder and its ports, released when their process ends."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from installation.core.errors import DeviceError
from installation.core.file_lock import locked
from installation.core.folders import port_folder
from installation.showfile.load import Show

log = logging.getLogger(__name__)

TIMEOUT = 3.0
"""Seconds that a start waits for the lock, as a restart may be quicker than the end before it."""


@contextmanager
def only_copy(show: Show, folder: Path) -> Iterator[None]:
    """While the block lasts, ``folder``, where the show keeps its state, is this process's alone, and so are its ports
    among all shows of this user. Raises DeviceError, in a line, where another copy runs.

    Where another program has the port, the show goes on without OSC or without its page, and logs that.
    """
    wanted = [(folder / "running.lock", f"keeps its state in {folder}", "give this one a folder of its own: --state")]
    ports = [("web", show.web.enabled, show.web.port), ("operator", show.operator.enabled, show.operator.port)]
    for table, enabled, port in ports:
        if enabled and port:
            advice = f"give this show another: port in [{table}]"
            wanted.append((port_folder() / f"{port}.lock", f"has port {port}", advice))
    with ExitStack() as held:
        for path, what, advice in wanted:
            _hold(path, what, advice, held)
        yield


def _hold(path: Path, what: str, advice: str, held: ExitStack) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = held.enter_context(path.open("a+b"))
    except OSError as error:  # a show also runs on a disk that cannot be written
        log.warning("%s: %s; a second copy of this show would not be noticed", path, error.strerror or error)
        return
    ends = time.monotonic() + TIMEOUT
    while not locked(file):
        if time.monotonic() > ends:
            raise DeviceError(f"another show that runs here{_holder(file)} {what}; end it, or {advice}")
        time.sleep(0.1)
    file.truncate(0)
    file.write(f" {os.getpid()}".encode())  # not the first byte, which a lock of Windows' keeps from being read
    file.flush()


def _holder(file: IO[bytes]) -> str:
    file.seek(1)
    number = file.read(20).decode("ascii", "replace").strip()
    return f" (process {number})" if number.isdigit() else ""
