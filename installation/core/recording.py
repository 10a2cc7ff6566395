"""A recording of Decisions on disk: one JSON object a line, gzip-compressed.

The first line says what was recorded: ``{"vernissage": "decisions", "version": 1, "size": [width, height], "interval":
seconds}``; every other line is a Decision.
"""

import gzip
import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from installation.core.decision import VERSION, Decision
from installation.core.errors import DeviceError

log = logging.getLogger(__name__)

LONGEST = 1 << 22
"""Letters of a line at most, when a recording is read."""


def head(size: tuple[int, int], interval: float) -> str:
    """The first line: the wall's size (width, height) and the screen's interval (s)."""
    return line({"vernissage": "decisions", "version": VERSION, "size": size, "interval": interval})


def line(data: Mapping[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":")) + "\n"


def read(path: Path) -> Iterator[Decision]:
    """The Decisions of a recording, in their order; one that was cut off ends where it was cut.

    Raises DeviceError where the file is missing or no recording of this version.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            head = json.loads(file.readline(LONGEST))
            if not isinstance(head, dict) or head.get("version") != VERSION:
                raise ValueError("it does not begin like one")
            yield from _decisions(file)
    except (OSError, ValueError) as error:
        raise DeviceError(f"{path}: no recording of decisions ({error}); --record-decisions writes one") from error


def _decisions(file: Any) -> Iterator[Decision]:
    try:
        while line := file.readline(LONGEST):
            yield Decision.from_json(json.loads(line))
    except (EOFError, json.JSONDecodeError):
        log.warning("the recording was cut off; what is there was played")
