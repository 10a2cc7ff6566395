"""Times as people write them: ``"4 min"``, ``"1 h 30 min"``, ``"0.5 s"``, ``"250 ms"``; a plain number is seconds."""

import math
import re
from typing import Annotated

from pydantic import BeforeValidator

from installation.core.errors import Refused

UNITS = {"h": 3600.0, "min": 60.0, "s": 1.0, "ms": 0.001}
EXPECTED = 'a time such as "4 min", "1 h 30 min", "40 s" or "250 ms"'
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|min|h|s)(?![a-z])")


def seconds(value: object) -> float:
    """The time in seconds, 0 or more. Raises Refused for anything that is not one."""
    number = _read(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise Refused(EXPECTED)
    # The first test keeps an integer of a thousand digits from overflowing the second.
    if not 0 <= number < 1e12 or not math.isfinite(number):
        raise Refused(EXPECTED)
    return float(number)


def _read(text: str) -> float | None:
    total, at, used = 0.0, 0, set[str]()
    while match := _PART.match(text, at):
        total += float(match[1]) * UNITS[match[2]]
        if match[2] in used:
            return None
        used.add(match[2])
        at = match.end()
    return total if used and not text[at:].strip() else None


def spoken(time: float) -> str:
    """``90`` seconds as ``1 min 30 s``: what ``seconds`` reads back."""
    if 0 < time < 1:
        return f"{time * 1000:g} ms"
    hours, rest = divmod(time, 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{amount:g} {unit}" for amount, unit in ((hours, "h"), (minutes, "min"), (left, "s")) if amount]
    return " ".join(parts) or "0 s"


Seconds = Annotated[float, BeforeValidator(seconds, json_schema_input_type=float | str)]
"""An option that is a time, in seconds; add ``Field(gt=..., le=...)`` for its range."""
