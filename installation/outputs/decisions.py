"""A recording of what was decided, frame by frame (see core/recording.py), for ``--replay``."""

import gzip
import logging
import queue
import threading
from pathlib import Path
from typing import Literal

from pydantic import Field

from installation.core import recording
from installation.core.contracts import Output, OutputConfig, Pixels, Surroundings, Wanted
from installation.core.decision import Decision
from installation.core.errors import DeviceError

log = logging.getLogger(__name__)

WAITING = 256
"""Decisions that wait for the disk at most; more are left out, so that the show never waits."""

FOLLOW_UP = 10.0
"""Seconds that ``close`` gives the disk to finish."""


class Config(OutputConfig):
    kind: Literal["decisions"] = "decisions"
    path: Path = Field(description="the recording to write (.jsonl.gz)")
    rate: float = Field(60.0, gt=0.0, le=240.0, description="decisions a second, at most")

    def open(self, surroundings: Surroundings) -> "Decisions":
        return Decisions(self.path, surroundings, 1.0 / self.rate)


class Decisions(Output):
    """Writes in a thread of its own. A disk that fills ends the recording, not the show; ``fault`` then says why."""

    def __init__(self, path: Path, surroundings: Surroundings, interval: float) -> None:
        self.path, self.interval = path, interval
        self.fault: OSError | None = None
        self.left_out = 0
        self._due = 0.0
        self._queue: queue.Queue[Decision | None] = queue.Queue(WAITING)
        try:
            self._file = gzip.open(path, "wt", encoding="utf-8", compresslevel=3)  # noqa: SIM115 the thread closes it
            self._file.write(recording.head(surroundings.size, surroundings.interval))
        except OSError as error:
            raise DeviceError(f"{path}: cannot be written ({error.strerror or error})") from error
        self._thread = threading.Thread(target=self._write, name="decisions", daemon=True)
        self._thread.start()

    def wants(self, now: float) -> Wanted:
        return "decision" if now >= self._due and self.fault is None else "nothing"

    def show(self, decision: Decision, pixels: Pixels | None) -> None:
        # A frame that comes a little early must not halve the rate.
        self._due = decision.time + 0.75 * self.interval
        try:
            self._queue.put_nowait(decision)
        except queue.Full:
            self.left_out += 1

    def close(self) -> None:
        if not self._thread.is_alive():
            return
        self._queue.put(None, timeout=FOLLOW_UP)
        self._thread.join(FOLLOW_UP)
        if self.left_out:
            log.warning("%s: %d frames were left out, as writing them took too long", self.path, self.left_out)

    def _write(self) -> None:
        try:
            with self._file:
                while (decision := self._queue.get()) is not None:
                    self._file.write(recording.line(decision.to_json()))
        except OSError as error:
            self.fault = error
            log.error("%s: the recording ends here (%s); the show goes on", self.path, error)
