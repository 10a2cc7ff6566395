"""Amounts of memory as people write them: ``"2 GB"``, ``"500 MB"``; a plain number is bytes."""

import re
from typing import Annotated

from pydantic import BeforeValidator

from installation.core.errors import Refused

UNITS = {"MB": 10**6, "GB": 10**9}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(MB|GB)\s*")


def size(value: object) -> int:
    """The amount in bytes. Raises Refused for anything that is not one."""
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match:
        return round(float(match[1]) * UNITS[match[2]])
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Refused('an amount of memory such as "2 GB" or "500 MB"')
    return value


def spoken(amount: float) -> str:
    """``1500000000`` bytes as ``1.5 GB``."""
    return f"{amount / 10**9:.3g} GB" if amount >= 10**9 else f"{amount / 10**6:.3g} MB"


def machine_memory() -> int:
    """The memory of this machine, in bytes."""
    import psutil  # here: no first picture waits for it

    return int(psutil.virtual_memory().total)


Size = Annotated[int, BeforeValidator(size, json_schema_input_type=int | str)]
"""An option that is an amount of memory, in bytes."""
