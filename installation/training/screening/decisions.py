"""The person and the time of a decision, as written into the ledger."""

from __future__ import annotations

import getpass
from datetime import datetime

from installation.core.errors import OptionError


def login() -> str:
    """The name that this person is known by on this machine; empty where there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # the second until Python 3.13
        return ""


def now() -> str:
    """ISO 8601, to the second, with the offset from UTC."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def date_given(text: str | None) -> str:
    """What --when says, or now. Raises OptionError for what is no date."""
    try:
        datetime.fromisoformat(text or now())
    except ValueError:
        raise OptionError(f"--when {text}: expected a date such as 2025-01-31 or 2025-01-31T18:30.") from None
    return text or now()
