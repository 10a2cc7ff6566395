"""Records a day while the show runs: a sample a second from the frame loop, written by a thread of its own.

The loop only puts a sample into a queue of bounded length. Counting, files, energy and the making of pages are the
thread's; a page is made by another process, with a low priority.
"""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta, tzinfo
from pathlib import Path
from queue import Full, Queue

from installation.core.clean_text import clean
from installation.core.parts import ROOT
from installation.core.repeats import Repeats
from installation.days.counting import Counting, Sample
from installation.days.energy import Meter
from installation.days.files import append, record_of
from installation.days.rows import Fault, Head, Row, Started, Stopped

log = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds between two samples."""

QUEUE = 256
"""Samples and faults that wait for a disk that is slow, at most; more are dropped."""

ENERGY = 60.0
"""Seconds between two looks at the machine's energy, at least."""

FAULTS = 400
"""Faults of a day that are recorded; the log has all of them."""

TEXT = 300
"""Characters of a fault."""

LEFT = 2000
"""Rows that wait, at most, until the disk takes them: a day of minutes, and some hundred changes."""

TIMEOUT = 300.0
"""Seconds that the making of pages may take."""


class Recorder:
    """``take`` is called with samples while ``due``. ``head`` describes the show, ``started`` this start of it; days
    are those of ``zone``. ``make`` makes the pages of the days up to one. ``trouble`` says why nothing can be written,
    and is empty while it can."""

    def __init__(
        self,
        folder: Path,
        head: Head,
        started: Started,
        zone: tzinfo,
        meter: Meter | None = None,
        make: Callable[[Path, date], None] | None = None,
    ) -> None:
        self.folder, self.head, self.started = folder, head, started
        self.counting = Counting(zone)
        self.trouble = ""
        self._make = make or make_pages
        self._meter, self._measured = meter, -ENERGY
        self._waiting: Queue[Callable[[], Sample] | Fault | None] = Queue(QUEUE)
        self._due = 0.0
        self._faults = 0
        self._path: Path | None = None
        self._left: list[Row] = []
        self._caught_up = False
        self._repeats = Repeats()
        self._handler = _Faults(self._put)
        self._thread = threading.Thread(target=self._run, name="days", daemon=True)

    def start(self) -> None:
        logging.getLogger().addHandler(self._handler)
        self._thread.start()

    def due(self, now: float) -> bool:
        """Whether to take a sample at ``now`` (s, monotonic)."""
        if now < self._due:
            return False
        self._due = (now // INTERVAL + 1.5) * INTERVAL  # between two times at which the state is kept: not in one frame
        return True

    def take(self, make: Callable[[], Sample]) -> None:
        """Never waits: the sample is made by the thread that counts it."""
        self._put(make)

    def close(self, timeout: float = 3.0) -> None:
        """Writes what waits, for at most ``timeout`` seconds."""
        logging.getLogger().removeHandler(self._handler)
        self._put(None)
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _put(self, item: Callable[[], Sample] | Fault | None) -> None:
        try:
            self._waiting.put_nowait(item)
        except Full:
            """The disk does not keep up: a second of the record is missing."""

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            if isinstance(item, Fault):
                self._note(item)
            else:
                self._count(item())
        self._write([*self.counting.finish(), Stopped(time.time())])

    def _note(self, fault: Fault) -> None:
        self._faults += 1
        if self._faults <= FAULTS:
            self._write([fault])

    def _count(self, sample: Sample) -> None:
        counting, before = self.counting, self.counting.day
        closes = counting.closes(sample)
        rows: list[Row] = []
        if before is None:
            rows = [self.started, self._head(self.started.at)]
        elif counting.begins_day(sample):
            self._write(counting.finish())
            rows, self._faults = [self._head(sample.time)], 0
        rows += counting.take(sample)
        self._measure()
        if rows or self._left:
            self._write(rows)
        self._report(sample, before, closes)

    def _head(self, at: float) -> Head:
        return replace(self.head, at=at, energy=self._meter.notes if self._meter else "")

    def _measure(self) -> None:
        now = time.monotonic()
        if self._meter is not None and now - self._measured >= ENERGY:
            self._measured = now
            self.counting.used(self._meter.read(now))

    def _report(self, sample: Sample, before: date | None, closes: bool) -> None:
        """Has pages made: at closing the day's own; at midnight and a while after a start those of the days before."""
        today = self.counting.day
        assert today is not None
        if closes:
            self._make(self.folder, today)
        elif before not in (None, today) or (not self._caught_up and sample.time - self.started.at > ENERGY):
            self._caught_up = True
            self._make(self.folder, today - timedelta(days=1))

    def _write(self, rows: Sequence[Row]) -> None:
        path = record_of(self.folder, self.counting.day or self.counting.day_of(time.time()))
        left = self._left if path == self._path else []
        self._path, self._left = path, [*left, *rows][-LEFT:]
        if not self._left:
            return
        try:
            append(path, self._left)
            self.trouble, self._left = "", []
        except OSError as error:
            why = error.strerror or error
            self.trouble = f"{path} cannot be written ({why}); it is tried again, a day of minutes waits for it at most"
            if line := self._repeats.line(self.trouble, time.monotonic()):
                log.warning(line)


class _Faults(logging.Handler):
    """Passes on what the log warns of. Called by any thread; never waits."""

    def __init__(self, put: Callable[[Fault], None]) -> None:
        super().__init__(logging.WARNING)
        self.put = put

    def emit(self, record: logging.LogRecord) -> None:
        text = clean(record.getMessage()[: 4 * TEXT].replace("\n", " "), TEXT)
        self.put(Fault(round(record.created, 1), record.levelname.lower(), text))


def make_pages(folder: Path, last: date) -> None:
    """Has the pages of the days up to ``last`` made that are not yet, by a process with a low priority; waits for
    it. A failure is logged."""
    line = [sys.executable, "-m", "installation.days", str(folder.absolute()), str(last)]
    flags = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
    try:
        done = subprocess.run(
            line,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            creationflags=flags,
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("the day's report was not made (%s)", error)
        return
    if done.returncode:
        log.warning("the day's report was not made (%s)", clean(done.stderr.strip().rpartition("\n")[2]))
