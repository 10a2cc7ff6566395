"""Time zones by their name in the IANA database, and the zone that this machine is set to."""

import os
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from installation.core.errors import Refused, did_you_mean

LOCALTIME = Path("/etc/localtime")


def zone(name: str) -> ZoneInfo:
    """The zone of that name. Raises Refused, with the nearest name, where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(name, available_timezones())
        raise Refused('a time zone, such as "Europe/Amsterdam"', hint) from None


def machine_zone() -> tzinfo:
    """The zone that this machine is set to: by its name where the system has the name, so that the rules of past and
    future years are known; else the offsets that the system has this year."""
    name = os.environ.get("TZ", "").removeprefix(":") or _linked()
    try:
        if name:
            return ZoneInfo(name)
        with LOCALTIME.open("rb") as rules:
            return ZoneInfo.from_file(rules)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        from dateutil.tz import tzlocal  # here, as only a machine that names no zone needs it

        return tzlocal()


def _linked() -> str:
    """``Europe/Amsterdam`` where /etc/localtime is a link to that zone's file, or nothing."""
    if not LOCALTIME.is_symlink():
        return ""
    _, separator, name = os.path.realpath(LOCALTIME).partition("zoneinfo/")
    return name if separator else ""
