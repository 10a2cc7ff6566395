"""What the app told for the operators' console, and the end of the show's log."""

import json
import time
from pathlib import Path
from typing import Any

from installation.web.messages import Agenda, Answer, Desk, Moment, pack

SILENT = 3.0
"""Seconds without a word of the show after which the console says so."""

LINES, TAIL, LONGEST = 60, 65_536, 400
"""Lines of the log that are shown at most, the bytes of its end that are read for them, characters of one."""


ANSWERS = 16
"""Machines with consoles whose last answer is kept, at most."""


class ConsoleState:
    """What the app told of the show for the console. ``consoles`` counts those that are open."""

    def __init__(self) -> None:
        self.desk: Desk | None = None
        self.moment: Moment | None = None
        self.tables: dict[str, Any] = {"desk": None, "agenda": None}
        """As they are sent to browsers: they are large, and seldom other ones."""
        self.log: list[dict[str, str]] = []
        self.days: list[str] = []
        """Of which there are reports, the newest first."""
        self.consoles = 0
        self.answers: dict[str, Answer] = {}
        """The last one to each who did something on a console."""
        self._heard = time.monotonic()

    def hear(self, message: Desk | Agenda | Moment | Answer) -> None:
        if isinstance(message, Moment):
            self.moment = message
            return
        if isinstance(message, Answer):
            self.answers.pop(message.who, None)
            self.answers[message.who] = message
            if len(self.answers) > ANSWERS:
                del self.answers[next(iter(self.answers))]
            return
        self.tables |= pack(message)
        if isinstance(message, Desk):
            self.desk = message

    def alive(self, now: float) -> None:
        """The show's frame loop said something, at ``now`` (s, monotonic)."""
        self._heard = now

    def silent(self, now: float) -> int:
        """Seconds without a word of the show; 0 while it answers."""
        silent = now - self._heard
        return int(silent) if silent >= SILENT else 0


def log_tail(path: Path) -> list[dict[str, str]]:
    """The last lines of a log as installation/core/log_file.py writes it; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL))
            lines = file.read(TAIL).split(b"\n")[1 if size > TAIL else 0 :]
    except OSError:
        return []
    return [found for line in lines[-LINES - 1 :] if (found := _line(line))]


def _line(line: bytes) -> dict[str, str] | None:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):  # the last line may be half written
        return None
    if not isinstance(told, dict):
        return None
    return {key: str(told.get(key, ""))[:LONGEST] for key in ("time", "level", "process", "message")}
