"""The state that a show resumes from after a restart, in one file of its state folder: piece, walk position, times.

The file is written whole or not at all, by a thread of its own: a slow or full disk delays no frame.
"""

import json
import logging
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from installation.core.atomic_write import write_whole
from installation.core.latest import Latest
from installation.core.repeats import Repeats

log = logging.getLogger(__name__)

FILE = "playback.json"

EVERY = 1.0
"""Seconds between two writings while nothing changes but the time."""

RESTART = timedelta(minutes=10)
"""A show that starts again within this time was interrupted: hold and blackout are kept. Later they are not."""

LARGEST = 1 << 20
"""Bytes of the file at most."""


class StateFile:
    """``keep`` leaves the newest state to be written. ``fault`` says why it cannot be, and is empty while it can."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.fault = ""
        self._waiting: Latest[dict[str, Any]] = Latest()
        self._thread = threading.Thread(target=self._write, name="state", daemon=True)
        self._due = 0.0
        self._known: object = None
        self._repeats = Repeats()

    def start(self) -> None:
        self._thread.start()

    def due(self, now: float, changed: object) -> bool:
        """Whether to keep a state at ``now`` (s): where ``changed`` is not what it was, and once in EVERY seconds."""
        if changed == self._known and now < self._due:
            return False
        self._known, self._due = changed, (now // EVERY + 1.0) * EVERY
        return True

    def keep(self, state: Mapping[str, Any], civil: datetime) -> None:
        """Leaves a state, for JSON, as it was at ``civil``. Never waits."""
        self._waiting.put({**state, "civil": civil.isoformat()})

    def close(self, timeout: float = 3.0) -> None:
        """Writes what waits, for at most ``timeout`` seconds."""
        self._waiting.close()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def read(self, now: datetime) -> tuple[dict[str, Any], timedelta]:
        """The state that was kept, empty where there is none, and how long ago that was; see RESTART. A damaged file
        is told in the log, and soon replaced."""
        try:
            with self.path.open("rb") as file:
                state = json.loads(file.read(LARGEST))
            age = abs(now - datetime.fromisoformat(state["civil"]))
        except FileNotFoundError:
            return {}, timedelta.max
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            log.warning("%s cannot be read (%s); the show begins anew", self.path, error)
            return {}, timedelta.max
        return dict(state), age

    def _write(self) -> None:
        while (state := self._waiting.wait()) is not None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(self.path, json.dumps(state).encode())
                self._tell("")
            except OSError as error:
                self._tell(f"{self.path} cannot be written ({error.strerror or error}); a restart would begin anew")

    def _tell(self, fault: str) -> None:
        if fault and fault != self.fault and (line := self._repeats.line(fault, time.monotonic())):
            log.warning("%s", line)
        self.fault = fault
