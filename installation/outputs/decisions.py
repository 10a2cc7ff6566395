"""A recording of what was decided, frame by frame (see core/recording.py), for ``--replay``."""

import gzip
import logging
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import Field

from installation.core import recording
from installation.core.contracts import Output, OutputConfig, Pixels, Surroundings, Wanted
from installation.core.decision import Decision
from installation.core.errors import DeviceError
from installation.outputs._writer_thread import WriterThread

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
    """Writes in a thread of its own. A disk that fills ends the recording, not the show: ``writer.fault`` says why."""

    def __init__(self, path: Path, surroundings: Surroundings, interval: float) -> None:
        self.path, self.interval = path, interval
        self._due = 0.0
        try:
            self._file = gzip.open(path, "wt", encoding="utf-8", compresslevel=3)  # noqa: SIM115 the writer closes it
            self._file.write(recording.head(surroundings.size, surroundings.interval))
        except OSError as error:
            raise DeviceError(f"{path}: cannot be written ({error.strerror or error})") from error
        self.writer = WriterThread(path, WAITING, self._write, self._file.close, (OSError,))

    def wants(self, now: float) -> Wanted:
        return "decision" if now >= self._due and self.writer.fault is None else "nothing"

    def show(self, decision: Decision, pixels: Pixels | None) -> None:
        # A frame that comes a little early must not halve the rate.
        self._due = decision.time + 0.75 * self.interval
        self.writer.put(decision)

    def close(self) -> None:
        if self.writer.close(FOLLOW_UP) and self.writer.left_out:
            log.warning("%s: %d frames were left out, as writing them took too long", self.path, self.writer.left_out)

    def _write(self, decision: Decision) -> None:
        try:
            self._file.write(recording.line(decision.to_json()))
        except OSError:
            with suppress(OSError):  # what is buffered cannot be written either
                self._file.close()
            raise
