"""The log of a show: sentences on the screen, JSON lines in a file of its state folder, at most 50 MB in all.

Each line of the file is an object: ``time`` (ISO 8601, with the offset from UTC), ``level``, ``process`` (``show`` or
``supervisor``), ``logger``, ``message``, and where there is one ``traceback``; the items of a record's ``told`` are
added. Two processes write it: the show, which also starts a new file when one is full, and its supervisor, which opens
the file anew for each of its few lines.
"""

import json
import logging
import time
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from installation.core.clean_text import clean_lines

FILE = "vernissage.log"

LARGEST, KEPT = 8_000_000, 4
"""Bytes of a file, and how many full ones are kept beside the one that is being written."""

EVERY = 60.0
"""Seconds between two lines that warn of the same."""

LONGEST = 100_000
"""Characters of a message or a traceback at most: a library may put a whole model into an error."""


def log_file(folder: Path) -> Path:
    """Where a show with that state folder keeps its log."""
    return folder / FILE


class Seldom(logging.Filter):
    """Lets the same warning or error through once in EVERY seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        message, now = record.getMessage(), time.monotonic()
        self._told = {text: told for text, told in list(self._told.items()) if now - told < EVERY}
        return self._told.setdefault(message, now) == now


class Sentences(logging.Formatter):
    """The screen's format: the message without a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{time.strftime('%H:%M:%S')} {clean_lines(record.getMessage())}"


class Lines(logging.Formatter):
    """The file's format: a JSON object on one line. ``process`` names the writing process."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).astimezone().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self.process,
            "logger": record.name,
            "message": record.getMessage()[:LONGEST],
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)[-LONGEST:]
        told.update(getattr(record, "told", {}))
        return clean_lines(json.dumps(told, ensure_ascii=False, default=str))


class Appending(logging.Handler):
    """Opens the file for each line and closes it again, so that another process may rename it in between."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def emit(self, record: logging.LogRecord) -> None:
        try:
            with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(self.format(record) + "\n")
        except OSError:
            """A disk that is full or read-only: the sentence on the screen remains."""


class Rotating(RotatingFileHandler):
    """The show's own: lines that cannot be written (full or read-only disk) are dropped silently. A file that somebody
    has removed, with its folder or without, is begun anew, and so is one that could not be opened."""

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 logging's name
        path = Path(self.baseFilename)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            if self.stream is not None:
                self.stream.close()
            self.stream = self._open()
        return bool(super().shouldRollover(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 logging's name
        """The screen's handler still prints the message."""


def keep_log(folder: Path, process: str, shared: bool = False) -> None:
    """Logs to the screen and to the log of the folder; warns where that cannot be written, and tries it again with each
    line. With ``shared``, another process rotates the file."""
    path = log_file(folder)
    screen = logging.StreamHandler()
    screen.setFormatter(Sentences())
    kept = Appending(path) if shared else _rotating(path)
    kept.setFormatter(Lines(process))
    for handler in (screen, kept):
        handler.addFilter(Seldom())
    logging.basicConfig(level=logging.INFO, handlers=[screen, kept], force=True)
    trouble = _trouble(path)
    if trouble and not shared:
        logging.getLogger(__name__).warning(
            "%s: cannot be written (%s); the show goes on, and keeps no log and no votes until it can", folder, trouble
        )


def _rotating(path: Path) -> logging.Handler:
    return Rotating(path, "a", LARGEST, KEPT, "utf-8", delay=True, errors="backslashreplace")


def _trouble(path: Path) -> str:
    """Why the file cannot be written; empty where it can."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    except OSError as error:
        return error.strerror or str(error)
    return ""
